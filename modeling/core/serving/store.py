"""The models that a scorer holds: loaded when first asked for, the least used put away first."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from pathlib import Path

from modeling.core.errors import CheckpointError, NotReadyError, ServingError
from modeling.core.serving.batcher import Batcher, Pace
from modeling.core.serving.engine import Engine

MANIFESTS = ("manifest.json", "export.json")


def open_engine(directory: Path) -> Engine:
    """The engine of a checkpoint or of an exported model; CheckpointError where there is none."""
    if (directory / "export.json").is_file():
        from modeling.core.serving.onnx import OnnxEngine

        return OnnxEngine.load(directory)
    from modeling.core.serving.checkpoints import load_engine

    return load_engine(directory)


class ModelStore:
    """Up to `models` models whose weights take up to `memory` bytes together.

    A model that is put away answers what it was asked before it goes. Threads may ask at once; a
    model is loaded by one of them while the others wait.
    """

    def __init__(
        self,
        *,
        models: int = 3,
        memory: int = 8 * 2**30,
        pace: Pace | None = None,
        opener: Callable[[Path], Engine] = open_engine,
    ) -> None:
        self.models = models
        self.memory = memory
        self._pace = pace
        self._opener = opener
        self._held: OrderedDict[tuple[Path, int], Future[Batcher]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, directory: Path, *, timeout: float = 30.0) -> Batcher:
        """The batcher of the model in this directory.

        Raises NotReadyError where it is still being loaded after `timeout` seconds, and what the
        loading raised.
        """
        future, is_new = self._claim(_identity(directory))
        if is_new:
            threading.Thread(
                target=self._load, args=(directory, future), name="load", daemon=True
            ).start()
        try:
            return future.result(timeout)
        except Late as error:
            raise NotReadyError("The model is being loaded; ask again soon.") from error

    def close(self) -> None:
        """Put all models away."""
        with self._lock:
            held, self._held = self._held, OrderedDict()
        for future in held.values():
            _put_away(future)

    def _claim(self, key: tuple[Path, int]) -> tuple[Future[Batcher], bool]:
        with self._lock:
            is_new = key not in self._held
            future = self._held.setdefault(key, Future())
            self._held.move_to_end(key)
        return future, is_new

    def _load(self, directory: Path, future: Future[Batcher]) -> None:
        try:
            engine = self._opener(directory)
            if engine.bytes > self.memory:
                raise ServingError(
                    f"The model takes {engine.bytes // 2**20} MiB, but the scorer may hold "
                    f"{self.memory // 2**20} MiB; raise SCORER_MEMORY_MB."
                )
        except Exception as error:
            self._forget(future)
            future.set_exception(_explained(error))
            return
        future.set_result(Batcher(engine, self._pace))
        self._make_room(future)

    def _forget(self, future: Future[Batcher]) -> None:
        """So that the next one to ask tries again."""
        with self._lock:
            self._held = OrderedDict(
                (key, each) for key, each in self._held.items() if each is not future
            )

    def _make_room(self, newest: Future[Batcher]) -> None:
        """Put models away, the least used first, until the rest fits."""
        gone = []
        with self._lock:
            ready = [(key, each) for key, each in self._held.items() if _is_ready(each)]
            count, used = len(ready), sum(each.result().engine.bytes for _, each in ready)
            for key, each in ready:
                if each is newest or (count <= self.models and used <= self.memory):
                    continue
                count, used = count - 1, used - each.result().engine.bytes
                gone.append(self._held.pop(key))
        for each in gone:
            _put_away(each)


def _identity(directory: Path) -> tuple[Path, int]:
    """A directory and when its model was written: one that is written again is another."""
    for name in MANIFESTS:
        manifest = directory / name
        if manifest.is_file():
            return directory, manifest.stat().st_mtime_ns
    raise CheckpointError(f"There is no model in {directory.name}; train or export it again.")


def _is_ready(future: Future[Batcher]) -> bool:
    return future.done() and future.exception() is None


def _put_away(future: Future[Batcher]) -> None:
    future.add_done_callback(lambda done: None if done.exception() else done.result().close())


def _explained(error: Exception) -> Exception:
    if isinstance(error, ImportError):
        return ServingError(
            f"The scorer lacks the package {error.name}: install the extras train and serve."
        )
    return error
