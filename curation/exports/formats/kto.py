"""Unpaired rows, for KTO: a completion, and whether it is wanted."""

from collections.abc import Iterator

import pyarrow as pa

from curation.exports.formats.base import Format, table
from curation.exports.formats.texts import MESSAGES
from curation.exports.source import Values

UNPAIRED = {
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "label": pa.bool_(),
    "label_probability": pa.float64(),
    "weight": pa.float64(),
    "group": pa.string(),
}
WANTED = "acceptable"


def unpaired(row: Values) -> Iterator[Values]:
    """An outcome row, which has these columns already."""
    yield {name: row[name] for name in UNPAIRED}


def _from_pair(row: Values) -> Iterator[Values]:
    """The chosen response is wanted, the rejected one is not: one row each."""
    share = row["chosen_probability"]
    for name, label, probability in (("chosen", True, share), ("rejected", False, 1 - share)):
        yield _row(row, row[name], label, probability)


def _from_class(row: Values) -> Iterator[Values]:
    shares = dict(zip(row["classes"], row["class_probabilities"], strict=True))
    yield _row(row, row["completion"], row["label"] == WANTED, shares.get(WANTED, 0.0))


def _row(row: Values, completion: object, label: bool, probability: float) -> Values:
    return {
        "prompt": row["prompt"],
        "completion": completion,
        "label": label,
        "label_probability": probability,
        "weight": row["weight"],
        "group": row["group"],
    }


KTO = Format(
    "kto",
    {
        "preference": table("kto", UNPAIRED, _from_pair),
        "outcome": table("kto", UNPAIRED, unpaired),
        "classification": table("kto", UNPAIRED, _from_class),
    },
)
