"""The Hub's door: a threaded HTTP server on the loopback address that can hang up."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fake_hub.answers import FakeHub
from tests.fake_hub.store import Refused, Request


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        hub = self.server.hub
        if any(re.search(pattern, f"{self.command} {self.path}") for pattern in hub.breaks):
            self._break_off()
            return
        request = Request(self.command, self.path, self._headers(), self._body())
        hub.requests.append(request)
        try:
            status, headers, body = hub.answer(request)
        except Refused as refusal:
            status, headers = refusal.status, {"X-Error-Message": str(refusal)}
            headers |= {"X-Error-Code": refusal.code} if refusal.code else {}
            body = json.dumps(refusal.body).encode()
        self._send(status, headers, body)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _break_off(self) -> None:
        """Read a little of what comes, then hang up without a word."""
        if self.command in ("POST", "PUT"):
            self.rfile.read1(64)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: FakeHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub

    def handle_error(self, *args: Any) -> None:
        """A client that hung up, as one does in these tests."""


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A Hub that listens until the block ends."""
    hub = FakeHub()
    server = _Server(hub)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
