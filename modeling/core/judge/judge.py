"""The judge: questions to prompts, prompts to replies, replies to verdicts."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from modeling.core.errors import ConfigError, JudgeError
from modeling.core.judge.cache import ReplyCache, reply_key
from modeling.core.judge.chat import ChatModel, Message, Reply, RequestRefused
from modeling.core.judge.parsing import (
    Side,
    read_outcome,
    read_rubric,
    read_score,
    read_side,
)
from modeling.core.judge.prompts import (
    OUTCOME,
    PAIRWISE,
    RUBRIC,
    SINGLE,
    Conversation,
    Criterion,
    Form,
    outcome_prompt,
    pairwise_prompt,
    rubric_prompt,
    single_prompt,
)
from modeling.core.judge.usage import Meter, Price, Usage
from modeling.core.judge.verdicts import (
    Choice,
    GradeVerdict,
    OutcomeVerdict,
    PairVerdict,
    RankVerdict,
    Reading,
    RubricVerdict,
)

T = TypeVar("T")
GRADES = (1.0, 10.0)
_IN_ORDER: Mapping[Side, Choice] = {"A": "first", "B": "second", "C": "tie"}
_TURNED: Mapping[Side, Choice] = {"A": "second", "B": "first", "C": "tie"}


class Judge:
    """A language model that judges responses, at temperature 0.

    Replies are kept under `cache`, by the content hash of the model, the form's version and all
    texts. A reply that holds no clear verdict, and a request that the model refuses, make a
    verdict without a value and are counted in `usage`; they are never guessed. `max_tokens` bounds
    each reply. Several threads may ask one judge.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        cache: ReplyCache | Path | None = None,
        price: Price | None = None,
        max_tokens: int = 1024,
    ) -> None:
        if max_tokens < 1:
            raise ConfigError("max_tokens is a number from 1 upwards.")
        self._model, self._max_tokens = model, max_tokens
        self._cache = ReplyCache(cache) if isinstance(cache, Path) else cache
        self._meter = Meter(price)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._meter.snapshot()

    def compare(
        self, prompt: Conversation, first: str, second: str, *, reference: str = ""
    ) -> PairVerdict:
        """Which response is better, asked in both orders; a tie where the orders disagree.

        Raises JudgeError where the model cannot be asked at all; so do all the others.
        """
        readings = (
            self._side(pairwise_prompt(prompt, first, second, reference), _IN_ORDER),
            self._side(pairwise_prompt(prompt, second, first, reference), _TURNED),
        )
        return PairVerdict(_agreed(readings), readings)

    def grade(self, prompt: Conversation, response: str, *, reference: str = "") -> GradeVerdict:
        """A grade from 1 to 10."""
        low, high = GRADES
        reading = self._read(
            SINGLE,
            single_prompt(prompt, response, reference),
            lambda reply: read_score(reply.text, low=low, high=high, cut=reply.cut),
        )
        return GradeVerdict(reading.value, reading)

    def rate(
        self,
        prompt: Conversation,
        response: str,
        *,
        criteria: Sequence[Criterion | str],
        low: float = 1,
        high: float = 5,
        reference: str = "",
    ) -> RubricVerdict:
        """A score from `low` to `high` for each criterion. Raises ConfigError without criteria."""
        asked = _criteria(criteria)
        if low >= high:
            raise ConfigError("A rubric's lowest score must be below its highest.")
        names = [one.name for one in asked]
        reading = self._read(
            RUBRIC,
            rubric_prompt(prompt, response, asked, low=low, high=high, reference=reference),
            lambda reply: read_rubric(
                reply.text, criteria=names, low=low, high=high, cut=reply.cut
            ),
        )
        return RubricVerdict(reading.value, reading)

    def check(self, prompt: Conversation, response: str, *, reference: str = "") -> OutcomeVerdict:
        """Whether the response's final result is right, by the reference where there is one."""
        reading = self._read(
            OUTCOME,
            outcome_prompt(prompt, response, reference),
            lambda reply: read_outcome(reply.text, cut=reply.cut),
        )
        return OutcomeVerdict(reading.value, reading)

    def rank(
        self, prompt: Conversation, responses: Sequence[str], *, reference: str = ""
    ) -> RankVerdict:
        """Tiers by the number of pairs won, a tie counting half (Copeland's method).

        All K(K−1)/2 pairs are asked in both orders; identical responses are a tie unasked. One pair
        without a verdict leaves no order, and the pairs behind it are not asked.
        """
        pairs: dict[tuple[int, int], PairVerdict] = {}
        for i, j in combinations(range(len(responses)), 2):
            verdict = self._ranked_pair(prompt, responses[i], responses[j], reference)
            pairs[i, j] = verdict
            if verdict.choice is None:
                return RankVerdict(None, pairs)
        return RankVerdict(_tiers(pairs, len(responses)), pairs)

    def _ranked_pair(
        self, prompt: Conversation, first: str, second: str, reference: str
    ) -> PairVerdict:
        if first == second:
            even: Reading[Choice] = Reading("tie", "")
            return PairVerdict("tie", (even, even))
        return self.compare(prompt, first, second, reference=reference)

    def _side(self, messages: Sequence[Message], choices: Mapping[Side, Choice]) -> Reading[Choice]:
        reading = self._read(PAIRWISE, messages, lambda reply: read_side(reply.text, cut=reply.cut))
        choice = None if reading.value is None else choices[reading.value]
        return Reading(choice, reading.text, reading.failure)

    def _read(
        self, form: Form, messages: Sequence[Message], read: Callable[[Reply], Reading[T]]
    ) -> Reading[T]:
        """One reply, read; what fails is counted."""
        try:
            reply = self._reply(form, messages)
        except RequestRefused as error:
            self._meter.refused(str(error))
            return Reading(None, "", str(error))
        reading = read(reply)
        if reading.value is None:
            self._meter.unparseable(reading.failure)
        return reading

    def _reply(self, form: Form, messages: Sequence[Message]) -> Reply:
        key = reply_key(self._model.identity, form.key, messages, self._max_tokens)
        kept = self._cache.get(key) if self._cache is not None else None
        if kept is not None:
            self._meter.cached()
            return kept
        reply = self._model.reply(messages, max_tokens=self._max_tokens)
        self._meter.asked(reply)
        if self._cache is not None:
            _keep(self._cache, key, reply)
        return reply


