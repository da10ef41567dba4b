"""Tokens that are given once: encrypted, under a handle, for an hour, and gone when picked up.

A row or a message carries the handle alone. What lies in the cache cannot be read without the
site's secret key, so a look into the cache's table or into Redis shows no token.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.core.cache import cache
from django.utils.crypto import salted_hmac

KEPT_SECONDS = 3_600
_PREFIX = "hub-token:"


def keep_token(token: str) -> str:
    """Put a token away; returns the handle to pick it up with."""
    handle = secrets.token_urlsafe(24)
    cache.set(_PREFIX + handle, _cipher().encrypt(token.encode()), KEPT_SECONDS)
    return handle


def take_token(handle: str) -> str:
    """The token, which nobody can pick up again; "" where it is gone or too old."""
    kept = cache.get(_PREFIX + handle)
    cache.delete(_PREFIX + handle)
    if kept is None:
        return ""
    try:
        return _cipher().decrypt(kept, ttl=KEPT_SECONDS).decode()
    except InvalidToken:
        return ""


def _cipher() -> Fernet:
    digest = salted_hmac("curation.tokens", "key", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(digest))
