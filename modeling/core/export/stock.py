"""Safetensors that stock transformers loads: AutoModelForSequenceClassification, same scores.

A stock head reads the last token of a decoder, or the first of an encoder through a layer with an
activation. The first is ours as it is; the second becomes linear where the activation allows it:
tanh(εx)/ε is x for a small ε, relu(x) − relu(−x) is x, and so is gelu(x) − gelu(−x).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from modeling.core.config import PAIR_OBJECTIVES
from modeling.core.data import render
from modeling.core.errors import ExportError
from modeling.core.export.agreement import compared, first_outputs
from modeling.core.export.artefact import new_artefact, write_manifest
from modeling.core.export.source import ExportSource, Part
from modeling.core.serving.rows import Candidate

TINY = 2.0**-16  # ε: small enough that tanh is a line, a power of two so that nothing is rounded
PAD = "<|pad|>"
TOLERANCE = 1e-3  # of the outputs' spread
_CHECKED = 64
CHAT_TEMPLATE = (
    "{% set names = {'user': 'Human', 'assistant': 'Assistant', 'system': 'System'} %}"
    "{% for message in messages %}{% if not loop.first %}{{ '\\n\\n' }}{% endif %}"
    "{{ names.get(message['role'], message['role'] | capitalize) }}: {{ message['content'] }}"
    "{% endfor %}"
)
"""The text template as tokenizers keep it: the conversation with the response as its last turn."""


def export_transformers(
    source: ExportSource, output: Path, candidates: Sequence[Candidate]
) -> dict[str, Any]:
    """Write the export; returns its manifest.

    Raises ExportError with the reason where a stock head cannot express the model, and where what
    was written does not give the same scores on `candidates`.
    """
    reason = why_not(source)
    if reason:
        raise ExportError(f"Stock transformers cannot express this model: {reason}")
    if not candidates:
        raise ExportError("An export needs texts to be held against: give a dataset with rows.")
    (part,) = source.parts
    offset = _offset(source, part)
    with new_artefact(output) as folder:
        _write(source, part, folder, offset)
        facts = {"reward_offset": offset, "agreement": _checked(source, folder, candidates, offset)}
        return write_manifest(folder, source, "transformers", facts)


def why_not(source: ExportSource) -> str:
    """The reason why a stock head cannot express the model; "" where it can."""
    if len(source.parts) > 1:
        return "its head reads two views of a text. Export onnx instead."
    (part,) = source.parts
    if part.layer != source.encoder.shape.layers or not part.view.with_context:
        return "its head does not read the last layer over prompt and response. Export onnx."
    if source.manifest.get("heads"):
        return "it has several heads. Serve the checkpoint itself."
    if source.facts.shape == "steps" or _reads_tokens(source):
        return "it judges single tokens, not whole texts. Export onnx instead."
    if source.encoder.pooling == "mean":
        return "it pools the mean of all tokens, which no stock head does. Export onnx instead."
    if source.encoder.shape.causal != (source.encoder.pooling == "last"):
        return "its pooling is not the one of a stock head for its backbone. Export onnx instead."
    if not source.encoder.shape.causal and _family(source) not in LINEAR:
        return f"the stock head of {_family(source)} cannot be made linear. Export onnx instead."
    return ""


def _family(source: ExportSource) -> str:
    return str(source.model.config.model_type)


def _reads_tokens(source: ExportSource) -> bool:
    from modeling.core.export.onnx import reads_tokens

    return reads_tokens(source, Candidate((), response="a"))


def _offset(source: ExportSource, part: Part) -> float:
    """What the stock scores lack: decoders' heads have no bias, which pairs do not need."""
    if not source.encoder.shape.causal or not np.any(part.bias):
        return 0.0
    if source.config.objective not in PAIR_OBJECTIVES:
        raise ExportError(
            "Stock transformers cannot express this model: its head has a bias, and a decoder's "
            "stock head has none. Export onnx instead."
        )
    return float(part.bias[0])


