"""The loss of pairs with a strength: a cumulative-logit model of an ordered scale."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from modeling.core.losses.common import expected, precise, reduced


def symmetric_thresholds(log_gaps: Tensor, *, ties: bool) -> Tensor:
    """Increasing thresholds that look the same from either side, whatever `log_gaps` (m,) are.

    Those above zero are the sums of the gaps e^`log_gaps`, those below mirror them. With `ties`
    there are 2m, around a class in the middle; without there is one at zero besides, 2m + 1.
    """
    above = log_gaps.exp().cumsum(dim=0)
    middle = above.new_zeros(0 if ties else 1)
    return torch.cat([-above.flip(0), middle, above])


def cumulative_logit_log_probabilities(difference: Tensor, thresholds: Tensor) -> Tensor:
    """Log-probabilities (n, classes) of answers from "second far better" to "first far better".

    An answer of class k or less has probability σ(thresholds[k] − difference); `thresholds`
    (classes − 1,) increase. With one at zero this is Bradley–Terry's model, with −η and η Rao and
    Kupper's.
    """
    gaps = thresholds - precise(difference)[:, None]
    lowest, highest = logsigmoid(gaps[:, :1]), logsigmoid(-gaps[:, -1:])
    # σ(b) − σ(a) = σ(b)·σ(−a)·(1 − e^(a − b)), without the rounding of a difference.
    widths = torch.log(-torch.expm1(thresholds[:-1] - thresholds[1:]))
    between = logsigmoid(gaps[:, 1:]) + logsigmoid(-gaps[:, :-1]) + widths
    return torch.cat([lowest, between, highest], dim=1)


def cumulative_logit_loss(
    first_scores: Tensor,
    second_scores: Tensor,
    targets: Tensor,
    *,
    thresholds: Tensor,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of how strongly one of a pair was preferred, in nats.

    `targets` (n, classes) are the classes' probabilities as judged, in the order of
    `cumulative_logit_log_probabilities`; the answers' order counts, not their distances.

    McCullagh (1980); for paired comparisons Agresti, Applied Statistics 41 (1992), 287–297.
    """
    difference = precise(first_scores) - precise(second_scores)
    logs = cumulative_logit_log_probabilities(difference, thresholds)
    return reduced(expected(targets, logs), weights, reduction)
