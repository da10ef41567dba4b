"""Training losses.

One row of a batch is what was judged: a pair, a ranking, a step, a response. `weights` (rows,)
multiply the rows' losses. "mean" divides by the number of rows, not by the weights' sum, so that
a weight keeps its meaning in a batch of one; "sum" and "none" are the other reductions. All
losses but `regression_loss` are negative log-likelihoods in nats.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, logsigmoid

from modeling.core.errors import ConfigError

# First, last and step of x = log t in `_log_all_first`: exact to 1e-9 for tiers of up to 64.
_NODES = (-24.0, 6.5, 0.125)
_TINY, _SATURATED = -8.0, 6.0  # log z below which 1 − e⁻ᶻ is z − z²/2, and above which it is 1


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
    difference = chosen_scores - rejected_scores
    if margin is not None:
        difference = difference - margin
    losses = -logsigmoid(difference)
    if target_probability is not None:
        # −log σ(−d) = d − log σ(d), so the flipped part adds (1 − q)·d.
        losses = losses + (1 - target_probability) * difference
    return _reduce(losses, weights, reduction)


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
    losses = scores.new_zeros(len(scores))
    for tier in range(int(places.max()) if places.numel() else 0):
        losses = losses - _log_first(scores, places == tier, places > tier)
    return _reduce(losses, weights, reduction)


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
    judged. Cobbe et al., arXiv:2110.14168 (there at every token).
    """
    losses = binary_cross_entropy_with_logits(scores, targets, reduction="none")
    return _reduce(losses, weights, reduction)


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
    errors = (predictions - targets).masked_fill(~present, 0.0)
    losses = errors.square().sum(dim=1) / present.sum(dim=1).clamp(min=1)
    return _reduce(losses, weights, reduction)


def classification_loss(
    logits: Tensor, targets: Tensor, *, weights: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Cross-entropy −Σ qᵢ log softmax(logits)ᵢ of classes, `logits` and `targets` (n, classes).

    `targets` are the classes' probabilities as judged: a one for a hard label. Bridle (1990).
    """
    losses = cross_entropy(logits, targets, reduction="none")
    return _reduce(losses, weights, reduction)


def _reduce(losses: Tensor, weights: Tensor | None, reduction: str) -> Tensor:
    if weights is not None:
        losses = losses * weights
    if reduction == "mean":
        return torch.mean(losses)
    if reduction == "sum":
        return torch.sum(losses)
    if reduction == "none":
        return losses
    raise ConfigError(f'reduction must be "mean", "sum" or "none"; it is "{reduction}".')
