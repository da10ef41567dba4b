"""Pairs that say how strongly one side was preferred, on an ordered scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logit, logsumexp
from torch import Tensor

from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.losses import (
    cumulative_logit_log_probabilities,
    cumulative_logit_loss,
    symmetric_thresholds,
)
from modeling.core.metrics.ties import TieEvaluation, evaluate_strengths, evaluate_ties
from modeling.core.objectives.base import Batch, Doubles, TrainingState
from modeling.core.objectives.pairs import PairObjective
from modeling.core.objectives.ties import share_of_ties

_MOST_STRENGTHS = 5
_LEAST_GAP = 0.05  # between thresholds where they start, in logits


@dataclass(frozen=True)
class CumulativeLogit(PairObjective):
    """Rewards whose differences fall between thresholds, which are trained along.

    A strength is one more than the number of `bounds` that a margin reaches. Classes run from the
    rejected side at its strongest to the chosen side at its, with a tie in the middle where
    training pairs had `ties`; the thresholds between them mirror each other, since which side is
    the first means nothing. `log_gaps` are the logs of their distances, so they keep their order.
    """

    bounds: tuple[float, ...] = ()
    ties: bool = True
    log_gaps: tuple[float, ...] = ()

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """With up to five strengths; TrainingError where margins do not tell two."""
        examples: Sequence[PreferenceExample] = dataset.splits["train"]
        bounds = _bounds(examples)
        if not bounds:
            raise TrainingError(
                "The training pairs do not differ in how strong the preference was; collect "
                "strengths, or set objective to rao_kupper or bradley_terry."
            )
        ties = share_of_ties(dataset, config) > 0
        objective = cls(config, bounds=bounds, ties=ties)
        return replace(objective, log_gaps=objective.start(examples))

    @classmethod
    def restored(
        cls, outputs: Sequence[str], config: RewardConfig, facts: Mapping[str, Any]
    ) -> Self:
        """With the scale it had; the thresholds come by `with_parameters`."""
        return cls(config, bounds=tuple(facts["bounds"]), ties=bool(facts["ties"]))

    def facts(self) -> dict[str, Any]:
        """The scale, and for people the thresholds."""
        thresholds = self._thresholds(torch.tensor(self.log_gaps, dtype=torch.float64))
        return {"bounds": list(self.bounds), "ties": self.ties, "thresholds": thresholds.tolist()}

    def own_parameters(self) -> dict[str, NDArray[np.float64]]:
        """Logs of the gaps between the thresholds from zero up."""
        return {"log_gaps": np.array(self.log_gaps)}

    def with_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """With the gaps as trained."""
        if "log_gaps" not in values:
            return self
        return replace(self, log_gaps=tuple(map(float, values["log_gaps"])))

    def _thresholds(self, log_gaps: Tensor) -> Tensor:
        return symmetric_thresholds(log_gaps, ties=self.ties)

    @property
    def classes(self) -> int:
        """How many there are."""
        return 2 * (len(self.bounds) + 1) + int(self.ties)

    def class_of(self, example: PreferenceExample) -> int:
        """The class that was given, from 0; of a tie where there is no class of ties, the next."""
        half = self.classes // 2
        if example.tied:
            return half
        strength = int(np.searchsorted(self.bounds, example.target_margin or 0.0, side="right"))
        return half + int(self.ties) + strength

    def targets_of(self, example: PreferenceExample) -> list[float]:
        """The classes' probabilities as judged.

        Votes for the other side count as its weakest, since a row tells the mean strength alone;
        where there is no class of ties, a tie counts half for either side at its weakest.
        """
        half = self.classes // 2
        certain = (0.0, 1.0, 0.0) if example.tied else (1.0, 0.0, 0.0)
        chosen, tie, rejected = example.answers() if self.config.use_soft_labels else certain
        found = [0.0] * self.classes
        found[half + int(self.ties) if example.tied else self.class_of(example)] += chosen
        found[half - 1] += rejected
        middle = [half] if self.ties else [half - 1, half]
        for place in middle:
            found[place] += tie / len(middle)
        return found

    def start(self, examples: Sequence[PreferenceExample]) -> tuple[float, ...]:
        """Logs of the gaps at which equals would be judged as the training pairs were."""
        weights = np.array([example.weight for example in examples])
        targets = np.array([self.targets_of(example) for example in examples])
        shares = weights @ targets / max(float(weights.sum()), np.finfo(np.float64).tiny)
        distances = np.abs(np.arange(self.classes) - (self.classes - 1) / 2)
        edges = np.arange(len(self.bounds) + int(self.ties)) + (0.5 if self.ties else 1.0)
        within = np.array([shares[distances < edge].sum() for edge in edges])
        thresholds = logit(0.5 + np.clip(within, 1e-3, 1 - 1e-3) / 2)
        gaps = np.maximum(np.diff(thresholds, prepend=0.0), _LEAST_GAP)
        return tuple(np.log(gaps).tolist())

    def wanted(self, example: PreferenceExample) -> dict[str, Any]:
        """Probabilities of the classes."""
        return {"strengths": self.targets_of(example)}

    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """The cumulative-logit model's."""
        thresholds = self._thresholds(self.parameter("log_gaps", state).to(chosen.device))
        return cumulative_logit_loss(
            chosen,
            rejected,
            batch["strengths"],
            thresholds=thresholds,
            weights=batch["weights"],
        )

    def tie_share(self) -> float:
        """How probable a tie is between equal rewards."""
        return float(np.exp(self._three_ways(self._log_probabilities(np.zeros(1)))[0, 1]))

    def evaluate(
        self, examples: Sequence[PreferenceExample], outputs: Sequence[Doubles], *, seed: int
    ) -> TieEvaluation:
        """Agreement with decided pairs, with all as one of three answers, and with strengths.

        Ties are left out where the model knows none.
        """
        kept = [row for row, example in enumerate(examples) if self.ties or not example.tied]
        seen = [examples[row] for row in kept]
        rewards = np.array(outputs, dtype=np.float64).reshape(-1, 2)[kept]
        logs = self._log_probabilities(rewards[:, 0] - rewards[:, 1])
        targets = np.array([self.targets_of(example) for example in seen])
        classes = np.array([self.class_of(example) for example in seen], dtype=np.int64)
        strengths = evaluate_strengths(classes, targets.reshape(-1, self.classes), logs)
        return evaluate_ties(seen, rewards, self._three_ways(logs), strengths=strengths, seed=seed)

    def _log_probabilities(self, differences: Doubles) -> Doubles:
        thresholds = self._thresholds(torch.tensor(self.log_gaps, dtype=torch.float64))
        found = cumulative_logit_log_probabilities(torch.from_numpy(differences), thresholds)
        logs: Doubles = found.numpy()
        return logs

    def _three_ways(self, logs: Doubles) -> Doubles:
        """Of chosen, tie and rejected; without a class of ties those have no probability."""
        half = self.classes // 2
        rejected, chosen = logsumexp(logs[:, :half], axis=1), logsumexp(logs[:, -half:], axis=1)
        tie = logs[:, half] if self.ties else np.full(len(logs), -np.inf)
        return np.stack([chosen, tie, rejected], axis=1)


def _bounds(examples: Sequence[PreferenceExample]) -> tuple[float, ...]:
    """Margins that part the strengths: between neighbours where these are few, or quantiles."""
    margins = np.array([max(e.target_margin or 0.0, 0.0) for e in examples if not e.tied])
    distinct = np.unique(margins.round(6))
    if len(distinct) <= _MOST_STRENGTHS:
        return tuple(((distinct[1:] + distinct[:-1]) / 2).tolist())
    levels = np.arange(1, _MOST_STRENGTHS) / _MOST_STRENGTHS
    return tuple(np.unique(np.quantile(margins, levels)).tolist())
