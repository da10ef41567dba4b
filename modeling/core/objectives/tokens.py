"""Single responses judged at each of their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from modeling.core.collators import Item
from modeling.core.data import OutcomeExample, RatingExample
from modeling.core.heads import LinearHead
from modeling.core.losses import token_outcome_loss, token_value_loss
from modeling.core.metrics import (
    OutcomeEvaluation,
    RatingEvaluation,
    evaluate_outcomes,
    evaluate_ratings,
)
from modeling.core.objectives.base import Batch, Doubles, Objective, TrainingState
from modeling.core.objectives.language import written_from, written_loss
from modeling.core.objectives.responses import Outcome, Regression, ResponseObjective
from modeling.core.tokens import TokenizedText


class TokenObjective(ResponseObjective):
    """A response is read at each of its tokens, and judged at last at the last one."""

    def readouts(self, text: TokenizedText) -> tuple[tuple[int, int], ...]:
        """The response's tokens, the special ones that close it included; one at least."""
        first = min(text.start, len(text.ids) - 1)
        return tuple((0, place) for place in range(first, len(text.ids)))

    def targets(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """The targets by name (items, outputs), and `token_rows` (tokens,), each token's item."""
        sizes = torch.tensor([len(item.readouts) for item in items])
        rows = torch.repeat_interleave(torch.arange(len(items)), sizes)
        return {**super().targets(items), "token_rows": rows}


@dataclass(frozen=True)
class TokenOutcome(TokenObjective, Outcome):
    """An outcome reward model at every token: log-odds that what begins so will be correct."""

    @property
    def writes(self) -> bool:
        """Whether it also learns to write the responses."""
        return self.config.lm_coefficient > 0

    def language(self, text: TokenizedText) -> tuple[tuple[int, int, int], ...]:
        """The response's tokens, each foretold at the one before."""
        return written_from(text, text.start) if self.writes else ()

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Cross-entropy of tokens, and with a coefficient that of the language model."""
        loss = token_outcome_loss(
            outputs[:, 0],
            batch["correct"][:, 0],
            rows=batch["token_rows"],
            weights=batch["weights"],
        )
        return loss + self.config.lm_coefficient * written_loss(batch, state)

    def evaluate(
        self, examples: Sequence[OutcomeExample], outputs: Sequence[Doubles], *, seed: int
    ) -> OutcomeEvaluation:
        """Agreement of the last tokens' log-odds with the labels."""
        return evaluate_outcomes(examples, _last(outputs, 1)[:, 0], seed=seed)


@dataclass(frozen=True)
class RatingValue(TokenObjective, Regression):
    """A value head: at every token, the scores that the whole will get."""

    kind: ClassVar[str] = "rating"

    def facts(self) -> dict[str, Any]:
        """Which value head it is."""
        return {"kind": self.kind}

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Mean squared error at the tokens, of the aspects that a row has."""
        return token_value_loss(
            outputs,
            batch["scores"],
            rows=batch["token_rows"],
            present=batch["present"] > 0,
            weights=batch["weights"],
        )

    def evaluate(
        self, examples: Sequence[RatingExample], outputs: Sequence[Doubles], *, seed: int
    ) -> RatingEvaluation:
        """Agreement of the last tokens' values with the scores, by aspect."""
        return evaluate_ratings(examples, _last(outputs, len(self.outputs)), self.outputs)


@dataclass(frozen=True)
class OutcomeValue(TokenObjective, Outcome):
    """A value head: at every token, the probability p that the whole will be correct.

    Its outputs in a checkpoint are 4p − 2, the tangent of p's log-odds at one half, so that they
    are read as any outcome model's.
    """

    kind: ClassVar[str] = "outcome"

    def facts(self) -> dict[str, Any]:
        """Which value head it is."""
        return {"kind": self.kind}

    def data_loss(self, outputs: Tensor, batch: Batch, state: TrainingState) -> Tensor:
        """Mean squared error at the tokens, the verifiers' loss of Cobbe et al."""
        return token_value_loss(
            outputs, batch["correct"], rows=batch["token_rows"], weights=batch["weights"]
        )

    def evaluate(
        self, examples: Sequence[OutcomeExample], outputs: Sequence[Doubles], *, seed: int
    ) -> OutcomeEvaluation:
        """Agreement of the last tokens' values with the labels."""
        return evaluate_outcomes(examples, _last(outputs, 1)[:, 0], seed=seed)

    def in_units(self, head: LinearHead) -> LinearHead:
        """The head whose outputs are 4p − 2."""
        return LinearHead(4 * head.weights, 4 * head.bias - 2, head.names)


def _last(outputs: Sequence[Doubles], width: int) -> Doubles:
    """Each example's outputs at its last token, (n, width)."""
    return np.array([values[-1] for values in outputs], dtype=np.float64).reshape(-1, width)


def value_class(kind: str) -> type[Objective]:
    """The value head for a kind of dataset."""
    return OutcomeValue if kind == OutcomeValue.kind else RatingValue
