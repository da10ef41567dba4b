"""What people said, in the letters of the texts that a page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotate.answers import RatingAnswer
from annotate.models import Item, User
from annotate.opinions import Opinion
from annotate.views.item_words import letter, words_on
from curation.aligning import aligned, places_of
from curation.tracing import Said, Trace

Voice = dict[str, Any]


def voices_behind(trace: Trace, names: Mapping[int, str]) -> list[Voice]:
    """What each judgment behind a row said of the row's responses, A, B, C in the row's order."""
    return [_behind(said, names) for said in trace.judgments]


def voices_elsewhere(
    opinions: Sequence[Opinion], item: Item, texts: Sequence[str], names: Mapping[int, str]
) -> list[Voice]:
    """What was said of another item that asks the same, in the letters of these texts."""
    places = places_of([response.content for response in item.ordered_responses()], texts)
    return [
        {
            **_speaker(one.assignment.annotator, names),
            "is_decision": not one.is_counted,
            "words": words_on(aligned(one.answer, places), one.kind, one.judgment.scale),
            "rationale": one.answer.rationale,
        }
        for one in opinions
    ]


def letters_in_words(row: Mapping[str, Any]) -> str:
    """What the letters stand for; empty where a judgment speaks of one response alone."""
    if "chosen" in row:
        return _("A is the chosen response and B the rejected one, whatever order people saw.")
    if "response_a" in row:
        return _("A and B are the responses in the row's order, whatever order people saw.")
    if "tiers" in row:
        return _("A, B, C are the completions in the row's order, whatever order people saw.")
    if "classes" in row or "aspects" in row:
        return _("A is this response, whatever order people saw.")
    return ""


def _behind(said: Said, names: Mapping[int, str]) -> Voice:
    judgment = said.revision.judgment
    words = words_on(said.answer, said.item.kind, judgment.scale)
    of = _letters(said.places) if isinstance(said.answer, RatingAnswer) else ""
    return {
        **_speaker(judgment.assignment.annotator, names),
        "revision": said.revision,
        "item": said.item,
        "is_decision": said.is_decision,
        "words": f"{of}: {words}" if of else words,
        "rationale": said.answer.rationale,
    }


def _speaker(annotator: User | None, names: Mapping[int, str]) -> Voice:
    if annotator is None:
        return {"who": "", "kind": ""}
    return {"who": names.get(annotator.pk, ""), "kind": annotator.kind}


def _letters(places: Sequence[int | None]) -> str:
    """Which of several responses a rating is of."""
    found = [letter(n) for n, place in enumerate(places) if place is not None]
    return " · ".join(found) if len(places) > 1 else ""
