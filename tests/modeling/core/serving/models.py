"""Checkpoints of tiny backbones with random heads, so that nothing has to be trained."""

from pathlib import Path

import numpy as np

from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import CheckpointContent, save_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.embeddings import Encoder
from modeling.core.features import feature_size
from modeling.core.heads import BradleyTerryHead, LinearHead

OUTPUTS = {
    "bradley_terry": ("reward",),
    "plackett_luce": ("reward",),
    "prm": ("good",),
    "outcome": ("correct",),
    "regression": ("helpfulness", "length"),
    "classification": ("safe", "unsafe", "unsure"),
}
LOUD = 0.5  # so that rewards differ by much more than rounding


def make_checkpoint(
    directory: Path, backbone: Path, objective="bradley_terry", *, outputs=(), **settings
) -> Path:
    """A checkpoint that loads like a trained one; frozen ones have the backbone beside them."""
    settings = {"max_length": 64, "frozen": objective == "bradley_terry"} | settings
    if outputs == ("-1", "0", "1"):
        settings["step_classes"] = 3
    config = RewardConfig(objective=objective, backbone=str(backbone), **settings)
    encoder = Encoder(
        resolve_backbone(str(backbone)), max_length=config.max_length, pooling=config.pooling
    )
    names = tuple(outputs or OUTPUTS[objective])
    content = CheckpointContent(
        config=config,
        encoder=encoder,
        head=_head(config, encoder, names),
        dataset={"kind": "any", "content_hash": "c" * 8, "rows": {"train": 4}},
        metrics={"test": {"n": 2, "accuracy": 0.5, "interval": [0.1, 0.9]}},
        training={"seconds": 0.1},
        backbone_dir=None if config.frozen else backbone,
    )
    save_checkpoint(directory, content)
    return directory


def _head(config, encoder, names):
    rng = np.random.default_rng(1)
    size = feature_size(encoder, config.feature_kind)
    weights, bias = rng.normal(size=(len(names), size)) * LOUD, rng.normal(size=len(names))
    if config.frozen:
        return BradleyTerryHead(weights[0], float(bias[0]), 1.0, loss=0.1, n_iter=3, converged=True)
    return LinearHead(weights, bias, names)


SENTENCE = "yes no maybe seven is prime because nothing but one divides it"
WORDS = SENTENCE.split()


def some_inputs(count: int, *, seed: int = 0, steps: bool = False) -> list[dict]:
    """Prompts with responses (or solutions in steps) of many lengths."""
    rng = np.random.default_rng(seed)

    def text(most):
        return " ".join(rng.choice(WORDS, size=rng.integers(1, most)))

    if steps:
        return [
            {"prompt": f"Q{n}: {text(3)}?", "steps": [text(4) for _ in range(rng.integers(1, 4))]}
            for n in range(count)
        ]
    return [{"prompt": f"Q{n}: {text(3)}?", "response": text(9)} for n in range(count)]
