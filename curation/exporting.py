"""Asking for exports of dataset versions, and making them: a folder, a download, or the Hub."""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.hub import Hub, check_repo_id
from annotate.models import User
from annotate.services.projects import record
from annotate.services.runs import Reporter, RunFailed, enqueue
from curation.card_facts import CardWords, card_facts
from curation.core.errors import CurationError
from curation.exports.card import CardFacts, write_card
from curation.exports.formats import check_format
from curation.exports.formats.own import OWN
from curation.exports.hub import push_export
from curation.exports.source import Source
from curation.exports.write import FORMS, Export, Form, Table, write_export
from curation.models import DatasetVersion, ExportRun
from curation.tokens import keep_token, take_token

SECONDS_BETWEEN_REPORTS = 0.5
LONG_AGO = (1980, 1, 1, 0, 0, 0)
Target = ExportRun.Target


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A repository on the Hub; without a token the installation's own is used."""

    repo_id: str
    is_private: bool = True
    token: str = field(default="", repr=False)


def request_export(
    dataset: DatasetVersion,
    *,
    by: User | None,
    destination: Path | None = None,
    hub: HubRequest | None = None,
    format_name: str = "",
    form: str = "parquet",
    words: CardWords | None = None,
) -> ExportRun:
    """Queue the export of a version: to the Hub, to a folder, or as a download.

    Without a format a folder gets the version's own files, the others every column. Raises
    InvalidInput for a format that the version's kind does not have, for a name that is no Hub id,
    and where there is no token.
    """
    _check(dataset, hub, format_name, form)
    with transaction.atomic():
        run = ExportRun.objects.create(
            project=dataset.project,
            dataset=dataset,
            target=Target.HUB if hub else Target.FOLDER if destination else Target.DOWNLOAD,
            destination=hub.repo_id if hub else str(destination or ""),
            format=format_name,
            form=form,
            is_private=hub.is_private if hub else True,
            card=(words or CardWords()).to_json(),
            token_handle=keep_token(hub.token) if hub and hub.token else "",
            requested_by=by,
            message="Waiting.",
        )
        record(
            "dataset.export",
            by=by,
            project=dataset.project,
            subject=str(dataset),
            target=run.target,
            destination=run.destination,
            private=run.is_private,
        )
        enqueue(run)
    return run


def _check(dataset: DatasetVersion, hub: HubRequest | None, format_name: str, form: str) -> None:
    if format_name:
        try:
            check_format(format_name, dataset.kind)
        except CurationError as error:
            raise InvalidInput(str(error), field="format") from error
    if form not in FORMS:
        raise InvalidInput(f"Files are written as {' or '.join(FORMS)}, not {form}.", field="form")
    if hub is None:
        return
    if form != "parquet":
        raise InvalidInput(_("The Hub gets Parquet files."), field="form")
    check_repo_id(hub.repo_id)
    if not (hub.token or settings.HF_TOKEN):
        raise InvalidInput(_("Writing to the Hub takes a token."), field="token")


def export(run: ExportRun, report: Reporter) -> dict[str, Any]:
    """The work of an ExportRun."""
    makers = {
        Target.FOLDER: _to_folder,
        Target.DOWNLOAD: _to_download,
        Target.HUB: _to_hub,
    }
    try:
        return makers[Target(run.target)](run, _paced(report))
    except CurationError as error:
        raise RunFailed(str(error)) from error


