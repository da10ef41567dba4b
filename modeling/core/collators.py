"""Batches with just enough padding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Item:
    """One row ready for a model, never parted between batches: a pair, a ranking, a solution.

    `texts` are read as wholes, or, with `readouts` (text, position), at those tokens. `language`
    lists what a language model learns to write: (text, position, the id that follows). `target` is
    the objective's own. `truncated` when a text was cut to fit, `cut` counts the labels lost.
    """

    texts: tuple[tuple[int, ...], ...]
    target: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    readouts: tuple[tuple[int, int], ...] = ()
    language: tuple[tuple[int, int, int], ...] = ()
    truncated: bool = False
    cut: int = 0

    @property
    def outputs(self) -> int:
        """How many times the model's head is read."""
        return len(self.readouts) or len(self.texts)


def pad_sequences(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Ids padded on the right to the longest sequence, and their mask, both (n, length) int64."""
    length = max(len(sequence) for sequence in sequences)
    ids = torch.full((len(sequences), length), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(sequences), length), dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence, dtype=torch.int64)
        mask[row, : len(sequence)] = 1
    return ids, mask


def text_batch(items: Sequence[Item], pad_id: int) -> dict[str, Tensor]:
    """input_ids and attention_mask (texts, length) of all items' texts, one after another.

    With readouts also `readouts` (n, 2): rows and positions in input_ids.
    """
    ids, mask = pad_sequences([text for item in items for text in item.texts], pad_id)
    batch = {"input_ids": ids, "attention_mask": mask}
    first = 0
    readouts: list[tuple[int, int]] = []
    for item in items:
        readouts.extend((first + text, position) for text, position in item.readouts)
        first += len(item.texts)
    if readouts:
        batch["readouts"] = torch.tensor(readouts, dtype=torch.int64)
    return batch


def language_batch(items: Sequence[Item]) -> dict[str, Tensor]:
    """`language` (m, 3), rows and positions in input_ids and the ids that follow them.

    And `language_rows` (m,), their items. Empty where no item has something to write.
    """
    places: list[tuple[int, int, int]] = []
    first = 0
    for item in items:
        places.extend((first + text, position, after) for text, position, after in item.language)
        first += len(item.texts)
    if not places:
        return {}
    sizes = torch.tensor([len(item.language) for item in items])
    return {
        "language": torch.tensor(places, dtype=torch.int64),
        "language_rows": torch.repeat_interleave(torch.arange(len(items)), sizes),
    }


@dataclass(frozen=True)
class Collator:
    """Makes training batches: `text_batch`, `language_batch`, `weights` (items,), and what
    `targets` adds.
    """

    pad_id: int
    targets: Callable[[Sequence[Item]], dict[str, Tensor]]

    def __call__(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """One batch."""
        weights = torch.tensor([item.weight for item in items], dtype=torch.float32)
        return {
            **text_batch(items, self.pad_id),
            **language_batch(items),
            "weights": weights,
            **self.targets(items),
        }
