"""Batches with just enough padding."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TokenizedPair:
    """A pair ready for training; see PreferenceExample for the last three."""

    chosen: tuple[int, ...]
    rejected: tuple[int, ...]
    weight: float = 1.0
    target_probability: float = 1.0
    margin: float = 0.0


def pad_sequences(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Ids padded on the right to the longest sequence, and their mask, both (n, length) int64."""
    length = max(len(sequence) for sequence in sequences)
    ids = torch.full((len(sequences), length), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(sequences), length), dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence, dtype=torch.int64)
        mask[row, : len(sequence)] = 1
    return ids, mask


@dataclass(frozen=True)
class PairCollator:
    """Makes a batch of n pairs: rows 0…n−1 are the chosen texts, rows n…2n−1 the rejected."""

    pad_id: int

    def __call__(self, pairs: Sequence[TokenizedPair]) -> dict[str, Tensor]:
        """input_ids and attention_mask (2n, length); weights, target_probability, margin (n,)."""
        texts = [pair.chosen for pair in pairs] + [pair.rejected for pair in pairs]
        ids, mask = pad_sequences(texts, self.pad_id)
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "weights": torch.tensor([pair.weight for pair in pairs]),
            "target_probability": torch.tensor([pair.target_probability for pair in pairs]),
            "margin": torch.tensor([pair.margin for pair in pairs]),
        }
