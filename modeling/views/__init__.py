"""The pages of modeling: the loop, runs, reward models, and trying and comparing them."""

from modeling.views.checkpoints import (
    checkpoint_compare,
    checkpoint_detail,
    checkpoint_promote,
    playground,
)
from modeling.views.loop import (
    loop_advance,
    project_overview,
    round_close,
    round_create,
    round_open,
    training_create,
)
from modeling.views.runs import run_create, run_curve, run_detail, run_list

__all__ = [
    "checkpoint_compare",
    "checkpoint_detail",
    "checkpoint_promote",
    "loop_advance",
    "playground",
    "project_overview",
    "round_close",
    "round_create",
    "round_open",
    "run_create",
    "run_curve",
    "run_detail",
    "run_list",
    "training_create",
]
