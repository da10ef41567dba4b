"""The fixed point of CrowdBT: strengths, gaps, annotators and parameters in turn.

Expectation propagation over the gaps: each pair's votes are stood for by a normal distribution of
its gap, which the strengths see; a pair's own integral is taken against what all other pairs say.
For a pair whose items are in no other pair that is exact. Annotators' types are found by belief
propagation and the parameters by expectation maximisation, one step in each pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curation.core.aggregate.comparison_data import HIGH, LOW, TIE, PairVotes
from curation.core.aggregate.crowd_layout import laid_out
from curation.core.aggregate.crowd_model import (
    FOLLOWS,
    GUESSES,
    N_TYPES,
    OPPOSES,
    PARAMETER_SD,
    POSITION_SD,
    Crowd,
    CrowdParameters,
    first_crowd,
    first_parameters,
    improved_guesses,
    improved_share,
    improved_tied,
    improved_variance,
    shown_side,
    type_posterior,
)
from curation.core.aggregate.crowd_sweep import (
    NODES,
    WEIGHTS,
    Beliefs,
    Given,
    Normal,
    Swept,
    sweep,
)
from curation.core.aggregate.graph_normal import GraphNormal, Moments, summed
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.tie_models import Davidson

MAX_ITER = 200
TOLERANCE = 5e-4
UNDAMPED, DAMPING, PATIENCE, SETTLING = 5, 0.8, 50, 4
LEAST_WEIGHT = 1e-8
LEAST_NARROWING = 0.05
WIDENING = 1.5
VOTES_AT_ONCE = 65_536


@dataclass(frozen=True)
class Sites:
    """What stands for each pair's votes: exp(shift · gap − weight · gap² / 2), (n_pairs,) each."""

    weight: Floats
    shift: Floats


@dataclass(frozen=True)
class State:
    """Everything that a pass changes.

    `leaning` (n_pairs,) is how likely low is better than high, minus the reverse; `evidence`
    (n_annotators, n_types) the log-likelihood of each annotator's types, `stride`
    the last change of the strengths' variance.
    """

    parameters: CrowdParameters
    crowd: Crowd
    sites: Sites
    leaning: Floats
    evidence: Floats
    stride: float = 0.0
    beliefs: Beliefs | None = None


@dataclass(frozen=True)
class Fitted:
    """Where the passes came to rest.

    `moments` are the strengths'; the rest is as in `State` and `Swept`.
    """

    parameters: CrowdParameters
    crowd: Crowd
    moments: Moments
    gaps: Normal
    untied: Normal
    tied: Floats
    preferences: Floats
    n_iter: int
    converged: bool


def fixed_point(votes: PairVotes, gold: Ints, start: State | None = None) -> Fitted:
    """Pass over the votes until the pairs' probabilities move by less than `TOLERANCE`.

    `gold` (n_pairs,) is a known choice on each pair, -1 for none. Pairs on which the votes
    contradict all other pairs can make the passes swing, so they take smaller and smaller steps.
    """
    problem = _Problem(votes, gold)
    state = first_state(votes) if start is None else start
    for n_iter in range(1, MAX_ITER + 1):
        moments, swept = problem.integrated(state)
        moved = _movement(state.leaning, _leaning(swept))
        state = problem.improved(state, moments, swept, n_iter)
        if moved <= TOLERANCE and n_iter > UNDAMPED:
            break
    return Fitted(
        state.parameters,
        state.crowd,
        moments,
        swept.gaps,
        swept.untied,
        swept.tied,
        swept.preferences,
        n_iter,
        moved <= TOLERANCE,
    )


def vote_probability(fitted: Fitted, votes: PairVotes) -> Floats:
    """The probability of each vote, on pairs and by annotators of the fit, shape (n_votes,)."""
    crowd = fitted.crowd
    likely = np.empty((2, len(votes)))
    for first in range(0, len(votes), VOTES_AT_ONCE):
        some = slice(first, first + VOTES_AT_ONCE)
        likely[:, some] = _expected(fitted, votes, some)
    types = crowd.types[votes.annotator]
    guessed = crowd.guessed(votes.annotator, votes.choice, votes.position)
    return types @ FOLLOWS * likely[0] + types @ OPPOSES * likely[1] + types @ GUESSES * guessed