def _write(source: ExportSource, part: Part, folder: Path, offset: float) -> None:
    tokenizer = _tokenizer(source)
    model = _model(source, part, tokenizer)
    model.config.tiebreak = {
        "objective": source.config.objective,
        "outputs": list(source.facts.outputs),
        "reward_offset": offset,
    }
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(source: ExportSource) -> Any:
    """The tokenizer with our template and truncation, and a pad token that ends no text."""
    tokenizer = source.tokenizer
    _, ours = source.encoder.loaded
    if getattr(tokenizer, "is_fast", False):
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id in ours.framed(()):
        tokenizer.add_special_tokens({"pad_token": PAD})
    tokenizer.truncation_side = "left"
    tokenizer.model_max_length = source.encoder.max_length
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _model(source: ExportSource, part: Part, tokenizer: Any) -> Any:
    from transformers import AutoModelForSequenceClassification

    config = source.model.config
    names = source.facts.outputs
    config.num_labels = len(names)
    config.id2label = dict(enumerate(names))
    config.label2id = {name: number for number, name in enumerate(names)}
    config.problem_type = None if source.facts.shape == "classes" else "regression"
    try:
        model = AutoModelForSequenceClassification.from_config(config).eval()
    except ValueError as error:
        raise ExportError(
            f"Stock transformers has no sequence classification for {config.model_type}; export "
            "onnx instead."
        ) from error
    body = getattr(model, model.base_model_prefix)
    body.load_state_dict(source.model.state_dict(), strict=False)
    with torch.no_grad():
        _set_head(model, part, source)
    if len(tokenizer) > config.vocab_size:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    model.config.pad_token_id = tokenizer.pad_token_id  # what the stock pooling looks for
    return model


def _set_head(model: Any, part: Part, source: ExportSource) -> None:
    if source.encoder.shape.causal:
        _fill(model.score, part.weights)
        return
    LINEAR[_family(source)](model, part)


def _through_tanh(model: Any, first: nn.Linear, second: nn.Linear, part: Part) -> None:
    count = len(part.weights)
    _fill(first, part.weights * TINY)
    _fill(second, np.eye(count) / TINY, part.bias)


def _through_halves(model: Any, first: nn.Linear, second: nn.Linear, part: Part) -> None:
    """For activations with a(x) − a(−x) = x."""
    count = len(part.weights)
    _fill(first, np.concatenate([part.weights, -part.weights]))
    _fill(second, np.concatenate([np.eye(count), -np.eye(count)], axis=1), part.bias)


def _fill(
    layer: Any, weights: NDArray[np.float64], bias: NDArray[np.float64] | None = None
) -> None:
    """Put a matrix into a layer's corner, and zeros elsewhere."""
    rows, columns = weights.shape
    if rows > layer.weight.shape[0] or columns > layer.weight.shape[1]:
        raise ExportError("The stock head is too narrow for so many outputs; export onnx instead.")
    layer.weight.zero_()
    layer.weight[:rows, :columns] = torch.from_numpy(weights)
    if layer.bias is not None:
        layer.bias.zero_()
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(bias))


def _bert(model: Any, part: Part) -> None:
    _through_tanh(model, model.bert.pooler.dense, model.classifier, part)


def _roberta(model: Any, part: Part) -> None:
    _through_tanh(model, model.classifier.dense, model.classifier.out_proj, part)


def _electra(model: Any, part: Part) -> None:
    _through_halves(model, model.classifier.dense, model.classifier.out_proj, part)


def _distilbert(model: Any, part: Part) -> None:
    _through_halves(model, model.pre_classifier, model.classifier, part)


LINEAR: dict[str, Callable[[Any, Part], None]] = {
    "bert": _bert,
    "roberta": _roberta,
    "xlm-roberta": _roberta,
    "camembert": _roberta,
    "electra": _electra,
    "distilbert": _distilbert,
}
"""Encoders whose stock head can be made linear."""


def _checked(
    source: ExportSource, folder: Path, candidates: Sequence[Candidate], offset: float
) -> dict[str, Any]:
    """Score with stock transformers alone and compare; texts that do not fit are left out."""
    plans = source.engine.plan(candidates)
    fitting = [
        candidate for candidate, plan in zip(candidates, plans, strict=True) if not plan.truncated
    ][:_CHECKED]
    if not fitting:
        raise ExportError("No text fits into the model, so the export cannot be held against it.")
    exact = first_outputs(source.engine, fitting)
    found = compared(exact, stock_scores(folder, fitting) + offset)
    if found.largest_difference > TOLERANCE * max(1.0, found.spread):
        raise ExportError(
            "Stock transformers gives other scores: this tokenizer reads prompt and response "
            "together otherwise than apart. Export onnx instead."
        )
    return found.to_dict()


def stock_scores(folder: Path, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """The first logit of each text, as somebody without this package would compute it."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    texts = [render(each.prompt, each.response) for each in candidates]
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**batch).logits
    found: NDArray[np.float64] = logits[:, 0].double().numpy()
    return found
