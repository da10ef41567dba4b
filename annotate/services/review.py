"""What reviewers do with an item on which people disagree: decide, send back, set aside."""

from __future__ import annotations

import random
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotate.answers import Answer, answer_to_json, to_shown, to_stored
from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Item, Judgment, JudgmentRevision, Project, User
from annotate.services.items import ask_again, open_round_of, take_back, withdraw_items
from annotate.services.projects import record
from annotate.services.queue import revise_judgment
from annotate.services.slots import join_waiting

MAX_REASON = 200
MAX_MORE = 10
Status = Assignment.Status
ADJUDICATION = Assignment.Purpose.ADJUDICATION


def review_order(item: Item, by: User) -> list[int]:
    """The order in which a reviewer sees the responses of an item: always the same for both.

    Seeded with the installation's secret key, so nobody can work it out beforehand.
    """
    order = list(range(len(item.ordered_responses())))
    place = f"{item.digest}:{by.public_id}"
    seed = salted_hmac("annotate.review_order", place).digest()
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


@transaction.atomic
def adjudicate(
    item: Item, *, answer: Answer, display_order: Sequence[int], by: User, note: str = ""
) -> Judgment:
    """Decide an item: an answer in the order shown, which overrides what annotators said.

    A second decision by the same person is a revision of the first.
    """
    if sorted(display_order) != list(range(len(item.ordered_responses()))):
        raise InvalidInput(_("The order shown does not fit the item: load the page again."))
    _lock(item)
    earlier = Judgment.objects.filter(
        assignment__item=item, assignment__annotator=by, assignment__purpose=ADJUDICATION
    ).first()
    if earlier is None:
        judgment = _decide(item, answer, list(display_order), by, note)
    else:
        judgment = earlier
        shown = to_shown(to_stored(answer, display_order), earlier.display_order)
        revise_judgment(earlier, answer=shown, by=by, reason=note)
    record("item.adjudicate", by=by, project=item.project, subject=str(item.public_id), note=note)
    return judgment


def _decide(item: Item, answer: Answer, order: list[int], by: User, note: str) -> Judgment:
    take_back([item.pk])
    assignment = _stand(item, by, Status.SUBMITTED)
    assignment.display_order = order
    assignment.scale = item.project.protocol(item.kind)
    assignment.guideline = item.project.guidelines.first()
    assignment.skip_reason = ""
    assignment.save()
    judgment = Judgment.objects.create(
        assignment=assignment,
        scale=assignment.scale,
        guideline=assignment.guideline,
        display_order=order,
    )
    JudgmentRevision.objects.create(
        judgment=judgment, answer=answer_to_json(answer), reason=note.strip()[:500], author=by
    )
    return judgment


@transaction.atomic
def send_back(item: Item, *, note: str, by: User, more: int = 1) -> bool:
    """Ask ``more`` people for their view. False where the item has to wait for the next round."""
    note = _reason(note, "note")
    if not 1 <= more <= MAX_MORE:
        raise InvalidInput(_("Ask 1 to %(most)d more people.") % {"most": MAX_MORE}, field="more")
    _lock(item)
    _refuse_decided(item)
    if not Item.objects.filter(pk=item.pk).askable().exists():
        raise Conflict(_("This item is not asked at the moment: put it back into the queue first."))
    _stand(item, by, Status.WITHDRAWN, note)
    ask_again(item.project, items=[item.pk], by=by, more=more)
    record("item.send_back", by=by, project=item.project, subject=str(item.public_id), note=note)
    round_ = open_round_of(item.project)
    if round_ is None:
        return False
    join_waiting(round_)
    return True


@transaction.atomic
def set_aside(item: Item, *, reason: str, by: User) -> None:
    """Take an item out as unusable: it is asked no more and no dataset takes its judgments."""
    reason = _reason(reason, "reason")
    _lock(item)
    _refuse_decided(item)
    _stand(item, by, Status.SKIPPED, reason)
    withdraw_items(item.project, items=[item.pk], by=by, reason=reason)


def _stand(item: Item, by: User, status: str, reason: str = "") -> Assignment:
    """What this reviewer has done with the item; the trail keeps what they did before."""
    stand, _created = Assignment.objects.update_or_create(
        item=item,
        annotator=by,
        purpose=ADJUDICATION,
        replicate=0,
        defaults={
            "status": status,
            "skip_reason": reason[:MAX_REASON],
            "ended_at": timezone.now(),
        },
    )
    return stand


def _refuse_decided(item: Item) -> None:
    if Judgment.objects.filter(assignment__item=item, assignment__purpose=ADJUDICATION).exists():
        raise Conflict(_("This item is decided already: change the decision instead."))


def _reason(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(_("Say in a few words why."), field=field)
    return text[:1_000]


def _lock(item: Item) -> None:
    """Project before item before round, as everybody else does."""
    Project.objects.select_for_update(no_key=True).get(pk=item.project_id)
    Item.objects.select_for_update(no_key=True).get(pk=item.pk)