def _paced(report: Reporter) -> Callable[[float, str], None]:
    """Reports that come faster than people read cost the database nothing."""
    last = 0.0

    def tell(share: float, message: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_REPORTS or share >= 1:
            last = now
            report(share, message)

    return tell


def _to_folder(run: ExportRun, tell: Callable[[float, str], None]) -> dict[str, Any]:
    folder = Path(run.destination)
    if not run.format:
        tell(0.1, "Copying.")
        return {"files": export_files(run.dataset, folder)}
    export = _written(run, folder, lambda share: tell(share, "Writing files."))
    return {"files": [str(folder / file.name) for file in export.files]}


def _to_download(run: ExportRun, tell: Callable[[float, str], None]) -> dict[str, Any]:
    folder = _scratch(run)
    try:
        export = _written(run, folder, lambda share: tell(share * 0.8, "Writing files."))
        tell(0.9, "Packing.")
        path = download_path(run)
        _pack(export, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _forget_older(run)
    return {"files": [file.name for file in export.files], "bytes": path.stat().st_size}


def _to_hub(run: ExportRun, tell: Callable[[float, str], None]) -> dict[str, Any]:
    hub = Hub(settings.HF_ENDPOINT, _token(run))
    folder = _scratch(run)
    try:
        export = _written(run, folder, lambda share: tell(share / 2, "Writing files."), card=False)
        source, facts = _source(run), _facts(run)
        pushed = push_export(
            export,
            run.destination,
            hub=hub,
            tag=facts.version,
            kind=run.dataset.kind,
            card=lambda existing: write_card(source, facts, export.tables, existing=existing),
            private=run.is_private,
            message=str(run.dataset),
            progress=lambda share, message: tell(0.5 + share * 0.49, message),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "url": pushed.url,
        "commit": pushed.commit,
        "tag": pushed.tag,
        "private": pushed.private,
    }


def _token(run: ExportRun) -> str:
    """The token given with the run, for this one try, or the installation's own."""
    if not run.token_handle:
        return str(settings.HF_TOKEN)
    token = take_token(run.token_handle)
    if not token:
        raise RunFailed(
            "The token was given once and is used up: ask for the export again, with the token. "
            "What was sent already is not sent twice."
        )
    return token


def _written(
    run: ExportRun, folder: Path, progress: Callable[[float], None], *, card: bool = True
) -> Export:
    source, facts = _source(run), _facts(run)
    form: Form = "jsonl" if run.form == "jsonl" else "parquet"

    def readme(tables: tuple[Table, ...]) -> dict[str, str]:
        return {"README.md": write_card(source, facts, tables, form=form)}

    return write_export(
        source,
        folder,
        format_name=run.format or OWN.name,
        form=form,
        texts=readme if card else None,
        progress=progress,
    )


def _source(run: ExportRun) -> Source:
    return Source.open(run.dataset.directory)


def _facts(run: ExportRun) -> CardFacts:
    repo_id = run.destination if run.target == Target.HUB else ""
    return card_facts(run.dataset, CardWords.from_json(run.card), repo_id=repo_id)


def _scratch(run: ExportRun) -> Path:
    """A folder for this run alone, without what a try that was killed may have left."""
    folder = Path(settings.EXPORT_DIR) / "work" / str(run.public_id)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def download_path(run: ExportRun) -> Path:
    """Where a download lies once its run has succeeded."""
    return Path(settings.EXPORT_DIR) / f"{run.public_id}.zip"


def _pack(export: Export, path: Path) -> None:
    """One file of all, not compressed once more; the same files give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for file in export.files:
            entry = zipfile.ZipInfo(file.name, LONG_AGO)
            with (
                (export.directory / file.name).open("rb") as content,
                archive.open(entry, "w", force_zip64=True) as packed,
            ):
                shutil.copyfileobj(content, packed, 2**20)
    unfinished.replace(path)


def _forget_older(run: ExportRun) -> None:
    """Earlier downloads of the same go, so that the disk does not fill with copies."""
    older = ExportRun.objects.filter(
        dataset=run.dataset, target=Target.DOWNLOAD, format=run.format, form=run.form
    )
    for each in older.exclude(pk=run.pk):
        download_path(each).unlink(missing_ok=True)


def export_files(dataset: DatasetVersion, destination: Path) -> list[str]:
    """Copy a version's files to a folder that holds none of them; returns their paths."""
    destination.mkdir(parents=True, exist_ok=True)
    copied = []
    for file in dataset.files:
        target = destination / file["name"]
        if target.exists():
            raise RunFailed(f"{target} exists already: choose another folder.")
        shutil.copy2(dataset.directory / file["name"], target)
        copied.append(str(target))
    return copied
