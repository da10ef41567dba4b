"""Replies on the disk, so that nothing is asked and paid for twice."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from modeling.core.errors import DataError
from modeling.core.files import read_json, sha256_json, write_json
from modeling.core.judge.chat import Message, Reply

logger = logging.getLogger(__name__)


def reply_key(model: str, form: str, messages: Sequence[Message], max_tokens: int) -> str:
    """SHA-256 of the model's identity, the prompt form's version and everything that is sent."""
    texts = [message.to_dict() for message in messages]
    return sha256_json({"model": model, "form": form, "messages": texts, "max_tokens": max_tokens})


def text_digest(texts: Sequence[str]) -> str:
    """SHA-256 of several texts, their borders included."""
    return hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()


class ReplyCache:
    """A folder with one small file a reply, named by its key; prompts are not stored.

    Files appear whole, so several processes may share a folder.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: str) -> Reply | None:
        """The reply under this key; None where there is none that can be read."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            return Reply.from_dict(read_json(path))
        except (DataError, KeyError, TypeError, ValueError):
            logger.warning("the cached reply %s cannot be read; it is asked for again", path.name)
            return None

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, reply.to_dict())

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / f"{key}.json"
