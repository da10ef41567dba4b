"""TRL's dataset types: preference with a prompt or without, stepwise and unpaired.

TRL reads `margin` beside a pair and takes no null for it, so a pair of which nobody said how much
better has 0, which asks for none, and a version without any margin has no such column. TRL knows no
soft labels; it casts step labels to whole numbers, so they are booleans here, thresholded, and the
shares stand beside them as `soft_labels`.
"""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from curation.exports.formats.base import Format, Plan, View, each, table
from curation.exports.formats.kto import UNPAIRED, unpaired
from curation.exports.formats.texts import MESSAGES, TEXTS, answer, transcript
from curation.exports.source import Source, Values

THRESHOLD = 0.5
"""A step counts as right from this share of votes on."""

_TEXT = pa.string()
_MARGIN = {"margin": pa.float64()}
_BESIDE = {"chosen_probability": pa.float64(), "weight": pa.float64(), "group": pa.string()}


def _preference(
    name: str, columns: Mapping[str, pa.DataType], texts: Callable[[Values], Values]
) -> Plan:
    """Plan a table of pairs whose texts stand in these columns."""

    def plan(source: Source) -> tuple[View, ...]:
        margin = _MARGIN if source.has_values("target_margin") else {}
        schema = pa.schema({**columns, **margin, **_BESIDE})

        def convert(row: Values) -> Iterator[Values]:
            values = texts(row) | {column: row[column] for column in _BESIDE}
            yield values | ({"margin": row["target_margin"] or 0.0} if margin else {})

        return (View(name, schema, each(convert)),)

    return plan


def _explicit(row: Values) -> Values:
    return {"prompt": row["prompt"], "chosen": row["chosen"], "rejected": row["rejected"]}


def _implicit(row: Values) -> Values:
    return {
        "chosen": [*row["prompt"], *row["chosen"]],
        "rejected": [*row["prompt"], *row["rejected"]],
    }


def _standard(row: Values) -> Values:
    """Texts are joined before they are tokenized, hence the space in front of each answer."""
    return {
        "prompt": transcript(row["prompt"]),
        "chosen": f" {answer(row['chosen'])}",
        "rejected": f" {answer(row['rejected'])}",
    }


def _stepwise(row: Values) -> Iterator[Values]:
    yield {
        "prompt": row["prompt"],
        "completions": row["completions"],
        "labels": [share >= THRESHOLD for share in row["soft_labels"]],
        "soft_labels": row["soft_labels"],
    }


TRL = Format(
    "trl",
    {
        "preference": _preference(
            "trl", {"prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES}, _explicit
        ),
        "stepwise": table(
            "trl",
            {
                "prompt": _TEXT,
                "completions": TEXTS,
                "labels": pa.list_(pa.bool_()),
                "soft_labels": pa.list_(pa.float64()),
            },
            _stepwise,
        ),
        "outcome": table("trl", UNPAIRED, unpaired),
    },
)

TRL_IMPLICIT = Format(
    "trl-implicit",
    {
        "preference": _preference(
            "trl-implicit", {"chosen": MESSAGES, "rejected": MESSAGES}, _implicit
        )
    },
)

TRL_STANDARD = Format(
    "trl-standard",
    {
        "preference": _preference(
            "trl-standard", {"prompt": _TEXT, "chosen": _TEXT, "rejected": _TEXT}, _standard
        )
    },
)
