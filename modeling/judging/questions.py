"""Items as a judge is asked about them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from annotate.models import Item, Project
from annotate.texts import canonical_json, sha256
from modeling.core.judge import FORMS, Criterion
from modeling.models import JudgeRun

NAMESPACE = "judge"
_UNREADABLE = re.compile(r"[^\w.+-]+")
Kind = Item.Kind


@dataclass(frozen=True)
class Question:
    """One item with everything a judge is told of it.

    ``low`` and ``high`` bound a rubric's scores; for a rating they are the project's own, and the
    criteria its aspects.
    """

    item: int
    kind: str
    form: str
    prompt: list[dict[str, str]]
    responses: tuple[str, ...]
    reference: str
    criteria: tuple[Criterion, ...] = ()
    low: int = 1
    high: int = 5

    @cached_property
    def digest(self) -> str:
        """The identity of what is asked and how, whoever is asked."""
        criteria = [[one.name, one.description] for one in self.criteria]
        asked: list[Any] = [FORMS[self.form].key, criteria, self.low, self.high]
        return sha256(canonical_json([*asked, self.prompt, self.reference, list(self.responses)]))


def form_of(kind: str, run: JudgeRun) -> str:
    """The form that items of a kind are judged in."""
    fixed = {Kind.RATING.value: "rubric", Kind.OUTCOME.value: "outcome"}
    return fixed.get(kind, run.form)


def annotator_name(model: str, form: str) -> str:
    """What a judge's account is called: one for each form, since each has its own reliability.

    A hash tells names apart that look the same once they are made readable.
    """
    readable = _UNREADABLE.sub("-", model).strip("-")
    if readable != model:
        readable = f"{readable[-80:]}-{sha256(model)[:6]}"
    return f"{readable[:120]}@{form}"


def questions_of(run: JudgeRun, items: Collection[int]) -> list[Question]:
    """What to ask about these items."""
    rows = Item.objects.filter(pk__in=items).with_texts().order_by("pk")
    return [_question(run, item) for item in rows]


def _question(run: JudgeRun, item: Item) -> Question:
    form = form_of(item.kind, run)
    return Question(
        item=item.pk,
        kind=item.kind,
        form=form,
        prompt=[
            {"role": turn["role"], "content": turn["content"]} for turn in item.prompt.messages
        ],
        responses=tuple(response.content for response in item.ordered_responses()),
        reference=item.prompt.reference.strip(),
        **_rubric(run, item.kind) if form == "rubric" else {},
    )


def _rubric(run: JudgeRun, kind: str) -> dict[str, Any]:
    if kind != Kind.RATING:
        return {"criteria": tuple(Criterion(**one) for one in run.criteria)}
    project = run.project
    said = {one["name"]: one["description"] for one in run.criteria}
    return {
        "criteria": tuple(_aspect(project, name, said.get(name, "")) for name in project.aspects),
        "low": project.rating_min,
        "high": project.rating_max,
    }


def _aspect(project: Project, name: str, description: str) -> Criterion:
    """An aspect of the project, with what its points mean to the people who rate it."""
    anchors = project.rating_anchors.get(name) or project.rating_anchors.get("*") or {}
    points = sorted(anchors.items(), key=lambda pair: int(pair[0]))
    told = "; ".join(f"{point} is {text}" for point, text in points if text)
    return Criterion(name, ". ".join(filter(None, (description.rstrip("."), told))))
