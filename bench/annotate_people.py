"""The annotators of ``bench.annotate``: one thread each, in a process of their own.

Does what an annotator's page does: it claims the item on screen and the next one, and every submit
asks for the item after that, telling which one it holds. One answer in ten is sent without asking
for more, and the next item is claimed by a call of its own, so that claims are timed as well. Raw
sockets keep the cost of asking far below that of answering.

    python -m bench.annotate_people < plan.json > result.json
"""

from __future__ import annotations

import json
import random
import secrets
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

ALONE = 10
CSRF = secrets.token_hex(16)


@dataclass
class Told:
    """What one annotator saw: latencies in seconds, leases handed out, judgments acknowledged."""

    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    leased: list[str] = field(default_factory=list)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Line:
    """One browser's connection to the server, opened again when the server has closed it."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        self.head = (
            f"HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
            f"Cookie: sessionid={session}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}\r\n"
        )
        self.socket: socket.socket | None = None

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Status and body of a call; sent once more where a kept connection breaks, as pages do."""
        data = json.dumps(body).encode()
        head = f"POST /api/v1/{path} {self.head}Content-Length: {len(data)}\r\n\r\n"
        try:
            return self._ask(head.encode() + data)
        except ConnectionError:
            self.socket = None
            return self._ask(head.encode() + data)

    def _ask(self, request: bytes) -> tuple[int, Any]:
        line = self._open()
        line.sendall(request)
        return self._reply(line)

    def _open(self) -> socket.socket:
        if self.socket is not None and select.select([self.socket], [], [], 0)[0]:
            self.socket.close()  # nothing was asked, so this is the server's goodbye
            self.socket = None
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.socket

    def _reply(self, line: socket.socket) -> tuple[int, Any]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += _received(line)
        head, _, body = data.partition(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        sizes = [int(f.split(b":")[1]) for f in fields if f.startswith(b"content-length:")]
        while len(body) < sum(sizes):
            body += _received(line)
        if b"connection: close" in fields:
            line.close()
            self.socket = None
        return int(head[9:12]), json.loads(body) if body else None


def _received(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection in the middle of a reply")
    return data


class Annotator(threading.Thread):
    """Judges until the time is over."""

    def __init__(self, plan: dict[str, Any], number: int) -> None:
        super().__init__(daemon=True)
        self.plan, self.told = plan, Told()
        self.rng = random.Random(number)
        self.line = Line(plan["port"], plan["sessions"][number])
        self.end = time.monotonic() + plan["seconds"]

    def run(self) -> None:
        try:
            self._judge()
        except (OSError, ValueError, KeyError) as error:
            self.told.problems.append(repr(error))

    def _judge(self) -> None:
        think = self.plan["think"]
        time.sleep(self.rng.uniform(0, think))
        shown = self._claim([])
        ahead: dict[str, Any] | None = None
        while shown is not None and self._goes_on():
            ahead = ahead or self._claim([shown])
            if think:
                time.sleep(self.rng.expovariate(1 / think))
            following = self._submit(shown, ahead)
            shown, ahead = ahead, following

    def _goes_on(self) -> bool:
        return time.monotonic() < self.end and len(self.told.acknowledged) < self.plan["judgments"]

    def _claim(self, holding: list[dict[str, Any]]) -> dict[str, Any] | None:
        body = {"holding": [claim["assignment"] for claim in holding]}
        claim = self._timed(self.told.claims, f"projects/{self.plan['slug']}/claims", body)
        return self._noted(claim)

    def _submit(self, shown: dict[str, Any], ahead: dict[str, Any] | None) -> dict[str, Any] | None:
        alone = len(self.told.acknowledged) % ALONE == ALONE - 1
        body = {
            "fence": shown["fence"],
            "idempotency_key": secrets.token_hex(16),
            "answer": {"choice": self.rng.choice(["left", "right"]), "strength": 1},
            "active_seconds": 2.0,
            "claim_next": not alone,
            "holding": [ahead["assignment"]] if ahead else [],
        }
        path = f"assignments/{shown['assignment']}/judgments"
        reply = self._timed([] if alone else self.told.submits, path, body)
        self.told.acknowledged.append((shown["assignment"], reply["judgment"]))
        return self._noted(reply["next"])

    def _noted(self, claim: dict[str, Any] | None) -> dict[str, Any] | None:
        if claim is not None:
            self.told.leased.append(claim["assignment"])
        return claim

    def _timed(self, times: list[float], path: str, body: object) -> Any:
        started = time.perf_counter()
        status, reply = self.line.post(path, body)
        times.append(time.perf_counter() - started)
        if status not in (200, 201, 204):
            raise ValueError(f"{path}: {status} {reply}")
        return reply


def main() -> None:
    """Read a plan, let everybody judge, and print what they saw and what asking cost."""
    plan = json.load(sys.stdin)
    people = [Annotator(plan, number) for number in range(len(plan["sessions"]))]
    started = time.monotonic()
    for person in people:
        person.start()
    for person in people:
        person.join()
    took = time.monotonic() - started
    json.dump(
        {
            "seconds": took,
            "own_cpu": time.process_time(),
            "people": [vars(person.told) for person in people],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
