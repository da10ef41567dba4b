"""The scorer: one process that keeps models warm and answers over a Unix socket.

Whoever may open the socket may ask: its folder and itself belong to one user alone.
"""

import logging
import os
import socket
import socketserver
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from modeling.core.calibration import calibrated
from modeling.core.errors import DataError, ModelingError, NotReadyError, ServingError
from modeling.core.serving.client import KINDS
from modeling.core.serving.protocol import address, receive, send
from modeling.core.serving.rows import Limits, parse_inputs, parse_options
from modeling.core.serving.store import ModelStore

logger = logging.getLogger(__name__)
LOADING_SECONDS = 20.0  # how long a caller waits for a model that is being loaded
IDLE_SECONDS = 300.0
_LONGEST_WAIT = 600.0


class ScorerServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens at `path`; `serve_forever` and `shutdown` are the standard library's.

    `roots` are the folders whose models may be asked for.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        path: Path,
        store: ModelStore,
        *,
        roots: tuple[Path, ...],
        limits: Limits | None = None,
    ) -> None:
        self.path = path
        self.store = store
        self.roots = tuple(root.resolve() for root in roots)
        self.limits = limits or Limits()
        self._is_bound = False
        super().__init__(str(path), _Conversation)

    def server_bind(self) -> None:
        """Take the place of a scorer that has ended, and of no other."""
        _close_to_others(self.path.parent)
        with address(self.path) as name:
            _make_way(self.path, name)
            self.socket.bind(name)
        self._is_bound = True
        self.path.chmod(stat.S_IRUSR | stat.S_IWUSR)

    def server_close(self) -> None:
        """Leave nothing behind, but another scorer's socket."""
        super().server_close()
        self.store.close()
        if self._is_bound:
            self.path.unlink(missing_ok=True)

    def reply(self, call: Any) -> dict[str, Any]:
        """What is said to a call; errors become {"error": …}."""
        try:
            return self._answer(call)
        except ModelingError as error:
            return {"error": described(error)}
        except Exception:
            logger.exception("a call failed")
            message = "The scorer failed; its log tells why."
            return {"error": described(ServingError(message))}

    def _answer(self, call: Any) -> dict[str, Any]:
        if not isinstance(call, Mapping):
            raise DataError("A call must be an object.")
        inputs = parse_inputs(call.get("inputs"), limits=self.limits)
        options = parse_options(call)
        wait = _wait(call.get("timeout", 60.0))
        model = self.store.get(
            self._directory(call.get("model")), timeout=min(wait, LOADING_SECONDS)
        )
        facts = model.engine.facts
        return {
            "answers": model.score(inputs, options, timeout=wait),
            "objective": facts.objective,
            "precision": facts.precision,
            "calibrated": options.calibrated and calibrated(facts.manifest).fitted,
        }

    def _directory(self, name: Any) -> Path:
        if not isinstance(name, str):
            raise DataError("model must be a directory.")
        directory = Path(name).resolve()
        if not any(directory.is_relative_to(root) for root in self.roots):
            raise DataError("model must lie in one of the folders that this scorer serves.")
        return directory


class _Conversation(socketserver.BaseRequestHandler):
    """One caller's calls, one after another."""

    def handle(self) -> None:
        server, connection = cast(ScorerServer, self.server), cast(socket.socket, self.request)
        connection.settimeout(IDLE_SECONDS)
        with suppress(OSError):  # the caller has gone
            while True:
                try:
                    call = receive(connection)
                except DataError as error:
                    send(connection, {"error": described(error)})
                    return
                if call is None:
                    return
                send(connection, server.reply(call))


def described(error: ModelingError) -> dict[str, Any]:
    """An error as it travels."""
    kind = next((name for name, each in KINDS.items() if isinstance(error, each)), "serving")
    told: dict[str, Any] = {"kind": kind, "message": str(error)}
    return told | {"retry_after": error.retry_after} if isinstance(error, NotReadyError) else told


def serve(scorer: ScorerServer, stop: threading.Event) -> None:
    """Answer until `stop` is set."""
    thread = threading.Thread(target=scorer.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        stop.wait()
    finally:
        scorer.shutdown()
        thread.join()
        scorer.server_close()


def _wait(value: Any) -> float:
    if type(value) not in (int, float) or not value > 0:
        raise DataError("timeout must be a number of seconds above 0.")
    return float(min(value, _LONGEST_WAIT))


def _close_to_others(folder: Path) -> None:
    """Make the folder, for this user alone; ServingError for one that others use as well."""
    folder.mkdir(parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
        raise ServingError(
            f"{folder} is no folder of the scorer's own; name another one in SCORER_SOCKET."
        )
    folder.chmod(stat.S_IRWXU)


def _make_way(path: Path, name: str) -> None:
    """Remove a socket that nobody listens at; ServingError where somebody does."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(name)
        except OSError:
            os.unlink(path)
            return
    raise ServingError(f"A scorer listens at {path} already; stop it, or set SCORER_SOCKET.")
