"""RewardBench's pairs, and RewardBench 2's one right answer among several.

Lambert et al. (2024), 2403.13787; Malik et al. (2025), 2506.01937.
"""

from collections.abc import Iterator

import pyarrow as pa

from curation.exports.formats.base import Format, table
from curation.exports.formats.texts import TEXTS, UNKNOWN_MODEL, answer, digest, number, question
from curation.exports.source import Values

_TEXT = pa.string()


def _pair(row: Values) -> Iterator[Values]:
    yield {
        "prompt": question(row["prompt"]),
        "chosen": answer(row["chosen"]),
        "chosen_model": UNKNOWN_MODEL,
        "rejected": answer(row["rejected"]),
        "rejected_model": UNKNOWN_MODEL,
        "subset": row["category"],
        "id": number(row["item"], *sorted((row["chosen_id"], row["rejected_id"]))),
    }


def _best_of(row: Values) -> Iterator[Values]:
    """The best tier is right, all others are wrong."""
    best, *others = row["tiers"]
    chosen = [row["completions"][place] for place in best]
    rejected = [row["completions"][place] for tier in others for place in tier]
    yield {
        "id": digest(row["item"]),
        "prompt": question(row["prompt"]),
        "chosen": chosen,
        "rejected": rejected,
        "num_correct": len(chosen),
        "num_incorrect": len(rejected),
        "total_completions": len(chosen) + len(rejected),
        "models": [UNKNOWN_MODEL] * (len(chosen) + len(rejected)),
        "subset": row["category"],
    }


REWARDBENCH = Format(
    "rewardbench",
    {
        "preference": table(
            "rewardbench",
            {
                "prompt": _TEXT,
                "chosen": _TEXT,
                "chosen_model": _TEXT,
                "rejected": _TEXT,
                "rejected_model": _TEXT,
                "subset": _TEXT,
                "id": pa.int64(),
            },
            _pair,
        ),
        "ranking": table(
            "rewardbench",
            {
                "id": _TEXT,
                "prompt": _TEXT,
                "chosen": TEXTS,
                "rejected": TEXTS,
                "num_correct": pa.int64(),
                "num_incorrect": pa.int64(),
                "total_completions": pa.int64(),
                "models": TEXTS,
                "subset": _TEXT,
            },
            _best_of,
        ),
    },
)
