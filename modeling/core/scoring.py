"""Rewards of responses from an encoder, a linear head and what the head adds to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import Message, PreferenceExample, TextParts, parse_prompt, render_parts
from modeling.core.embeddings import Encoder
from modeling.core.ensembles import HeadSet
from modeling.core.errors import CheckpointError
from modeling.core.features import Features, extract_features
from modeling.core.heads import BradleyTerryHead
from modeling.core.posterior import WIDEST_POSTERIOR, LastLayerLaplace
from modeling.core.priors import Prior
from modeling.core.progress import Progress, ProgressCallback, as_progress

Prompt = Sequence[Message] | Sequence[Mapping[str, str]] | str
ScoringInput = tuple[Prompt, str]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class PairRewards:
    """Rewards of both sides (n,), in logits, and in which rows a text was cut to fit (n,)."""

    chosen: Doubles
    rejected: Doubles
    truncated: NDArray[np.bool_]


@dataclass(frozen=True)
class Scorer:
    """A loaded reward model. `manifest` is the checkpoint's.

    A reward is what the head says, on top of the `prior` where there is one. `heads` are those
    that the head is the mean of; `posterior` is what is known about the head.
    """

    encoder: Encoder
    features_kind: str
    head: BradleyTerryHead
    manifest: Mapping[str, Any]
    posterior: LastLayerLaplace | None = None
    heads: HeadSet | None = None
    prior: Prior | None = None

    def score(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> Doubles:
        """Rewards (n,) of (prompt, response) inputs, in logits; only differences have meaning.

        A prompt is a list of messages or a text (see `data.parse_prompt`). Rewards do not depend
        on the order or number of the inputs, up to rounding.
        """
        return self.score_texts(as_texts(inputs), cache_dir=cache_dir, progress=progress)

    def score_texts(
        self,
        texts: Sequence[TextParts],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> Doubles:
        """Rewards (n,) of rendered texts."""
        return self._rewards(texts, cache_dir, as_progress(progress))[0]

    def uncertainty(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> Doubles:
        """Standard deviations (n,) of the rewards, in logits; a prior is taken as known.

        The spread of the ensemble's heads where the model is one, else the posterior's deviation
        from the mean training response. Only the posterior grows where nothing was judged: heads
        of an ensemble agree on what none of them has seen. CheckpointError where there is neither.
        """
        deviations = self._deviations
        if deviations is None:
            raise CheckpointError(
                "This model does not know how certain it is; train it again on a frozen backbone "
                f"with posterior left at true and at most {WIDEST_POSTERIOR} features, or as an "
                "ensemble."
            )
        return deviations(self.features(inputs, cache_dir=cache_dir, progress=progress))

    @property
    def has_uncertainty(self) -> bool:
        """Whether `uncertainty` has an answer."""
        return self._deviations is not None

    @property
    def _deviations(self) -> Callable[[NDArray[np.floating]], Doubles] | None:
        if self.heads is not None and self.heads.role == "ensemble":
            return self.heads.spread
        return None if self.posterior is None else self.posterior.deviations

    def score_by_head(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> dict[str, Doubles]:
        """Rewards (n,) by name of head: of an aspect, a cohort or a member of an ensemble.

        CheckpointError for a model of one head.
        """
        if self.heads is None:
            raise CheckpointError("This model has one head only; use score.")
        texts, where = as_texts(inputs), as_progress(progress)
        found = self.read(texts, cache_dir=cache_dir, progress=where)
        rewards = self.heads.score(found.vectors).T + self._prior_of(texts, cache_dir, where)
        return dict(zip(self.heads.names, rewards, strict=True))

    def features(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> NDArray[np.float32]:
        """What the head sees, (n, d): it adds features @ head.weights + head.bias to the prior."""
        return self.read(as_texts(inputs), cache_dir=cache_dir, progress=progress).vectors

    def read(
        self,
        texts: Sequence[TextParts],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> Features:
        """What the head sees of rendered texts, and which of them were cut."""
        return extract_features(
            texts,
            self.encoder,
            self.features_kind,
            cache_dir=cache_dir,
            progress=as_progress(progress),
        )

    def score_examples(
        self,
        examples: Sequence[PreferenceExample],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> PairRewards:
        """Rewards of both sides of each example."""
        sides = [example.sides() for example in examples]
        texts = [chosen for chosen, _ in sides] + [rejected for _, rejected in sides]
        rewards, truncated = self._rewards(texts, cache_dir, as_progress(progress))
        count = len(examples)
        cut = truncated[:count] | truncated[count:]
        return PairRewards(rewards[:count], rewards[count:], cut)

    def _rewards(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> tuple[Doubles, NDArray[np.bool_]]:
        """Rewards and which texts were cut, (n,) each."""
        share = 1.0 if self.prior is None else 0.5
        found = self.read(texts, cache_dir=cache_dir, progress=progress.stage(0.0, share))
        prior = self._prior_of(texts, cache_dir, progress.stage(share, 1.0))
        return self.head.score(found.vectors) + prior, found.truncated

    def _prior_of(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Doubles:
        if self.prior is None:
            return np.zeros(len(texts))
        return self.prior.score(texts, cache_dir=cache_dir, progress=progress)


def as_texts(inputs: Sequence[ScoringInput]) -> list[TextParts]:
    """The rendered texts of (prompt, response) inputs."""
    return [_parts(prompt, response) for prompt, response in inputs]


def _parts(prompt: Prompt, response: str) -> TextParts:
    if not isinstance(prompt, str) and all(isinstance(turn, Message) for turn in prompt):
        return render_parts([turn for turn in prompt if isinstance(turn, Message)], response)
    return render_parts(parse_prompt(prompt if isinstance(prompt, str) else list(prompt)), response)
