"""What the page of one item shows to reviewers and managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotate.access import role_in
from annotate.forms.items import ACTIONS, ExplanationForm
from annotate.models import Assignment, Item, KnownAnswer, Membership, RoundItem, User
from annotate.naming import annotator_names
from annotate.opinions import Opinion, opinions_of
from annotate.views.item_words import letter, opening, words_on

MANAGER = Membership.Role.MANAGER


def item_detail_context(item: Item, viewer: User) -> dict[str, Any]:
    """The context of ``annotate/item_detail.html``.

    What tells gold from work, and how an item was picked, is for managers.
    """
    names = annotator_names(item.project, viewer)
    is_manager = role_in(viewer, item.project) == MANAGER
    context = {
        "project": item.project,
        "item": item,
        "kind": item.kind,
        "claim": {"item": {"prompt": item.prompt.messages, "reference": item.prompt.reference}},
        "opening": opening(item.prompt),
        "responses": lettered(item),
        "is_manager": is_manager,
    }
    context |= _opinions(item, names, is_manager)
    return context | (_managers_part(item) if is_manager else {})


def lettered(item: Item) -> list[dict[str, Any]]:
    """The responses in stored order, called A, B, C …"""
    return [
        {"letter": letter(k), "response": response, "parts": response.judged_parts()}
        for k, response in enumerate(item.ordered_responses())
    ]


def _managers_part(item: Item) -> dict[str, Any]:
    known = KnownAnswer.objects.filter(item=item).first()
    if known is not None:
        known.item = item
    entries = RoundItem.objects.filter(item=item).select_related("round").order_by("round__number")
    return {
        "known": known,
        "known_words": words_on(known.parsed(), item.kind, "") if known else "",
        "explanation_form": ExplanationForm(
            initial={"explanation": known.explanation if known else ""}
        ),
        "entries": list(entries),
        "actions": ACTIONS,
    }


def _opinions(item: Item, names: Mapping[int, str], is_manager: bool) -> dict[str, Any]:
    """What people said, and apart from it what programs did."""
    said: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for one in opinions_of(item):
        said[one.is_machine].append(_opinion(one, names, is_manager))
    return {"opinions": said[False], "by_programs": said[True]}


def _opinion(one: Opinion, names: Mapping[int, str], is_manager: bool) -> dict[str, Any]:
    assignment, judgment = one.assignment, one.judgment
    is_decision = assignment.purpose == Assignment.Purpose.ADJUDICATION
    states = [
        {
            "words": words_on(answer, one.kind, judgment.scale),
            "rationale": answer.rationale,
            "reason": revision.reason,
            "by": names.get(revision.author_id, ""),
            "at": revision.created_at,
        }
        for revision, answer in one.states
    ]
    annotator, is_machine = assignment.annotator, one.is_machine
    name = names.get(assignment.annotator_id or 0, "")
    return {
        "who": annotator.username if annotator and is_machine else name,  # nobody's to hide
        "kind": annotator.kind if annotator and not is_machine else "",
        "purpose": assignment.purpose if is_manager or is_decision or is_machine else "",
        "is_decision": is_decision,
        "is_surplus": assignment.is_surplus,
        "judgment": judgment,
        "state": states[-1],
        "earlier": states[-2::-1],
    }
