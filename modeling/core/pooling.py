"""From hidden states of a sequence to one vector, by explicit token positions.

Positions come from the attention mask alone, never from token ids: a pad token that equals the
end-of-sequence token, or padding on the left, changes nothing.
"""

import torch
from torch import Tensor

from modeling.core.errors import ConfigError

POOLINGS = ("mean", "last", "cls")


def pool(hidden: Tensor, mask: Tensor, method: str) -> Tensor:
    """Pool `hidden` (batch, length, width) over the real tokens of `mask` (batch, length).

    "mean" averages the real tokens, "last" takes the last one, "cls" the first. Every row needs
    at least one real token. Returns (batch, width).
    """
    if method == "mean":
        return _mean(hidden, mask)
    if method == "last":
        return _take(hidden, last_positions(mask))
    if method == "cls":
        return _take(hidden, first_positions(mask))
    raise ConfigError(f'pooling must be one of {", ".join(POOLINGS)}; it is "{method}".')


def first_positions(mask: Tensor) -> Tensor:
    """Position of each row's first real token, shape (batch,)."""
    return mask.to(torch.int64).argmax(dim=1)


def last_positions(mask: Tensor) -> Tensor:
    """Position of each row's last real token, shape (batch,)."""
    return mask.shape[1] - 1 - first_positions(mask.flip(1))


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def _take(hidden: Tensor, positions: Tensor) -> Tensor:
    rows = torch.arange(hidden.shape[0], device=hidden.device)
    return hidden[rows, positions]
