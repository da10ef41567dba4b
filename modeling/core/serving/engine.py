"""What the batcher asks of a model: texts cut into passes, passes run together, outputs joined."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.config import OBJECTIVE_KINDS, PAIR_OBJECTIVES
from modeling.core.errors import DataError
from modeling.core.serving.rows import Candidate

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pass:
    """Something that one forward pass reads. Passes with an equal `key` may share it.

    `tokens` is what it costs at most, `payload` the engine's own.
    """

    key: Hashable
    tokens: int
    payload: Any


@dataclass(frozen=True, slots=True)
class Planned:
    """The passes of one candidate, and whether some of its text did not fit."""

    passes: tuple[Pass, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model is: enough to say what its outputs mean.

    `outputs` names the columns, `precision` how it is computed, `calibration` is the manifest's.
    """

    objective: str
    outputs: tuple[str, ...]
    precision: str
    manifest: dict[str, Any]

    @property
    def shape(self) -> str:
        """What its outputs are of: "pairs", "steps", "outcome", "rating" or "classes"."""
        if self.objective in PAIR_OBJECTIVES:
            return "pairs"
        kinds = OBJECTIVE_KINDS[self.objective]
        if "stepwise" in kinds:
            return "steps"
        if "classification" in kinds:
            return "classes"
        is_outcome = "outcome" in kinds and self.outputs == ("correct",)
        return "outcome" if is_outcome else "rating"


class Engine(ABC):
    """A model that is loaded.

    `parallel` passes run at a time; `bytes` is what its weights take. What `run` gives for a pass
    does not depend on the passes beside it.
    """

    parallel: int = 1
    facts: Facts
    bytes: int

    @abstractmethod
    def plan(self, candidates: Sequence[Candidate]) -> list[Planned]:
        """The passes of each candidate."""

    @abstractmethod
    def run(self, passes: Sequence[Pass]) -> list[Doubles]:
        """Each pass's outputs; all passes have one key."""

    @abstractmethod
    def join(self, outputs: Sequence[Doubles]) -> Doubles:
        """Outputs (read, outputs) of one candidate from those of its passes, in order."""

    def rationales(self, candidates: Sequence[Candidate]) -> list[str]:
        """Why each candidate is good or not. Raises DataError where the model writes nothing."""
        raise DataError("This model writes no rationales; ask without, or train one that reasons.")


def check_shape(facts: Facts, candidate: Candidate) -> None:
    """Raise DataError where the model does not read candidates of this form."""
    if facts.shape == "steps" and not candidate.steps:
        raise DataError(
            "This model judges the steps of a solution: send prompt and steps, or responses that "
            "are lists of steps."
        )
    if facts.shape != "steps" and candidate.steps:
        raise DataError(
            "This model judges whole responses: send prompt and response, or responses that are "
            "texts."
        )
