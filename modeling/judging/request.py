"""Asking for a judge, checked at the border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import Item, Project, User
from annotate.services.projects import record
from annotate.services.runs import enqueue
from modeling.judging.configured import ConfiguredModel, configured_model
from modeling.models import JudgeRun

JUDGED_KINDS = (
    Item.Kind.COMPARISON.value,
    Item.Kind.RANKING.value,
    Item.Kind.RATING.value,
    Item.Kind.OUTCOME.value,
)
"""Kinds of item that a judge answers; step by step it answers none."""
MOST_CRITERIA, LONGEST_NAME, LONGEST_DESCRIPTION = 20, 60, 1_000


def request_judging(
    project: Project,
    *,
    model: str = "",
    form: str = JudgeRun.Form.PAIRWISE,
    kinds: Sequence[str] = (),
    criteria: Sequence[Mapping[str, str]] = (),
    limit: int | None = None,
    budget: float | None = None,
    by: User | None,
) -> JudgeRun:
    """Queue the judging of a project's items by a configured model, the first one by default.

    ``criteria`` are what a rubric scores; for ratings they say more of the project's own aspects.
    Raises InvalidInput for a model that is not configured and for values that cannot be used.
    """
    judge = configured_model(model)
    _check_form(form, criteria)
    _check_kinds(kinds)
    _check_bounds(judge, limit, budget)
    with transaction.atomic():
        run = JudgeRun.objects.create(
            project=project,
            model=judge.name,
            form=form,
            kinds=list(kinds),
            criteria=[_criterion(one) for one in criteria],
            limit=limit,
            budget=budget,
            requested_by=by,
            message="Waiting.",
        )
        record("judging.request", by=by, project=project, subject=judge.name, form=form)
        enqueue(run)
    return run


def _check_kinds(kinds: Sequence[str]) -> None:
    if unknown := sorted(set(kinds) - set(JUDGED_KINDS)):
        raise InvalidInput(
            _("A judge answers items of the kinds %(known)s, not %(kind)s.")
            % {"known": ", ".join(JUDGED_KINDS), "kind": unknown[0]},
            field="kinds",
        )


def _check_form(form: str, criteria: Sequence[Mapping[str, str]]) -> None:
    if form not in JudgeRun.Form.values:
        known = ", ".join(JudgeRun.Form.values)
        raise InvalidInput(_("form must be one of %(known)s.") % {"known": known}, field="form")
    if form == JudgeRun.Form.RUBRIC and not criteria:
        raise InvalidInput(_("A rubric needs criteria: name at least one."), field="criteria")
    if len(criteria) > MOST_CRITERIA:
        raise InvalidInput(
            _("A rubric has %(n)d criteria at most.") % {"n": MOST_CRITERIA}, field="criteria"
        )
    names = [_criterion(one)["name"] for one in criteria]
    if len(set(names)) < len(names):
        raise InvalidInput(_("The criteria must have different names."), field="criteria")


def _criterion(given: Mapping[str, str]) -> dict[str, str]:
    name, description = given["name"].strip(), given.get("description", "").strip()
    if not 0 < len(name) <= LONGEST_NAME or len(description) > LONGEST_DESCRIPTION:
        raise InvalidInput(
            _("A criterion's name has 1 to %(name)d characters, its description %(n)d at most.")
            % {"name": LONGEST_NAME, "n": LONGEST_DESCRIPTION},
            field="criteria",
        )
    return {"name": name, "description": description}


def _check_bounds(judge: ConfiguredModel, limit: int | None, budget: float | None) -> None:
    if limit is not None and limit < 1:
        raise InvalidInput(_("limit must be 1 or more."), field="limit")
    if budget is None:
        return
    if not 0 <= budget < float("inf"):
        raise InvalidInput(_("budget must be a number from 0 upwards."), field="budget")
    if judge.price is None:
        raise InvalidInput(
            _("A budget needs the judge's prices: write %(name)s=IN/OUT in JUDGE_MODELS.")
            % {"name": judge.name},
            field="budget",
        )
