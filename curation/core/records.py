"""What curation reads: texts and judgments.

Judgments arrive in *stored* order: whatever order an annotator saw has been undone by the caller.
A judgment names texts by key; the texts themselves are in a `Corpus`, which may lie on disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

Split: TypeAlias = Literal["train", "validation", "test"]
Choice: TypeAlias = Literal[
    "left", "right", "tie", "both_good", "both_bad", "unsafe", "cannot_judge"
]
StepStatus: TypeAlias = Literal["labelled", "gave_up", "bad_problem"]
SourceKind: TypeAlias = Literal["comparison", "ranking", "rating"]

SPLITS: tuple[Split, ...] = get_args(Split)
JOIN = "\x1f"
"""Between the parts of a voter's name that stands for no one person."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class PromptText:
    """A conversation so far, its split, and what else belongs to the question.

    `reference` is a known answer or solution, `category` a name to report results by; both may
    be empty.
    """

    key: str
    messages: tuple[Message, ...]
    split: Split
    reference: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class ResponseText:
    """One candidate completion; `steps` are its parts where it was written in steps."""

    key: str
    content: str
    steps: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every text that judgments name, by key.

    `categories` name items to report results by; an item without one has its prompt's. `sources`
    say where an item came from.
    """

    prompts: Mapping[str, PromptText]
    responses: Mapping[str, ResponseText]
    categories: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentRecord:
    """What every judgment has.

    `revision` is the id of the judgment revision the record was made from; one revision may make
    several records. `overrides` marks an adjudication: where an item has one, only such
    judgments of that item are counted. `seconds` is the active time, None where nobody measured
    it; `flags` are what `curation.recipe.FLAGS` names; `rationale` the annotator's own words;
    `machine` marks a program. A verifier or a rollout counts only where no person judged; of
    comparisons, rankings and ratings a machine's are one more voice, of a reliability that is
    estimated like anyone's, and are told as votes only where no person judged.
    """

    item: str
    prompt: str
    annotator: str
    revision: str
    overrides: bool = False
    seconds: float | None = None
    flags: tuple[str, ...] = ()
    rationale: str = ""
    machine: bool = False

    @property
    def voter(self) -> str:
        """Who aggregation takes the annotator for.

        An id that only numbers the raters of a row is another person on each item.
        """
        positional = "positional" in self.flags
        return JOIN.join((self.annotator, self.item)) if positional else self.annotator


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(JudgmentRecord):
    """One person's choice between two responses.

    `strength` runs from 1 (weakest) to the size of `scale` and goes with left and right only;
    `None` where it was not asked. `aspects` holds further choices by name. `shown_left` is 1 where
    the stored left was shown on the left, -1 where it was shown on the right, 0 where unknown.
    """

    left: str
    right: str
    choice: Choice
    strength: int | None = None
    scale: str = "binary"
    aspects: Mapping[str, Choice] = field(default_factory=lambda: _NOTHING)
    shown_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking(JudgmentRecord):
    """One person's order of an item's responses: tiers of keys, best first, ties in one tier.

    A best-worst answer is three tiers: the best, the rest, the worst. `responses` are the same
    keys in stored order; left empty, the keys' own order stands in for it.
    """

    tiers: tuple[tuple[str, ...], ...]
    responses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating(JudgmentRecord):
    """One person's value for one aspect of one response."""

    response: str
    aspect: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRating(JudgmentRecord):
    """One person's label for each step: -1 wrong, 0 neutral, +1 good, None unlabelled.

    None may stand anywhere: after the first error, and before a label where a person wrote the
    step. With `status` other than "labelled" the labels are ignored. `soft` holds a machine's
    estimate for each step, the share of its rollouts from there that came out right, and
    `trials` how many rollouts that was, 0 where unknown.
    """

    response: str
    labels: tuple[int | None, ...] = ()
    status: StepStatus = "labelled"
    soft: tuple[float | None, ...] = ()
    trials: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLabel(JudgmentRecord):
    """One person's verdict on a whole response."""

    response: str
    correct: bool


Judgment: TypeAlias = Comparison | Ranking | Rating | StepRating | OutcomeLabel
