"""What is added to a loss against habits that it does not see."""

import torch
from torch import Tensor

from modeling.core.losses.common import precise, reduced

_LEAST_ROWS = 3  # fewer say nothing: a single pair always correlates


def centering_penalty(
    chosen_scores: Tensor,
    rejected_scores: Tensor,
    *,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """(chosen + rejected)² of pairs (n,), which a loss of differences leaves free.

    It keeps rewards around zero, so that models trained alike can be compared and averaged.
    Eisenstein et al., arXiv:2312.09244.
    """
    sums = precise(chosen_scores) + precise(rejected_scores)
    return reduced(sums.square(), weights, reduction)


def readout_penalty(readout: Tensor) -> Tensor:
    """Half the squared length of the head's weights (outputs, width), a scalar."""
    return precise(readout).square().sum() / 2


def length_correlation_penalty(score_differences: Tensor, length_differences: Tensor) -> Tensor:
    """The squared correlation of reward differences with length differences in a batch, a scalar.

    Both are (n,); lengths in any unit. Correlations are taken about zero, so that the pairs' order
    does not matter: a reward without length bias has as many long winners as long losers. It is 0
    where there are fewer than three pairs, or where either side is the same for both in all of
    them. Chen et al. (ODIN), arXiv:2402.07319.
    """
    scores = precise(score_differences)
    lengths = length_differences.to(scores.dtype)
    if len(scores) < _LEAST_ROWS:
        return scores.sum() * 0.0
    product = scores.square().sum() * lengths.square().sum()
    least = torch.finfo(scores.dtype).tiny
    squared = (scores @ lengths).square() / product.clamp(min=least)
    return torch.where(product > least, squared, torch.zeros_like(squared))


def flip_rate_penalty(flip_logits: Tensor, *, start: Tensor, spread: float) -> Tensor:
    """Negative log-density, but for a constant, of annotators' flip logits (annotators,), a scalar.

    Their prior is normal around `start` with deviation `spread`, in logits: an annotator with few
    rows keeps about the common rate. Chen et al. (2013), doi:10.1145/2433396.2433420.
    """
    return ((precise(flip_logits) - start) / spread).square().sum() / 2
