"""How well outputs agree with held-out rows that are no pairs; for pairs see `evaluate`.

Figures are None where there is nothing to count. Intervals are 95 % percentile bootstraps over
openings (prompts with the same first turn), None below two. `majority` is what always giving the
commonest answer would reach.
"""

from modeling.core.metrics.common import Evaluation
from modeling.core.metrics.rankings import RankingEvaluation, evaluate_rankings
from modeling.core.metrics.responses import (
    AspectFit,
    ClassEvaluation,
    OutcomeEvaluation,
    RatingEvaluation,
    area_under_curve,
    class_targets,
    evaluate_classes,
    evaluate_outcomes,
    evaluate_ratings,
)
from modeling.core.metrics.steps import (
    Located,
    StepEvaluation,
    at_chosen_threshold,
    choose_threshold,
    evaluate_steps,
    good_log_odds,
    locate,
)

__all__ = [
    "AspectFit",
    "ClassEvaluation",
    "Evaluation",
    "Located",
    "OutcomeEvaluation",
    "RankingEvaluation",
    "RatingEvaluation",
    "StepEvaluation",
    "area_under_curve",
    "at_chosen_threshold",
    "choose_threshold",
    "class_targets",
    "evaluate_classes",
    "evaluate_outcomes",
    "evaluate_rankings",
    "evaluate_ratings",
    "evaluate_steps",
    "good_log_odds",
    "locate",
]
