"""Texts to vectors with an untouched backbone."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import Backbone, BackboneShape, backbone_shape, load_backbone
from modeling.core.data import TextParts
from modeling.core.embedding_cache import CachedEmbedding, EmbeddingCache
from modeling.core.errors import ConfigError
from modeling.core.progress import Progress

if TYPE_CHECKING:
    from modeling.core.tokens import TextTokenizer, TokenizedText

_BATCHES_PER_WRITE = 4


@dataclass(frozen=True)
class Embeddings:
    """Vectors (n, d) float32, which texts were cut (n,) bool, and how many had to be encoded."""

    vectors: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    encoded: int


class Encoder:
    """Pooled hidden states of a frozen backbone. The weights load when first needed.

    `max_length` counts tokens; `pooling` may be "auto". Vectors do not depend on which texts
    share a batch, up to rounding. Runs on a GPU when there is one.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        max_length: int = 512,
        pooling: str = "auto",
        precision: str = "fp32",
        batch_size: int = 32,
    ) -> None:
        self.backbone = backbone
        self.shape: BackboneShape = backbone_shape(backbone)
        self.max_length = max_length
        self.pooling = self.shape.pooling if pooling == "auto" else pooling
        self.precision = precision
        self.batch_size = batch_size
        _check_length(max_length, self.shape)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self.shape.hidden_size

    @property
    def last_layer(self) -> int:
        """Index of the last layer."""
        return self.shape.layers

    def layer_at(self, depth: float) -> int:
        """Index of the layer at a relative depth: 0 the embeddings, `shape.layers` the last."""
        return round(depth * self.shape.layers)

    def key(self, text: TextParts, layer: int) -> bytes:
        """SHA-256 of all that decides a text's vector besides the backbone."""
        parts = [text.context, text.response, self.max_length, self.pooling, self.precision, layer]
        return hashlib.sha256(json.dumps(parts).encode()).digest()

    def encode(self, texts: Sequence[TextParts], layer: int) -> list[CachedEmbedding]:
        """Embed texts in order, in batches of like length so that little is padding."""
        tokenized = self._tokenize(texts)
        order = sorted(range(len(texts)), key=lambda row: len(tokenized[row].ids))
        vectors: dict[int, NDArray[np.float32]] = {}
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            batch = self._forward([tokenized[row].ids for row in rows], layer)
            vectors.update(zip(rows, batch, strict=True))
        return [CachedEmbedding(vectors[row], text.truncated) for row, text in enumerate(tokenized)]

    @cached_property
    def loaded(self) -> tuple[Any, "TextTokenizer"]:
        """The backbone on its device, and its tokenizer; loaded at the first call."""
        import torch

        from modeling.core.tokens import TextTokenizer

        loaded = load_backbone(self.backbone, precision=self.precision)
        device: Any = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = TextTokenizer(loaded.tokenizer, max_length=self.max_length)
        return loaded.model.to(device), tokenizer

    def _tokenize(self, texts: Sequence[TextParts]) -> list["TokenizedText"]:
        _, tokenizer = self.loaded
        return tokenizer(texts)

    def _forward(self, sequences: list[tuple[int, ...]], layer: int) -> NDArray[np.float32]:
        import torch

        from modeling.core.collators import pad_sequences
        from modeling.core.pooling import pool

        model, tokenizer = self.loaded
        ids, mask = (item.to(model.device) for item in pad_sequences(sequences, tokenizer.pad_id))
        with torch.inference_mode():
            output = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            pooled = pool(output.hidden_states[layer].float(), mask, self.pooling)
        vectors: NDArray[np.float32] = pooled.cpu().numpy()
        return vectors


def _check_length(max_length: int, shape: BackboneShape) -> None:
    if shape.max_tokens is not None and max_length > shape.max_tokens:
        raise ConfigError(
            f"max_length is {max_length}, but this backbone reads {shape.max_tokens} tokens; "
            f"set max_length to {shape.max_tokens} or less."
        )


class CachedEncoder(Protocol):
    """What turns texts into vectors (width,) that may be kept under their keys."""

    @property
    def backbone(self) -> Backbone:
        """What the vectors come from."""

    @property
    def batch_size(self) -> int:
        """Texts in one forward pass."""

    @property
    def width(self) -> int:
        """Length of a vector."""

    @property
    def last_layer(self) -> int:
        """Index of the layer that is read unless another is asked for."""

    def key(self, text: TextParts, layer: int) -> bytes:
        """A hash of all that decides a text's vector besides the backbone."""

    def encode(self, texts: Sequence[TextParts], layer: int) -> list[CachedEmbedding]:
        """Vectors of texts, in order."""


def embed_texts(
    texts: Sequence[TextParts],
    encoder: CachedEncoder,
    *,
    layer: int | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> Embeddings:
    """Embed texts, each distinct one once, taking what the cache has and adding the rest to it.

    `layer` counts from 0 (the embeddings); None is the last. Interrupting loses at most the
    batches in hand. Without `cache_dir` nothing is stored.
    """
    layer = encoder.last_layer if layer is None else layer
    keys = [encoder.key(text, layer) for text in texts]
    distinct = dict(zip(keys, texts, strict=True))
    cache = EmbeddingCache(cache_dir, encoder.backbone.fingerprint) if cache_dir else None
    known = cache.get_many(list(distinct)) if cache else {}
    missing = {key: text for key, text in distinct.items() if key not in known}
    known.update(_encode_missing(missing, encoder, layer, cache, progress or Progress()))
    vectors = np.empty((len(keys), encoder.width), dtype=np.float32)
    for row, key in enumerate(keys):
        vectors[row] = known[key].vector
    truncated = np.array([known[key].truncated for key in keys], dtype=bool)
    return Embeddings(vectors, truncated, encoded=len(missing))


def _encode_missing(
    missing: dict[bytes, TextParts],
    encoder: CachedEncoder,
    layer: int,
    cache: EmbeddingCache | None,
    progress: Progress,
) -> dict[bytes, CachedEmbedding]:
    found: dict[bytes, CachedEmbedding] = {}
    # By characters, so that a chunk's batches hold texts of like length too.
    keys = sorted(missing, key=lambda key: len(missing[key].context) + len(missing[key].response))
    chunk_size = encoder.batch_size * _BATCHES_PER_WRITE
    for start in range(0, len(keys), chunk_size):
        progress.checkpoint()
        chunk = keys[start : start + chunk_size]
        embedded = encoder.encode([missing[key] for key in chunk], layer)
        fresh = dict(zip(chunk, embedded, strict=True))
        if cache:
            cache.put_many(fresh)
        found.update(fresh)
        progress.update(len(found) / len(keys), f"Embedded {len(found)} of {len(keys)} texts")
    return found
