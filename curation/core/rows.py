"""What curation makes: dataset rows.

Rows name texts by key, as judgments do, so that a dataset of any size fits in memory; the files
get the texts themselves (`curation.exports.columns`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from curation.core.records import SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """What every row has: `group` is shared by all rows whose prompts are the same.

    `prompt_id` is the prompt's key; `source` says where the item came from. `annotators` and
    `revisions` are those whose votes decided the row, sorted. `weight` is what a training loss
    multiplies the row by. `rationales` are the annotators' words for the answer that won.
    """

    group: str
    item: str
    category: str
    source: str
    prompt_id: str
    annotators: tuple[str, ...]
    revisions: tuple[str, ...]
    weight: float = 1.0
    rationales: tuple[str, ...] = ()

    @property
    def part(self) -> tuple[str, ...]:
        """What tells this row from others of the same item."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceRow(DatasetRow):
    """A pair with a winner, or one that came out even.

    `chosen_probability` is the probability that the chosen response is better, a tie half;
    `tie_probability` that neither is; `target_margin` the mean strength of preference toward the
    chosen one in the units of its scale (for pairs of ratings the difference of the scores),
    None where none was asked. `tied` marks a pair without a winner: it stands in the canonical
    file alone, its stored first response as the chosen one. `chosen_is_first` says whether the
    chosen response is the stored first; `votes_excluded` counts votes without an opinion,
    `votes_unsafe` those that marked it unsafe.
    """

    chosen_id: str
    rejected_id: str
    chosen_probability: float
    tie_probability: float
    target_margin: float | None
    votes_chosen: int
    votes_rejected: int
    votes_tie: int
    votes_excluded: int = 0
    votes_unsafe: int = 0
    chosen_is_first: bool = True
    tied: bool = False
    source_kind: SourceKind = "comparison"

    @property
    def part(self) -> tuple[str, ...]:
        """The pair, whoever won."""
        return tuple(sorted((self.chosen_id, self.rejected_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRow(DatasetRow):
    """An ordered set: `tiers` holds indices into `completion_ids`, best first, ties in one tier.

    `scores` are the aggregate's own, larger is better: minus the mean rank, or log-strengths.
    """

    completion_ids: tuple[str, ...]
    tiers: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...]
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepwiseRow(DatasetRow):
    """A solution in steps, up to the first error.

    Per row step: `ends` the number of the response's own steps up to and with it (an unlabelled
    one is joined to the next labelled); `ratings` -1, 0 or +1; `labels` whether the rating is not
    -1; `soft_labels` the probability of that; `votes` their number. `first_error` indexes the
    row's steps, -1 where there is none. `step_weights` is empty, or what each step counts.
    """

    completion_id: str
    ends: tuple[int, ...]
    labels: tuple[bool, ...]
    ratings: tuple[int, ...]
    soft_labels: tuple[float, ...]
    votes: tuple[int, ...]
    first_error: int
    step_weights: tuple[float, ...] = ()

    @property
    def part(self) -> tuple[str, ...]:
        """The response."""
        return (self.completion_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow(DatasetRow):
    """A response that is correct or not.

    `label_probability` is the probability of correct, so below one half where `label` is false.
    `verified` marks rows that rest on programs alone.
    """

    completion_id: str
    label: bool
    label_probability: float
    votes: int
    verified: bool = False

    @property
    def part(self) -> tuple[str, ...]:
        """The response."""
        return (self.completion_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow(DatasetRow):
    """A response with one score, its standard error and one number of votes per aspect.

    Aspects are sorted; an error is None where one vote cannot tell.
    """

    completion_id: str
    aspects: tuple[str, ...]
    scores: tuple[float, ...]
    errors: tuple[float | None, ...]
    votes: tuple[int, ...]

    @property
    def part(self) -> tuple[str, ...]:
        """The response."""
        return (self.completion_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationRow(DatasetRow):
    """A response with a class; `class_probabilities` go with `classes`, sorted by name."""

    completion_id: str
    label: str
    classes: tuple[str, ...]
    class_probabilities: tuple[float, ...]
    votes: int

    @property
    def part(self) -> tuple[str, ...]:
        """The response."""
        return (self.completion_id,)


Row: TypeAlias = (
    PreferenceRow | RankingRow | StepwiseRow | OutcomeRow | RatingRow | ClassificationRow
)


def row_identity(row: Row) -> tuple[str, str, tuple[str, ...]]:
    """Group, item and part: unique in a dataset, and the order rows are written in."""
    return row.group, row.item, row.part


def row_id(row: Row) -> str:
    """The row's name, 24 hexadecimal digits: the same in every version that has the row."""
    group, item, part = row_identity(row)
    return hashlib.sha256("\0".join((group, item, *part)).encode()).hexdigest()[:24]


def provenance_hash(row: Row) -> str:
    """SHA-256 over the ids of the judgment revisions behind the row."""
    return hashlib.sha256("\n".join(row.revisions).encode()).hexdigest()


def annotator_hash(annotator: str) -> str:
    """16 hexadecimal digits that stand for an annotator in files."""
    return hashlib.sha256(annotator.encode()).hexdigest()[:16]


def responses_of(row: Row) -> tuple[str, ...]:
    """Keys of the responses that a row holds."""
    if isinstance(row, PreferenceRow):
        return row.chosen_id, row.rejected_id
    return row.completion_ids if isinstance(row, RankingRow) else (row.completion_id,)
