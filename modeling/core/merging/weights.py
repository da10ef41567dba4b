"""The mean of fine-tuned backbones."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from modeling.core.errors import CheckpointError
from modeling.core.files import read_json

_ABOUT_THE_FILE = ("_name_or_path", "transformers_version")


def average_backbones(
    directories: Sequence[Path], shares: NDArray[np.float64], output: Path
) -> None:
    """Write to `output` the first directory's files with the weights' mean by `shares` (k,).

    All must be of one architecture: the same weight files with the same tensors, and the same
    configuration and tokenizer. Sums are in single precision, one file in memory at a time.
    Wortsman et al., arXiv:2203.05482; of reward models Ramé et al., arXiv:2401.12187.
    """
    first, *others = directories
    for other in others:
        _check_same_files(first, other)
    shutil.copytree(first, output)
    for path in sorted(first.rglob("*.safetensors")):
        name = path.relative_to(first)
        _average_file([directory / name for directory in directories], shares, output / name)


def _check_same_files(first: Path, other: Path) -> None:
    if _settings(first) != _settings(other):
        raise _different("config.json")
    for name in ("*.safetensors", "tokenizer.json", "*.index.json"):
        mine, yours = (
            {path.relative_to(root) for path in root.rglob(name)} for root in (first, other)
        )
        same = mine == yours and (
            name == "*.safetensors"
            or all((first / path).read_bytes() == (other / path).read_bytes() for path in mine)
        )
        if not same:
            raise _different(name)


def _settings(directory: Path) -> dict[str, Any]:
    """What decides how the weights are used, such as the number of attention heads."""
    found = read_json(directory / "config.json")
    return {name: value for name, value in found.items() if name not in _ABOUT_THE_FILE}


def _different(name: str) -> CheckpointError:
    return CheckpointError(
        f"The backbones of these checkpoints differ in {name}; only fine-tuned models of one "
        "origin can be averaged."
    )


def _average_file(paths: Sequence[Path], shares: NDArray[np.float64], output: Path) -> None:
    from safetensors.torch import load_file, save_file

    try:
        total: dict[str, Any] = {}
        for path, share in zip(paths, shares.tolist(), strict=True):
            total = _added(total, load_file(path), share)
        kinds = {name: tensor.dtype for name, tensor in load_file(paths[0]).items()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"Cannot read the weights of a backbone: {error}.") from error
    whole = {name: tensor.to(kinds[name]).contiguous() for name, tensor in total.items()}
    save_file(whole, output, metadata={"format": "pt"})


def _added(total: dict[str, Any], tensors: dict[str, Any], share: float) -> dict[str, Any]:
    """The sums with one more model's tensors; whole numbers stay those of the first."""
    if not total:
        return {
            name: tensor.float() * share if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items()
        }
    if {name: tensor.shape for name, tensor in total.items()} != {
        name: tensor.shape for name, tensor in tensors.items()
    }:
        raise CheckpointError(
            "The backbones of these checkpoints have different weights; only fine-tuned models of "
            "one architecture can be averaged."
        )
    return {
        name: tensor + tensors[name].float() * share if tensor.is_floating_point() else tensor
        for name, tensor in total.items()
    }
