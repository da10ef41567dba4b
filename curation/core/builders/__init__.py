"""One builder per kind of dataset: judgments of canonical items in, candidates out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from curation.core.builders.candidate import Candidate, Context
from curation.core.builders.outcome import outcome_candidates
from curation.core.builders.preference import preference_candidates
from curation.core.builders.ranking import ranking_candidates
from curation.core.builders.rating import rating_candidates
from curation.core.builders.stepwise import stepwise_candidates
from curation.core.records import (
    Comparison,
    Judgment,
    OutcomeLabel,
    Ranking,
    Rating,
    StepRating,
)
from curation.recipe import Kind

Builder: TypeAlias = Callable[[Sequence[Any], Context], Iterator[Candidate]]

READS: Mapping[Kind, tuple[type[Judgment], ...]] = {
    "preference": (Comparison, Ranking),
    "ranking": (Ranking,),
    "stepwise": (StepRating,),
    "outcome": (OutcomeLabel,),
    "rating": (Rating,),
}
"""The judgments each kind of dataset is made from."""

BUILDERS: Mapping[Kind, Builder] = {
    "preference": preference_candidates,
    "ranking": ranking_candidates,
    "stepwise": stepwise_candidates,
    "outcome": outcome_candidates,
    "rating": rating_candidates,
}

__all__ = ["BUILDERS", "READS", "Candidate", "Context"]