def _expected(fitted: Fitted, votes: PairVotes, some: slice) -> Floats:
    """How likely votes are if they follow, or oppose, gaps of which the posterior is known."""
    pair, choice = votes.pair[some], votes.choice[some]
    parameters, tied = fitted.parameters, fitted.tied[pair]
    middle = fitted.untied.mean[pair] + parameters.position * votes.position[some]
    width = np.sqrt(fitted.untied.variance[pair])
    grid = middle[:, None] + width[:, None] * NODES
    chances = np.exp(Davidson().log_probabilities(grid, parameters.log_tie)) @ WEIGHTS
    slip = parameters.tied_slip
    chances = (1 - tied) * chances + tied * np.array([slip / 2, 1 - slip, slip / 2])[:, None]
    rows = np.arange(len(pair))
    return np.stack([chances[choice, rows], chances[2 - choice, rows]])


def first_state(votes: PairVotes) -> State:
    """Gaps from shares of votes, and a crowd of whom nothing is known."""
    parameters = first_parameters(votes)
    counts = votes.counts()
    wins, losses = (counts[:, [0, 2]] + counts[:, [1]] / 2 + 0.5).T
    share = wins / (wins + losses)
    weight = (wins + losses - 1) * share * (1 - share)
    gaps = np.log(wins / losses)
    crowd = first_crowd(parameters, len(votes.annotators))
    none = np.zeros_like(crowd.types)
    return State(parameters, crowd, Sites(weight, weight * gaps), 2 * share - 1, none)


def component_of(votes: PairVotes) -> Ints:
    """The component of the comparison graph that each item is in."""
    n_items = len(votes.items)
    links = coo_array((np.ones(votes.n_pairs), (votes.low, votes.high)), (n_items, n_items))
    _, component = connected_components(links, directed=False)
    return component.astype(np.intp)


def _telling(votes: PairVotes, component: Ints, gold: Ints) -> NDArray[np.bool_]:
    """Which votes can tell of their annotators, shape (n_votes,).

    Not those where nobody else has voted, nor any answer is known, in the whole component: the
    strengths are then whatever that annotator made them. `component` (n_pairs,) is each pair's.
    """
    n_annotators = max(len(votes.annotators), 1)
    voices = np.unique(component[votes.pair] * n_annotators + votes.annotator) // n_annotators
    n_components = int(component.max(initial=-1)) + 1
    heard = np.bincount(voices, minlength=n_components) > 1
    heard[component[gold >= 0]] = True
    return heard[component[votes.pair]]


