"""Which judgments take part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curation.core.balance import cap_per_group
from curation.core.columns import Mask
from curation.core.filter import above, below, first_reason, flagged
from curation.core.ledger import Dropped, Ledger
from curation.core.records import Judgment
from curation.core.rows import annotator_hash
from curation.recipe import Recipe, SelectJudgments


def select_judgments(
    judgments: Sequence[Judgment], recipe: Recipe, ledger: Ledger
) -> list[Judgment]:
    """Leave out judgments by who gave them, how, and in what time; then cap each annotator's.

    A judgment has the first reason that applies. Decisions of reviewers always take part.
    """
    reasons = first_reason(_masks(judgments, recipe.select), len(judgments))
    _cap(judgments, reasons, recipe)
    return _without("select", judgments, reasons, ledger)


def select_reliable(
    judgments: Sequence[Judgment],
    reliability: Mapping[str, float | None],
    floor: float,
    ledger: Ledger,
) -> list[Judgment]:
    """Leave out annotators below a reliability; those of whom it is not known stay.

    `reliability` is by hashed annotator.
    """
    known = [reliability.get(annotator_hash(one.annotator)) for one in judgments]
    reasons = first_reason({"unreliable": below(known, floor)}, len(judgments))
    return _without("reliability", judgments, reasons, ledger)


def _without(
    step: str, judgments: Sequence[Judgment], reasons: NDArray[np.object_], ledger: Ledger
) -> list[Judgment]:
    kept: list[Judgment] = []
    dropped: list[Dropped] = []
    for judgment, reason in zip(judgments, reasons, strict=True):
        if reason and not judgment.overrides:
            dropped.append(Dropped(step, reason, judgment.item, revision=judgment.revision))
        else:
            kept.append(judgment)
    ledger.write(step, "judgments", len(judgments), dropped)
    return kept


def _masks(judgments: Sequence[Judgment], select: SelectJudgments) -> dict[str, Mask]:
    """What a default recipe does not ask for is not looked at."""
    masks: dict[str, Mask] = {}
    if select.annotators_out:
        masks["annotator_left_out"] = _left_out(judgments, set(select.annotators_out))
    for flag in select.flags_out:
        masks[flag] = flagged([one.flags for one in judgments], {flag})
    if select.min_judgments:
        given = _judgments_of(judgments)
        masks["too_few_judgments"] = below(
            [given[one.annotator] for one in judgments], select.min_judgments
        )
    seconds = [math.nan if one.seconds is None else one.seconds for one in judgments]
    if select.min_seconds is not None:
        masks["too_fast"] = below(seconds, select.min_seconds)
    if select.max_seconds is not None:
        masks["too_slow"] = above(seconds, select.max_seconds)
    return masks


def _left_out(judgments: Sequence[Judgment], out: set[str]) -> Mask:
    """Annotators may be named by their id or by the hash that stands in files."""
    named = {
        who for who in {one.annotator for one in judgments} if out & {who, annotator_hash(who)}
    }
    return np.array([one.annotator in named for one in judgments], dtype=bool)


def _judgments_of(judgments: Sequence[Judgment]) -> Counter[str]:
    """Judgments by annotator; several records of one revision are one."""
    return Counter(who for who, _ in {(one.annotator, one.revision) for one in judgments})


def _cap(judgments: Sequence[Judgment], reasons: NDArray[np.object_], recipe: Recipe) -> None:
    """Mark what an annotator gave beyond the cap, drawn by the seed among what is left."""
    limit = recipe.select.max_per_annotator
    if limit is None:
        return
    who = {
        one.revision: one.annotator
        for one, reason in zip(judgments, reasons, strict=True)
        if not reason and not one.overrides
    }
    ids = sorted(who)
    keep = cap_per_group([who[one] for one in ids], limit, ids=ids, seed=recipe.seed)
    over = {one for one, stays in zip(ids, keep, strict=True) if not stays}
    for n, judgment in enumerate(judgments):
        if judgment.revision in over:
            reasons[n] = "annotator_cap"
