"""What verifiers say of outcome items: computed beside the work, never while somebody waits."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from annotate.models import Item, Project, Verdict
from annotate.models.item import ItemQuerySet
from annotate.verifiers import Question, Suggestion, suggestions
from annotate.verifiers.worker import VerifierError

BATCH = 100
SECONDS = 20.0
MAX_CHARACTERS = 20_000
logger = logging.getLogger(__name__)


def verify_due() -> int:
    """Check some items of every project with a verifier; returns how many verdicts are new."""
    projects = Project.objects.exclude(verifier=Project.Verifier.NONE).order_by("pk")
    return sum(verify_some(project) for project in projects)


def verify_some(project: Project, *, seconds: float = SECONDS) -> int:
    """Check the next items of a project that have a reference and no verdict yet."""
    items = list(_unchecked(project).with_texts()[:BATCH])
    try:
        told = suggestions(project.verifier, list(_questions(items)), seconds=seconds)
    except VerifierError as error:
        logger.warning("verifier %s does not run: %s", project.verifier, error)
        return 0
    Verdict.objects.bulk_create(
        [_verdict(project, one) for one in told], ignore_conflicts=True, batch_size=BATCH
    )
    return len(told)


def _unchecked(project: Project) -> ItemQuerySet:
    waiting = Item.objects.filter(project=project, kind=Item.Kind.OUTCOME, verdict__isnull=True)
    return waiting.exclude(prompt__reference="").order_by("pk")


def _questions(items: list[Item]) -> Iterator[Question]:
    for item in items:
        text = item.ordered_responses()[0].content[-MAX_CHARACTERS:]
        yield Question(item.pk, item.prompt.reference[-MAX_CHARACTERS:], text)


def _verdict(project: Project, told: Suggestion) -> Verdict:
    return Verdict(
        item_id=told.id, verifier=project.verifier, correct=told.correct, detail=told.detail
    )
