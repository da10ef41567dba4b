"""Rankings, solutions in steps, and single responses with a label, a score or a class."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from modeling.core.data.fields import Example, Row, common, index, listed, real, share, text, truth
from modeling.core.data.texts import (
    Message,
    TextParts,
    as_turns,
    parse_messages,
    parse_prompt,
    parse_response,
    render_parts,
    render_turn,
)
from modeling.core.errors import DataError

T = TypeVar("T")
SIGNS = (-1, 0, 1)
STEP_END = "\n"  # closes each step, as in TRL's stepwise format
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingExample(Example):
    """Responses in an order: `tiers` of indices into `completions`, best first.

    Those of one tier are tied, an index in no tier was not ranked. There are two tiers or more.
    """

    completions: tuple[str, ...]
    tiers: tuple[tuple[int, ...], ...]

    def texts(self) -> list[TextParts]:
        """The rendered completions."""
        return [render_parts(self.prompt, completion) for completion in self.completions]

    def places(self) -> list[int]:
        """Each completion's tier, from 0 for the best; -1 where it was not ranked."""
        found = {index: place for place, tier in enumerate(self.tiers) for index in tier}
        return [found.get(index, -1) for index in range(len(self.completions))]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepwiseExample(Example):
    """A solution in steps, at least one.

    `labels` say whether a step is not wrong, `soft_labels` with what probability; `ratings` are
    -1 (wrong), 0 or 1, or None where the row has none. `step_weights` are zero or more.
    """

    steps: tuple[str, ...]
    labels: tuple[bool, ...]
    soft_labels: tuple[float, ...]
    step_weights: tuple[float, ...]
    ratings: tuple[int, ...] | None = None

    @property
    def first_error(self) -> int:
        """Index of the first wrong step; -1 where no step is wrong."""
        return self.labels.index(False) if False in self.labels else -1

    def parts(self, separator: str = STEP_END) -> tuple[str, list[str]]:
        """The rendered context, and the steps each with `separator`; joined they are the text."""
        first, *later = self.steps
        opened = render_parts(self.prompt, first)
        steps = [opened.response, *later]
        return opened.context, [f"{step}{separator}" for step in steps]

    def turns(self) -> tuple[str, list[str]]:
        """The rendered context, and each step as a turn of a conversation.

        Later ones are the assistant's, unless they bring turns of their own, such as what a
        person said before.
        """
        first, *later = self.steps
        opened = render_parts(self.prompt, first)
        return opened.context, [opened.response, *map(render_turn, later)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseExample(Example):
    """One response to a prompt."""

    completion: str

    def text(self) -> TextParts:
        """The rendered response."""
        return render_parts(self.prompt, self.completion)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeExample(ResponseExample):
    """A response that is correct or not; `label_probability` is that of correct."""

    label: bool
    label_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingExample(ResponseExample):
    """A response with a score for each of its aspects, at least one."""

    scores: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationExample(ResponseExample):
    """A response of class `label`, with each class's probability by name where known."""

    label: str
    class_probabilities: dict[str, float] | None = None


def parse_ranking(row: Row) -> RankingExample:
    """Read `prompt`, `completions` and `tiers`."""
    completions = listed(row, "completions", text)
    tiers = tuple(tier for tier in listed(row, "tiers", _tier) if tier)
    ranked = [place for tier in tiers for place in tier]
    if len(set(ranked)) < len(ranked) or not set(ranked) <= set(range(len(completions))):
        raise DataError(
            f"tiers must hold indices from 0 to {len(completions) - 1}, each at most once"
        )
    if len(tiers) < 2:
        raise DataError("a ranking needs two tiers or more; leave out rows where all are tied")
    return RankingExample(**common(row, _prompt(row)), completions=completions, tiers=tiers)


def _tier(value: Any, name: str) -> tuple[int, ...]:
    return listed({name: value}, name, index)


def parse_stepwise(row: Row) -> StepwiseExample:
    """Read `prompt`, `completions` (the steps) and `labels`.

    Without `soft_labels` the labels stand in for them, without `step_weights` all weigh one.
    """
    steps = listed(row, "completions", _step)
    if not steps:
        raise DataError("completions must hold at least one step")
    labels = listed(row, "labels", truth, length=len(steps))
    soft = _optional(row, "soft_labels", share, len(steps))
    weights = _optional(row, "step_weights", _weight, len(steps))
    return StepwiseExample(
        **common(row, _prompt(row)),
        steps=steps,
        labels=labels,
        soft_labels=tuple(map(float, labels)) if soft is None else soft,
        step_weights=(1.0,) * len(steps) if weights is None else weights,
        ratings=_optional(row, "ratings", _sign, len(steps)),
    )


def _step(value: Any, name: str) -> str:
    """A text, or messages, which become one text of turns."""
    return text(value, name) if isinstance(value, str) else as_turns(parse_messages(value))


def _sign(value: Any, name: str) -> int:
    found = index(value, name)
    if found not in SIGNS:
        raise DataError(f"{name} must be -1, 0 or 1, not {found}")
    return found


def _weight(value: Any, name: str) -> float:
    found = real(value, name)
    if found < 0:
        raise DataError(f"{name} must be zero or more, not {found}")
    return found


def _optional(
    row: Row, name: str, read: Callable[[Any, str], T], length: int
) -> tuple[T, ...] | None:
    return None if row.get(name) is None else listed(row, name, read, length=length)


def parse_outcome(row: Row) -> OutcomeExample:
    """Read `prompt`, `completion`, `label`, and `label_probability` if there."""
    label = truth(row.get("label"), "label")
    given = row.get("label_probability")
    probability = float(label) if given is None else share(given, "label_probability")
    return OutcomeExample(**_response(row), label=label, label_probability=probability)


def parse_rating(row: Row) -> RatingExample:
    """Read `prompt`, `completion`, and `aspects` with as many `scores`; null scores are missing."""
    aspects = listed(row, "aspects", text)
    scores = listed(row, "scores", _score, length=len(aspects))
    if len(set(aspects)) < len(aspects):
        raise DataError("aspects must differ from one another")
    known = {
        aspect: score for aspect, score in zip(aspects, scores, strict=True) if score is not None
    }
    if not known:
        raise DataError("scores must hold a number for at least one aspect")
    return RatingExample(**_response(row), scores=known)


def _score(value: Any, name: str) -> float | None:
    return None if value is None else real(value, name)


def parse_classification(row: Row, classes: Sequence[str] | None) -> ClassificationExample:
    """Read `prompt`, `completion`, `label`, and `class_probabilities` in the order of the classes.

    Those are `classes`, the dataset's, or where that is None the row's own `classes`, if any.
    """
    label = text(row.get("label"), "label")
    if classes is None and row.get("classes") is not None:
        classes = listed(row, "classes", text)
    if classes is not None and label not in classes:
        raise DataError(f'label must be one of {", ".join(classes)}, not "{label}"')
    return ClassificationExample(
        **_response(row), label=label, class_probabilities=_class_probabilities(row, classes)
    )


def _class_probabilities(row: Row, classes: Sequence[str] | None) -> dict[str, float] | None:
    if row.get("class_probabilities") is None:
        return None
    if classes is None:
        raise DataError("class_probabilities need a list of classes, here or in manifest.json")
    found = listed(row, "class_probabilities", share, length=len(classes))
    if not math.isclose(sum(found), 1.0, abs_tol=_SUM_TOLERANCE):
        raise DataError(f"class_probabilities must add up to 1, not to {sum(found)}")
    return dict(zip(classes, found, strict=True))


def _response(row: Row) -> dict[str, Any]:
    completion = parse_response(row.get("completion"))
    return {**common(row, _prompt(row)), "completion": completion}


def _prompt(row: Row) -> tuple[Message, ...]:
    return parse_prompt(row.get("prompt"))
