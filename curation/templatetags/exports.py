"""The panel of a dataset's page from which it is exported."""

from __future__ import annotations

from typing import Any

from django import template

from curation.export_form import ExportForm
from curation.models import DatasetVersion, ExportRun

register = template.Library()
SHOWN = 5


@register.inclusion_tag("curation/_export.html", takes_context=True)
def export_panel(context: dict[str, Any], dataset: DatasetVersion) -> dict[str, Any]:
    """The form, and the latest exports with where they went."""
    exports = ExportRun.objects.filter(dataset=dataset)[:SHOWN]
    return {
        "csrf_token": context.get("csrf_token"),
        "dataset": dataset,
        "form": ExportForm(dataset),
        "exports": list(exports),
    }
