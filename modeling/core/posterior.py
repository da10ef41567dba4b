"""What is known about the reward head's weights.

With x the difference of a pair's features and p = σ(wᵀx), a judgment tells v = p(1 − p) about the
margin wᵀx (its Fisher information), so the weights are known with precision
H = λI + Σ v x xᵀ: the Laplace approximation on the last layer, in closed form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import expit

from modeling.core.errors import ConfigError, TrainingError
from modeling.core.heads import BradleyTerryHead, PairFeatures, column, feature_moments
from modeling.core.votes import VoteModel

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
WIDEST_POSTERIOR = 4096  # features; beyond, its d² numbers outweigh the model itself
_BLOCK = 4096
_MAX_STEPS = 50
_TOLERANCE = 1e-10  # of the squared length of a whitened step, for each judgment
_ROUNDING = 1e-12  # of a log-likelihood, relative


class Posterior(Protocol):
    """What choosing the next pairs asks of a belief on the weights."""

    def margins(self, features: Floats, pairs: NDArray[np.integer]) -> Doubles:
        """Expected reward differences (m,) of index pairs (m, 2) into features (n, d)."""


@dataclass(frozen=True)
class PointPosterior:
    """All belief on one weight vector (d,), without uncertainty."""

    weights: Floats

    def margins(self, features: Floats, pairs: NDArray[np.integer]) -> Doubles:
        """Reward differences (m,) of index pairs (m, 2) into features (n, d), in logits."""
        return _margins(features @ self.weights, pairs)


@dataclass(frozen=True)
class LastLayerLaplace:
    """Weights are normal around `weights` (d,), with precision H where features have scale 1.

    `factor` (d, d) is the lower Cholesky factor of H; features are divided by `scale` (d,).
    A reward is only known against others: its deviation is against a response with the features
    `center` (d,), the mean over the training responses. `pairs` counts the judgments, `votes`
    is how they come about. MacKay (1992), Kristiadi et al., arXiv:2002.10118.
    """

    weights: Doubles
    center: Doubles
    scale: Doubles
    factor: Doubles
    votes: VoteModel = field(default_factory=VoteModel)
    pairs: float = 0.0

    @classmethod
    def fit(
        cls, data: PairFeatures, head: BradleyTerryHead, *, votes: VoteModel | None = None
    ) -> Self:
        """The posterior around a head that was fitted to `data` with penalty `head.l2`.

        Weights count judgments: one of 2 is as good as two pairs, so λ = l2·Σ weights. Margins are
        offsets of the reward difference, as in the fit. Features are (n, d). TrainingError
        for a head without a penalty, since then nothing bounds what was not judged.
        """
        if head.l2 <= 0:
            raise TrainingError("A posterior needs an l2 above zero; fit the head with one.")
        votes = votes or VoteModel()
        center, scale = feature_moments(data)
        total = float(column(data.weights, len(data.chosen), 1.0).sum())
        told = information(data, head.weights, scale, votes)
        factor = _cholesky(told + head.l2 * total * np.eye(len(scale)))
        return cls(head.weights, center, scale, factor, votes, total)

    def margins(self, features: Floats, pairs: NDArray[np.integer]) -> Doubles:
        """Expected reward differences (m,) of index pairs (m, 2) into features (n, d)."""
        return _margins(features.astype(np.float64) @ self.weights, pairs)

    def variance(self, features: Floats, pairs: NDArray[np.integer]) -> Doubles:
        """Variances (m,) of the reward differences of index pairs (m, 2), xᵀH⁻¹x."""
        whitened = self.whiten(features)
        return _squares(whitened[pairs[:, 0]] - whitened[pairs[:, 1]])

    def deviations(self, features: Floats) -> Doubles:
        """Standard deviations (n,) of rewards against the mean training response, in logits."""
        return np.sqrt(_squares(self.whiten(features.astype(np.float64) - self.center)))

    def probability(self, features: Floats, pairs: NDArray[np.integer]) -> Doubles:
        """Chances (m,) that the first of a pair is better, with the weights' uncertainty in.

        σ(m / √(1 + πs²/8)) for margin m of variance s²: MacKay's probit adjustment.
        """
        spread = 1 + np.pi / 8 * self.variance(features, pairs)
        chances: Doubles = expit(self.margins(features, pairs) / np.sqrt(spread))
        return chances

    def whiten(self, features: Floats) -> Doubles:
        """Coordinates (n, d) in which covariances are inner products: L⁻¹φ."""
        scaled = features.astype(np.float64) / self.scale
        whitened: Doubles = solve_triangular(self.factor, scaled.T, lower=True).T
        return whitened

    def update(self, data: PairFeatures) -> Self:
        """Learn from new judgments alone; their arrays mean what they mean in `fit`.

        What was known is the prior, so the result is a refit of old and new as far as the old
        likelihood is normal; the precision gains exactly the Σ v x xᵀ of the new. A target
        probability of 0.5 is a tie where `votes` knows ties.
        """
        news = _Judgments.of(data, self.scale)
        vector = self._mode(news)
        return replace(
            self,
            weights=vector / self.scale,
            factor=_cholesky(self.precision + news.curvature(vector, self.votes)),
            pairs=self.pairs + float(news.counts.sum()),
        )

    @property
    def precision(self) -> Doubles:
        """H (d, d), for features of scale 1."""
        precision: Doubles = self.factor @ self.factor.T
        return precision

    def _mode(self, news: "_Judgments") -> Doubles:
        """The most probable coefficients: Fisher scoring, with steps that never lose ground."""
        prior, enough = self.precision, _TOLERANCE * (1 + news.counts.sum())
        start = vector = self.weights * self.scale
        for _ in range(_MAX_STEPS):
            gradient = news.slope(vector, self.votes) - prior @ (vector - start)
            step = cho_solve(cho_factor(prior + news.curvature(vector, self.votes)), gradient)
            if gradient @ step < enough:
                return vector
            vector = vector + self._length(news, vector, step) * step
        raise TrainingError("The new judgments could not be learned; fit the head again.")

    def _length(self, news: "_Judgments", vector: Doubles, step: Doubles) -> float:
        """The largest of 1, ½, ¼ … whose step makes the coefficients no less probable."""
        here, length = self._evidence(news, vector), 1.0
        least = here - _ROUNDING * abs(here)
        while length > _TOLERANCE and self._evidence(news, vector + length * step) < least:
            length /= 2
        return length

    def _evidence(self, news: "_Judgments", vector: Doubles) -> float:
        away = self.factor.T @ (vector - self.weights * self.scale)
        return news.log_likelihood(vector, self.votes) - float(away @ away) / 2

    def tensors(self) -> dict[str, Doubles]:
        """What `restored` needs, as arrays."""
        names = ("weights", "center", "scale", "factor")
        return {name: np.ascontiguousarray(getattr(self, name)) for name in names}

    def facts(self) -> dict[str, float]:
        """What `restored` needs besides, as JSON values."""
        return {"pairs": self.pairs, "flip_rate": self.votes.flip_rate, "tie": self.votes.tie}

    @classmethod
    def restored(cls, tensors: Mapping[str, Doubles], facts: Mapping[str, Any]) -> Self:
        """The posterior that `tensors` and `facts` came from; ConfigError where they do not fit."""
        size = len(tensors["weights"])
        found = (tensors["center"].shape, tensors["scale"].shape, tensors["factor"].shape)
        if found != ((size,), (size,), (size, size)):
            raise ConfigError("The arrays of the posterior do not fit each other; train again.")
        names = ("weights", "center", "scale", "factor")
        votes = VoteModel(flip_rate=float(facts["flip_rate"]), tie=float(facts["tie"]))
        return cls(**{name: tensors[name] for name in names}, votes=votes, pairs=facts["pairs"])


def information(data: PairFeatures, weights: Doubles, scale: Doubles, votes: VoteModel) -> Doubles:
    """Σ v x xᵀ (d, d) of all judgments at these weights (d,), for features divided by `scale`."""
    told = np.zeros((len(scale), len(scale)))
    for start in range(0, len(data.chosen), _BLOCK):
        block = _Judgments.of(data.part(slice(start, start + _BLOCK)), scale)
        told += block.curvature(weights * scale, votes)
    return told


@dataclass(frozen=True)
class _Judgments:
    """Differences (k, d) of features of scale 1, with outcomes, offsets and counts (k,)."""

    differences: Doubles
    outcome: Doubles
    offsets: Doubles
    counts: Doubles

    @classmethod
    def of(cls, data: PairFeatures, scale: Doubles) -> Self:
        count = len(data.chosen)
        return cls(
            differences=(data.chosen.astype(np.float64) - data.rejected) / scale,
            outcome=column(data.target_probability, count, 1.0),
            offsets=column(data.margin, count, 0.0),
            counts=column(data.weights, count, 1.0),
        )

    def slope(self, vector: Doubles, votes: VoteModel) -> Doubles:
        """Gradient (d,) of the log-likelihood."""
        slopes = self.counts * votes.slope(self._margins(vector), self.outcome)
        gradient: Doubles = slopes @ self.differences
        return gradient

    def curvature(self, vector: Doubles, votes: VoteModel) -> Doubles:
        """Σ v x xᵀ (d, d)."""
        shares = self.counts * votes.information(self._margins(vector))
        scaled = self.differences * np.sqrt(shares)[:, None]
        curvature: Doubles = scaled.T @ scaled
        return curvature

    def log_likelihood(self, vector: Doubles, votes: VoteModel) -> float:
        return float(self.counts @ votes.log_likelihood(self._margins(vector), self.outcome))

    def _margins(self, vector: Doubles) -> Doubles:
        margins: Doubles = self.differences @ vector - self.offsets
        return margins


def _margins(rewards: Floats, pairs: NDArray[np.integer]) -> Doubles:
    margins: Doubles = (rewards[pairs[:, 0]] - rewards[pairs[:, 1]]).astype(np.float64)
    return margins


def _cholesky(matrix: Doubles) -> Doubles:
    return np.linalg.cholesky(matrix).astype(np.float64)


def _squares(rows: Doubles) -> Doubles:
    squares: Doubles = np.einsum("nd,nd->n", rows, rows)
    return squares
