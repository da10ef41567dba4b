"""Scoring for whoever asks: in a process of its own, or inside a program without Django.

    with open_model(Path("checkpoints/mine")) as model:
        model.score(parse_inputs([{"prompt": "Hi", "responses": ["Hello!", "No."]}]))

`open_model` reads checkpoints and exported ONNX models. What it gives may be shared by threads:
what they ask at the same time is read together. `ScorerServer` in `serving.server` does the same
behind a Unix socket, and `ScorerClient` asks it without torch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modeling.core.serving.batcher import Batcher, Pace
from modeling.core.serving.client import ScorerClient
from modeling.core.serving.rows import (
    REDUCTIONS,
    Candidate,
    Input,
    Limits,
    Options,
    parse_inputs,
    parse_options,
)
from modeling.core.serving.store import ModelStore, open_engine


@contextmanager
def open_model(directory: Path, pace: Pace | None = None) -> Iterator[Batcher]:
    """A model that scores until the block ends; CheckpointError where there is none."""
    batcher = Batcher(open_engine(directory), pace)
    try:
        yield batcher
    finally:
        batcher.close()


__all__ = [
    "REDUCTIONS",
    "Batcher",
    "Candidate",
    "Input",
    "Limits",
    "ModelStore",
    "Options",
    "Pace",
    "ScorerClient",
    "open_engine",
    "open_model",
    "parse_inputs",
    "parse_options",
]
