"""UltraFeedback's lines (Cui et al., 2023, 2310.01377): a prompt and its rated completions."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from statistics import fmean

import pyarrow as pa

from curation.core.records import Split
from curation.exports.formats.aspects import aspects_of
from curation.exports.formats.base import Format, View
from curation.exports.formats.texts import TEXTS, UNKNOWN_MODEL, answer, question
from curation.exports.source import Source, Values

OVERALL = "overall"
"""An aspect of this name is a completion's overall score; without it the mean of all aspects is."""

_RATED = pa.struct({"Rating": pa.string(), "Rationale": pa.string()})


def _plan(source: Source) -> tuple[View, ...]:
    return (View("ultrafeedback", _schema(aspects_of(source)), _by_prompt),)


def _schema(aspects: Iterable[str]) -> pa.Schema:
    completion = pa.struct(
        {
            "model": pa.string(),
            "response": pa.string(),
            "annotations": pa.struct(dict.fromkeys(aspects, _RATED)),
            "overall_score": pa.float64(),
            "fine-grained_score": pa.float64(),
        }
    )
    return pa.schema(
        {
            "source": pa.string(),
            "instruction": pa.string(),
            "models": TEXTS,
            "completions": pa.list_(completion),
        }
    )


def _by_prompt(rows: Iterable[Values], split: Split) -> Iterator[Values]:
    """Rows of one prompt stand side by side in a version, so only one prompt is held at a time."""
    for _, rated in groupby(rows, key=lambda row: row["group"]):
        completions = list(rated)
        yield {
            "source": completions[0]["category"],
            "instruction": question(completions[0]["prompt"]),
            "models": [UNKNOWN_MODEL] * len(completions),
            "completions": [_completion(row) for row in completions],
        }


def _completion(row: Values) -> Values:
    scores = dict(zip(row["aspects"], row["scores"], strict=True))
    mean = fmean(scores.values())
    return {
        "model": UNKNOWN_MODEL,
        "response": answer(row["completion"]),
        "annotations": {
            aspect: {"Rating": f"{score:g}", "Rationale": None} for aspect, score in scores.items()
        },
        "overall_score": scores.get(OVERALL, mean),
        "fine-grained_score": mean,
    }


ULTRAFEEDBACK = Format(
    "ultrafeedback",
    {"rating": _plan},
)
