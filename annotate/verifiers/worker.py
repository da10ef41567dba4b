"""Asks a verifier in a subprocess, within a bound of time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

MODULES = {"math": "annotate.verifiers.math"}
TOO_LONG = "it took too long"


@dataclass(frozen=True)
class Question:
    """A response and the reference it is checked against; ``id`` comes back with the answer."""

    id: int
    reference: str
    response: str


@dataclass(frozen=True)
class Suggestion:
    """``correct`` is None where the verifier cannot tell; ``detail`` says what it compared."""

    id: int
    correct: bool | None
    detail: str


class VerifierError(Exception):
    """The verifier did not start; the message says why."""


def suggestions(
    verifier: str, questions: Sequence[Question], *, seconds: float
) -> list[Suggestion]:
    """Suggestions for a beginning of ``questions``, as far as ``seconds`` reach.

    The question it hangs on is answered with None, so that the next call gets past it. Raises
    VerifierError where the program does not run at all.
    """
    if not questions:
        return []
    lines = "".join(json.dumps(asdict(question)) + "\n" for question in questions)
    command = [sys.executable, "-m", MODULES[verifier]]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=lines, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as late:
        told = list(_parsed(_text(late.stdout)))
        stuck = questions[len(told)]
        return [*told, Suggestion(stuck.id, None, TOO_LONG)]
    if done.returncode:
        raise VerifierError(done.stderr.strip().rsplit("\n", 1)[-1])
    return list(_parsed(done.stdout))


def _text(output: bytes | str | None) -> str:
    return output.decode() if isinstance(output, bytes) else output or ""


def _parsed(output: str) -> Iterator[Suggestion]:
    for line in output.splitlines(keepends=True):
        if line.endswith("\n"):
            yield Suggestion(**json.loads(line))
