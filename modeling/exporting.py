"""A checkpoint for other programs: the worker's side, which loads torch in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.errors import InvalidInput
from annotate.hub import Hub
from modeling import runner
from modeling.core.errors import ModelingError
from modeling.core.export import FORMATS
from modeling.core.export.card import CardWords, model_card, without_rows
from modeling.core.files import read_json, write_json
from modeling.models import Checkpoint
from modeling.pushing import push_model
from modeling.scoring_service import INT8, served_directory

CHECKPOINT = "checkpoint"


def export_to_folder(
    checkpoint: Checkpoint, target: str, *, output: Path | None, report: runner.Report
) -> dict[str, Any]:
    """Write a checkpoint as one of FORMATS: {"to", "target", "files", "agreement"?, …}.

    Without `output` an int8 model goes where the scorer looks for it and is served from then on.
    """
    if target not in FORMATS:
        raise InvalidInput(f"format must be one of {', '.join(FORMATS)}.", field="format")
    if output is None and target != INT8:
        raise InvalidInput(f"Name a folder with --to: only {INT8} is served.", field="to")
    place = (output or served_directory(checkpoint)).resolve()
    job = {
        "checkpoint": str(checkpoint.directory),
        "dataset": str(checkpoint.run.dataset.directory),
        "output": str(place),
        "target": target,
    }
    Path(settings.JOB_DIR).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.JOB_DIR) as folder:
        manifest = runner.run_job(Path(folder), "export", job, report)
    kept = ("target", "agreement", "reward_offset")
    told = {name: manifest[name] for name in kept if name in manifest}
    return {"to": str(place), **told, "files": sorted(manifest["files"])}


def push_to_hub(
    checkpoint: Checkpoint,
    repo_id: str,
    *,
    target: str,
    private: bool,
    token: str,
    words: CardWords,
    report: runner.Report,
) -> dict[str, Any]:
    """Put a checkpoint, or an export of it, on the Hub: {"url", "commit", "tag", "private"}."""
    hub = Hub(settings.HF_ENDPOINT, token or settings.HF_TOKEN)
    if target == CHECKPOINT:
        with _public_copy(checkpoint.directory, "manifest.json") as folder:
            return _push(checkpoint, folder, "manifest.json", repo_id, hub, private, words)
    with tempfile.TemporaryDirectory() as staging:
        output = Path(staging) / "model"
        export_to_folder(checkpoint, target, output=output, report=report)
        return _push(checkpoint, output, "export.json", repo_id, hub, private, words)


@contextmanager
def _public_copy(folder: Path, manifest: str) -> Iterator[Path]:
    """The folder by links, with a manifest that quotes no row of the data."""
    with tempfile.TemporaryDirectory() as staging:
        copy = Path(staging) / "model"
        shutil.copytree(folder.resolve(), copy, copy_function=os.symlink)
        try:
            values = without_rows(read_json(copy / manifest))
        except ModelingError as error:
            raise InvalidInput(str(error)) from error
        write_json(copy / manifest, values)
        yield copy


def _push(
    checkpoint: Checkpoint,
    folder: Path,
    manifest: str,
    repo_id: str,
    hub: Hub,
    private: bool,
    words: CardWords,
) -> dict[str, Any]:
    try:
        card = model_card(
            read_json(folder / manifest), title=str(checkpoint), repo_id=repo_id, words=words
        )
    except ModelingError as error:
        raise InvalidInput(str(error)) from error
    tag = f"v{checkpoint.number}"
    done = push_model(folder, repo_id, hub=hub, tag=tag, card=card, private=private)
    return {"url": done.url, "commit": done.commit, "tag": done.tag, "private": done.private}


def read_words(path: Path) -> CardWords:
    """What people add to a card, from a JSON file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return CardWords(**values | {"languages": tuple(values.get("languages", ()))})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"{path} must hold a JSON object with license, languages or limitations."
        ) from error
