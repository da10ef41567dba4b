"""Outputs of a fine-tuned model for rows of the kind it was trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from modeling.core.collators import Item, text_batch
from modeling.core.data import Example
from modeling.core.embeddings import Encoder
from modeling.core.heads import LinearHead
from modeling.core.model import read
from modeling.core.objectives import Objective
from modeling.core.progress import Progress


@dataclass(frozen=True)
class Predictions:
    """Each example's outputs (read, outputs) in the data's units, in order.

    `truncated` counts examples with a text that was cut, `cut` the labels lost with it.
    """

    outputs: list[NDArray[np.float64]]
    truncated: int
    cut: int


@dataclass(frozen=True)
class Predictor:
    """A tuned backbone, its head, and the objective that says what they read."""

    encoder: Encoder
    head: LinearHead
    objective: Objective

    def predict(
        self, examples: Sequence[Example], *, progress: Progress | None = None
    ) -> Predictions:
        """Outputs that depend neither on the order nor on the company of the examples."""
        progress = progress or Progress()
        _, tokenizer = self.encoder.loaded
        items = self.objective.reading(examples, tokenizer, causal=self.encoder.shape.causal)
        outputs: dict[int, NDArray[np.float64]] = {}
        for rows in _batches(items, self.encoder.batch_size):
            progress.checkpoint()
            outputs.update(zip(rows, self._read([items[row] for row in rows]), strict=True))
            progress.update(len(outputs) / len(items), f"Read {len(outputs)} of {len(items)} rows")
        return Predictions(
            outputs=[outputs[row] for row in range(len(items))],
            truncated=sum(item.truncated for item in items),
            cut=sum(item.cut for item in items),
        )

    def _read(self, items: Sequence[Item]) -> list[NDArray[np.float64]]:
        model, tokenizer = self.encoder.loaded
        batch = text_batch(items, tokenizer.pad_id)
        with torch.inference_mode():
            features = read(
                model,
                pooling=self.encoder.pooling,
                **{name: values.to(model.device) for name, values in batch.items()},
            )
        outputs = self.head.outputs(features.float().cpu().numpy())
        return np.split(outputs, np.cumsum([item.outputs for item in items])[:-1])


def _batches(items: Sequence[Item], size: int) -> Iterator[list[int]]:
    """Rows of like length together, up to `size` texts a batch but at least one row."""
    batch: list[int] = []
    texts = 0
    for row in sorted(range(len(items)), key=lambda row: max(map(len, items[row].texts))):
        count = len(items[row].texts)
        if batch and texts + count > size:
            yield batch
            batch, texts = [], 0
        batch.append(row)
        texts += count
    if batch:
        yield batch