def _keep(cache: ReplyCache, key: str, reply: Reply) -> None:
    try:
        cache.put(key, reply)
    except OSError as error:
        raise JudgeError(
            f"The judge's replies cannot be kept ({error.strerror}): make room on the disk, or "
            "name another folder."
        ) from error


def _agreed(readings: tuple[Reading[Choice], Reading[Choice]]) -> Choice | None:
    """Zheng et al. 2023, section 3.4, the conservative rule: a win has to hold in both orders."""
    first, second = (reading.value for reading in readings)
    if first is None or second is None:
        return None
    return first if first == second else "tie"


def _criteria(criteria: Sequence[Criterion | str]) -> list[Criterion]:
    asked = [Criterion(one) if isinstance(one, str) else one for one in criteria]
    if not asked:
        raise ConfigError("A rubric needs criteria: name at least one.")
    if len({one.name for one in asked}) < len(asked):
        raise ConfigError("A rubric's criteria must have different names.")
    return asked


def _tiers(pairs: Mapping[tuple[int, int], PairVerdict], n: int) -> tuple[tuple[int, ...], ...]:
    """Indices by twice the pairs won plus the ties, most first."""
    points: Counter[int] = Counter(dict.fromkeys(range(n), 0))
    for (i, j), verdict in pairs.items():
        points[i] += {"first": 2, "tie": 1}.get(verdict.choice or "", 0)
        points[j] += {"second": 2, "tie": 1}.get(verdict.choice or "", 0)
    return tuple(
        tuple(k for k in range(n) if points[k] == score)
        for score in sorted(set(points.values()), reverse=True)
    )
