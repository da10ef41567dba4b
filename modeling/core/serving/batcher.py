"""Passes of concurrent requests, run together where that helps and never where it would show."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from modeling.core.errors import NotReadyError, TooMuchError
from modeling.core.serving.answers import Told, answer
from modeling.core.serving.engine import Doubles, Engine, Pass, Planned, check_shape
from modeling.core.serving.rows import Input, Options

MOST_RATIONALES = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """How passes are put together.

    A pass waits up to `window` seconds for others of its key; a batch holds `tokens` at most,
    but at least one pass. More than `pending` waiting tokens are turned away.
    """

    window: float = 0.003
    tokens: int = 4_096
    pending: int = 400_000


@dataclass(slots=True)
class _Request:
    """Passes asked for together; `done` once all have outputs or one has failed."""

    left: int
    outputs: dict[int, Doubles] = field(default_factory=dict)
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False


@dataclass(slots=True)
class _Work:
    """One pass that waits, with its place in its request."""

    request: _Request
    place: int
    given: Pass
    arrived: float


class Batcher:
    """Scores inputs of many threads with one engine.

    Batches hold passes of one key, oldest first; as long as all of the engine's workers are busy,
    passes gather, so batches grow with the load and an idle engine answers at once.
    """

    def __init__(self, engine: Engine, pace: Pace | None = None) -> None:
        self.engine = engine
        self.pace = pace or Pace()
        self._queue: deque[_Work] = deque()
        self._pending = 0
        self._changed = threading.Condition()
        self._closed = False
        self._writing = threading.Lock()
        for number in range(engine.parallel):
            threading.Thread(target=self._work, name=f"passes-{number}", daemon=True).start()

    def score(
        self, inputs: Sequence[Input], options: Options | None = None, *, timeout: float = 60.0
    ) -> list[Told]:
        """What is told of each input, in order; see `answers.answer`.

        Raises DataError for inputs that the model does not read, NotReadyError where too much
        waits already or nothing has come after `timeout` seconds.
        """
        candidates = [candidate for each in inputs for candidate in each.candidates]
        for candidate in candidates:
            check_shape(self.engine.facts, candidate)
        planned = self.engine.plan(candidates)
        outputs = self._outputs(planned, timeout)
        told = self._answers(inputs, planned, outputs, options or Options())
        if options is not None and options.rationales:
            self._tell_why(told, inputs)
        return told

    def close(self) -> None:
        """Finish what waits, then end the workers."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _outputs(self, planned: Sequence[Planned], timeout: float) -> list[Doubles]:
        passes = [each for plan in planned for each in plan.passes]
        request = self._submit(passes)
        if not request.done.wait(timeout):
            request.abandoned = True
            raise NotReadyError("The model did not answer in time; ask for less, or later.")
        if request.error is not None:
            raise request.error
        found = iter([request.outputs[place] for place in range(len(passes))])
        return [self.engine.join([next(found) for _ in plan.passes]) for plan in planned]

    def _submit(self, passes: Sequence[Pass]) -> _Request:
        request, now = _Request(left=len(passes)), time.monotonic()
        tokens = sum(each.tokens for each in passes)
        with self._changed:
            if self._closed:
                raise NotReadyError("The model is being put away; ask again.", retry_after=1)
            if self._pending and self._pending + tokens > self.pace.pending:
                raise NotReadyError("Too much waits to be scored already; ask again soon.")
            self._pending += tokens
            self._queue.extend(
                _Work(request, place, each, now) for place, each in enumerate(passes)
            )
            self._changed.notify_all()
        return request

    def _answers(
        self,
        inputs: Sequence[Input],
        planned: Sequence[Planned],
        outputs: Sequence[Doubles],
        options: Options,
    ) -> list[Told]:
        told, first = [], 0
        for each in inputs:
            own = slice(first, first + len(each.candidates))
            cut = [plan.truncated for plan in planned[own]]
            told.append(answer(self.engine.facts, each, outputs[own], cut, options))
            first = own.stop
        return told

    def _tell_why(self, told: Sequence[Told], inputs: Sequence[Input]) -> None:
        """Add a rationale beside each score; one request writes at a time."""
        candidates = [candidate for each in inputs for candidate in each.candidates]
        if len(candidates) > MOST_RATIONALES:
            raise TooMuchError(f"A request takes {MOST_RATIONALES} responses with rationales.")
        with self._writing:
            written = iter(self.engine.rationales(candidates))
        for found in told:
            for each in found.get("responses", [found]):
                each["rationale"] = next(written)

    def _work(self) -> None:
        while batch := self._next_batch():
            live = [work for work in batch if not work.request.abandoned]
            if live:
                self._run(live)

    def _next_batch(self) -> list[_Work]:
        """The oldest pass and what may go with it; empty once closed and done."""
        with self._changed:
            while True:
                if not self._queue:
                    if self._closed:
                        return []
                    self._changed.wait()
                    continue
                batch = self._matching(self._queue[0])
                rest = self._queue[0].arrived + self.pace.window - time.monotonic()
                if rest <= 0 or self._closed or _tokens(batch) >= self.pace.tokens:
                    return self._take(batch)
                self._changed.wait(rest)

    def _matching(self, oldest: _Work) -> list[_Work]:
        """Passes of the oldest's key, in order, up to the budget."""
        batch, tokens = [oldest], oldest.given.tokens
        for work in self._queue:
            if work is oldest or work.given.key != oldest.given.key:
                continue
            tokens += work.given.tokens
            if tokens > self.pace.tokens:
                break
            batch.append(work)
        return batch

    def _take(self, batch: list[_Work]) -> list[_Work]:
        taken = set(map(id, batch))
        self._queue = deque(work for work in self._queue if id(work) not in taken)
        self._pending -= _tokens(batch)
        return batch

    def _run(self, batch: Sequence[_Work]) -> None:
        try:
            outputs: Sequence[Any] = self.engine.run([work.given for work in batch])
        except Exception as error:
            if len(batch) > 1:
                for work in batch:  # so that whose text it is fails, and nobody else
                    self._run([work])
            else:
                self._failed(batch[0].request, error)
            return
        with self._changed:
            for work, found in zip(batch, outputs, strict=True):
                _received(work.request, work.place, found)

    def _failed(self, request: _Request, error: Exception) -> None:
        request.error = error
        request.abandoned = True
        request.done.set()


def _received(request: _Request, place: int, outputs: Doubles) -> None:
    request.outputs[place] = outputs
    request.left -= 1
    if request.left == 0:
        request.done.set()


def _tokens(batch: Sequence[_Work]) -> int:
    return sum(work.given.tokens for work in batch)
