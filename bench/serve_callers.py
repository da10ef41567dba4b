"""The callers of ``bench.serve``: one thread each, in a process of their own, over kept lines.

python -m bench.serve_callers < plan.json > result.json
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Told:
    """Milliseconds of each answered call, and how many calls were refused."""

    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0


class Caller(threading.Thread):
    """Asks, waits for the answer, and asks again with another text."""

    def __init__(self, plan: dict[str, Any], bodies: Any, lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self.plan, self.bodies, self.lock = plan, bodies, lock
        self.told = Told()

    def run(self) -> None:
        """Until the time is over or no text is left."""
        line = http.client.HTTPConnection("127.0.0.1", self.plan["port"], timeout=60)
        end = time.monotonic() + self.plan["seconds"]
        while time.monotonic() < end:
            with self.lock:
                body = next(self.bodies, None)
            if body is None:
                return
            self._ask(line, body)
        line.close()

    def _ask(self, line: http.client.HTTPConnection, body: str) -> None:
        headers = {
            "Authorization": f"Token {self.plan['token']}",
            "Content-Type": "application/json",
        }
        start = time.perf_counter()
        line.request("POST", self.plan["path"], body.encode(), headers)
        reply = line.getresponse()
        reply.read()
        if reply.status == http.client.OK:
            self.told.milliseconds.append((time.perf_counter() - start) * 1000)
        else:
            self.told.refused += 1


def main() -> None:
    """Read the plan, run all callers, print what they saw."""
    plan = json.load(sys.stdin)
    bodies, lock = iter(plan["bodies"]), threading.Lock()
    callers = [Caller(plan, bodies, lock) for _ in range(plan["callers"])]
    start = time.monotonic()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    waits = [each for caller in callers for each in caller.told.milliseconds]
    refused = sum(caller.told.refused for caller in callers)
    seconds = time.monotonic() - start
    print(json.dumps({"milliseconds": waits, "refused": refused, "seconds": seconds}))


if __name__ == "__main__":
    main()
