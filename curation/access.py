"""Who may see a dataset and fetch its files and exports; pages and the API ask here."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from uuid import UUID

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from annotate.access import get_project_for
from annotate.models import Membership, User
from curation.exporting import download_path
from curation.models import DatasetVersion, ExportRun


def get_dataset_for(user: User, public_id: UUID) -> DatasetVersion:
    """The dataset, if the user may review in its project."""
    dataset = get_object_or_404(
        DatasetVersion.objects.select_related("project"), public_id=public_id
    )
    get_project_for(user, dataset.project.slug, role=Membership.Role.REVIEWER)
    return dataset


def dataset_download(dataset: DatasetVersion, name: str) -> FileResponse:
    """A file of the dataset as an attachment.

    Only names that the version lists are paths here, so none leads out of its folder.
    """
    if name not in [file["name"] for file in dataset.files]:
        raise Http404
    return _attached(
        dataset.directory / name,
        f"{dataset}-{PurePosixPath(name).name}",
        content_type="application/octet-stream",
    )


def export_download(user: User, public_id: UUID) -> FileResponse:
    """A finished download, if the user may review in its project; a later one may replace it."""
    runs = ExportRun.objects.filter(
        target=ExportRun.Target.DOWNLOAD, status=ExportRun.Status.SUCCEEDED
    )
    run = get_object_or_404(runs.select_related("dataset__project"), public_id=public_id)
    get_project_for(user, run.dataset.project.slug, role=Membership.Role.REVIEWER)
    name = f"{run.dataset}-{run.format or 'tiebreak'}-{run.form}.zip"
    return _attached(download_path(run), name, content_type="application/zip")


def _attached(path: Path, filename: str, *, content_type: str) -> FileResponse:
    try:
        content = path.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(content, as_attachment=True, filename=filename, content_type=content_type)
