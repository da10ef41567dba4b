"""CrowdBT: strengths of items and reliability of annotators, from comparisons that people made.

After Chen et al. (2013), with what their point estimates leave out: the gap of each pair is
integrated over rather than fixed, which is what makes pairs right whose items are in no other
pair. Annotators follow the gap, oppose it or guess; guesses may lean to one side or to ties.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from curation.core.aggregate.comparison_data import PairVotes, known_choices, pair_votes
from curation.core.aggregate.crowd_fit import Fitted, State, first_state, fixed_point
from curation.core.aggregate.crowd_model import (
    GUESSES,
    SHOWN_LEFT,
    SHOWN_RIGHT,
    Crowd,
    CrowdParameters,
    first_crowd,
)
from curation.core.aggregate.ids import coded
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.tie_models import Davidson


@dataclass(frozen=True)
class CrowdBTFit:
    """Pairs, items and annotators as the votes let them appear.

    One entry for each distinct pair: `left` and `right` are its ids, in sorted order, `group` its
    group (None without groups). `p_left` and `p_tie` are how likely an attentive person prefers
    left or says tie, `p_better` how likely left is the stronger one at all; `gap` and
    `gap_stderr` are the posterior of left's log-strength minus right's.

    One entry for each of `items` (with `item_group`): `strengths`, posterior means of the
    log-strengths, and `stderr`, their standard deviations, the prior's share included.

    One entry for each of `annotators`: `reliability`, how likely they are to agree with the truth
    where it is plain and ties are no answer (0.5 for one who guesses, less for one who says the
    opposite); `guess`, the share of their votes that are guesses; `left_bias`, by how much more
    often than the right one they choose the side shown on the left between equals, from -1 to 1
    (0 where `shown_left` was not given); `spammer`, how little their votes tell, from 0 to 1 for
    a pure guesser.

    `tie` is Davidson's ν, `position` what being shown on the left adds to a gap, `prior_sd` the
    estimated spread of the strengths.
    `parameters` and `crowd` are the model itself, from which another fit can start.
    """

    left: NDArray[Any]
    right: NDArray[Any]
    group: NDArray[Any] | None
    p_left: Floats
    p_tie: Floats
    p_better: Floats
    gap: Floats
    gap_stderr: Floats
    items: NDArray[Any]
    item_group: NDArray[Any] | None
    strengths: Floats
    stderr: Floats
    annotators: NDArray[Any]
    reliability: Floats
    guess: Floats
    left_bias: Floats
    spammer: Floats
    tie: float
    position: float
    prior_sd: float
    n_iter: int
    converged: bool
    parameters: CrowdParameters
    crowd: Crowd

    @property
    def reason(self) -> str:
        """How the fit ended, in a sentence."""
        if self.converged:
            return f"The fit came to rest after {self.n_iter} passes over the votes."
        return (
            f"The fit was still moving after {self.n_iter} passes over the votes: some of them "
            "contradict all others, and their pairs are not to be relied on."
        )


def fit_crowd_bt(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    annotators: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    shown_left: ArrayLike | None = None,
    gold: ArrayLike | None = None,
    start: CrowdBTFit | None = None,
) -> CrowdBTFit:
    """Fit to votes: 1 is a preference for left, 0 for right, 0.5 a tie; ids are of any kind.

    A vote that its annotator repeats counts once. `groups` (n_rows,) makes items of one id but
    two groups two items. `shown_left` (n_rows,) is 1 where `left` was shown on the left, -1 where
    on the right, 0 where that is unknown; without it nobody's position bias can be known. `gold`
    (n_rows,) is the known outcome of the row's pair, NaN where there is none; it counts as much
    as twenty attentive votes and tells who is reliable. `start` is an earlier fit, to begin from
    as votes arrive; the result is that of a fit from scratch, but for the tolerance.

    Nothing in the fit is random. Raises ValueError for columns of unequal length, missing ids,
    items compared with themselves, other outcomes, and contradictory known outcomes.
    """
    votes = pair_votes(left, right, outcome, annotators, groups=groups, shown_left=shown_left)
    state = None if start is None else _carried(start, votes)
    return crowd_bt_of(votes, fixed_point(votes, known_choices(votes, gold), state))


def crowd_bt_of(votes: PairVotes, fitted: Fitted) -> CrowdBTFit:
    """Say in the votes' own ids what was fitted."""
    groups, crowd, parameters = votes.groups, fitted.crowd, fitted.parameters
    item_group = None if groups is None else groups[votes.group_of_item]
    sure = np.sqrt(fitted.gaps.variance)
    p_left, p_tie, _ = fitted.preferences
    return CrowdBTFit(
        left=votes.items[votes.low],
        right=votes.items[votes.high],
        group=None if item_group is None else item_group[votes.low],
        p_left=p_left,
        p_tie=p_tie,
        p_better=ndtr(fitted.gaps.mean / sure),
        gap=fitted.gaps.mean,
        gap_stderr=sure,
        items=votes.items,
        item_group=item_group,
        strengths=fitted.moments.mean,
        stderr=np.sqrt(fitted.moments.variance),
        annotators=votes.annotators,
        reliability=(1 + crowd.reliability) / 2,
        guess=crowd.types @ GUESSES,
        left_bias=_left_bias(parameters, crowd),
        spammer=1 - np.abs(crowd.reliability),
        tie=float(np.exp(parameters.log_tie)),
        position=parameters.position,
        prior_sd=float(np.sqrt(parameters.variance)),
        n_iter=fitted.n_iter,
        converged=fitted.converged,
        parameters=parameters,
        crowd=crowd,
    )


def _left_bias(parameters: CrowdParameters, crowd: Crowd) -> Floats:
    """Expected choices of the left side minus those of the right, between equals."""
    logs = Davidson().log_probabilities(np.array(parameters.position), parameters.log_tie)
    left, _, right = np.exp(logs)
    leaning = crowd.guess[:, SHOWN_LEFT] - crowd.guess[:, SHOWN_RIGHT]
    return crowd.reliability * (left - right) + crowd.types @ GUESSES * leaning


def _carried(fit: CrowdBTFit, votes: PairVotes) -> State:
    """Start from what an earlier fit knew of ties, positions and annotators."""
    state, parameters = first_state(votes), fit.parameters
    same_ties = np.isfinite(parameters.log_tie) == np.isfinite(state.parameters.log_tie)
    if not same_ties:
        fresh = state.parameters
        parameters = replace(
            parameters,
            log_tie=fresh.log_tie,
            tied_share=fresh.tied_share,
            tied_slip=fresh.tied_slip,
            guess=fresh.guess,
        )
    crowd = first_crowd(parameters, len(votes.annotators))
    here, there = _shared(fit.annotators, votes.annotators)
    crowd.types[there] = fit.crowd.types[here]
    if same_ties:
        crowd.guess[there] = fit.crowd.guess[here]
    return replace(state, parameters=parameters, crowd=crowd)


def _shared(one: NDArray[Any], other: NDArray[Any]) -> tuple[Ints, Ints]:
    """The places, in each of two arrays of distinct ids, of the ids that are in both."""
    _, codes = coded(np.concatenate([one, other]))
    place = np.full(int(codes.max(initial=-1)) + 1, -1)
    place[codes[: len(one)]] = np.arange(len(one))
    here = place[codes[len(one) :]]
    there = np.flatnonzero(here >= 0)
    return here[there], there
