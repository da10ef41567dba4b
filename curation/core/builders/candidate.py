"""What a builder is given and what it yields."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict, TypeVar

from curation.core.dedupe import Identity, PromptGroups
from curation.core.records import Corpus, Message, PromptText, ResponseText, Row

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class RowBase(TypedDict):
    """The fields every row takes from its item."""

    group: str
    item: str
    category: str


@dataclass(frozen=True, slots=True)
class Context:
    """The texts that canonical judgments name, and how votes on them are aggregated.

    `identity` holds each response's normalised text, equal for identical responses.
    """

    corpus: Corpus
    groups: PromptGroups
    identity: Mapping[str, Identity]
    method: str

    def prompt(self, key: str) -> PromptText:
        """Return the prompt with this key."""
        return self.corpus.prompts[key]

    def response(self, key: str) -> ResponseText:
        """Return the response with this key."""
        return self.corpus.responses[key]

    def completion(self, key: str) -> tuple[Message, ...]:
        """Return the response as the assistant's one turn."""
        return (Message("assistant", self.corpus.responses[key].content),)

    def row_base(self, item: str, prompt: str) -> RowBase:
        """Fields of any row made from this item."""
        category = self.corpus.categories.get(item, self.corpus.prompts[prompt].category)
        return {"group": self.groups.group[prompt], "item": item, "category": category}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row, or the reason there is none, and what statistics need to know of it.

    `votes` counts those that decided; `unanimous` says whether they all agree; `excluded` holds
    one reason for each vote left out; `notes` are counts of anything else, added up over the
    dataset.
    """

    row: Row | None
    votes: int
    unanimous: bool
    reason: str = ""
    excluded: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)


def grouped(values: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Values by key, keys in the order they first come."""
    groups: dict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return dict(groups)
