"""Files that recipes name: evaluation sets, embeddings and topics of a project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotate.errors import Conflict, InvalidInput, TooLarge
from annotate.models import Project, User
from annotate.services.projects import record
from curation.attached_files import FileError, read_embeddings, read_texts, read_topics
from curation.core.inputs import Inputs
from curation.models import FILE_SUFFIXES, ProjectFile
from curation.recipe import Recipe

Purpose = ProjectFile.Purpose
_COUNT: Mapping[str, Callable[[Path], int]] = {
    Purpose.EVALUATION: lambda path: len(read_texts(path)),
    Purpose.EMBEDDINGS: lambda path: len(read_embeddings(path).ids),
    Purpose.TOPICS: lambda path: len(read_topics(path)),
}
"""How many entries a file of each purpose has, which reads it through."""


def add_file(
    project: Project, *, purpose: str, name: str, content: File[Any], by: User | None
) -> ProjectFile:
    """Keep a file under a name of the project, once it has been read through.

    Raises InvalidInput for a file that its purpose cannot use, TooLarge for one beyond the
    installation's limit, and Conflict for a name that is taken: a file never changes, since
    datasets name it.
    """
    _check(project, purpose, name, content)
    row = ProjectFile(project=project, purpose=purpose, name=name, rows=0)
    row.sha256 = _digest(content)
    row.file.save(content.name or "", content, save=False)
    try:
        row.rows = _entries(row, content.name or "")
        with transaction.atomic():
            row.save()
            record("curation_file.add", by=by, project=project, subject=str(row))
    except BaseException as error:
        row.file.storage.delete(row.file.name or "")
        if isinstance(error, IntegrityError):
            raise _taken() from error
        raise
    return row


def _check(project: Project, purpose: str, name: str, content: File[Any]) -> None:
    """What can be told before the file is read."""
    if purpose not in Purpose.values:
        raise InvalidInput(_("There is no such purpose of a file."), field="purpose")
    if not _is_slug(name):
        raise InvalidInput(
            _("A name is made of up to 60 letters, digits, hyphens and underscores."), field="name"
        )
    if not (content.name or "").lower().endswith(FILE_SUFFIXES):
        raise InvalidInput(
            _("The file's name must end in one of %(endings)s.")
            % {"endings": ", ".join(FILE_SUFFIXES)},
            field="file",
        )
    if content.size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 2**20
        raise TooLarge(_("The file is larger than %(limit)d MiB.") % {"limit": limit}, field="file")
    if ProjectFile.objects.filter(project=project, purpose=purpose, name=name).exists():
        raise _taken()


def _is_slug(name: str) -> bool:
    try:
        validate_slug(name)
    except ValidationError:
        return False
    return len(name) <= 60


def _taken() -> Conflict:
    return Conflict(_("There is a file of this name already: choose another."), field="name")


def _digest(content: File[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _entries(row: ProjectFile, uploaded: str) -> int:
    """How many entries the file has; errors call it what its owner calls it."""
    path = _path(row)
    try:
        return _COUNT[row.purpose](path)
    except FileError as error:
        sentence = str(error).replace(path.name, Path(uploaded).name)
        raise InvalidInput(sentence, field="file") from error


def missing_files(project: Project, recipe: Recipe) -> list[str]:
    """The files that a recipe names and the project does not have, as purpose/name."""
    rows = ProjectFile.objects.filter(project=project).values_list("purpose", "name")
    wanted = {
        (purpose, name) for purpose, names in _named(recipe).items() for name in names if name
    }
    return sorted(f"{purpose}/{name}" for purpose, name in wanted - set(rows))


def project_inputs(project: Project, recipe: Recipe) -> Inputs:
    """The files that a recipe names, read; one that is not there is for its step to miss."""
    wanted = _named(recipe)
    rows = [
        row
        for row in ProjectFile.objects.filter(project=project)
        if row.name in wanted[row.purpose]
    ]
    return Inputs(
        evaluations={r.name: read_texts(_path(r)) for r in rows if r.purpose == "evaluation"},
        embeddings={r.name: read_embeddings(_path(r)) for r in rows if r.purpose == "embeddings"},
        topics={r.name: read_topics(_path(r)) for r in rows if r.purpose == "topics"},
        digests={f"{row.purpose}/{row.name}": row.sha256 for row in rows},
    )


def _named(recipe: Recipe) -> dict[str, set[str]]:
    """Names by purpose; an empty one names nothing."""
    return {
        Purpose.EVALUATION: set(recipe.decontaminate.against),
        Purpose.EMBEDDINGS: {recipe.dedupe.embeddings, recipe.balance.embeddings},
        Purpose.TOPICS: {recipe.balance.topics},
    }


def _path(row: ProjectFile) -> Path:
    return Path(row.file.path)
