"""All quality figures of a project, kept until something changes."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Max, Q

from annotate.models import Item, JudgmentRevision, KnownAnswer, Project, RoundItem, User
from annotate.opinions import set_aside_items
from curation.quality.agreement import KindAgreement, project_agreement
from curation.quality.annotators import Annotator, project_annotators
from curation.quality.judgments import ProjectJudgments, project_judgments

FORMAT = 1  # to be raised when what is kept changes its form
KEPT_SECONDS = 3_600


@dataclass(frozen=True)
class Report:
    """Agreement and annotators; how many judgments there are, by the origin of the annotator."""

    judgments: int
    origins: dict[str, int]
    agreement: list[KindAgreement]
    annotators: list[Annotator]

    @property
    def simulated(self) -> int:
        """Judgments that no person made."""
        return self.origins.get(User.Kind.SIMULATED, 0)


def quality_report(project: Project) -> Report:
    """The figures of the project as it is now; they take seconds, so they are kept."""
    key = f"quality-{FORMAT}-{project.pk}-{_state(project)}"
    found = cache.get(key)
    if not isinstance(found, Report):
        found = _report(project_judgments(project))
        cache.set(key, found, KEPT_SECONDS)
    return found


def _report(judgments: ProjectJudgments) -> Report:
    origins: dict[str, int] = {}
    for one in judgments.said:
        kind = judgments.annotators[one.annotator].kind
        origins[kind] = origins.get(kind, 0) + 1
    return Report(
        len(judgments.said), origins, project_agreement(judgments), project_annotators(judgments)
    )


def _state(project: Project) -> str:
    """What the figures depend on, in numbers that change with it."""
    revisions = JudgmentRevision.objects.filter(judgment__assignment__item__project=project)
    known = KnownAnswer.objects.filter(item__project=project).aggregate(
        all=Count("pk"),
        last=Max("pk"),
        checks=Count("pk", filter=Q(is_gold=True) | Q(is_qualification=True)),
    )
    counts = (
        revisions.aggregate(last=Max("pk"), n=Count("pk")),
        known,
        RoundItem.objects.filter(round__project=project).aggregate(last=Max("pk")),
        Item.objects.filter(project=project).aggregate(last=Max("pk")),
        {"aside": set_aside_items(project).count()},
    )
    return "-".join(str(value or 0) for found in counts for value in found.values())
