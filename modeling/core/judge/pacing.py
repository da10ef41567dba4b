"""How often an endpoint may be asked, for all threads together."""

import threading
import time
from collections.abc import Callable

from modeling.core.errors import ConfigError, JudgeError


class WaitEnded(JudgeError):
    """The work was asked to stop while it waited for its turn."""


class Pacer:
    """Hands out turns at equal distances: at most `per_minute` a minute, without bursts.

    `per_minute` 0 means no limit of our own. `pause` holds everybody back, as an endpoint asks
    with Retry-After. `stop` ends every wait, of any thread, with WaitEnded. `clock` and `sleep`
    count in seconds; tests bring their own.
    """

    def __init__(
        self,
        per_minute: float = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if per_minute < 0:
            raise ConfigError("Requests per minute is a number from 0 upwards; 0 sets no limit.")
        self._distance = 60 / per_minute if per_minute else 0.0
        self._clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._lock = threading.Lock()
        self._next = self._resume = 0.0

    def wait(self) -> None:
        """Return when it is this thread's turn. Raises WaitEnded once `stop` was called."""
        self._wait_until(self._turn())
        while (resume := self._resume_at()) > self._clock():
            self._wait_until(resume)

    def pause(self, seconds: float) -> None:
        """Give nobody a turn for so many seconds."""
        with self._lock:
            self._resume = max(self._resume, self._clock() + seconds)

    def stop(self) -> None:
        """End all waiting, now and later."""
        self._stopped.set()

    def _turn(self) -> float:
        with self._lock:
            turn = max(self._clock(), self._next)
            self._next = turn + self._distance
            return turn

    def _resume_at(self) -> float:
        with self._lock:
            return self._resume

    def _wait_until(self, moment: float) -> None:
        seconds = moment - self._clock()
        if seconds > 0:
            self._sleep(seconds)
        if self._stopped.is_set():
            raise WaitEnded("The judge was asked to stop.")
