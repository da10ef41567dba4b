"""One pass over the votes of a CrowdBT fit.

For each pair the votes' likelihood is a function of one number, the gap of the two strengths. It
is integrated by Gauss–Hermite quadrature around where the gap was last found, against the gap's
distribution without this pair's own votes. That gives the gap's posterior and, for every vote,
how likely it was under each type of annotator, given all other votes. One more node stands for a
tied pair: two answers that are as good as the same, whatever the strengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from curation.core.aggregate.comparison_data import LOW, TIE, PairVotes
from curation.core.aggregate.crowd_layout import Layout, Part
from curation.core.aggregate.crowd_model import (
    FOLLOWS,
    GUESSES,
    LONGEST_STEP,
    OPPOSES,
    Crowd,
    CrowdParameters,
)
from curation.core.aggregate.newton import Floats
from curation.core.aggregate.tie_models import Davidson

N_NODES = 15
NODES, WEIGHTS = hermegauss(N_NODES)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LOG_WEIGHTS = np.log(WEIGHTS) + NODES**2 / 2
N_COLUMNS, TIED = N_NODES + 1, N_NODES
GOLD_VOTES = 20.0
SMALLEST = 1e-300
Single: TypeAlias = np.float32
Singles: TypeAlias = NDArray[np.float32]
"""Arrays with an entry for each vote and node are kept in single precision, for speed."""
BY_TYPE = np.stack([FOLLOWS, OPPOSES, GUESSES]).astype(Single)
ONE_EACH = np.ones(N_COLUMNS, dtype=Single)


@dataclass(frozen=True)
class Normal:
    """Independent normal distributions, one for each pair: `mean` and `variance` (n_pairs,)."""

    mean: Floats
    variance: Floats

    def some(self, pairs: slice) -> Normal:
        """Those of some of the pairs."""
        return Normal(self.mean[pairs], self.variance[pairs])


@dataclass(frozen=True)
class Beliefs:
    """How likely each vote is (n_votes,) if it followed the gap, opposed it, or was a guess, given
    all other votes on its pair."""

    followed: Singles
    opposed: Singles
    guessed: Singles

    def by_type(self, some: slice) -> Singles:
        """The same under each type of annotator, shape (n_votes, n_types)."""
        parts = np.stack([self.followed[some], self.opposed[some], self.guessed[some]], axis=1)
        return parts.astype(Single) @ BY_TYPE


@dataclass(frozen=True)
class Slope:
    """First and minus the second derivative of the expected log-likelihood in one parameter."""

    first: float = 0.0
    second: float = 0.0

    def __add__(self, other: Slope) -> Slope:
        return Slope(self.first + other.first, self.second + other.second)

    def moved(self, parameter: float, sd: float) -> float:
        """The parameter after one Newton step, given a normal prior around 0."""
        step = (self.first - parameter / sd**2) / (self.second + 1 / sd**2)
        return parameter + float(np.clip(step, -LONGEST_STEP, LONGEST_STEP))


@dataclass(frozen=True)
class Given:
    """What a pass starts from.

    `cavity` is the gaps' distribution without the pairs' own votes, `around` says where to put
    the quadrature's nodes, `beliefs` are those of the pass before, None in the first one.
    """

    parameters: CrowdParameters
    crowd: Crowd
    cavity: Normal
    around: Normal
    beliefs: Beliefs | None


@dataclass(frozen=True)
class Swept:
    """What a pass over the votes found.

    `gaps` are the pairs' posteriors, `untied` the same where the pair is not tied, and `tied`
    (n_pairs,) how likely it is. `preferences` (3, n_pairs) are how likely an attentive person is
    to prefer the low item, to tie, to prefer the high one. `evidence` (n_pairs,) is the
    log-probability of each pair's votes. `beliefs` are of every vote, `guesses` (n_votes,) is the
    probability that it was a guess. `tie` and `position` lead to better parameters, and so do
    `on_tied` (2,), the expected attentive votes on tied pairs that are ties, and that are not.
    """

    gaps: Normal
    untied: Normal
    tied: Floats
    preferences: Floats
    evidence: Floats
    beliefs: Beliefs
    guesses: Floats
    tie: Slope
    position: Slope
    on_tied: Floats


def sweep(votes: PairVotes, layout: Layout, given: Given) -> Swept:
    """Integrate over the gaps of all pairs, a few thousand votes at a time."""
    return _joined([_Integral(votes, layout, part, given).swept() for part in layout.parts])


class _Integral:
    """The integral over the gaps of one part's pairs: nodes, likelihoods and weights.

    Arrays with a column for each node, the last for a tied pair: `grid` (n_pairs, n_columns) the
    gaps, `rows` the table of probabilities, `followed`, `opposed` and `mixed` (n_votes,
    n_columns) a vote's probability if it followed, if it opposed, and all in all, `weight`
    (n_pairs, n_columns) the posterior.
    """

    def __init__(self, votes: PairVotes, layout: Layout, part: Part, given: Given) -> None:
        self.votes, self.layout, self.part, self.given = votes, layout, part, given
        self.cavity = given.cavity.some(part.pairs)
        self.grid = self._grid()
        table = self._table()
        self.rows = table.reshape(-1, N_COLUMNS)
        self.middle = table[layout.middle]
        self.followed = self.rows.take(part.row, axis=0)
        self.opposed = self.rows.take(part.opposite, axis=0)
        own = part.votes
        self.guessed = given.crowd.guessed(
            votes.annotator[own], votes.choice[own], votes.position[own]
        ).astype(Single)
        self.follows, self.opposes = self._shares()
        self.mixed = self._mixed()
        self.weight, self.evidence = _normalised(self._log_posterior())

    @cached_property
    def share(self) -> Singles:
        """The posterior divided by each vote's probability, shape (n_votes, n_nodes)."""
        share = self.weight.astype(Single).take(self.part.local, axis=0)
        share /= self.mixed
        return share

    def swept(self) -> Swept:
        """Sum up over the nodes."""
        followed = np.einsum("vq,vq->v", self.share, self.followed)
        opposed = np.einsum("vq,vq->v", self.share, self.opposed)
        attention, opposition = self.follows * followed, self.opposes * opposed
        whole = self.share @ ONE_EACH
        tie, position = self._slopes()
        untied, tied = _moments(self.grid[:, :TIED], self.weight[:, :TIED]), self.weight[:, TIED]
        return Swept(
            gaps=_mixed_moments(untied, self.cavity, tied),
            untied=untied,
            tied=tied,
            preferences=np.einsum("cpq,pq->cp", self.middle, self.weight),
            evidence=self.evidence,
            beliefs=Beliefs(followed / whole, opposed / whole, self.guessed),
            guesses=np.clip(1 - attention - opposition, 0, 1),
            tie=tie,
            position=position,
            on_tied=self._on_tied(),
        )

    def _grid(self) -> Floats:
        around = self.given.around.some(self.part.pairs)
        grid = around.mean[:, None] + np.sqrt(around.variance)[:, None] * NODES
        return np.concatenate([grid, self.cavity.mean[:, None]], axis=1)

    def _table(self) -> Singles:
        """Probabilities at each position, choice, pair and node."""
        parameters, shape = self.given.parameters, (3, *self.grid.shape)
        table = np.empty((len(self.layout.positions), *shape), dtype=Single)
        for own, position in zip(table, self.layout.positions, strict=True):
            gaps = (self.grid + parameters.position * position).astype(Single)
            own[:] = np.exp(Davidson().log_probabilities(gaps, parameters.log_tie))
        slip = parameters.tied_slip
        table[..., TIED] = np.array([slip / 2, 1 - slip, slip / 2])[:, None]
        return table

    def _shares(self) -> tuple[Singles, Singles]:
        """How often each vote's annotator follows and opposes, by their other votes."""
        own = self.part.votes
        types = self.given.crowd.types.astype(Single)[self.votes.annotator[own]]
        if self.given.beliefs is not None:
            types /= self.given.beliefs.by_type(own)
        follows, opposes, guesses = (types @ BY_TYPE.T).T
        whole = follows + opposes + guesses
        return follows / whole, opposes / whole

    def _mixed(self) -> Singles:
        mixed = self.followed * self.follows[:, None]
        mixed += self.opposed * self.opposes[:, None]
        mixed += ((1 - self.follows - self.opposes) * self.guessed)[:, None]
        return mixed

    def _log_posterior(self) -> Floats:
        """Log of the cavity times the votes' likelihood, times the quadrature's weights."""
        part, mean = self.part, self.cavity.mean[:, None]
        variance = self.cavity.variance[:, None]
        width = self.given.around.variance[part.pairs, None] / variance
        tied = self.given.parameters.tied_share
        logs = np.full(self.grid.shape, np.log(tied) if tied > 0 else -np.inf)
        away = self.grid[:, :TIED] - mean
        logs[:, :TIED] = LOG_WEIGHTS + np.log(width) / 2 - away**2 / (2 * variance)
        logs[:, :TIED] += np.log1p(-tied)
        if len(part.starts):
            logs[part.voted] += np.add.reduceat(np.log(self.mixed), part.starts, axis=0)
        logs[part.gold_pair] += GOLD_VOTES * np.log(self.rows[part.gold_row])
        return logs

    def _on_tied(self) -> Floats:
        """Expected votes that were no guesses on tied pairs: ties, and others."""
        share = self.share[:, TIED]
        heard = share * self.follows * self.followed[:, TIED]
        heard = heard + share * self.opposes * self.opposed[:, TIED]
        ties = self.votes.choice[self.part.votes] == TIE
        return np.array([heard[ties].sum(), heard[~ties].sum()], dtype=float)

    def _slopes(self) -> tuple[Slope, Slope]:
        """The derivatives in log ν and in the position's effect, in votes that were no guesses."""
        choice = self.votes.choice[self.part.votes]
        ties, moves = np.isfinite(self.given.parameters.log_tie), len(self.layout.positions) > 1
        if not len(choice) or not (ties or moves):
            return Slope(), Slope()
        share = self.share[:, :TIED]
        agreed = self.followed[:, :TIED] * (self.follows[:, None] * share)
        denied = self.opposed[:, :TIED] * (self.opposes[:, None] * share)
        toward_gap, against_gap = agreed @ ONE_EACH[:TIED], denied @ ONE_EACH[:TIED]
        tied = float((toward_gap + against_gap)[choice == TIE].sum())
        agreed += denied
        heard = np.add.reduceat(agreed, self.part.run_starts, axis=0)
        low, tie, high = (
            self.rows[self.part.run_first + k * self.part.n_pairs, :TIED] for k in range(3)
        )
        tie_slope = Slope(tied - _dot(heard, tie), _dot(heard, tie * (1 - tie)))
        if not moves:
            return tie_slope, Slope()
        mean, side = (low - high) / 2, self.part.run_position[:, None]
        toward = np.where(choice == LOW, 0.5, np.where(choice == TIE, 0.0, -0.5))
        said = float((toward * self.votes.position[self.part.votes]) @ (toward_gap - against_gap))
        spread = side**2 * ((low + high) / 4 - mean**2)
        return tie_slope, Slope(said - _dot(heard, side * mean), _dot(heard, spread))


