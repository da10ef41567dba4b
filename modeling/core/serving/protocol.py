"""What a scorer and its callers say to each other: JSON in frames, over a Unix socket.

A frame is its length in bytes, four of them with the highest first, and UTF-8 JSON. A call is
{"model": directory, "inputs", "reduce"?, "prune_below"?, "calibrated"?, "timeout"?}; the reply is
{"answers", "objective", "precision", "calibrated"} or {"error": {"kind", "message",
"retry_after"?}}. A connection takes one call after another.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeling.core.errors import DataError, ServingError, TooMuchError

MOST_BYTES = 16 * 2**20
_HEAD = struct.Struct(">I")
_LONGEST_ADDRESS = 100  # of the 108 bytes that Linux allows


def send(connection: socket.socket, message: Any) -> None:
    """Send one frame.

    Raises TooMuchError for a message that is too large and DataError for one that holds what JSON
    in UTF-8 cannot, such as NaN or half a character.
    """
    try:
        body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"The message cannot be sent as JSON ({type(error).__name__}).") from error
    if len(body) > MOST_BYTES:
        raise TooMuchError(f"The message is larger than {MOST_BYTES // 2**20} MiB; send several.")
    connection.sendall(_HEAD.pack(len(body)) + body)


def receive(connection: socket.socket) -> Any:
    """The next frame's value; None where the other side has gone.

    Raises TooMuchError for a frame that is too large and DataError for one that is no JSON.
    """
    head = _exactly(connection, _HEAD.size)
    if head is None:
        return None
    (size,) = _HEAD.unpack(head)
    if size > MOST_BYTES:
        raise TooMuchError(f"The message is larger than {MOST_BYTES // 2**20} MiB; send several.")
    body = _exactly(connection, size)
    if body is None:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError("The message is no JSON.") from error


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = connection.recv(min(size - len(data), 2**20))
        if not part:
            return None
        data += part
    return bytes(data)


@contextmanager
def address(path: Path) -> Iterator[str]:
    """An address for a socket's path, also for one that is longer than addresses may be."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ServingError(f"There is no folder {path.parent} for the scorer's socket.") from error
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
