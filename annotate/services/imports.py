"""Bringing prompts, responses, items and labels in; doing it twice adds nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from annotate.answers import RatingAnswer
from annotate.errors import InvalidInput, TooLarge
from annotate.importers import read_items
from annotate.importers.records import BadRow, ItemRecord
from annotate.models import ImportRun, Item, Project, Round, RoundItem, User
from annotate.services.import_chunk import ChunkImport, ImportReport
from annotate.services.projects import create_project, record
from annotate.services.rounds import Pick, create_round, extend_round, open_round
from annotate.services.runs import enqueue

CHUNK = 500
PEEK = 200


def request_import(
    project: Project,
    *,
    upload: UploadedFile,
    by: User,
    kind: str = "",
    oracle: bool = False,
    opens_round: bool = False,
) -> ImportRun:
    """Store an uploaded file and queue its import."""
    if upload.size is not None and upload.size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(
            _("The file is larger than %(limit)d MiB: split it.") % {"limit": limit}, field="file"
        )
    with transaction.atomic():
        run = ImportRun.objects.create(
            project=project,
            requested_by=by,
            file=upload,
            filename=(upload.name or "")[:255],
            kind=kind,
            oracle=oracle,
            open_round=opens_round,
            message="Waiting.",
        )
        record("import.request", by=by, project=project, subject=run.filename)
        enqueue(run)
    return run


def import_file(
    project: Project,
    path: Path,
    *,
    by: User | None,
    kind: str | None = None,
    fmt: str = "auto",
    oracle: bool = False,
    opens_round: bool = False,
    progress: Callable[[int], None] | None = None,
    name: str | None = None,
    source: str | None = None,
) -> ImportReport:
    """Import one file; what could be read stays, the rest is reported with line and reason.

    ``name`` is what people call the file where it is stored under another name; ``source`` is
    where its rows come from, whatever the file and its rows call it.
    """
    return import_records(
        project,
        read_items(path, kind=kind, fmt=fmt, name=name, source=source),
        by=by,
        oracle=oracle,
        opens_round=opens_round,
        progress=progress,
    )


def import_records(
    project: Project,
    records: Iterable[ItemRecord | BadRow],
    *,
    by: User | None,
    oracle: bool = False,
    opens_round: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import records in chunks of one transaction each; calls ``progress`` with the rows done.

    A chunk's items join the round with the chunk, so an import that breaks off and is tried again
    asks for everything in the end. Imports into one project take turns, chunk by chunk.
    """
    report, done = ImportReport(), 0
    for chunk in _chunks(records):
        good = [row for row in chunk if isinstance(row, ItemRecord)]
        for row in chunk:
            if isinstance(row, BadRow):
                report.add_error(row)
        with transaction.atomic():
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            items = ChunkImport(project, good, oracle, report).run()
            _extend_kinds(project, {item.kind for item in items})
            if opens_round:
                _ask(project, items, by)
        done += len(chunk)
        if progress is not None:
            progress(done)
    return report


def _chunks(records: Iterable[ItemRecord | BadRow]) -> Iterator[list[ItemRecord | BadRow]]:
    """Lists of about ``CHUNK`` records; the records of one input row stay together."""
    chunk: list[ItemRecord | BadRow] = []
    for row in records:
        if len(chunk) >= CHUNK and row.line != chunk[-1].line:
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk


def _extend_kinds(project: Project, kinds: set[str]) -> None:
    missing = sorted(kinds - set(project.kinds))
    if missing:
        project.kinds = [*project.kinds, *missing]
        project.save(update_fields=["kinds"])


def _ask(project: Project, items: Sequence[Item], by: User | None) -> None:
    """Put items that were in no round into the open one, or a new one: all, so probability 1."""
    asked = set(
        RoundItem.objects.filter(item__in=[item.pk for item in items]).values_list(
            "item_id", flat=True
        )
    )
    items = [item for item in items if item.is_queueable and item.pk not in asked]
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    if not items:
        return
    if round_ is not None:
        extend_round(round_, items=items, by=by)
    else:
        picks = [Pick(item, probability=1.0) for item in items]
        open_round(create_round(project, picks=picks, by=by, seed=project.seed), by=by)


def project_for_file(
    slug: str, path: Path, *, kind: str | None, fmt: str = "auto", by: User | None
) -> Project:
    """A new project whose kinds, aspects and rating scale suit the first items of a file."""
    first = [
        row
        for row in islice(read_items(path, kind=kind, fmt=fmt), PEEK)
        if isinstance(row, ItemRecord)
    ]
    if not first:
        raise InvalidInput(
            _("%(name)s holds no row that could be read; see its format.") % {"name": path.name}
        )
    kinds = sorted({row.kind for row in first})
    return create_project(slug, by=by, kinds=kinds, **_rating_settings(first))


def _rating_settings(rows: Sequence[ItemRecord]) -> dict[str, Any]:
    """Aspects and range as the file's own ratings show them; nothing where it has none."""
    answers = [label.answer for row in rows for label in row.labels]
    answers += [row.known for row in rows if row.known is not None]
    ratings = [answer.ratings for answer in answers if isinstance(answer, RatingAnswer)]
    if not ratings:
        return {}
    values = [value for row in ratings for seen in row.values() for value in seen]
    low, high = math.floor(min(values)), math.ceil(max(values))
    aspects = sorted({aspect for row in ratings for aspect in row})
    return {"aspects": aspects, "rating_min": low, "rating_max": max(high, low + 1)}
