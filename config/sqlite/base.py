"""SQLite lets waiting writers sleep and try again, so under load some wait for seconds.

Here a write transaction first takes an exclusive lock on a file beside the database. The kernel
wakes those who wait in their order, threads and processes alike, and lets go when one dies.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions wait for their turn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: Any = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._pass_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._pass_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._pass_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._pass_turn()
            if self._turn is not None:
                self._turn.close()
                self._turn = None

    def _take_turn(self) -> None:
        if self._turn is None:
            name = str(self.settings_dict["NAME"])
            if self.is_in_memory_db():
                return
            self._turn = Path(f"{name}-turn").open("ab")  # noqa: SIM115 - lives as long as the connection
        fcntl.flock(self._turn, fcntl.LOCK_EX)

    def _pass_turn(self) -> None:
        if self._turn is not None:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
