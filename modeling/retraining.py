"""What the loop trains after a round: a head in seconds, or now and then the whole backbone.

Two settings of a project's ``loop_config`` are the loop's own, the others are the training's. With
``full_every`` M every M-th round tunes the backbone, with what ``full`` says besides; the rounds
between refit a head on the backbone that was tuned last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import Project
from modeling.models import Checkpoint

FULL_EVERY, FULL = "full_every", "full"
WHOLE: Mapping[str, Any] = {"frozen": False, "features": "auto", "ensemble": 1}
TUNED_FOLDER = "backbone"


def training_settings(project: Project) -> dict[str, Any]:
    """The part of ``loop_config`` that is a training's."""
    own = (FULL_EVERY, FULL)
    return {name: value for name, value in project.loop_config.items() if name not in own}


def usual_config(project: Project) -> dict[str, Any]:
    """What the project's trainings take unless told otherwise."""
    return {"seed": project.seed, **training_settings(project)}


def loop_config(project: Project, *, after: int) -> dict[str, Any]:
    """What the loop trains with after this round, 0 before the first.

    Raises InvalidInput where ``full_every`` or ``full`` make no sense.
    """
    usual = usual_config(project)
    every, whole = project.loop_config.get(FULL_EVERY, 0), project.loop_config.get(FULL, {})
    _check(every, whole)
    if not every:
        return usual
    if after and after % every == 0:
        return {**usual, **WHOLE, **whole}
    tuned = _last_tuned(project)
    if tuned is None:
        return usual
    return {**usual, "backbone": str(tuned.directory / TUNED_FOLDER), "features": "joint"}


def _check(every: Any, whole: Any) -> None:
    if type(every) is not int or every < 0:
        raise InvalidInput(
            _("full_every must be a whole number of rounds, or 0 for never."), field="loop_config"
        )
    if not isinstance(whole, dict):
        raise InvalidInput(_("full must be an object of settings."), field="loop_config")


def _last_tuned(project: Project) -> Checkpoint | None:
    """The newest model of preferences whose whole backbone was tuned, if any."""
    tuned = project.checkpoints.filter(run__config__frozen=False, run__dataset__kind="preference")
    return tuned.order_by("-number").first()
