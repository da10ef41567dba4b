"""What all losses share: their precision and their reductions."""

import torch
from torch import Tensor

from modeling.core.errors import ConfigError

_HALF = (torch.float16, torch.bfloat16)


def precise(values: Tensor) -> Tensor:
    """Half precision as single: a sum of bfloat16 losses would lose what a pair teaches."""
    return values.float() if values.dtype in _HALF else values


def reduced(losses: Tensor, weights: Tensor | None, reduction: str) -> Tensor:
    """The rows' losses (rows,) weighted, and their "mean", "sum" or, with "none", themselves."""
    if weights is not None:
        losses = losses * weights
    if reduction == "mean":
        return torch.mean(losses)
    if reduction == "sum":
        return torch.sum(losses)
    if reduction == "none":
        return losses
    raise ConfigError(f'reduction must be "mean", "sum" or "none"; it is "{reduction}".')


def expected(targets: Tensor, log_probabilities: Tensor) -> Tensor:
    """Cross-entropy (n,) of answers (n, k); one that nobody gave may have probability zero."""
    return -(targets * log_probabilities.masked_fill(targets == 0, 0.0)).sum(dim=1)
