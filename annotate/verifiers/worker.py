"""Asks a verifier, one question at a time, each within a bound of time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from threading import Timer
from time import monotonic
from typing import IO, cast

from annotate.verifiers import exact
from annotate.verifiers.replies import TOO_LONG

MODULES = {"math": "annotate.verifiers.math", "regex": "annotate.verifiers.regex"}
EACH, START = 15.0, 120.0
BROKEN = "it broke the verifier"


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


Ask = Callable[[Question], Suggestion]


class VerifierError(Exception):
    """The verifier did not start; the message says why."""


@contextmanager
def opened(
    verifier: str, *, pattern: str = "", each: float = EACH, start: float = START
) -> Iterator[Ask]:
    """What answers questions, as long as the block lasts.

    A question that takes longer than ``each`` seconds, or that ends the verifier's process, is
    answered with None and the next one gets a fresh process, with ``start`` seconds for its first
    answer. Asking raises VerifierError where the program does not run at all.
    """
    if verifier == "exact":
        yield _ask_exact
        return
    session = _Session([MODULES[verifier], *([pattern] if pattern else [])], each, start)
    try:
        yield session.ask
    finally:
        session.end()


def suggestions(
    verifier: str, questions: Sequence[Question], *, seconds: float
) -> list[Suggestion]:
    """Suggestions for a beginning of ``questions``, as far as about ``seconds`` reach.

    At least one, so that the next call gets past a question that takes too long. Raises
    VerifierError where the program does not run at all.
    """
    end = monotonic() + seconds
    told: list[Suggestion] = []
    with opened(verifier, each=min(EACH, seconds), start=seconds) as ask:
        for question in questions:
            told.append(ask(question))
            if monotonic() >= end:
                break
    return told


def _ask_exact(question: Question) -> Suggestion:
    return Suggestion(question.id, *exact.compare(question.reference, question.response))


class _Session:
    """One verifier, in as many processes as it takes."""

    def __init__(self, command: list[str], each: float, start: float) -> None:
        self._command, self._each, self._start = command, each, start
        self._process: _Process | None = None

    def ask(self, question: Question) -> Suggestion:
        if self._process is None or not self._process.is_alive:
            self.end()
            self._process = _Process(self._command)
        return self._process.ask(question, self._start if self._process.is_new else self._each)

    def end(self) -> None:
        if self._process is not None:
            self._process.end()


class _Process:
    """A verifier's process. It answers line by line, so neither side waits for the other."""

    def __init__(self, command: list[str]) -> None:
        self._errors = TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self.is_new, self._is_late, self._has_ended = True, False, False

    @property
    def is_alive(self) -> bool:
        """Whether it can take another question."""
        return not (self._is_late or self._has_ended) and self._child.poll() is None

    def ask(self, question: Question, seconds: float) -> Suggestion:
        """Its answer; None where it was too slow or died of the question."""
        watch = Timer(seconds, self._stop)
        watch.start()
        try:
            line = self._reply(question)
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            self._has_ended = True
            return Suggestion(question.id, None, TOO_LONG if self._is_late else self._broken())
        self.is_new = False
        return Suggestion(**json.loads(line))

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()
        self._errors.close()

    def _reply(self, question: Question) -> bytes:
        """One line; less where the process has ended."""
        questions, replies = (cast(IO[bytes], p) for p in (self._child.stdin, self._child.stdout))
        try:
            questions.write(json.dumps(asdict(question)).encode() + b"\n")
            questions.flush()
        except BrokenPipeError:
            return b""
        return replies.readline()

    def _stop(self) -> None:
        self._is_late = True
        self._child.kill()

    def _broken(self) -> str:
        """What to say of the question it died of. Raises VerifierError where it never ran."""
        if self.is_new and self._child.wait() > 0:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()
            raise VerifierError(said.rsplit("\n", 1)[-1])
        return BROKEN
