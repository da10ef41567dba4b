"""This project's own tables: a version's rows as they are, and the votes behind its pairs."""

from curation.exports.formats.base import Format, View
from curation.exports.source import Source
from curation.recipe import KINDS

VIEWS = {
    "preference": "bt",
    "ranking": "pl",
    "stepwise": "prm",
    "outcome": "orm",
    "rating": "ratings",
    "classification": "classes",
}
"""What the table of each kind is called: by the model it is made for."""

CANONICAL = "canonical.parquet"
"""Every pair with its votes in no order of merit, even ones included; versions of old have none."""


def _plan(source: Source) -> tuple[View, ...]:
    rows = View(VIEWS.get(source.kind, source.kind), source.schema)
    if not (source.directory / CANONICAL).exists():
        return (rows,)
    return (rows, View("votes", source.schema_of(CANONICAL), file=CANONICAL))


OWN = Format("tiebreak", dict.fromkeys(KINDS, _plan))
