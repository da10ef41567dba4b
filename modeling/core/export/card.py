"""A model card: what a reward model is, how good, from which data, and how to load it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modeling.core.config import OBJECTIVE_KINDS, PAIR_OBJECTIVES

Manifest = Mapping[str, Any]

_OUTPUTS = {
    "stepwise": "It gives each step of a solution a probability of being right.",
    "outcome": "It gives a response the log-odds of being right.",
    "rating": "It gives a response a score for each aspect, in the units of the ratings.",
    "classification": "It gives a response a probability for each class.",
}
_PAIRS = (
    "It gives a response to a prompt one reward, in logits: σ of the difference of two rewards is "
    "the probability that people prefer the first. A reward alone means nothing."
)
_ROWS = ("near_failures", "sure_failures")
_LIMITS = (
    "It repeats the judgments of the people it learned from, on texts like those they saw; "
    "whoever optimises against it finds what it gets wrong. Texts longer than its limit are cut. "
    "Do not use it to decide about people."
)
_LOADING = {
    "transformers": """from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{repo}")
model = AutoModelForSequenceClassification.from_pretrained("{repo}").eval()
turns = [{{"role": "user", "content": "…"}}, {{"role": "assistant", "content": "the response"}}]
text = tokenizer.apply_chat_template(turns, tokenize=False)
model(**tokenizer(text, truncation=True, return_tensors="pt")).logits""",
    "checkpoint": """from pathlib import Path
from huggingface_hub import snapshot_download
from modeling.core.serving import open_model, parse_inputs

folder = snapshot_download("{repo}", ignore_patterns=["README.md", ".gitattributes"])
with open_model(Path(folder)) as model:
    model.score(parse_inputs([{{"prompt": "…", "responses": ["one", "another"]}}]))""",
    "torchscript": """import torch

part = torch.jit.load("part-0.pt")  # for each part; export.json says what it reads
part(input_ids, attention_mask)  # the outputs of a text are the sum over the parts""",
}
_LOADING |= dict.fromkeys(("onnx", "onnx-int8", "int8-dynamic"), _LOADING["checkpoint"])


@dataclass(frozen=True)
class CardWords:
    """What people add to a card; `license` as the Hub writes it."""

    license: str = ""
    languages: tuple[str, ...] = ()
    limitations: str = ""


def without_rows(value: Any) -> Any:
    """A copy of a manifest's figures without the rows among them, whose texts people wrote.

    Those are the failures that the page of a model lists; they are nobody else's to read.
    """
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if name not in _ROWS}
        return {name: without_rows(inner) for name, inner in kept.items()}
    return [without_rows(inner) for inner in value] if isinstance(value, list | tuple) else value


def model_card(
    manifest: Manifest, *, title: str, repo_id: str, words: CardWords | None = None
) -> str:
    """The README.md of a checkpoint, or of an export of one, from its manifest."""
    words = words or CardWords()
    target = str(manifest.get("target", "checkpoint"))
    parts = [
        _metadata(manifest, words, target),
        f"# {title}",
        _summary(manifest),
        "## Load it",
        f"```python\n{_LOADING[target].format(repo=repo_id)}\n```",
        *_offset(manifest),
        "## How good it is",
        *_results(manifest),
        *_agreement(manifest),
        "## What it learned from",
        _data(manifest),
        "## How a text is read",
        *_reading(manifest),
        "## What it cannot tell",
        words.limitations or _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _metadata(manifest: Manifest, words: CardWords, target: str) -> str:
    """The block that the Hub reads; JSON is YAML, and needs no care with quotes."""
    values: dict[str, Any] = {
        "library_name": "transformers" if target == "transformers" else "tiebreak",
        "pipeline_tag": "text-classification",
        "tags": ["reward-model", "tiebreak", _objective(manifest)],
    }
    if words.license:
        values["license"] = words.license
    if words.languages:
        values["language"] = list(words.languages)
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---"])


def _objective(manifest: Manifest) -> str:
    return str(manifest.get("objective") or manifest["config"]["objective"])


def _summary(manifest: Manifest) -> str:
    objective, config = _objective(manifest), manifest["config"]
    meaning = _PAIRS if objective in PAIR_OBJECTIVES else _OUTPUTS[OBJECTIVE_KINDS[objective][0]]
    tuned = "a linear head on a frozen" if config.get("frozen") else "a fine-tuned"
    return (
        f"A reward model from human judgments: objective `{objective}`, {tuned} "
        f"`{config['backbone']}` backbone. {meaning}"
    )


def _offset(manifest: Manifest) -> Iterator[str]:
    offset = manifest.get("reward_offset")
    if offset:
        yield (
            f"Add {offset} to have the checkpoint's own rewards; differences are the same without."
        )


def _results(manifest: Manifest) -> Iterator[str]:
    test = (manifest.get("metrics") or {}).get("test") or {}
    rows = [(name, value) for name, value in test.items() if isinstance(value, int | float)]
    if not rows:
        yield "Nothing was held out, so nothing was measured."
        return
    yield "On held-out prompts, which it never saw:"
    yield "\n".join(
        ["| figure | value |", "|---|---|", *(f"| {n} | {_number(v)} |" for n, v in rows)]
    )
    interval = test.get("interval")
    if interval and None not in interval:
        yield f"Accuracy lies between {interval[0]:.3f} and {interval[1]:.3f} (95 %, by prompts)."
    yield from _baselines(test)


def _baselines(test: Manifest) -> Iterator[str]:
    found = {
        name.replace("_", " "): values["accuracy"]
        for name, values in (test.get("baselines") or {}).items()
        if isinstance(values, Mapping) and values.get("accuracy") is not None
    }
    if found:
        told = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
        yield f"Beside it, without a language model: {told}."


def _agreement(manifest: Manifest) -> Iterator[str]:
    found = manifest.get("agreement")
    if found and found.get("kendall") is not None:
        yield (
            f"This export against the checkpoint on {found['n']} values: Kendall's τ "
            f"{found['kendall']:.4f}, Spearman's ρ {found['spearman']:.4f}, largest difference "
            f"{found['largest_difference']:.4f} where they spread by {found['spread']:.4f}."
        )


def _data(manifest: Manifest) -> str:
    data = manifest.get("dataset") or {}
    rows = ", ".join(f"{count} {split}" for split, count in (data.get("rows") or {}).items())
    return (
        f"A dataset of kind {data.get('kind', 'unknown')} with content hash "
        f"`{data.get('content_hash', 'unknown')}` and these rows: {rows or 'unknown'}."
    )


def _reading(manifest: Manifest) -> Iterator[str]:
    template = json.dumps(manifest.get("template"), ensure_ascii=False, indent=2)
    yield f"```json\n{template}\n```"
    rules = manifest.get("tokens")
    if rules:
        ends = "with" if rules["ends_with_eos"] else "without"
        yield (
            f"Ids: {list(rules['before'])} before and {list(rules['after'])} after a text, so it "
            f"ends {ends} the end-of-sequence token; at most {rules['max_length']} of them, the "
            f"oldest context cut first; pooled by {rules['pooling']}."
        )


def _number(value: float) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
