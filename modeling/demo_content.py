"""What the demo holds beside its files: gold items, and a few days of somebody's work."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain, zip_longest
from pathlib import Path

from django.db import transaction
from django.utils import timezone

import annotate
from annotate.answers import Answer, ComparisonAnswer
from annotate.models import Assignment, Item, Judgment, JudgmentRevision, Project, User
from annotate.services import claim_assignment, import_file, submit_judgment
from annotate.services.items import mark_gold, set_known_answer
from annotate.services.limits import rebuild_workdays
from annotate.services.simulate import Behaviour, simulated_answer

SAMPLE = Path(annotate.__file__).parent / "sample"
DAYS_AGO = (3, 3, 2, 2, 2, 1, 1)
CAREFUL = Behaviour(0.95)


def in_turn(rows: Sequence[Sequence[Item]]) -> list[Item]:
    """The first of each row, then the second of each, and so on."""
    return [item for item in chain.from_iterable(zip_longest(*rows)) if item is not None]


def add_gold(project: Project, name: str, *, kind: str, by: User) -> None:
    """Import a sample file and use its items as gold, each with the file's explanation."""
    path = SAMPLE / f"{name}.jsonl"
    import_file(project, path, by=None, kind=kind, oracle=True)
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    why = {row["prompt"]: row["explanation"] for row in rows}
    items = Item.objects.filter(project=project, source=name).select_related("prompt", "known")
    for item in items.filter(known__is_gold=False):
        question = item.prompt.messages[-1]["content"]
        set_known_answer(item, answer=item.known.parsed(), explanation=why[question], by=by)
    mark_gold(project, items=[item.pk for item in items], is_gold=True, by=by)


def judge_as(user: User, project: Project, *, seed: int = 0) -> None:
    """Let a person of the demo have judged some items on the three days before today, once."""
    if project.workdays.filter(user=user).exists():
        return
    rng = random.Random(f"{seed}:{project.slug}")  # noqa: S311
    for days in DAYS_AGO:
        _judge(user, project, rng, timedelta(days=days))
    rebuild_workdays(project)


@transaction.atomic
def _judge(user: User, project: Project, rng: random.Random, ago: timedelta) -> None:
    """Answer the next item as the known answer says, mostly, and date it back."""
    assignment = claim_assignment(project, by=user)
    if assignment is None:
        return
    known = assignment.item.known
    submission = submit_judgment(
        assignment,
        answer=_graded(simulated_answer(assignment, known, CAREFUL, rng, None), rng),
        by=user,
        fence=assignment.fence,
        idempotency_key=f"demo-{assignment.public_id}",
        active_seconds=round(rng.uniform(15, 40), 1),
    )
    judgment, then = submission.judgment, timezone.now() - ago
    Assignment.objects.filter(pk=assignment.pk).update(ended_at=then)
    Judgment.objects.filter(pk=judgment.pk).update(created_at=then)
    JudgmentRevision.objects.filter(judgment=judgment).update(created_at=then)


def _graded(answer: Answer, rng: random.Random) -> Answer:
    """The same side with a grade of its own; known answers have only the weakest."""
    if isinstance(answer, ComparisonAnswer) and answer.strength is not None:
        return replace(answer, strength=rng.randint(1, 3))
    return answer
