"""Annotators that are programs: verifiers, models that judge, rollouts that imported files tell of.

They own judgments of the purpose ``machine`` and nothing else. A verifier's namespace is
``verifier``, a judge's ``judge``, that of rollouts ``rollouts:`` and the source of the file.
"""

from __future__ import annotations

import re

from annotate.models import User
from annotate.texts import canonical_json, sha256

MAX_USERNAME = 150
_READABLE = re.compile(r"[\w.+@-]+")


def machine_annotator(source: str, name: str) -> User:
    """The program of this name in this namespace, made where it is not there yet."""
    User.objects.bulk_create([new_machine(source, name)], ignore_conflicts=True)
    return User.objects.get(kind=User.Kind.MACHINE, source=source, external_id=name)


def new_machine(source: str, name: str) -> User:
    """The account of a program, not saved; nobody signs in with it."""
    user = User(
        username=_username(source, name),
        kind=User.Kind.MACHINE,
        source=source,
        external_id=name,
        is_active=False,
    )
    user.set_unusable_password()
    return user


def _username(source: str, name: str) -> str:
    """Namespace and name, such as ``verifier:math``; a hash where two could be spelt alike.

    No person's name holds a colon, so none is ever taken.
    """
    parts = [*source.split(":", 1), *([name] if name else [])]
    spelt = ":".join(parts)
    if len(spelt) <= MAX_USERNAME and all(map(_READABLE.fullmatch, parts)):
        return spelt
    return f"machine:{sha256(canonical_json([source, name]))[:40]}"
