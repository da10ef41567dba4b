"""Several linear heads on the same features: bootstrap ensembles, aspects, cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.core.errors import ConfigError, TrainingError
from modeling.core.heads import BradleyTerryHead, PairFeatures, column, refit_heads

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
ROLES = ("ensemble", "aspects", "cohorts")


@dataclass(frozen=True)
class HeadSet:
    """Heads k of one model: `weights` (k, d) and `biases` (k,) give rewards in logits.

    `role` says what sets them apart: the draw of prompts of an "ensemble", the question that was
    asked of "aspects", the people who judged of "cohorts". `names` (k,) are theirs.
    """

    role: str
    names: tuple[str, ...]
    weights: Doubles
    biases: Doubles

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ConfigError(f"Heads are {', '.join(ROLES)}; there is no role {self.role}.")
        if self.weights.ndim != 2 or not (
            len(self.names) == len(self.weights) == len(self.biases) > 0
        ):
            raise ConfigError("A set of heads needs a name, weights and a bias for each head.")

    @classmethod
    def of(cls, role: str, heads: Sequence[BradleyTerryHead], names: Sequence[str]) -> Self:
        """Single heads together."""
        weights = np.stack([head.weights for head in heads])
        return cls(role, tuple(names), weights, np.array([head.bias for head in heads]))

    def score(self, features: Floats) -> Doubles:
        """Rewards (n, k) of features (n, d)."""
        rewards: Doubles = features.astype(np.float64) @ self.weights.T + self.biases
        return rewards

    def spread(self, features: Floats) -> Doubles:
        """Standard deviations (n,) of the heads' rewards, in logits; zero with one head."""
        if len(self.names) == 1:
            return np.zeros(len(features))
        spread: Doubles = self.score(features).std(axis=1, ddof=1)
        return spread

    def mean(self, like: BradleyTerryHead) -> BradleyTerryHead:
        """The one head whose rewards are the mean of these, with the other facts of `like`."""
        weights, bias = self.weights.mean(axis=0), float(self.biases.mean())
        return replace(like, weights=weights, bias=bias, loss=None)


def bootstrap_heads(
    data: PairFeatures,
    groups: Sequence[str] | NDArray[np.generic],
    *,
    start: BradleyTerryHead,
    heads: int,
    seed: int = 0,
) -> HeadSet:
    """Fit `heads` heads, each to a draw of prompts with replacement, all pairs of a prompt as one.

    `groups` (n,) name each pair's prompt; `start` is the head of all the data, whose penalty
    they share. TrainingError where fewer than two prompts have weight. Efron (1979); Osband et
    al., arXiv:1602.04621, for heads.
    """
    weights = column(data.weights, len(data.chosen), 1.0)
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    drawable = np.bincount(codes, weights=weights, minlength=len(names)) > 0
    if drawable.sum() < 2:
        raise TrainingError(
            "An ensemble needs training pairs of at least two prompts; collect more judgments or "
            "set ensemble to 1."
        )
    rng = np.random.default_rng(seed)
    draws = [_draw(drawable, rng)[codes] * weights for _ in range(heads)]
    found = refit_heads(data, draws, start=start)
    return HeadSet.of("ensemble", found, [f"head {number}" for number in range(1, heads + 1)])


def _draw(drawable: NDArray[np.bool_], rng: np.random.Generator) -> Doubles:
    """How often each group is drawn, those with weight alike."""
    count = int(drawable.sum())
    counts: Doubles = rng.multinomial(count, drawable / count).astype(np.float64)
    return counts
