"""What managers change about items: priority, overlap, whether they are asked, gold.

Every service here takes a project and ids of its items, does nothing to items of other projects,
keeps the open round in step and returns how many items it changed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least
from django.utils.translation import gettext as _

from annotate.answers import Answer, StepsAnswer, answer_to_json, as_signs
from annotate.errors import InvalidInput
from annotate.models import Assignment, Item, KnownAnswer, Project, Round, User
from annotate.opinions import settled_answer
from annotate.services.projects import record
from annotate.services.rounds import move_to_front
from annotate.services.slots import in_batches, match_slots

MAX_ITEMS = 10_000
MAX_SETTLED = 500
MAX_OVERLAP = 100
MAX_NAMED = 100
PRIORITIES = (-1_000, 1_000)


@transaction.atomic
def set_priority(project: Project, *, items: Collection[int], priority: int, by: User) -> int:
    """Ask these items earlier (larger) or later, where the project goes by priority.

    In an open round the ones above 0 go before everything else.
    """
    low, high = PRIORITIES
    if not low <= priority <= high:
        raise InvalidInput(
            _("The priority is a whole number from %(low)d to %(high)d.")
            % {"low": low, "high": high},
            field="priority",
        )
    _lock(project, items)
    changed = _update(project, items, priority=priority)
    if priority > 0 and project.queue_order == Project.QueueOrder.PRIORITY:
        _hurry(project, items)
    record("items.priority", by=by, project=project, n=changed, priority=priority)
    return changed


@transaction.atomic
def withdraw_items(project: Project, *, items: Collection[int], by: User, reason: str = "") -> int:
    """Ask these items no more. Free slots go, answers under way are still taken."""
    _lock(project, items)
    changed = _update(project, items, is_queueable=False)
    _match_open_round(project, items)
    record("items.withdraw", by=by, project=project, n=changed, reason=reason, items=_named(items))
    return changed


@transaction.atomic
def restore_items(project: Project, *, items: Collection[int], by: User) -> int:
    """Ask these items again; those whose responses are one and the same text stay out."""
    _lock(project, items)
    askable = [pk for batch in in_batches(items) for pk in _distinguishable(project, batch)]
    changed = _update(project, askable, is_queueable=True)
    take_back(askable)
    _match_open_round(project, askable)
    record("items.restore", by=by, project=project, n=changed, items=_named(askable))
    return changed


@transaction.atomic
def set_overlap(project: Project, *, items: Collection[int], overlap: int, by: User) -> int:
    """Ask for this many judgments of each item; judgments that are there already stay."""
    if not 1 <= overlap <= MAX_OVERLAP:
        raise InvalidInput(
            _("The overlap is a whole number from 1 to %(most)d.") % {"most": MAX_OVERLAP},
            field="overlap",
        )
    _lock(project, items)
    changed = _update(project, items, overlap=overlap)
    _match_open_round(project, items)
    record("items.overlap", by=by, project=project, n=changed, overlap=overlap)
    return changed


@transaction.atomic
def ask_again(project: Project, *, items: Collection[int], by: User, more: int = 1) -> int:
    """Ask for ``more`` judgments of each item than were asked for so far."""
    if not 1 <= more <= MAX_OVERLAP:
        raise InvalidInput(
            _("Ask for 1 to %(most)d more judgments.") % {"most": MAX_OVERLAP}, field="more"
        )
    _lock(project, items)
    changed = _update(project, items, overlap=Least(F("overlap") + more, MAX_OVERLAP))
    _match_open_round(project, items)
    record("items.ask_again", by=by, project=project, n=changed, more=more, items=_named(items))
    return changed


@transaction.atomic
def set_known_answer(
    item: Item, *, answer: Answer, by: User, explanation: str | None = None
) -> KnownAnswer:
    """Store what the right answer of an item is, given in stored order; its marks stay."""
    if isinstance(answer, StepsAnswer):
        answer = as_signs(answer, item.shape().step_points)
    values: dict[str, Any] = {"answer": answer_to_json(answer)}
    if explanation is not None:
        values["explanation"] = explanation.strip()
    known, _created = KnownAnswer.objects.update_or_create(item=item, defaults=values)
    record("item.known_answer", by=by, project=item.project, subject=str(item.public_id))
    return known


@transaction.atomic
def explain_known_answer(item: Item, *, text: str, by: User) -> None:
    """Say why the known answer is right; annotators read it with immediate feedback.

    Raises InvalidInput for an item without a known answer.
    """
    if not KnownAnswer.objects.filter(item=item).update(explanation=text.strip()):
        raise InvalidInput(_("This item has no known answer to explain."), field="explanation")
    record("item.explain", by=by, project=item.project, subject=str(item.public_id))


@transaction.atomic
def mark_gold(project: Project, *, items: Collection[int], is_gold: bool, by: User) -> int:
    """Use items as gold, or stop. What becomes gold is no work any more.

    An item without a known answer takes the one that a reviewer or all annotators gave; where
    there is none it is left out.
    """
    return _mark(project, items, by, is_gold=is_gold)


@transaction.atomic
def mark_qualification(
    project: Project, *, items: Collection[int], is_qualification: bool, by: User
) -> int:
    """The same as ``mark_gold`` for the set that newcomers have to pass."""
    return _mark(project, items, by, is_qualification=is_qualification)


def _mark(project: Project, items: Collection[int], by: User, **mark: bool) -> int:
    _lock(project, items)
    if any(mark.values()):
        _settle(project, items, by)
    known = KnownAnswer.objects.filter(item__project=project)
    changed = sum(known.filter(item__in=batch).update(**mark) for batch in in_batches(items))
    _match_open_round(project, items)
    record("items.mark", by=by, project=project, n=changed, mark=mark, items=_named(items))
    return changed


def _settle(project: Project, items: Collection[int], by: User) -> None:
    """Build the known answers that are missing and can be built."""
    unknown = [
        pk
        for batch in in_batches(items)
        for pk in _of(project, batch).filter(known=None).values_list("pk", flat=True)
    ]
    if len(unknown) > MAX_SETTLED:
        raise InvalidInput(
            _("%(n)d of these items have no known answer; mark %(most)d such items at a time.")
            % {"n": len(unknown), "most": MAX_SETTLED}
        )
    for batch in in_batches(unknown):
        for item in (
            _of(project, batch).select_related("project").prefetch_related("links__response")
        ):
            answer = settled_answer(item)
            if answer is not None:
                set_known_answer(item, answer=answer, by=by)


def _hurry(project: Project, items: Collection[int]) -> None:
    round_ = open_round_of(project)
    if round_ is not None:
        for batch in in_batches(items):
            move_to_front(round_, _of(project, batch))


def open_round_of(project: Project) -> Round | None:
    """Locked, so that it cannot close before its slots match."""
    open_ = project.rounds.filter(status=Round.Status.OPEN)
    return open_.select_for_update(no_key=True).first()


def _of(project: Project, items: Collection[int]) -> QuerySet[Item]:
    return Item.objects.filter(project=project, pk__in=items)


def _update(project: Project, items: Collection[int], **values: Any) -> int:
    return sum(_of(project, batch).update(**values) for batch in in_batches(items))


def take_back(items: Collection[int]) -> None:
    """What reviewers set aside is so no more, whatever becomes of the items later."""
    aside = Assignment.objects.filter(
        purpose=Assignment.Purpose.ADJUDICATION, status=Assignment.Status.SKIPPED
    )
    for batch in in_batches(items):
        aside.filter(item__in=batch).update(status=Assignment.Status.EXPIRED)


def _distinguishable(project: Project, items: Collection[int]) -> list[int]:
    """Without those that ask to choose between responses of which two are the same."""
    rows = Item.objects.filter(project=project, pk__in=items).values_list("pk", "links__response")
    responses: dict[int, list[int | None]] = {}
    for item, response in rows:
        responses.setdefault(item, []).append(response)
    return [item for item, shown in responses.items() if len(set(shown)) == len(shown)]


def _match_open_round(project: Project, items: Collection[int]) -> None:
    round_ = open_round_of(project)
    if round_ is not None:
        match_slots(round_, items=items)


def _lock(project: Project, items: Collection[int]) -> None:
    """Serialise with rounds that open and close, as they do among themselves."""
    if len(items) > MAX_ITEMS:
        raise InvalidInput(_("Change %(most)d items at a time.") % {"most": MAX_ITEMS})
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _named(items: Collection[int]) -> list[int] | None:
    """The items themselves in the trail, where they are few."""
    return sorted(items) if len(items) <= MAX_NAMED else None
