"""Who may see a dataset and fetch its files; pages and the API ask here."""

from __future__ import annotations

from pathlib import PurePosixPath
from uuid import UUID

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from annotate.access import get_project_for
from annotate.models import Membership, User
from curation.models import DatasetVersion


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
    try:
        content = (dataset.directory / name).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    filename = f"{dataset}-{PurePosixPath(name).name}"
    return FileResponse(
        content, as_attachment=True, filename=filename, content_type="application/octet-stream"
    )