class _Problem:
    """Votes laid out for many passes."""

    def __init__(self, votes: PairVotes, gold: Ints) -> None:
        self.votes = votes
        self.layout = laid_out(votes, gold)
        component = component_of(votes)
        self.graph = GraphNormal(votes.low, votes.high, component)
        self.telling = _telling(votes, component[votes.low], gold)
        self.side = shown_side(votes)
        self.voted = np.unique(votes.pair)
        self.has_ties = bool((votes.choice == TIE).any())

    def integrated(self, state: State) -> tuple[Moments, Swept]:
        """Find the strengths, then each pair's gap against what the others say of it."""
        sites = state.sites
        moments = self.graph.moments(1 / state.parameters.variance, sites.weight, sites.shift)
        cavity = self._cavity(moments, sites)
        wide = np.minimum(WIDENING * moments.gap_variance, cavity.variance)
        around = Normal(self._gap(moments), wide)
        given = Given(state.parameters, state.crowd, cavity, around, state.beliefs)
        return moments, sweep(self.votes, self.layout, given)

    def improved(self, state: State, moments: Moments, swept: Swept, n_iter: int) -> State:
        """Return what the next pass starts from.

        In the first passes, while the gaps are still those of a crowd whose members are all alike,
        the spread of the strengths stays what is expected.
        """
        cavity = self._cavity(moments, state.sites)
        kept, damping = 1 - _damping(n_iter), _damping(n_iter)
        evidence = kept * state.evidence + damping * self._evidence(swept.beliefs)
        types = type_posterior(evidence, state.parameters.type_share)
        pooled, guess = improved_guesses(self._guesses(swept.guesses), self.has_ties)
        tied_share, tied_slip = improved_tied(swept.tied[self.voted], swept.on_tied, self.has_ties)
        old = state.parameters
        variance, stride = old.variance, 0.0
        if n_iter > SETTLING:
            variance, stride = improved_variance(
                moments.mean, moments.variance, old.variance, state.stride
            )
        parameters = CrowdParameters(
            variance=variance,
            log_tie=swept.tie.moved(old.log_tie, PARAMETER_SD) if self.has_ties else old.log_tie,
            tied_share=tied_share,
            tied_slip=tied_slip,
            position=swept.position.moved(old.position, POSITION_SD),
            type_share=improved_share(types),
            guess=pooled,
        )
        return State(
            parameters,
            Crowd(types, guess),
            _sites(state.sites, cavity, moments.gap_variance, swept.gaps, damping),
            _leaning(swept),
            evidence,
            stride,
            swept.beliefs,
        )

    def _cavity(self, moments: Moments, sites: Sites) -> Normal:
        gap = self._gap(moments)
        variance = 1 / np.maximum(1 / moments.gap_variance - sites.weight, LEAST_WEIGHT)
        return Normal(variance * (gap / moments.gap_variance - sites.shift), variance)

    def _gap(self, moments: Moments) -> Floats:
        return moments.mean[self.votes.low] - moments.mean[self.votes.high]

    def _evidence(self, beliefs: Beliefs) -> Floats:
        """The log-likelihood of each annotator's types, (n_annotators, n_types)."""
        evidence = np.zeros((len(self.votes.annotators), N_TYPES))
        for first in range(0, len(self.votes), VOTES_AT_ONCE):
            some = slice(first, first + VOTES_AT_ONCE)
            logs = np.log(beliefs.by_type(some)) * self.telling[some, None]
            for column, values in zip(evidence.T, logs.T, strict=True):
                column += summed(self.votes.annotator[some], values, len(column))
        return evidence

    def _guesses(self, guessed: Floats) -> Floats:
        """Expected guesses of each annotator: shown left, tie, shown right; (n_annotators, 3)."""
        places = self.votes.annotator * 4 + self.side + 1
        n = len(self.votes.annotators)
        counted = summed(places, guessed, 4 * n).reshape(n, 4)
        half = counted[:, 0] / 2
        return counted[:, 1:] + np.stack([half, np.zeros(n), half], axis=1)


def _sites(
    before: Sites, cavity: Normal, gap_variance: Floats, gaps: Normal, damping: float
) -> Sites:
    """Normal stand-ins that give each gap the mean and the variance of its posterior.

    What the quadrature saw as far narrower than its nodes are apart is not believed at once.
    """
    variance = np.maximum(gaps.variance, LEAST_NARROWING * gap_variance)
    weight = np.maximum(1 / variance - 1 / cavity.variance, LEAST_WEIGHT)
    shift = gaps.mean * (weight + 1 / cavity.variance) - cavity.mean / cavity.variance
    kept = 1 - damping
    return Sites(kept * before.weight + damping * weight, kept * before.shift + damping * shift)


def _damping(n_iter: int) -> float:
    """How far the sites move towards what a pass found."""
    return 1.0 if n_iter <= UNDAMPED else DAMPING * 0.5 ** (n_iter // PATIENCE)


def _leaning(swept: Swept) -> Floats:
    return swept.preferences[LOW] - swept.preferences[HIGH]


def _movement(before: Floats, after: Floats) -> float:
    """Root mean square change."""
    return float(np.sqrt(np.mean((after - before) ** 2))) if len(before) else 0.0
