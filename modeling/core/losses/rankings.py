"""Losses of rankings."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from modeling.core.errors import ConfigError
from modeling.core.losses.common import precise, reduced

# First, last and step of x = log t in `_log_all_first`: exact to 1e-9 for tiers of up to 64.
_NODES = (-24.0, 6.5, 0.125)
_TINY, _SATURATED = -8.0, 6.0  # log z below which 1 − e⁻ᶻ is z − z²/2, and above which it is 1


def plackett_luce_loss(
    scores: Tensor,
    places: Tensor,
    *,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of rankings, in nats.

    `scores` are log-worths (n, k); `places` (n, k) the tier of each, 0 for the best, −1 for what
    was not ranked or pads the row. The worths of what is left decide who comes next:
    P(i first) = eˢⁱ / Σⱼ eˢʲ. A tie leaves the order within its tier untold, so a tier's
    likelihood is the sum over all its orders: the probability that all of it comes before
    everything below. The last tier has nothing below and costs nothing, so a partial ranking is
    the best few in tiers of their own and the rest in one. With two responses this is
    `bradley_terry_loss`.

    Plackett (1975); Luce (1959); ties as untold orders: Allison and Christakis, Sociological
    Methodology 24 (1994).
    """
    scores = precise(scores)
    losses = scores.new_zeros(len(scores))
    for tier in range(int(places.max()) if places.numel() else 0):
        losses = losses - _log_first(scores, places == tier, places > tier)
    return reduced(losses, weights, reduction)


def ranking_pairs_loss(
    scores: Tensor,
    places: Tensor,
    *,
    ties: str = "skip",
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Bradley–Terry's loss of all pairs of a ranking, divided by their number.

    `scores` (n, k) and `places` (n, k) are those of `plackett_luce_loss`. A ranking of k responses
    holds k(k − 1)/2 comparisons; as separate rows they would be read k − 1 times each epoch and
    overfitted, so they stay one row that counts once. A tied pair is left out ("skip"), or counts
    half for either side ("half"). A row without a pair costs nothing.

    Ouyang et al., arXiv:2203.02155, section 3.5.
    """
    if ties not in ("skip", "half"):
        raise ConfigError(f'ties must be "skip" or "half"; it is "{ties}".')
    scores = precise(scores)
    rows, columns = torch.triu_indices(places.shape[1], places.shape[1], 1, device=places.device)
    first, second = places[:, rows], places[:, columns]
    counted = (first >= 0) & (second >= 0)
    if ties == "skip":
        counted = counted & (first != second)
    # 1 where the first has the better place, 0 where the second has, 1/2 between equals.
    share = ((second - first).sign().to(scores.dtype) + 1) / 2
    difference = scores[:, rows] - scores[:, columns]
    losses = (1 - share) * difference - logsigmoid(difference)
    total = losses.masked_fill(~counted, 0.0).sum(dim=1)
    return reduced(total / counted.sum(dim=1).clamp(min=1), weights, reduction)


def _log_first(scores: Tensor, tier: Tensor, below: Tensor) -> Tensor:
    """Log-probability (n,) that all of `tier` come before all of `below`; 0 where one is empty."""
    sizes = tier.sum(dim=1)
    told = (sizes > 0) & below.any(dim=1)
    competing = below | ~told[:, None]  # a row that tells nothing keeps its sum finite
    rest = torch.logsumexp(scores.masked_fill(~competing, -torch.inf), dim=1, keepdim=True)
    ahead = (scores - rest).masked_fill(~tier, 0.0)
    first = logsigmoid(ahead.sum(dim=1))
    if bool((sizes[told] > 1).any()):
        first = torch.where(sizes > 1, _log_all_first(ahead, tier), first)
    return first.masked_fill(~told, 0.0)


def _log_all_first(ahead: Tensor, tier: Tensor) -> Tensor:
    """Log-probability (n,) that all of `tier` come first; `ahead` (n, k) log-odds against the rest.

    Each arrives at an exponential time, at a rate that is its worth. With time measured so that
    the first of the rest arrives at rate 1, this is the log of ∫ e⁻ᵗ Π (1 − exp(−t·rate)) dt over
    the tier, here over x = log t, where the trapezoid rule converges exponentially. DeLong,
    Guirguis and So, Biometrika 81 (1994), 607–611.
    """
    nodes = torch.arange(*_NODES, dtype=ahead.dtype, device=ahead.device)
    arrived = _log1mexp(ahead[:, :, None] + nodes)
    arrived = arrived.masked_fill(~tier[:, :, None], 0.0).sum(dim=1)
    first = torch.logsumexp(nodes - nodes.exp() + arrived, dim=1)
    return first - torch.logsumexp(nodes - nodes.exp(), dim=0)


def _log1mexp(log_z: Tensor) -> Tensor:
    """log(1 − e⁻ᶻ) of z = e^`log_z`, with finite gradients however small or large z is."""
    tiny = log_z - log_z.clamp(max=_TINY).exp() / 2
    exact = torch.log(-torch.expm1(-log_z.clamp(_TINY, _SATURATED).exp()))
    return torch.where(log_z < _TINY, tiny, exact)
