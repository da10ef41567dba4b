"""Training losses on rewards."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from modeling.core.errors import ConfigError


def bradley_terry_loss(
    chosen_scores: Tensor,
    rejected_scores: Tensor,
    *,
    weights: Tensor | None = None,
    target_probability: Tensor | None = None,
    margin: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of the preferences, in nats.

    With d = chosen − rejected − margin and q = target_probability (1 when absent), a pair costs
    −q·log σ(d) − (1 − q)·log σ(−d). All arguments have shape (n,). `weights` multiply each
    pair's loss; "mean" divides by the number of pairs, not by the weights' sum, so that a weight
    keeps its meaning in a batch of one. "sum" and "none" are the other reductions.

    Bradley and Terry (1952); as a reward model's loss Ouyang et al., arXiv:2203.02155; with a
    margin Touvron et al., arXiv:2307.09288.
    """
    difference = chosen_scores - rejected_scores
    if margin is not None:
        difference = difference - margin
    losses = -logsigmoid(difference)
    if target_probability is not None:
        # −log σ(−d) = d − log σ(d), so the flipped part adds (1 − q)·d.
        losses = losses + (1 - target_probability) * difference
    if weights is not None:
        losses = losses * weights
    return _reduce(losses, reduction)


def _reduce(losses: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return torch.mean(losses)
    if reduction == "sum":
        return torch.sum(losses)
    if reduction == "none":
        return losses
    raise ConfigError(f'reduction must be "mean", "sum" or "none"; it is "{reduction}".')
