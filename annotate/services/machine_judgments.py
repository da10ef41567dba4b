"""Writing down what programs say: verifiers of outcomes, and models that judge.

Such judgments have the purpose ``machine``: they fill no slot and count as nobody's opinion. The
same thing said again adds nothing; one that was said of other texts, or in another way, gets a new
revision, and what can no longer be told is withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from annotate.answers import Answer, answer_to_json
from annotate.models import Assignment, Judgment, JudgmentRevision, Project, User

MOST_REASON = 500
Status = Assignment.Status


@dataclass(frozen=True)
class Said:
    """What a program says of an item, in stored order.

    ``scale`` is the protocol it was given under, ``digest`` the identity of everything it was made
    from; ``reason`` says how it came about.
    """

    item: int
    answer: Answer
    digest: str
    reason: str
    scale: str
    n_responses: int = 1


@dataclass(frozen=True)
class Stored:
    """How many judgments are new, made again, withdrawn, or were there already."""

    judgments: int = 0
    revised: int = 0
    withdrawn: int = 0
    already: int = 0


def standing_judgments(annotator: User, items: Collection[int]) -> dict[int, Judgment]:
    """What a program said of the items until now, withdrawn or not, by item."""
    own = Judgment.objects.filter(
        assignment__item__in=items, assignment__annotator=annotator
    ).select_related("assignment")
    return {one.assignment.item_id: one for one in own.annotate(last=Max("revisions__number"))}


def stands(judgment: Judgment | None, digest: str) -> bool:
    """Whether a judgment of exactly this stands."""
    if judgment is None or judgment.assignment.status != Status.SUBMITTED:
        return False
    return judgment.body_digest == digest


@transaction.atomic
def record_machine_judgments(
    project: Project, said: Sequence[Said], *, annotator: User, untold: Collection[int] = ()
) -> Stored:
    """Store what a program says, and withdraw what it said of items that it cannot tell any more.

    Another run of it may have been here in the meantime.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    earlier = standing_judgments(annotator, [*(one.item for one in said), *untold])
    new = [one for one in said if one.item not in earlier]
    known = [(earlier[one.item], one) for one in said if one.item in earlier]
    changed = [(judgment, one) for judgment, one in known if not stands(judgment, one.digest)]
    _create(new, annotator)
    for judgment, one in changed:
        _revise(judgment, one, annotator)
    withdrawn = [_withdraw(earlier[item]) for item in untold if item in earlier]
    return Stored(len(new), len(changed), sum(withdrawn), len(known) - len(changed))


def _create(said: Sequence[Said], annotator: User) -> None:
    assignments = [
        Assignment(
            item_id=one.item,
            annotator=annotator,
            purpose=Assignment.Purpose.MACHINE,
            status=Status.SUBMITTED,
            display_order=list(range(one.n_responses)),
        )
        for one in said
    ]
    judgments = [
        Judgment(
            assignment=assignment,
            scale=one.scale,
            display_order=assignment.display_order,
            body_digest=one.digest,
        )
        for assignment, one in zip(assignments, said, strict=True)
    ]
    pairs = zip(judgments, said, strict=True)
    Assignment.objects.bulk_create(assignments)
    Judgment.objects.bulk_create(judgments)
    JudgmentRevision.objects.bulk_create([_revision(*pair, annotator, 1) for pair in pairs])


def _revise(judgment: Judgment, said: Said, annotator: User) -> None:
    number = judgment.last + 1  # type: ignore[attr-defined]
    _revision(judgment, said, annotator, number).save()
    Judgment.objects.filter(pk=judgment.pk).update(body_digest=said.digest, scale=said.scale)
    Assignment.objects.filter(pk=judgment.assignment_id).update(status=Status.SUBMITTED)


def _withdraw(judgment: Judgment) -> bool:
    if judgment.assignment.status != Status.SUBMITTED:
        return False
    Assignment.objects.filter(pk=judgment.assignment_id).update(status=Status.WITHDRAWN)
    return True


def _revision(judgment: Judgment, said: Said, annotator: User, number: int) -> JudgmentRevision:
    return JudgmentRevision(
        judgment=judgment,
        number=number,
        answer=answer_to_json(said.answer),
        reason=said.reason[:MOST_REASON],
        author=annotator,
    )
