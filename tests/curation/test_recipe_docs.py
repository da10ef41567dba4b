"""The data formats name every setting, every way of aggregating, every reason and every column."""

import re
from pathlib import Path

import pytest

from curation.exports.columns import CANONICAL, PROVENANCE, SCHEMAS
from curation.exports.files import DROPPED
from curation.recipe import FLAGS, METHODS, SOURCE_KINDS
from curation.recipe_settings import settings
from curation.recipe_texts import REASONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-formats.md"
FROM_RECIPES = PAGE.read_text(encoding="utf-8").partition("\n## Recipes\n")[2]
NAMED = set(re.findall(r"`([a-z_0-9]+)`", FROM_RECIPES))


def columns():
    schemas = (*SCHEMAS.values(), CANONICAL, PROVENANCE, DROPPED)
    return {name for schema in schemas for name in schema.names}


@pytest.mark.parametrize(
    "names",
    [
        {name.rpartition(".")[2] for name in settings()},
        {name.partition(".")[0] for name in settings()},
        {method for names in METHODS.values() for method in names},
        {*FLAGS, *SOURCE_KINDS, *METHODS},
        {reason.replace(" ", "_") for reason in REASONS},
        columns(),
    ],
    ids=["settings", "steps", "methods", "words", "reasons", "columns"],
)
def test_everything_is_named(names):
    assert names - NAMED == set()
