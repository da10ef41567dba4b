"""PRM800K's lines (Lightman et al., 2023, 2305.20050): a question, and a rating for each step.

What nobody knows of an aggregated row is null: the labeller, the time, the generation.
"""

from collections.abc import Iterator

import pyarrow as pa

from curation.exports.formats.base import Format, table
from curation.exports.source import Values

_COMPLETION = pa.struct({"text": pa.string(), "rating": pa.int64(), "flagged": pa.bool_()})
_STEP = pa.struct(
    {
        "completions": pa.list_(_COMPLETION),
        "human_completion": _COMPLETION,
        "chosen_completion": pa.int64(),
    }
)
_QUESTION = pa.struct({"problem": pa.string(), "ground_truth_answer": pa.string()})
_LABEL = pa.struct(
    {"steps": pa.list_(_STEP), "total_time": pa.int64(), "finish_reason": pa.string()}
)


def _solution(row: Values) -> Iterator[Values]:
    steps = [
        _step(text, rating) for text, rating in zip(row["completions"], row["ratings"], strict=True)
    ]
    yield {
        "labeler": None,
        "timestamp": None,
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": row["prompt"],
            "ground_truth_answer": row.get("reference") or None,
        },
        "label": {
            "steps": steps,
            "total_time": None,
            "finish_reason": "solution" if row["first_error"] < 0 else "found_error",
        },
    }


def _step(text: str, rating: int) -> Values:
    return {
        "completions": [{"text": text, "rating": rating, "flagged": None}],
        "human_completion": None,
        "chosen_completion": 0,
    }


PRM800K = Format(
    "prm800k",
    {
        "stepwise": table(
            "prm800k",
            {
                "labeler": pa.string(),
                "timestamp": pa.string(),
                "generation": pa.int64(),
                "is_quality_control_question": pa.bool_(),
                "is_initial_screening_question": pa.bool_(),
                "question": _QUESTION,
                "label": _LABEL,
            },
            _solution,
        )
    },
)