def _dot(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(np.einsum("rq,rq->", one, other))


def _normalised(logs: Floats) -> tuple[Floats, Floats]:
    """Weights that sum to 1 over the nodes, and the log of what they summed to."""
    top = logs.max(axis=1, keepdims=True)
    weight = np.exp(logs - top)
    total = weight.sum(axis=1, keepdims=True)
    return weight / total, (top + np.log(total))[:, 0]


def _moments(grid: Floats, weight: Floats) -> Normal:
    total = np.maximum(weight @ np.ones(weight.shape[1]), SMALLEST)
    mean = np.einsum("pq,pq->p", grid, weight) / total
    away = grid - mean[:, None]
    return Normal(mean, np.einsum("pq,pq,pq->p", away, away, weight) / total)


def _mixed_moments(untied: Normal, cavity: Normal, tied: Floats) -> Normal:
    """The moments where a pair is tied, and its votes say nothing of its gap, with `tied`."""
    mean = (1 - tied) * untied.mean + tied * cavity.mean
    apart = (1 - tied) * tied * (untied.mean - cavity.mean) ** 2
    return Normal(mean, (1 - tied) * untied.variance + tied * cavity.variance + apart)


def _joined(found: Sequence[Swept]) -> Swept:
    return Swept(
        gaps=_joined_normals([part.gaps for part in found]),
        untied=_joined_normals([part.untied for part in found]),
        tied=_flat([part.tied for part in found]),
        preferences=np.concatenate([np.zeros((3, 0)), *(p.preferences for p in found)], axis=1),
        evidence=_flat([part.evidence for part in found]),
        beliefs=Beliefs(
            *(
                _flat([getattr(part.beliefs, name) for part in found]).astype(Single)
                for name in ("followed", "opposed", "guessed")
            )
        ),
        guesses=_flat([part.guesses for part in found]),
        tie=sum((part.tie for part in found), Slope()),
        position=sum((part.position for part in found), Slope()),
        on_tied=sum((part.on_tied for part in found), np.zeros(2)),
    )


def _joined_normals(parts: Sequence[Normal]) -> Normal:
    return Normal(_flat([part.mean for part in parts]), _flat([part.variance for part in parts]))


def _flat(parts: Sequence[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])
