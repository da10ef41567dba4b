"""Losses of single responses and of steps."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from modeling.core.losses.common import precise, reduced


def step_loss(
    logits: Tensor, targets: Tensor, *, weights: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Cross-entropy of the steps of solutions, each judged at its end.

    Two-class: `logits` (n, 1), σ of which is the probability that a step is not wrong, and
    `targets` (n, 1) that probability as judged. Three-class: `logits` (n, 3) for wrong, neutral
    and good, `targets` (n, 3) the classes' probabilities.

    Lightman et al., arXiv:2305.20050; soft targets Wang et al., arXiv:2312.08935.
    """
    if logits.shape[1] == 1:
        return outcome_loss(logits[:, 0], targets[:, 0], weights=weights, reduction=reduction)
    return classification_loss(logits, targets, weights=weights, reduction=reduction)


def outcome_loss(
    scores: Tensor, targets: Tensor, *, weights: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross-entropy −q·log σ(s) − (1 − q)·log σ(−s) of whole responses.

    `scores` (n,) are log-odds of being correct, `targets` (n,) the probability q of correct as
    judged. Cobbe et al., arXiv:2110.14168; at every token it is `token_outcome_loss`.
    """
    losses = binary_cross_entropy_with_logits(precise(scores), targets, reduction="none")
    return reduced(losses, weights, reduction)


def regression_loss(
    predictions: Tensor,
    targets: Tensor,
    *,
    present: Tensor | None = None,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Squared error of scores by aspect, averaged over the aspects that a row has.

    `predictions` and `targets` are (n, aspects); `present` (n, aspects) is false where a score
    is missing, whose target then does not matter. A row without any aspect costs nothing.
    Multi-aspect regression as in Wang et al., arXiv:2406.08673.
    """
    present = torch.ones_like(targets, dtype=torch.bool) if present is None else present
    errors = (precise(predictions) - targets).masked_fill(~present, 0.0)
    losses = errors.square().sum(dim=1) / present.sum(dim=1).clamp(min=1)
    return reduced(losses, weights, reduction)


def classification_loss(
    logits: Tensor, targets: Tensor, *, weights: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Cross-entropy −Σ qᵢ log softmax(logits)ᵢ of classes, `logits` and `targets` (n, classes).

    `targets` are the classes' probabilities as judged: a one for a hard label. Bridle (1990).
    """
    losses = cross_entropy(precise(logits), targets, reduction="none")
    return reduced(losses, weights, reduction)
