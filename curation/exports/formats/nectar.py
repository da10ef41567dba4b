"""Nectar's lines (Zhu et al., 2023, for Starling): the answers of a prompt with their ranks."""

from collections.abc import Iterator

import pyarrow as pa

from curation.exports.formats.base import Format, table
from curation.exports.formats.texts import TEXTS, UNKNOWN_MODEL, transcript
from curation.exports.source import Values

_ANSWER = pa.struct({"answer": pa.string(), "model": pa.string(), "rank": pa.int64()})


def ranks(tiers: list[list[int]]) -> list[tuple[int, int]]:
    """Return (place, rank) pairs, best first; ties share the rank of the first of them."""
    ranked: list[tuple[int, int]] = []
    for tier in tiers:
        rank = len(ranked) + 1
        ranked += [(place, rank) for place in tier]
    return ranked


def _ranked(row: Values) -> Iterator[Values]:
    yield {
        "prompt": f"{transcript(row['prompt'])} ",
        "answers": [
            {"answer": row["completions"][place], "model": UNKNOWN_MODEL, "rank": rank}
            for place, rank in ranks(row["tiers"])
        ],
        "turns": sum(turn["role"] == "user" for turn in row["prompt"]),
        "num_responses": len(row["completions"]),
        "source": [row["category"]] if row["category"] else [],
    }


NECTAR = Format(
    "nectar",
    {
        "ranking": table(
            "nectar",
            {
                "prompt": pa.string(),
                "answers": pa.list_(_ANSWER),
                "turns": pa.int64(),
                "num_responses": pa.int64(),
                "source": TEXTS,
            },
            _ranked,
        )
    },
)
