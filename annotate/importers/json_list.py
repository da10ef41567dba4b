"""A ``.json`` file that holds one list of rows, decoded element by element."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from annotate.importers.streams import CHUNK, MAX_ROW_BYTES, ImportFileError, NumberedRow, checked

SPACE = " \t\r\n"


def read_json_list(path: Path) -> Iterator[NumberedRow]:
    """The rows of the list, numbered by position; ImportFileError where the JSON breaks off."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, value in enumerate(_elements(_Window(path.name, stream)), start=1):
                yield number, checked(_same, value)
    except UnicodeDecodeError:
        raise ImportFileError(f"{path.name} is not UTF-8; save it as UTF-8.") from None


def _same(value: object) -> object:
    return value


def _elements(window: _Window) -> Iterator[object]:
    if window.peek() != "[":
        raise ImportFileError(
            f"{window.name} must hold one JSON list; name it .jsonl if each line is a row."
        )
    window.skip()
    if window.peek() == "]":
        window.skip()
    else:
        yield window.element()
        while window.separator() == ",":
            yield window.element()
    if window.peek():
        raise ImportFileError(f"{window.name} has text after the end of its list.")


class _Window:
    """The part of a JSON text that is in memory: grows for a long element, shrinks after it."""

    def __init__(self, name: str, stream: IO[str]) -> None:
        self.name = name
        self._stream = stream
        self._buffer = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space, or "" at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in SPACE:
                    return self._buffer[self._at]
                self._at += 1
            if not self._grow():
                return ""

    def skip(self) -> None:
        """Pass the character that ``peek`` showed."""
        self._at += 1

    def separator(self) -> str:
        """The comma or closing bracket after an element, now passed."""
        found = self.peek()
        if found not in (",", "]"):
            raise ImportFileError(f"{self.name} is not JSON: its list is not closed properly.")
        self.skip()
        return found

    def element(self) -> object:
        """The next element, which may have about MAX_ROW_BYTES characters."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise ImportFileError(f"{self.name} is nested too deeply.") from None
            except ValueError as error:
                self._grow_or_fail(error)
                continue
            if end < len(self._buffer) or not self._grow():
                self._at = end
                return value

    def _grow(self) -> bool:
        """Read as much again as is unread, so that a long element is decoded only a few times."""
        more = self._stream.read(max(CHUNK, len(self._buffer) - self._at))
        if more:
            self._buffer, self._at = self._buffer[self._at :] + more, 0
        return bool(more)

    def _grow_or_fail(self, error: ValueError) -> None:
        if len(self._buffer) - self._at > MAX_ROW_BYTES or not self._grow():
            reason = getattr(error, "msg", "a number has too many digits")
            raise ImportFileError(f"{self.name} is not JSON: {reason}.") from None
