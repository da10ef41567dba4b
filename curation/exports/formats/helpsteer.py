"""HelpSteer2's attribute rows (2406.08673) and HelpSteer3's preference rows (2505.11475)."""

import math
from collections.abc import Callable, Iterator
from itertools import zip_longest

import pyarrow as pa

from curation.exports.formats.aspects import aspects_of
from curation.exports.formats.base import Format, View, each, table
from curation.exports.formats.texts import MESSAGES, answer, question
from curation.exports.source import Source, Values

STRONGEST = 3
_TAKEN = ("prompt", "response")
_OPINION = pa.struct(
    {
        "score": pa.int64(),
        "reasoning": pa.string(),
        "feedback1": pa.string(),
        "feedback2": pa.string(),
    }
)


def _plan_attributes(source: Source) -> tuple[View, ...]:
    columns = {aspect: _column(aspect) for aspect in aspects_of(source)}
    schema = {"prompt": pa.string(), "response": pa.string()}
    schema |= dict.fromkeys(columns.values(), pa.float64())
    return (View("helpsteer2", pa.schema(schema), each(_rated(columns))),)


def _column(aspect: str) -> str:
    return f"{aspect}_score" if aspect in _TAKEN else aspect


def _rated(columns: dict[str, str]) -> Callable[[Values], Iterator[Values]]:
    def convert(row: Values) -> Iterator[Values]:
        scores = zip(row["aspects"], row["scores"], strict=True)
        yield {
            "prompt": question(row["prompt"]),
            "response": answer(row["completion"]),
            **{columns[aspect]: score for aspect, score in scores},
        }

    return convert


def _preference(row: Values) -> Iterator[Values]:
    """Responses stand in the order of their ids, so that the place says nothing of the winner.

    The scores are negative where the first is better. A single vote is 1 strong, since a row
    keeps how many voted for a side but not how strongly each did; the words that were given for
    the winner stand with votes for it.
    """
    chosen_first = row["chosen_id"] < row["rejected_id"]
    first, second = ("chosen", "rejected") if chosen_first else ("rejected", "chosen")
    toward = -1 if chosen_first else 1
    votes = [toward] * row["votes_chosen"] + [-toward] * row["votes_rejected"]
    opinions = zip_longest((*votes, *[0] * row["votes_tie"]), row["rationales"][: len(votes)])
    yield {
        "domain": row["category"],
        "language": row.get("language") or "",
        "context": row["prompt"],
        "response1": answer(row[first]),
        "response2": answer(row[second]),
        "overall_preference": toward * strength(row["target_margin"]),
        "individual_preference": [_opinion(score, words or "") for score, words in opinions],
    }


def strength(margin: float | None) -> int:
    """Return a margin as 0 to 3, halves rounded up; 1 where no strength was asked."""
    if margin is None:
        return 1
    return min(max(math.floor(margin + 0.5), 0), STRONGEST)


def _opinion(score: int, words: str) -> Values:
    return {"score": score, "reasoning": words, "feedback1": "", "feedback2": ""}


HELPSTEER2 = Format(
    "helpsteer2",
    {"rating": _plan_attributes},
)

HELPSTEER3 = Format(
    "helpsteer3",
    {
        "preference": table(
            "helpsteer3",
            {
                "domain": pa.string(),
                "language": pa.string(),
                "context": MESSAGES,
                "response1": pa.string(),
                "response2": pa.string(),
                "overall_preference": pa.int64(),
                "individual_preference": pa.list_(_OPINION),
            },
            _preference,
        )
    },
)
