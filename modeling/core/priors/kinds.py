"""The kinds of prior: length, a language model's probability, another reward model, a function."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import TextParts
from modeling.core.errors import ConfigError
from modeling.core.likelihood import LanguageModel
from modeling.core.progress import Progress

if TYPE_CHECKING:
    from modeling.core.embeddings import Encoder
    from modeling.core.scoring import Scorer

Doubles = NDArray[np.float64]
PriorFunction = Callable[[Sequence[TextParts]], Sequence[float] | Doubles]
ENTRY_POINTS = "tiebreak.priors"
_REGISTERED: dict[str, PriorFunction] = {}


class Prior(ABC):
    """A reward of rendered texts that needs no training."""

    coefficient: float

    @property
    def fingerprint(self) -> str | None:
        """What must be the same wherever the model is used; None where settings say it all."""
        return None

    def score(
        self,
        texts: Sequence[TextParts],
        *,
        cache_dir: Path | None = None,
        progress: Progress | None = None,
    ) -> Doubles:
        """Rewards (n,) in logits, the coefficient applied."""
        if not texts:
            return np.zeros(0)
        return self.coefficient * self.raw(texts, cache_dir, progress or Progress())

    @abstractmethod
    def raw(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        """What the coefficient multiplies, (n,)."""


@dataclass(frozen=True)
class LengthPrior(Prior):
    """So many logits for each character, word or token of the response; a penalty below zero.

    Tokens are counted by the reward model's own tokenizer, after cutting.
    """

    coefficient: float
    unit: str
    encoder: "Encoder"

    def raw(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        """Lengths of the responses."""
        if self.unit == "tokens":
            _, tokenizer = self.encoder.loaded
            around = len(tokenizer.framed(()))
            alone = tokenizer([TextParts("", parts.response) for parts in texts])
            return np.array([len(text.ids) - around for text in alone], dtype=np.float64)
        responses = [parts.response.removeprefix(" ") for parts in texts]
        units = responses if self.unit == "characters" else [text.split() for text in responses]
        return np.array([len(part) for part in units], dtype=np.float64)


@dataclass(frozen=True)
class LogProbabilityPrior(Prior):
    """How probable a policy finds the response, in nats: all of it or a token's mean."""

    coefficient: float
    reduce: str
    model: LanguageModel

    @property
    def fingerprint(self) -> str:
        """The language model's."""
        return self.model.backbone.fingerprint

    def raw(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        """Log-probabilities."""
        found = self.model.score(texts, cache_dir=cache_dir, progress=progress)
        return found.mean if self.reduce == "mean" else found.total


@dataclass(frozen=True)
class CheckpointPrior(Prior):
    """Another reward model's rewards; `identity` is the hash of its manifest."""

    coefficient: float
    scorer: "Scorer"
    identity: str

    @property
    def fingerprint(self) -> str:
        """The hash of its manifest."""
        return self.identity

    def raw(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        """Its rewards."""
        return self.scorer.score_texts(texts, cache_dir=cache_dir, progress=progress)


@dataclass(frozen=True)
class CustomPrior(Prior):
    """What a registered function says."""

    coefficient: float
    name: str
    function: PriorFunction

    def raw(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        """The function's numbers; ConfigError unless there is a finite one for each text."""
        rewards = np.asarray(self.function(texts), dtype=np.float64)
        if rewards.shape != (len(texts),) or not np.isfinite(rewards).all():
            raise ConfigError(
                f'The prior "{self.name}" must return one finite number for each text.'
            )
        return rewards


def register_prior(name: str) -> Callable[[PriorFunction], PriorFunction]:
    """Make a function of rendered texts a custom prior under this name, as a decorator.

    It takes texts (`data.TextParts`, with `.context` and `.response`) and returns their rewards
    before the coefficient, (n,). An installed package can offer one to workers without code here:
    as an entry point of the group "tiebreak.priors".
    """

    def register(function: PriorFunction) -> PriorFunction:
        _REGISTERED[name] = function
        return function

    return register


def registered(name: str) -> PriorFunction:
    """The function of this name, registered here or by an installed package; or ConfigError."""
    if name not in _REGISTERED:
        for point in entry_points(group=ENTRY_POINTS, name=name):
            _REGISTERED[name] = point.load()
    if name not in _REGISTERED:
        raise ConfigError(
            f'No prior is registered as "{name}"; import the module that registers it, or install '
            f"a package that offers it as an entry point of {ENTRY_POINTS}."
        )
    return _REGISTERED[name]
