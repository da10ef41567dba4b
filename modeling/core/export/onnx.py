"""Exports to ONNX, in single precision and in int8, and to TorchScript."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modeling.core.errors import ExportError
from modeling.core.export.agreement import agreement
from modeling.core.export.artefact import TOKENIZER, new_artefact, write_manifest
from modeling.core.export.graphs import (
    INPUTS,
    OUTPUT,
    graph,
    sample_batch,
    write_onnx,
    write_torchscript,
)
from modeling.core.export.quantize import quantize_dynamic, quantize_static, unpadded
from modeling.core.export.source import ExportSource
from modeling.core.serving.onnx import OnnxEngine, Reader, Text
from modeling.core.serving.rows import Candidate

CALIBRATION_TEXTS = 256
COMPARED_TEXTS = 256


def export_onnx(
    source: ExportSource, output: Path, target: str, candidates: Sequence[Candidate]
) -> dict[str, Any]:
    """Write an "onnx", "onnx-int8" or "int8-dynamic" export; returns its manifest.

    The first half of `candidates` calibrates static scales; on the other half the export is held
    against the checkpoint. ExportError where there are none.
    """
    half = len(candidates) // 2
    seen, held_out = candidates[:half], candidates[half:]
    if not held_out or (target == "onnx-int8" and not seen):
        raise ExportError("An export needs texts to be held against: give a dataset with rows.")
    with new_artefact(output) as folder:
        facts = _write_graphs(source, folder, ".onnx", held_out[0])
        if target != "onnx":
            facts["quantization"] = _quantise(source, folder, facts, target, seen)
        write_manifest(folder, source, target, facts)
        found = agreement(source.engine, OnnxEngine.load(folder), held_out[:COMPARED_TEXTS])
        facts["agreement"] = found.to_dict()
        return write_manifest_again(folder, source, target, facts)


def export_torchscript(
    source: ExportSource, output: Path, candidates: Sequence[Candidate]
) -> dict[str, Any]:
    """Write a TorchScript export; returns its manifest."""
    if not candidates:
        raise ExportError("An export needs a text to be traced with: give a dataset with rows.")
    with new_artefact(output) as folder:
        facts = _write_graphs(source, folder, ".pt", candidates[0])
        return write_manifest(folder, source, "torchscript", facts)


def write_manifest_again(
    folder: Path, source: ExportSource, target: str, facts: dict[str, Any]
) -> dict[str, Any]:
    """The manifest with what was found by reading the export back."""
    (folder / "export.json").unlink()
    return write_manifest(folder, source, target, facts)


def _write_graphs(
    source: ExportSource, folder: Path, suffix: str, sample: Candidate
) -> dict[str, Any]:
    by_token = reads_tokens(source, sample)
    source.tokenizer.save_pretrained(folder / TOKENIZER)
    names = [f"part-{number}{suffix}" for number in range(len(source.parts))]
    write = write_onnx if suffix == ".onnx" else write_torchscript
    for name, part in zip(names, source.parts, strict=True):
        write(folder / name, graph(source, part, by_token=by_token), sample_batch(source))
    parts = [
        {
            "file": name,
            "with_context": part.view.with_context,
            "depth": part.view.depth,
            "layer": part.layer,
        }
        for name, part in zip(names, source.parts, strict=True)
    ]
    return {
        "parts": parts,
        "by_token": by_token,
        "causal": source.encoder.shape.causal,
        "inputs": INPUTS,
        "output": OUTPUT,
        "meaning": "The outputs of a text are the sum of what the parts say of it; a part without "
        "context reads the response alone.",
    }


def reads_tokens(source: ExportSource, sample: Candidate) -> bool:
    """Whether the objective reads single tokens and not whole texts."""
    from modeling.core.predictor import Predictor
    from modeling.core.serving.checkpoints import PredictorEngine, as_example

    if not isinstance(source.engine, PredictorEngine):
        return False
    predictor: Predictor = source.engine.predictor
    _, tokenizer = predictor.encoder.loaded
    example = as_example(source.facts, sample)
    causal = predictor.encoder.shape.causal
    (item,) = predictor.objective.items([example], tokenizer, causal=causal)
    return bool(item.readouts)


def _quantise(
    source: ExportSource,
    folder: Path,
    facts: dict[str, Any],
    target: str,
    candidates: Sequence[Candidate],
) -> dict[str, Any]:
    """Replace the graphs by int8 ones; what is told of that, by file."""
    told = {}
    texts = _texts(source, folder, target, facts, candidates) if target == "onnx-int8" else []
    for number, part in enumerate(facts["parts"]):
        exact = (folder / part["file"]).replace(folder / "exact.onnx")
        if target == "onnx-int8":
            own = [text.ids for text in texts if text.part == number]
            feeds = unpadded(own[:CALIBRATION_TEXTS], INPUTS)
            told[part["file"]] = quantize_static(exact, folder / part["file"], feeds)
        else:
            told[part["file"]] = quantize_dynamic(exact, folder / part["file"])
        exact.unlink()
    return told


def _texts(
    source: ExportSource,
    folder: Path,
    target: str,
    facts: dict[str, Any],
    candidates: Sequence[Candidate],
) -> list[Text]:
    """The texts that the export's parts read of candidates."""
    manifest = write_manifest(folder, source, target, facts)
    (folder / "export.json").unlink()
    read = Reader.of(folder, manifest).texts(candidates)
    return [text for texts, _ in read for text in texts]
