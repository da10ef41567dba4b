"""Losses of pairs that may come out even, as Davidson and as Rao and Kupper put it.

Answers are in the order first better, tie, second better; `difference` is the first score minus
the second, (n,). Both models swap first and second when the difference changes its sign, and are
Bradley–Terry's where ties cannot be. The parameter is a scalar tensor that may want a gradient.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from modeling.core.losses.common import expected, precise, reduced


def davidson_log_probabilities(difference: Tensor, log_nu: Tensor) -> Tensor:
    """Log-probabilities (n, 3): a tie is ν times the geometric mean of the preferences.

    With worths a and b, P(first) = a / (a + b + ν√(ab)) and P(tie) = ν√(ab) / (a + b + ν√(ab)). Of
    those that are not tied, σ(difference) prefer the first. Davidson (1970).
    """
    half = precise(difference) / 2
    return torch.log_softmax(torch.stack([half, log_nu.expand_as(half), -half], dim=1), dim=1)


def davidson_loss(
    first_scores: Tensor,
    second_scores: Tensor,
    targets: Tensor,
    *,
    log_nu: Tensor,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of pairs with ties by Davidson's model, in nats.

    `targets` (n, 3) are the probabilities of first, tie and second as judged. As a reward model's
    loss Chen et al., arXiv:2409.17431.
    """
    logs = davidson_log_probabilities(precise(first_scores) - precise(second_scores), log_nu)
    return reduced(expected(targets, logs), weights, reduction)


def rao_kupper_log_probabilities(difference: Tensor, log_theta: Tensor) -> Tensor:
    """Log-probabilities (n, 3): a preference needs a difference beyond the threshold η = log θ > 0.

    P(first) = a / (a + θb) = σ(difference − η); what is left is the tie's,
    (θ² − 1)·ab / ((a + θb)(θa + b)). Rao and Kupper (1967).
    """
    difference = precise(difference)
    first, second = logsigmoid(difference - log_theta), logsigmoid(-difference - log_theta)
    tie = first + second + torch.log(torch.expm1(2 * log_theta))
    return torch.stack([first, tie, second], dim=1)


def rao_kupper_loss(
    first_scores: Tensor,
    second_scores: Tensor,
    targets: Tensor,
    *,
    log_theta: Tensor,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of pairs with ties by Rao and Kupper's model, in nats.

    `targets` (n, 3) are the probabilities of first, tie and second as judged. As a reward model's
    loss Liu et al., arXiv:2410.05328.
    """
    logs = rao_kupper_log_probabilities(precise(first_scores) - precise(second_scores), log_theta)
    return reduced(expected(targets, logs), weights, reduction)
