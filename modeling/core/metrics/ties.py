"""How well rewards and a model of ties foretell pairs that may have come out even."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import PreferenceExample
from modeling.core.evaluate import PairEvaluation, evaluate_examples, mean
from modeling.core.files import plain
from modeling.core.metrics.common import Doubles, Interval, check_finite, interval, majority


@dataclass(frozen=True)
class ThreeWay:
    """Pairs as one of three answers: chosen better, tie, rejected better.

    `accuracy` is how often the most probable answer was given in all `n` pairs, `ties` of which
    came out even; `nll` in nats, against the answers' probabilities as judged. `majority` is of
    sides in either order, since that the first was chosen is what is to be foretold.
    """

    n: int
    ties: int
    accuracy: float | None
    interval: Interval | None
    nll: float | None
    majority: float | None


@dataclass(frozen=True)
class Strengths:
    """How strongly a side was preferred, as one class of a scale; see `ThreeWay`."""

    n: int
    accuracy: float | None
    nll: float | None
    majority: float | None


@dataclass(frozen=True)
class TieEvaluation:
    """`pairs` of which one side was preferred, and all as one of three answers."""

    pairs: PairEvaluation
    three_way: ThreeWay
    strengths: Strengths | None = None

    def to_dict(self) -> dict[str, Any]:
        """The pairs' figures with `three_way` beside them, as plain JSON values, without NaN."""
        found = {**self.pairs.to_dict(), "three_way": plain(asdict(self.three_way))}
        if self.strengths is not None:
            found["strengths"] = plain(asdict(self.strengths))
        return found


def evaluate_ties(
    examples: Sequence[PreferenceExample],
    rewards: Doubles,
    log_probabilities: Doubles,
    *,
    strengths: Strengths | None = None,
    seed: int = 0,
) -> TieEvaluation:
    """Evaluate rewards (n, 2) of chosen and rejected, and log-probabilities (n, 3) of answers.

    The figures of pairs leave out those that came out even.
    """
    check_finite([rewards])
    decided = [row for row, example in enumerate(examples) if not example.tied]
    pairs = evaluate_examples(
        [examples[row] for row in decided], rewards[decided, 0], rewards[decided, 1], seed=seed
    )
    return TieEvaluation(pairs, _three_way(examples, log_probabilities, seed), strengths)


def _three_way(
    examples: Sequence[PreferenceExample], log_probabilities: Doubles, seed: int
) -> ThreeWay:
    given = np.array([1 if example.tied else 0 for example in examples], dtype=np.int64)
    right = (log_probabilities.argmax(axis=1) == given).astype(np.float64)
    wanted = np.array([example.answers() for example in examples]).reshape(-1, 3)
    return ThreeWay(
        n=len(examples),
        ties=int(given.sum()),
        accuracy=mean(right),
        interval=interval(right, [example.opening() for example in examples], seed),
        nll=mean(cross_entropies(wanted, log_probabilities)),
        majority=_majority(given, 3),
    )


def evaluate_strengths(
    classes: NDArray[np.int64], targets: Doubles, log_probabilities: Doubles
) -> Strengths:
    """Evaluate log-probabilities (n, classes) against the `classes` given (n,), and `targets`."""
    right = (log_probabilities.argmax(axis=1) == classes).astype(np.float64)
    return Strengths(
        n=len(classes),
        accuracy=mean(right),
        nll=mean(cross_entropies(targets, log_probabilities)),
        majority=_majority(classes, log_probabilities.shape[1]),
    )


def _majority(answers: NDArray[np.int64], count: int) -> float | None:
    """What always giving one of `count` answers would reach, if sides came in either order."""
    return majority([*answers.tolist(), *(count - 1 - answers).tolist()])


def cross_entropies(targets: Doubles, log_probabilities: Doubles) -> Doubles:
    """−Σ q·log p (n,); an answer that nobody gave may have probability zero."""
    logs = np.where(targets > 0, log_probabilities, 0.0)
    return -(targets * logs).sum(axis=1)
