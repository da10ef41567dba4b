"""Items that ask the same and were answered differently, brought into the review queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from annotate.models import Item, Project
from curation.models import Contradiction


@transaction.atomic
def queue_contradictions(
    project: Project, found: Sequence[Sequence[str]], *, kinds: Collection[str]
) -> int:
    """Write down merged items that contradict each other, by their digests, the canonical first.

    ``kinds`` are the kinds of item that were looked at: those of an earlier build that no longer
    contradict each other leave. Returns how many there are.
    """
    digests = {digest for items in found for digest in items}
    rows = {item.digest: item for item in _items(project, digests)}
    standing = []
    for canonical, *duplicates in found:
        if canonical not in rows:
            continue
        row, _ = Contradiction.objects.get_or_create(project=project, item=rows[canonical])
        row.duplicates.set([rows[digest] for digest in duplicates if digest in rows])
        standing.append(row.pk)
    gone = Contradiction.objects.filter(project=project, item__kind__in=kinds)
    gone.exclude(pk__in=standing).delete()
    return len(standing)


def _items(project: Project, digests: set[str]) -> list[Item]:
    ordered = sorted(digests)
    return [
        item
        for start in range(0, len(ordered), 500)
        for item in Item.objects.filter(project=project, digest__in=ordered[start : start + 500])
    ]
