"""One builder per kind of dataset: judgments of canonical items in, candidates out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from curation.core.builders.candidate import Candidate, Context
from curation.core.builders.classification import classification_candidates
from curation.core.builders.outcome import outcome_candidates
from curation.core.builders.preference import preference_candidates
from curation.core.builders.ranking import ranking_candidates
from curation.core.builders.rating import THURSTONE, rating_candidates
from curation.core.builders.stepwise import stepwise_candidates
from curation.core.records import (
    Comparison,
    Judgment,
    OutcomeLabel,
    Ranking,
    Rating,
    SourceKind,
    StepRating,
)
from curation.recipe import Kind, Recipe

Builder: TypeAlias = Callable[[Sequence[Any], Context], Iterator[Candidate]]

_SOURCES: Mapping[SourceKind, type[Judgment]] = {
    "comparison": Comparison,
    "ranking": Ranking,
    "rating": Rating,
}
_READS: Mapping[Kind, tuple[type[Judgment], ...]] = {
    "ranking": (Ranking,),
    "stepwise": (StepRating,),
    "outcome": (OutcomeLabel,),
    "rating": (Rating,),
    "classification": (Comparison,),
}

BUILDERS: Mapping[Kind, Builder] = {
    "preference": preference_candidates,
    "ranking": ranking_candidates,
    "stepwise": stepwise_candidates,
    "outcome": outcome_candidates,
    "rating": rating_candidates,
    "classification": classification_candidates,
}

__all__ = ["BUILDERS", "Candidate", "Context", "reads"]


def reads(recipe: Recipe) -> tuple[type[Judgment], ...]:
    """The judgments that a dataset by this recipe is made from."""
    if recipe.kind == "preference":
        return tuple(_SOURCES[source] for source in recipe.sources)
    if recipe.kind == "rating" and recipe.aggregate == THURSTONE:
        return (Comparison,)
    return _READS[recipe.kind]
