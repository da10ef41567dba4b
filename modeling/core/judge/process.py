"""A local model in a process of its own, so that torch stays out of the one that asks.

The process (``python -m modeling.core.judge.process NAME``) first says who it is, then answers line
by line: {"messages", "max_tokens"} in, a reply or {"refused"} out. It ends with its input.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast

from modeling.core.errors import JudgeError, ModelingError
from modeling.core.judge.chat import ChatModel, Message, Reply, RequestRefused
from modeling.core.judge.local import LocalModel

ROOT = Path(__file__).resolve().parents[3]
_MOST_LOG = 2_000


class ProcessModel:
    """Asks a `LocalModel` that another process holds. Raises JudgeError where it does not start."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._errors = TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modeling.core.judge.process", name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        try:
            self._identity = str(self._read()["identity"])
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The directory or the Hub's name of the model."""
        return self._name

    @property
    def identity(self) -> str:
        """What the model in the process says it is."""
        return self._identity

    def reply(self, messages: Sequence[Message], *, max_tokens: int) -> Reply:
        """One answer, as `LocalModel` gives it."""
        question = {"messages": [one.to_dict() for one in messages], "max_tokens": max_tokens}
        with self._lock:
            self._write(question)
            answer = self._read()
        if "refused" in answer:
            raise RequestRefused(answer["refused"])
        return Reply.from_dict(answer)

    def stop(self) -> None:
        """End the process in the middle of its answer; who waits for it gets a JudgeError."""
        self._child.kill()

    def close(self) -> None:
        """End the process and clear up behind it."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):  # what was not written yet is nobody's concern
                cast(IO[bytes], pipe).close()
        self._errors.close()

    def _write(self, question: dict[str, Any]) -> None:
        pipe = cast(IO[bytes], self._child.stdin)
        try:
            pipe.write(json.dumps(question).encode() + b"\n")
            pipe.flush()
        except (OSError, ValueError) as error:
            raise JudgeError(f"The judge's process has ended. {self._log()}".strip()) from error

    def _read(self) -> dict[str, Any]:
        try:
            line = cast(IO[bytes], self._child.stdout).readline()
        except ValueError as error:
            raise JudgeError("The judge's process was ended.") from error
        if not line.endswith(b"\n"):
            raise JudgeError(f"The judge's process has ended. {self._log()}".strip())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise JudgeError(answer["error"])
        return answer

    def _log(self) -> str:
        """The end of what the process wrote about itself."""
        try:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")
        except ValueError:
            return ""
        return said.strip()[-_MOST_LOG:]


def serve(name: str, questions: IO[str], answers: IO[str]) -> None:
    """Answer line by line until the questions end."""
    try:
        model = LocalModel(name)
    except ModelingError as error:
        _say(answers, {"error": str(error)})
        return
    _say(answers, {"identity": model.identity})
    for line in questions:
        _say(answers, _answer(model, json.loads(line)))


def _answer(model: ChatModel, question: dict[str, Any]) -> dict[str, Any]:
    messages = [Message(one["role"], one["content"]) for one in question["messages"]]
    try:
        return model.reply(messages, max_tokens=question["max_tokens"]).to_dict()
    except RequestRefused as error:
        return {"refused": str(error)}


def _say(answers: IO[str], values: dict[str, Any]) -> None:
    answers.write(json.dumps(values) + "\n")
    answers.flush()


def main() -> None:
    """Entry point; what libraries print goes to standard error, away from the answers."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        serve(sys.argv[1], sys.stdin, answers)


if __name__ == "__main__":
    main()
