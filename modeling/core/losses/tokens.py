"""Losses at the tokens of responses: each row's is the mean over its own tokens.

`rows` (tokens,) says which row a token belongs to, from 0; what a row wants is wanted at each of
its tokens, so a long response counts as much as a short one.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from modeling.core.losses.common import precise, reduced
from modeling.core.losses.responses import outcome_loss, regression_loss


def row_means(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """Means (count,) of `values` (n,) by row; 0 for a row without any."""
    sums = values.new_zeros(count).index_add(0, rows, values)
    sizes = torch.bincount(rows, minlength=count).to(values.dtype)
    return sums / sizes.clamp(min=1)


def token_outcome_loss(
    scores: Tensor,
    targets: Tensor,
    *,
    rows: Tensor,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`outcome_loss` at every token of a response: will what begins like this be correct?

    `scores` (tokens,) are log-odds, `targets` (rows,) probabilities of correct. Cobbe et al.,
    arXiv:2110.14168.
    """
    losses = outcome_loss(scores, targets[rows], reduction="none")
    return reduced(row_means(losses, rows, len(targets)), weights, reduction)


def token_value_loss(
    values: Tensor,
    targets: Tensor,
    *,
    rows: Tensor,
    present: Tensor | None = None,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`regression_loss` at every token: a value head, which foretells what the whole will score.

    `values` are (tokens, aspects), `targets` and `present` (rows, aspects). The value function of
    Ziegler et al., arXiv:1909.08593, with the score of the whole as every token's return.
    """
    there = None if present is None else present[rows]
    losses = regression_loss(values, targets[rows], present=there, reduction="none")
    return reduced(row_means(losses, rows, len(targets)), weights, reduction)


def language_loss(
    logits: Tensor,
    tokens: Tensor,
    *,
    rows: Tensor,
    count: int,
    weights: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of the next token, the mean over a row's tokens; 0 for a row without any.

    `logits` (n, vocabulary) foretell `tokens` (n,) of `rows` (n,), of which there are `count`.
    Beside an outcome loss Cobbe et al., arXiv:2110.14168; on rationales Ankner et al.,
    arXiv:2408.11791.
    """
    losses = cross_entropy(precise(logits), tokens, reduction="none")
    return reduced(row_means(losses, rows, count), weights, reduction)
