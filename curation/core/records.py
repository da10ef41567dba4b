"""What curation reads (texts and judgments) and what it makes (dataset rows).

Judgments arrive in *stored* order: whatever order an annotator saw has been undone by the caller.
A judgment names texts by key; the texts themselves are in a `Corpus`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

Split: TypeAlias = Literal["train", "validation", "test"]
Choice: TypeAlias = Literal[
    "left", "right", "tie", "both_good", "both_bad", "unsafe", "cannot_judge"
]
StepStatus: TypeAlias = Literal["labelled", "gave_up", "bad_problem"]
SourceKind: TypeAlias = Literal["comparison", "ranking"]

SPLITS: tuple[Split, ...] = get_args(Split)


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

    `categories` name items to report results by; an item without one has its prompt's.
    """

    prompts: Mapping[str, PromptText]
    responses: Mapping[str, ResponseText]
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentRecord:
    """What every judgment has.

    `revision` is the id of the judgment revision the record was made from; one revision may make
    several records. `overrides` marks an adjudication: where an item has one, only such
    judgments of that item are counted.
    """

    item: str
    prompt: str
    annotator: str
    revision: str
    overrides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(JudgmentRecord):
    """One person's choice between two responses.

    `strength` runs from 1 (weakest) to the size of `scale` and goes with left and right only;
    `None` where it was not asked. `aspects` holds further choices by name.
    """

    left: str
    right: str
    choice: Choice
    strength: int | None = None
    scale: str = "binary"
    aspects: Mapping[str, Choice] = field(default_factory=dict)


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
    step. With `status` other than "labelled" the labels are ignored.
    """

    response: str
    labels: tuple[int | None, ...] = ()
    status: StepStatus = "labelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLabel(JudgmentRecord):
    """One person's verdict on a whole response."""

    response: str
    correct: bool


Judgment: TypeAlias = Comparison | Ranking | Rating | StepRating | OutcomeLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """What every row has: `group` is shared by all rows whose prompts are the same."""

    group: str
    item: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceRow(DatasetRow):
    """A pair with a winner. `prompt`, `chosen` and `rejected` are as TRL has them.

    `chosen_probability` is the share of counted votes for the chosen response, ties half;
    `target_margin` the mean strength of preference toward it in the units of the scale, null
    where none was asked.
    """

    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    chosen_probability: float
    target_margin: float | None
    weight: float
    votes_chosen: int
    votes_rejected: int
    votes_tie: int
    chosen_id: str
    rejected_id: str
    source_kind: SourceKind

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item, whoever won."""
        return tuple(sorted((self.chosen_id, self.rejected_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRow(DatasetRow):
    """An ordered set: `tiers` holds indices into `completions`, best first, ties in one tier."""

    prompt: tuple[Message, ...]
    completions: tuple[str, ...]
    completion_ids: tuple[str, ...]
    tiers: tuple[tuple[int, ...], ...]
    votes: int

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item: nothing, there is one."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepwiseRow(DatasetRow):
    """A solution in steps. `prompt`, `completions` and `labels` are as TRL has them.

    Per step: `ratings` -1, 0 or +1; `labels` whether the rating is not -1; `soft_labels` the
    share of votes that were not -1; `votes` their number. `first_error` indexes `completions`,
    -1 where there is none.
    """

    prompt: str
    completions: tuple[str, ...]
    labels: tuple[bool, ...]
    ratings: tuple[int, ...]
    soft_labels: tuple[float, ...]
    votes: tuple[int, ...]
    first_error: int
    completion_id: str

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item."""
        return (self.completion_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow(DatasetRow):
    """A response that is correct or not. `prompt`, `completion` and `label` are as TRL has them.

    `label_probability` is the share of votes for correct, so below one half where `label` is
    false.
    """

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    label: bool
    label_probability: float
    votes: int
    reference: str
    completion_id: str

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item."""
        return (self.completion_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow(DatasetRow):
    """A response with one mean score and one number of votes per aspect, aspects sorted."""

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    aspects: tuple[str, ...]
    scores: tuple[float, ...]
    votes: tuple[int, ...]
    completion_id: str

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item."""
        return (self.completion_id,)


Row: TypeAlias = PreferenceRow | RankingRow | StepwiseRow | OutcomeRow | RatingRow


def row_identity(row: Row) -> tuple[str, str, tuple[str, ...]]:
    """Group, item and part: unique in a dataset, and the order rows are written in."""
    return row.group, row.item, row.part
