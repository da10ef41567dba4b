"""Recipe: the frozen, serialisable description of one curation."""

from curation.recipe.recipe import (
    KINDS,
    METHODS,
    VERSION,
    WITH_CLASSES,
    WITH_LENGTHS,
    Kind,
    Recipe,
)
from curation.recipe.steps import (
    FLAGS,
    SOURCE_KINDS,
    Balance,
    Decontaminate,
    Dedupe,
    FilterRows,
    FilterTexts,
    SelectJudgments,
)

__all__ = [
    "FLAGS",
    "KINDS",
    "METHODS",
    "SOURCE_KINDS",
    "VERSION",
    "WITH_CLASSES",
    "WITH_LENGTHS",
    "Balance",
    "Decontaminate",
    "Dedupe",
    "FilterRows",
    "FilterTexts",
    "Kind",
    "Recipe",
    "SelectJudgments",
]
