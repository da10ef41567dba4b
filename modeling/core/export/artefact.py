"""An exported model on disk: its files, and `export.json` that says what they are."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeling.core.data import TEMPLATE
from modeling.core.errors import CheckpointError, ExportError
from modeling.core.export.card import without_rows
from modeling.core.export.source import ExportSource
from modeling.core.files import plain, read_json, sha256_file, write_json

FORMAT = 1
MANIFEST = "export.json"
TOKENIZER = "tokenizer"
_SUFFIXES = (".onnx", ".json", ".txt", ".model", ".safetensors", ".pt", ".jinja", ".md")


@contextmanager
def new_artefact(output: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `output` once the block ends well.

    ExportError where `output` holds something that is no export; an export is replaced.
    """
    if output.exists() and any(output.iterdir()) and not (output / MANIFEST).is_file():
        raise ExportError(f"{output} holds other files; choose another directory.")
    output.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        yield staging
        staging.chmod(0o755)
        _swap(staging, output)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _swap(staging: Path, output: Path) -> None:
    """Put the new folder in the old one's place."""
    if not output.exists():
        staging.replace(output)
        return
    gone = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}.old."))
    output.replace(gone / "old")
    staging.replace(output)
    shutil.rmtree(gone)


def write_manifest(
    folder: Path, source: ExportSource, target: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `export.json` last: the form, where it came from, and how a text becomes ids."""
    manifest: dict[str, Any] = plain(
        {
            "format": FORMAT,
            "target": target,
            "objective": source.config.objective,
            "outputs": source.facts.outputs,
            "config": source.config.to_dict(),
            "checkpoint": sha256_file(source.directory / "manifest.json"),
            "dataset": source.manifest.get("dataset"),
            "head": source.manifest.get("head"),
            "calibration": source.manifest.get("calibration"),
            "metrics": without_rows(source.manifest.get("metrics")),
            "template": TEMPLATE,
            "tokens": token_rules(source),
            **facts,
            "files": {
                path.relative_to(folder).as_posix(): sha256_file(path)
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            },
        }
    )
    write_json(folder / MANIFEST, manifest)
    return manifest


def token_rules(source: ExportSource) -> dict[str, Any]:
    """How ids are made of a text: special tokens around it, where it is cut, what is pooled."""
    _, tokenizer = source.encoder.loaded
    framed = tokenizer.framed(())
    before = framed[: tokenizer.offset]
    after = framed[tokenizer.offset :]
    return {
        "before": before,
        "after": after,
        "ends_with_eos": source.tokenizer.eos_token_id in after if after else False,
        "pad_id": tokenizer.pad_id,
        "max_length": source.encoder.max_length,
        "truncation": "oldest context first, then the end of the response",
        "pooling": source.encoder.pooling,
        "context_and_response": "tokenised apart, then joined",
    }


def read_export(directory: Path) -> dict[str, Any]:
    """The manifest of an exported model whose files are all as they were written.

    Raises CheckpointError where they are not, or where this version cannot read them.
    """
    manifest = read_json(directory / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise CheckpointError(f"{directory.name} is an export of another version; export it again.")
    if manifest.get("template") != TEMPLATE:
        raise CheckpointError(f"{directory.name} has another text template; export it again.")
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not listed:
        raise CheckpointError(f"The manifest of {directory.name} lists no files; export it again.")
    for name, expected in listed.items():
        path = directory / name
        if not path.is_file() or sha256_file(path) != expected:
            raise CheckpointError(f"{name} in {directory.name} was changed; export it again.")
    return manifest
