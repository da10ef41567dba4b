"""What is known before a model comes into force: the gate's verdict and its reasons."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from modeling.comparison import verdict_on
from modeling.labels import objective_label
from modeling.models import Checkpoint
from modeling.services import promoted_checkpoint, scores_pairs

OUTCOMES: dict[bool | None, tuple[str, str | Promise]] = {
    True: ("succeeded", _("passes")),
    False: ("failed", _("refused")),
    None: ("cancelled", _("cannot tell")),
}


def promotion_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """The model, the one in force, and how the two compare on the rows that both were tested on."""
    in_force = promoted_checkpoint(checkpoint.project)
    verdict = verdict_on(checkpoint, in_force)
    state, word = OUTCOMES[verdict.passed]
    return {
        "project": checkpoint.project,
        "checkpoint": checkpoint,
        "in_force": in_force,
        "objective": objective_label(checkpoint.run.objective),
        "scores_pairs": scores_pairs(checkpoint.run),
        "verdict": verdict,
        "state": state,
        "outcome": word,
        "needs_reason": verdict.passed is False,
    }
