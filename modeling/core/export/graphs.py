"""Backbone, pooling and head as one module with ids and a mask for input, for tracing."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from modeling.core.errors import ExportError
from modeling.core.export.source import ExportSource, Part
from modeling.core.pooling import pool

INPUTS = ("input_ids", "attention_mask")
OUTPUT = "logits"
_OPSET = 18
_SAMPLE = (2, 24)  # texts and tokens of what is traced; both stay free


class PartGraph(nn.Module):
    """What one part adds to the outputs.

    (batch, length) ids and mask to (batch, outputs), or with `by_token` to (batch, length,
    outputs), where the caller picks the tokens that are read.
    """

    def __init__(self, model: nn.Module, part: Part, *, pooling: str, by_token: bool) -> None:
        super().__init__()
        self.model = model
        self.layer = part.layer
        self.pooling = pooling
        self.by_token = by_token
        outputs, width = part.weights.shape
        self.head = nn.Linear(width, outputs)
        self.head.load_state_dict(
            {"weight": torch.from_numpy(part.weights), "bias": torch.from_numpy(part.bias)}
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """See the class."""
        output: Any = self.model(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        hidden: Tensor = output.hidden_states[self.layer]
        pooled = hidden if self.by_token else pool(hidden, attention_mask, self.pooling)
        found: Tensor = self.head(pooled)
        return found


def graph(source: ExportSource, part: Part, *, by_token: bool) -> PartGraph:
    """The module of a part, in evaluation mode."""
    made = PartGraph(source.model, part, pooling=source.encoder.pooling, by_token=by_token)
    return made.eval()


def sample_batch(source: ExportSource) -> tuple[Tensor, Tensor]:
    """Ids and mask to trace with; the second text is shorter."""
    texts, length = _SAMPLE
    generator = torch.Generator().manual_seed(0)
    most = int(source.model.config.vocab_size)
    ids = torch.randint(0, most, (texts, length), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, length - 5 :] = 0
    return ids, mask


def write_onnx(path: Path, module: PartGraph, sample: tuple[Tensor, Tensor]) -> None:
    """Write the module as ONNX with a free number of texts and tokens.

    Raises ExportError where the exporter cannot follow the model.
    """
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    shapes = {0: batch, 1: length}
    try:
        with tracing():
            torch.onnx.export(
                module,
                sample,
                str(path),
                dynamo=True,
                input_names=list(INPUTS),
                output_names=[OUTPUT],
                dynamic_shapes=(shapes, shapes),
                opset_version=_OPSET,
                external_data=False,
                verbose=False,
            )
    except Exception as error:
        raise ExportError(
            f"ONNX cannot express this backbone ({type(error).__name__}); serve the checkpoint "
            "itself."
        ) from error


def write_torchscript(path: Path, module: PartGraph, sample: tuple[Tensor, Tensor]) -> None:
    """Write the module as TorchScript, traced, and see that it says the same of another shape."""
    with tracing():
        traced = torch.jit.trace(module, sample, check_trace=False)
    ids, mask = (torch.cat([values[:, :11]] * 2)[:3] for values in sample)
    with torch.inference_mode():
        same = np.allclose(traced(ids, mask).numpy(), module(ids, mask).numpy(), atol=1e-5)
    if not same:
        raise ExportError(
            "A trace of this backbone depends on the length of the text; export ONNX instead."
        )
    with tracing():
        traced.save(str(path))


@contextmanager
def tracing() -> Iterator[None]:
    """Keep quiet what tracers say of transformers' code and of their own future.

    Whether a trace is right is not left to their warnings: every export is held against the model.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
