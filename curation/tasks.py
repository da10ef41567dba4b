"""Background work of curation: tasks take ids and delegate."""

from __future__ import annotations

from celery import shared_task

from annotate.services.runs import execute_run
from curation import exporting, services
from curation.models import CurationRun, ExportRun


@shared_task(name="curation.run_curation")
def run_curation(run_id: int) -> None:
    """Build a dataset version."""
    execute_run(CurationRun, run_id, services.build)


@shared_task(name="curation.run_export")
def run_export(run_id: int) -> None:
    """Write a dataset version to a folder, a download or the Hub."""
    execute_run(ExportRun, run_id, exporting.export)
