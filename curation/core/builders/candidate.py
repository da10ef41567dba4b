"""What a builder is given and what it yields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

from curation.core.dedupe import Identity, PromptGroups
from curation.core.records import Corpus, JudgmentRecord, PromptText, ResponseText
from curation.core.rows import Row

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class RowBase(TypedDict):
    """The fields every row takes from its item and its votes."""

    group: str
    item: str
    category: str
    source: str
    prompt_id: str
    annotators: tuple[str, ...]
    revisions: tuple[str, ...]
    rationales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The texts that canonical judgments name, and how votes on them are aggregated.

    `identity` holds each response's digest, equal for identical responses. `notes` takes what an
    aggregation has to tell about itself: its method, why, whether it converged.
    """

    corpus: Corpus
    groups: PromptGroups
    identity: Mapping[str, Identity]
    method: str
    aspect: str = ""
    seed: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    def prompt(self, key: str) -> PromptText:
        """Return the prompt with this key."""
        return self.corpus.prompts[key]

    def response(self, key: str) -> ResponseText:
        """Return the response with this key."""
        return self.corpus.responses[key]

    def row_base(
        self,
        item: str,
        prompt: str,
        votes: Sequence[JudgmentRecord],
        *,
        rationales: Iterable[str] = (),
    ) -> RowBase:
        """Fields of any row made from this item by these votes."""
        category = self.corpus.categories.get(item)
        return {
            "group": self.groups.group[prompt],
            "item": item,
            "category": self.prompt(prompt).category if category is None else category,
            "source": self.corpus.sources.get(item, ""),
            "prompt_id": prompt,
            "annotators": tuple(sorted({vote.annotator for vote in votes})),
            "revisions": tuple(sorted({vote.revision for vote in votes})),
            "rationales": tuple(sorted(set(filter(None, rationales)))),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row, or the reason there is none, and what filters and statistics need to know of it.

    `item` and `part` tell which would-be row this is. `votes` counts those that decided;
    `agreement` is the share of them for the answer that won, `probability` the aggregate's own for
    it; `unanimous` says whether they all agree; `excluded` holds one reason for each vote left
    out; `notes` are counts of anything else, added up over the dataset. A row that is there for
    the canonical file alone (an even pair) comes with a reason.
    """

    item: str
    part: tuple[str, ...] = ()
    row: Row | None
    votes: int
    unanimous: bool
    agreement: float = 0.0
    probability: float = 0.0
    reason: str = ""
    excluded: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        """Whether the row belongs to the dataset."""
        return self.row is not None and not self.reason


def grouped(values: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Values by key, keys in the order they first come."""
    groups: dict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return dict(groups)


def people_first(votes: Sequence[JudgmentRecord]) -> list[Any]:
    """The people's votes where there are any, else the machines'."""
    people = [vote for vote in votes if not vote.machine]
    return people or list(votes)
