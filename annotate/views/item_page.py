"""What the page of one item shows, built from the claim's payload and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import Prefetch

from annotate.answers import SCALES, ItemShape
from annotate.forms import SkipForm
from annotate.models import Assignment, ItemResponse
from annotate.selectors import claim_payload
from annotate.views.answer_fields import Fields, aspects_of, draft_fields

HEADINGS: Mapping[str, str] = {
    "comparison": "Which response is better?",
    "ranking": "Rank the responses, best first",
    "rating": "Rate the response",
    "steps": "Label each step",
    "outcome": "Is the final result right?",
}
GRADE_WORDS: Mapping[int, tuple[str, ...]] = {
    1: ("better",),
    3: ("slightly better", "better", "much better"),
    4: ("barely better", "slightly better", "better", "much better"),
}
OTHER_CHOICES = (
    ("both_good", "both good", "g"),
    ("both_bad", "both bad", "b"),
    ("unsafe", "unsafe", "u"),
    ("cannot_judge", "can’t judge", "c"),
)
SKIP_IDS = "skip_%s"
COMMON_KEYS = (
    ("Enter", "submit"),
    ("r", "write a reason; Ctrl+Enter submits from there, Esc leaves it"),
    ("s", "skip this item"),
    ("?", "show these keys"),
)
KIND_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ranking": (
        ("1 … 9", "select a response"),
        ("↑ ↓ · k j", "select the one above or below"),
        ("Alt+↑ Alt+↓", "move the selected response"),
        ("=", "tie it with the one above"),
        ("-", "untie it"),
        ("o", "this order is right"),
    ),
    "rating": (("0 … 9", "give this rating and go on"), ("↑ ↓ · k j", "another row")),
    "steps": (
        ("1 · +", "good"),
        ("0", "neutral"),
        ("2 · -", "bad"),
        ("↑ ↓ · k j", "another step"),
        ("x", "clear the label"),
    ),
    "outcome": (("y · 1", "right"), ("n · 2", "wrong")),
}


@dataclass(frozen=True)
class Option:
    """One radio button: what it sends, what it says and the key that chooses it."""

    value: str
    label: str
    key: str = ""
    side: str = ""
    strength: int = 0
    checked: bool = False


def load_for_page(assignment: Assignment) -> Assignment:
    """The assignment with everything that its page reads, in a constant number of queries."""
    links = Prefetch("item__links", ItemResponse.objects.select_related("response"))
    rows = Assignment.objects.select_related("item__project", "item__prompt")
    return rows.prefetch_related(links).get(pk=assignment.pk)


def item_context(
    assignment: Assignment,
    *,
    fields: Fields | None = None,
    error: str = "",
    key: str = "",
    skip: SkipForm | None = None,
) -> dict[str, Any]:
    """The context of ``annotate/_item.html``.

    ``fields`` is what a refused submit had filled in; without it the stored draft is shown.
    ``skip`` is a refused skip, shown in its open dialog.
    """
    claim = claim_payload(assignment)
    shape = assignment.shape()
    shown = draft_fields(claim["draft"], shape) if fields is None else fields
    kind = shape.kind
    return {
        "claim": claim,
        "kind": kind,
        "heading": HEADINGS[kind],
        "kind_template": f"annotate/_{kind}.html",
        "fields": shown,
        "error": error,
        "idempotency_key": key or str(uuid4()),
        "lease_seconds": settings.LEASE_SECONDS,
        "shortcuts": [*_kind_keys(shape), *COMMON_KEYS],
        "skip_form": skip or SkipForm(initial={"fence": assignment.fence}, auto_id=SKIP_IDS),
    } | _BUILDERS[kind](claim["item"], shape, shown)


def grades(scale: str, chosen: str) -> list[Option]:
    """The radio row of a comparison, from "A much better" over the tie to "B much better"."""
    words = GRADE_WORDS[SCALES[scale]]
    n = len(words)
    left = [
        Option(f"left-{k}", f"A {words[k - 1]}", str(n - k + 1), "left", k, chosen == f"left-{k}")
        for k in range(n, 0, -1)
    ]
    right = [
        Option(f"right-{k}", f"B {words[k - 1]}", str(n + k), "right", k, chosen == f"right-{k}")
        for k in range(1, n + 1)
    ]
    return [*left, Option("tie", "tie", "t", "tie", checked=chosen == "tie"), *right]


def _kind_keys(shape: ItemShape) -> tuple[tuple[str, str], ...]:
    if shape.kind != "comparison":
        return KIND_KEYS[shape.kind]
    scale = grades(shape.scale, "")
    rows = [(option.key, option.label) for option in scale]
    return (*rows, *((key, label) for _, label, key in OTHER_CHOICES))


def _comparison(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    chosen = fields.get("grade", "")
    others = [
        Option(value, label, key, checked=chosen == value) for value, label, key in OTHER_CHOICES
    ]
    return {
        "responses": _lettered(item),
        "grades": grades(shape.scale, chosen),
        "n_grades": SCALES[shape.scale],
        "others": others,
    }


def _ranking(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    cards = [
        card | {"name": f"rank-{k}", "rank": fields.get(f"rank-{k}", "")}
        for k, card in enumerate(_lettered(item))
    ]
    return {"responses": cards, "ranks": [str(k + 1) for k in range(shape.n_responses)]}


def _rating(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    low, high = shape.rating_range
    values = [str(value) for value in range(low, high + 1)]
    cards = []
    for k, card in enumerate(_lettered(item)):
        names = [(aspect, f"rating-{k}-{j}") for j, aspect in enumerate(aspects_of(shape))]
        rows = [
            {"aspect": aspect, "name": name, "value": fields.get(name, "")}
            for aspect, name in names
        ]
        cards.append(card | {"rows": rows})
    return {"responses": cards, "values": values, "low": values[0], "high": values[-1]}


def _steps(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    texts = item["responses"][0]["steps"] or []
    steps = [
        {"text": text, "name": f"label-{k}", "value": fields.get(f"label-{k}", "")}
        for k, text in enumerate(texts)
    ]
    options = [Option("1", "good", "1"), Option("0", "neutral", "0"), Option("-1", "bad", "2")]
    return {"steps": steps, "options": options}


def _outcome(item: Mapping[str, Any], shape: ItemShape, fields: Fields) -> dict[str, Any]:
    chosen = fields.get("correct", "")
    options = [
        Option("yes", "right", "y", checked=chosen == "yes"),
        Option("no", "wrong", "n", checked=chosen == "no"),
    ]
    return {"responses": _lettered(item), "options": options}


def _lettered(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The responses in the order shown, called A, B, C …"""
    return [
        {"letter": ascii_uppercase[k % 26], "index": k, "number": k + 1, "content": row["content"]}
        for k, row in enumerate(item["responses"])
    ]


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], ItemShape, Fields], dict[str, Any]]] = {
    "comparison": _comparison,
    "ranking": _ranking,
    "rating": _rating,
    "steps": _steps,
    "outcome": _outcome,
}
