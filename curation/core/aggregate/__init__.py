"""Several annotators' answers to one question, made into one."""

from curation.core.aggregate.labels import METHODS, LabelAggregation, aggregate_labels
from curation.core.aggregate.ranks import mean_rank_tiers

__all__ = ["METHODS", "LabelAggregation", "aggregate_labels", "mean_rank_tiers"]
