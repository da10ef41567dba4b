"""Reward models in the forms that other programs load.

    export_checkpoint(Path("checkpoints/mine"), Path("out"), "onnx-int8", rows=candidates)

Every export is a folder that appears whole, with `export.json` in it: the text template, the rule
of special tokens, hashes of the files, and how far the export ranks texts as the checkpoint does.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modeling.core.errors import ExportError
from modeling.core.export.rows import dataset_candidates
from modeling.core.export.source import open_source
from modeling.core.serving.rows import Candidate

FORMATS = {
    "transformers": "safetensors that AutoModelForSequenceClassification loads",
    "onnx": "ONNX in single precision",
    "onnx-int8": "ONNX with static int8 scales, as the scorer serves it",
    "int8-dynamic": "ONNX with int8 scales taken from each batch",
    "torchscript": "TorchScript in single precision",
}


def export_checkpoint(
    directory: Path, output: Path, target: str, *, rows: Sequence[Candidate] = ()
) -> dict[str, Any]:
    """Write a checkpoint as one of FORMATS into a new folder; returns the export's manifest.

    `rows` are texts like those it will score: they calibrate int8, and the export is held against
    the checkpoint on them. Raises ExportError, with the reason, where the form cannot express
    the model, and CheckpointError where the checkpoint cannot be loaded.
    """
    if target not in FORMATS:
        raise ExportError(f'There is no form "{target}"; there are {", ".join(FORMATS)}.')
    from modeling.core.export.onnx import export_onnx, export_torchscript
    from modeling.core.export.stock import export_transformers

    source = open_source(directory)
    if target == "transformers":
        return export_transformers(source, output, rows)
    if target == "torchscript":
        return export_torchscript(source, output, rows)
    return export_onnx(source, output, target, rows)


__all__ = ["FORMATS", "dataset_candidates", "export_checkpoint"]
