"""Rewards of responses from an encoder and a linear head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import Message, PreferenceExample, TextParts, parse_prompt, render_parts
from modeling.core.embeddings import Encoder
from modeling.core.features import Features, extract_features
from modeling.core.heads import BradleyTerryHead
from modeling.core.progress import Progress, ProgressCallback, as_progress

Prompt = Sequence[Message] | Sequence[Mapping[str, str]] | str
ScoringInput = tuple[Prompt, str]


@dataclass(frozen=True)
class PairRewards:
    """Rewards of both sides (n,), in logits, and in which rows a text was cut to fit (n,)."""

    chosen: NDArray[np.float64]
    rejected: NDArray[np.float64]
    truncated: NDArray[np.bool_]


@dataclass(frozen=True)
class Scorer:
    """A loaded reward model. `manifest` is the checkpoint's."""

    encoder: Encoder
    features_kind: str
    head: BradleyTerryHead
    manifest: Mapping[str, Any]

    def score(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> NDArray[np.float64]:
        """Rewards (n,) of (prompt, response) inputs, in logits; only differences have meaning.

        A prompt is a list of messages or a text (see `data.parse_prompt`). Rewards do not depend
        on the order or number of the inputs, up to rounding.
        """
        return self.head.score(self.features(inputs, cache_dir=cache_dir, progress=progress))

    def features(
        self,
        inputs: Sequence[ScoringInput],
        *,
        cache_dir: Path | None = None,
        progress: Progress | ProgressCallback | None = None,
    ) -> NDArray[np.float32]:
        """What the head sees, (n, d): reward = features @ head.weights + head.bias."""
        texts = [_parts(prompt, response) for prompt, response in inputs]
        return self._extract(texts, cache_dir, as_progress(progress)).vectors

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
        found = self._extract(texts, cache_dir, as_progress(progress))
        rewards, count = self.head.score(found.vectors), len(examples)
        cut = found.truncated[:count] | found.truncated[count:]
        return PairRewards(rewards[:count], rewards[count:], cut)

    def _extract(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> Features:
        return extract_features(
            texts, self.encoder, self.features_kind, cache_dir=cache_dir, progress=progress
        )


def _parts(prompt: Prompt, response: str) -> TextParts:
    if not isinstance(prompt, str) and all(isinstance(turn, Message) for turn in prompt):
        return render_parts([turn for turn in prompt if isinstance(turn, Message)], response)
    return render_parts(parse_prompt(prompt if isinstance(prompt, str) else list(prompt)), response)
