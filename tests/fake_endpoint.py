"""An OpenAI-compatible endpoint for tests: on this machine, answering by rules.

It remembers what was asked, headers included, and can be told to answer some requests otherwise.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def system(self) -> str:
        return self.body["messages"][0]["content"]

    @property
    def user(self) -> str:
        return self.body["messages"][1]["content"]

    def shown(self, name: str) -> str:
        """The text between the markers of this name."""
        start = self.user.split(f"[The Start of {name} ", 1)[1]
        tag, rest = start.split("]\n", 1)
        return rest.split(f"\n[The End of {name} {tag}]")[0]


@dataclass
class Otherwise:
    """An answer out of the ordinary: a status, a body, headers, or a broken connection."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False


@dataclass
class FakeEndpoint:
    """``judge`` makes the reply's text; what stands in ``first`` is answered before it is asked."""

    judge: Callable[[Asked], Any] = lambda asked: "The first is better. [[A]]"
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    first: deque[Otherwise] = field(default_factory=deque)
    tokens: tuple[int, int] | None = (100, 20)
    finish_reason: str = "stop"
    key: str = ""

    def completion(self, text: Any) -> dict[str, Any]:
        """A chat completion as the API gives it."""
        message = {"role": "assistant", "content": text}
        values: dict[str, Any] = {
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}]
        }
        if self.tokens is not None:
            values["usage"] = dict(
                zip(("prompt_tokens", "completion_tokens"), self.tokens, strict=True)
            )
        return values

    def answer(self, asked: Asked) -> Otherwise:
        """What this request gets."""
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            told = f"Incorrect API key provided: {asked.headers.get('authorization', '')}"
            return Otherwise(401, {"error": {"message": told}})
        if self.first:
            return self.first.popleft()
        said = self.judge(asked)
        return said if isinstance(said, Otherwise) else Otherwise(body=self.completion(said))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(self.rfile.read(int(headers["content-length"])))
        asked = Asked(self.path, headers, body)
        with self.server.lock:
            self.server.endpoint.asked.append(asked)
            answer = self.server.endpoint.answer(asked)
        self._send(answer)

    def _send(self, answer: Otherwise) -> None:
        if answer.breaks:
            self.close_connection = True
            return
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint: FakeEndpoint) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint, self.lock = endpoint, threading.Lock()

    def handle_error(self, *args: Any) -> None:
        """A client that hung up, as one does in these tests."""


@contextmanager
def running_endpoint() -> Iterator[FakeEndpoint]:
    """An endpoint that listens until the block ends."""
    endpoint = FakeEndpoint()
    server = _Server(endpoint)
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
