"""Losses of pairs of which one side was preferred."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from modeling.core.losses.common import precise, reduced


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
    −q·log σ(d) − (1 − q)·log σ(−d). All arguments have shape (n,).

    Bradley and Terry (1952); as a reward model's loss Ouyang et al., arXiv:2203.02155; with a
    margin Touvron et al., arXiv:2307.09288.
    """
    difference = precise(chosen_scores) - precise(rejected_scores)
    if margin is not None:
        difference = difference - margin
    losses = -logsigmoid(difference)
    if target_probability is not None:
        # −log σ(−d) = d − log σ(d), so the flipped part adds (1 − q)·d.
        losses = losses + (1 - target_probability) * difference
    return reduced(losses, weights, reduction)


def scaled_bradley_terry_loss(
    chosen_scores: Tensor,
    rejected_scores: Tensor,
    *,
    scale: Tensor,
    weights: Tensor | None = None,
    target_probability: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`bradley_terry_loss` with each pair's loss multiplied by how strong the preference was.

    `scale` (n,) is zero or more. Unlike a margin it wants no certain distance of the rewards, so
    they stay log-odds. Wang et al. (HelpSteer2-Preference), arXiv:2410.01257.
    """
    losses = bradley_terry_loss(
        chosen_scores, rejected_scores, target_probability=target_probability, reduction="none"
    )
    return reduced(losses * scale, weights, reduction)


def hinge_loss(
    chosen_scores: Tensor,
    rejected_scores: Tensor,
    *,
    margin: Tensor | float = 1.0,
    weights: Tensor | None = None,
    target_probability: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, m − d) of d = chosen − rejected: nothing once the chosen is `margin` m ahead.

    With q = target_probability (1 when absent) the flipped pair's max(0, m + d) counts 1 − q. The
    rewards are no log-odds. `margin` is a number or (n,), all else (n,). The ranking support
    vector machine of Herbrich, Graepel and Obermayer (2000).
    """
    difference = precise(chosen_scores) - precise(rejected_scores)
    losses = (margin - difference).clamp(min=0)
    if target_probability is not None:
        flipped = (margin + difference).clamp(min=0)
        losses = target_probability * losses + (1 - target_probability) * flipped
    return reduced(losses, weights, reduction)


def annealed_margin(margin: float, *, anneal: float, progress: float) -> float:
    """The hinge's margin at `progress` (0 to 1): it grows in a line from 0 over `anneal` of it.

    Early on only the order counts, later the distance; with `anneal` 0 it is constant.
    """
    return margin if progress >= anneal else margin * progress / anneal


def noisy_bradley_terry_loss(
    chosen_scores: Tensor,
    rejected_scores: Tensor,
    *,
    flip_rate: Tensor,
    weights: Tensor | None = None,
    target_probability: Tensor | None = None,
    margin: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`bradley_terry_loss` of votes that are the opposite of what was meant at `flip_rate` ε.

    A vote for the chosen side has probability ε + (1 − 2ε)·σ(d), so no pair can cost more than
    −log ε: votes against all evidence stop pulling. `flip_rate` (n,) or a scalar from 0 to below
    0.5. Where several annotators' votes make a row's share, their mean rate is exact, since it is
    that of a vote drawn among them.

    Chowdhury, Kini and Natarajan (2024), arXiv:2403.00409; annotators' own rates as in Chen et al.
    (2013), doi:10.1145/2433396.2433420.
    """
    difference = precise(chosen_scores) - precise(rejected_scores)
    if margin is not None:
        difference = difference - margin
    kept, flipped = torch.log1p(-flip_rate), torch.log(flip_rate)
    # ε + (1 − 2ε)σ(d) = (1 − ε)σ(d) + ε·σ(−d), both terms of one sign.
    losses = -torch.logaddexp(kept + logsigmoid(difference), flipped + logsigmoid(-difference))
    if target_probability is not None:
        other = -torch.logaddexp(kept + logsigmoid(-difference), flipped + logsigmoid(difference))
        losses = target_probability * losses + (1 - target_probability) * other
    return reduced(losses, weights, reduction)
