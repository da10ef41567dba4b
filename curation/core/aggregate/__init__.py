"""Several annotators' answers to one question, made into one."""

from curation.core.aggregate.borda import BordaScores, borda_scores
from curation.core.aggregate.bradley_terry import BradleyTerryFit, fit_bradley_terry
from curation.core.aggregate.candidates import Candidate
from curation.core.aggregate.comparisons import (
    COMPARISON_METHODS,
    ComparisonAggregation,
    aggregate_comparisons,
)
from curation.core.aggregate.connectivity import Connectivity
from curation.core.aggregate.crowd_bt import CrowdBTFit, fit_crowd_bt
from curation.core.aggregate.cumulative_logit import CumulativeLogitFit, fit_cumulative_logit
from curation.core.aggregate.elo import EloView, elo_view
from curation.core.aggregate.intervals import (
    Interval,
    RobustStrengths,
    cluster_robust,
    clustered_mean,
    robust_strengths,
)
from curation.core.aggregate.kemeny import KemenyRanking, kemeny_ranking
from curation.core.aggregate.label_choice import LabelCandidate
from curation.core.aggregate.labels import METHODS, LabelAggregation, aggregate_labels
from curation.core.aggregate.majority import TIE_RULES
from curation.core.aggregate.plackett_luce import PlackettLuceFit, fit_plackett_luce
from curation.core.aggregate.rank_data import Rankings
from curation.core.aggregate.rankings import RANKING_METHODS, RankingAggregation, aggregate_rankings
from curation.core.aggregate.ranks import mean_rank_tiers
from curation.core.aggregate.ratings import (
    RATING_METHODS,
    RatingAggregation,
    StandardisedRatings,
    aggregate_ratings,
    standardise_ratings,
)
from curation.core.aggregate.spammers import spammer_scores
from curation.core.aggregate.steps import STEP_METHODS, StepAggregation, aggregate_steps
from curation.core.aggregate.thurstone import ThurstoneFit, fit_thurstone
from curation.core.aggregate.zelo import AbsoluteJudgments, PointwiseTargets, pointwise_targets

__all__ = [
    "COMPARISON_METHODS",
    "METHODS",
    "RANKING_METHODS",
    "RATING_METHODS",
    "STEP_METHODS",
    "TIE_RULES",
    "AbsoluteJudgments",
    "BordaScores",
    "BradleyTerryFit",
    "Candidate",
    "ComparisonAggregation",
    "Connectivity",
    "CrowdBTFit",
    "CumulativeLogitFit",
    "EloView",
    "Interval",
    "KemenyRanking",
    "LabelAggregation",
    "LabelCandidate",
    "PlackettLuceFit",
    "PointwiseTargets",
    "RankingAggregation",
    "Rankings",
    "RatingAggregation",
    "RobustStrengths",
    "StandardisedRatings",
    "StepAggregation",
    "ThurstoneFit",
    "aggregate_comparisons",
    "aggregate_labels",
    "aggregate_rankings",
    "aggregate_ratings",
    "aggregate_steps",
    "borda_scores",
    "cluster_robust",
    "clustered_mean",
    "elo_view",
    "fit_bradley_terry",
    "fit_crowd_bt",
    "fit_cumulative_logit",
    "fit_plackett_luce",
    "fit_thurstone",
    "kemeny_ranking",
    "mean_rank_tiers",
    "pointwise_targets",
    "robust_strengths",
    "spammer_scores",
    "standardise_ratings",
]
