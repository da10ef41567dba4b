"""Judgments as rows, without a queue: who said what of an item, and in which order it was shown."""

from __future__ import annotations

from annotate.models import Assignment, Judgment, JudgmentRevision


def say(
    item,
    user,
    answer,
    *,
    order=None,
    purpose="work",
    seconds=None,
    scale=None,
    is_order_known=True,
    replicate=0,
):
    """One submitted judgment; ``answer`` is in the order shown."""
    scale = item.project.protocol(item.kind) if scale is None else scale
    assignment = Assignment.objects.create(
        item=item,
        annotator=user,
        purpose=purpose,
        status="submitted",
        slot=item.assignments.count(),
        display_order=order or list(range(item.links.count())),
        scale=scale,
        replicate=replicate,
    )
    judgment = Judgment.objects.create(
        assignment=assignment,
        scale=scale,
        display_order=assignment.display_order,
        active_seconds=seconds,
        is_order_known=is_order_known,
    )
    JudgmentRevision.objects.create(judgment=judgment, answer=answer, author=user)
    return judgment


def side(choice, strength=1):
    """A comparison's answer."""
    return {"choice": choice} | ({"strength": strength} if choice in ("left", "right") else {})
