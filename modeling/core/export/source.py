"""A checkpoint as exports see it: one backbone, what is read of it, and one linear head."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.checkpoint import load_checkpoint, load_predictor, read_manifest
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.embeddings import Encoder
from modeling.core.errors import ExportError
from modeling.core.features import VIEWS, View
from modeling.core.serving.engine import Engine, Facts

_WHOLE = (View(with_context=True, depth=1.0),)


@dataclass(frozen=True)
class Part:
    """What one pass of the backbone adds to the outputs.

    `weights` (outputs, width) apply to its pooled states at `layer`; `bias` (outputs,) is zero but
    for the first part.
    """

    view: View
    layer: int
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


@dataclass(frozen=True)
class ExportSource:
    """A loaded checkpoint whose outputs are the sum of its `parts`.

    `engine` scores it as it is; the exports are held against that.
    """

    directory: Path
    manifest: Mapping[str, Any]
    config: RewardConfig
    engine: Engine
    encoder: Encoder
    parts: tuple[Part, ...]

    @property
    def facts(self) -> Facts:
        """What its outputs are."""
        return self.engine.facts

    @cached_property
    def model(self) -> Any:
        """The backbone on the CPU in single precision, with plain attention, for tracing."""
        from modeling.core.backbones import load_backbone

        model = load_backbone(self.encoder.backbone).model
        model.set_attn_implementation("eager")
        return model

    @property
    def tokenizer(self) -> Any:
        """The backbone's tokenizer, as it was saved."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.encoder.backbone.path, trust_remote_code=False)


def open_source(directory: Path) -> ExportSource:
    """Load a checkpoint for export.

    Raises CheckpointError as loading does, and ExportError where no single head tells all that
    the model does.
    """
    from modeling.core.serving.checkpoints import PredictorEngine, RewardEngine

    manifest = read_manifest(directory)
    config = RewardConfig.from_dict(manifest.get("config", {}))
    _refuse(config, manifest)
    if config.objective in PAIR_OBJECTIVES:
        scorer = load_checkpoint(directory)
        weights, bias = np.atleast_2d(scorer.head.weights), np.atleast_1d(scorer.head.bias)
        parts = _parts(scorer.encoder, VIEWS[scorer.features_kind], weights, bias)
        engine: Engine = RewardEngine.of(scorer)
        return ExportSource(directory, manifest, config, engine, scorer.encoder, parts)
    predictor = load_predictor(directory)
    head = predictor.head
    parts = _parts(predictor.encoder, _WHOLE, head.weights, head.bias)
    engine = PredictorEngine.of(predictor, manifest)
    return ExportSource(directory, manifest, config, engine, predictor.encoder, parts)


def _parts(
    encoder: Encoder,
    views: tuple[View, ...],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
) -> tuple[Part, ...]:
    pieces = np.split(weights, len(views), axis=1)
    return tuple(
        Part(view, encoder.layer_at(view.depth), piece, bias if first else np.zeros_like(bias))
        for view, piece, first in zip(views, pieces, [True] + [False] * len(views), strict=False)
    )


def _refuse(config: RewardConfig, manifest: Mapping[str, Any]) -> None:
    if manifest.get("prior"):
        raise ExportError(
            "This is a residual model: its reward has a prior beside the head, which other "
            "programs would leave out. Serve the checkpoint itself."
        )
    if config.objective == "reasoning":
        raise ExportError(
            "This model writes a rationale before it judges, which no export does. Serve the "
            "checkpoint itself."
        )
