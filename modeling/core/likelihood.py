"""How probable a causal language model finds responses."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import Backbone, backbone_shape
from modeling.core.data import TextParts
from modeling.core.embedding_cache import CachedEmbedding
from modeling.core.embeddings import embed_texts
from modeling.core.errors import BackboneError
from modeling.core.progress import Progress

if TYPE_CHECKING:
    from modeling.core.tokens import TextTokenizer, TokenizedText

_TOKENS_AT_ONCE = 2048  # each of them gets a chance for every word of the vocabulary


@dataclass(frozen=True)
class LogLikelihoods:
    """Log-probabilities of responses (n,) in nats, their tokens (n,), and which were cut (n,)."""

    total: NDArray[np.float64]
    tokens: NDArray[np.int64]
    truncated: NDArray[np.bool_]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Nats a token (n,); zero for a response without a token."""
        return self.total / np.maximum(self.tokens, 1)


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model on this machine; its weights load when first needed.

    What is scored is the response, with the token that ends a text where the tokenizer writes
    one, given the rendered prompt. BackboneError for an encoder, or weights without a language
    head.
    """

    backbone: Backbone
    max_length: int = 512
    precision: str = "fp32"
    batch_size: int = 16
    width: int = 2  # what the cache keeps of a text: nats and tokens
    last_layer: int = 0

    def __post_init__(self) -> None:
        if not backbone_shape(self.backbone).causal:
            raise BackboneError(
                f'"{self.backbone.name}" is an encoder, which gives no probability of a text; '
                "choose a causal language model."
            )

    def score(
        self,
        texts: Sequence[TextParts],
        *,
        cache_dir: Path | None = None,
        progress: Progress | None = None,
    ) -> LogLikelihoods:
        """Log-likelihoods of rendered texts, each distinct one read once; see `embed_texts`."""
        found = embed_texts(texts, self, cache_dir=cache_dir, progress=progress)
        total, tokens = found.vectors.astype(np.float64).T
        return LogLikelihoods(total, tokens.astype(np.int64), found.truncated)

    def key(self, text: TextParts, layer: int) -> bytes:
        """SHA-256 of all that decides a text's likelihood besides the model."""
        parts = ["likelihood", text.context, text.response, self.max_length, self.precision]
        return hashlib.sha256(json.dumps(parts).encode()).digest()

    def encode(self, texts: Sequence[TextParts], layer: int) -> list[CachedEmbedding]:
        """Nats and tokens of each text, in order."""
        _, tokenizer = self.loaded
        tokenized = tokenizer(texts)
        found: dict[int, NDArray[np.float32]] = {}
        for rows in _batches(tokenized):
            found.update(zip(rows, self._forward([tokenized[row] for row in rows]), strict=True))
        return [CachedEmbedding(found[row], text.truncated) for row, text in enumerate(tokenized)]

    @cached_property
    def loaded(self) -> tuple[Any, "TextTokenizer"]:
        """The model on its device, and its tokenizer; loaded at the first call."""
        import torch

        from modeling.core.tokens import TextTokenizer

        model, tokenizer = _load(self.backbone, self.precision)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return model.to(device).eval(), TextTokenizer(tokenizer, max_length=self.max_length)

    def _forward(self, texts: Sequence["TokenizedText"]) -> NDArray[np.float32]:
        """Nats and tokens (n, 2) of texts of like length."""
        import torch

        from modeling.core.collators import pad_sequences

        model, tokenizer = self.loaded
        ids, mask = pad_sequences([text.ids for text in texts], tokenizer.pad_id)
        scored = torch.zeros(ids.shape, dtype=torch.bool)
        for row, text in enumerate(texts):
            # Without a token before it the first one has no chance to score.
            scored[row, max(1, text.start) : len(text.ids)] = True
        ids, mask, scored = (part.to(model.device) for part in (ids, mask, scored))
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
            chances = torch.log_softmax(logits, dim=-1)
            chosen = chances.gather(2, ids[:, 1:, None])[..., 0] * scored[:, 1:]
        sums = torch.stack([chosen.sum(dim=1), scored.sum(dim=1).float()], dim=1)
        found: NDArray[np.float32] = sums.cpu().numpy()
        return found


def _batches(texts: Sequence["TokenizedText"]) -> Iterator[list[int]]:
    """Rows of like length together, a text or _TOKENS_AT_ONCE padded tokens a batch."""
    batch: list[int] = []
    for row in sorted(range(len(texts)), key=lambda row: len(texts[row].ids)):
        if batch and (len(batch) + 1) * len(texts[row].ids) > _TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _load(backbone: Backbone, precision: str) -> tuple[Any, Any]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(backbone.path, trust_remote_code=False)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            backbone.path,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BackboneError(
            f'The language model "{backbone.name}" cannot be loaded ({error}); choose one that '
            "transformers supports without custom code."
        ) from error
    model, facts = loaded
    if facts["missing_keys"]:
        raise BackboneError(
            f'"{backbone.name}" was saved without its language head; use the model as published.'
        )
    return model, tokenizer
