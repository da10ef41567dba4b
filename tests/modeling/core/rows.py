"""Small datasets of every kind, with the columns that docs/data-formats.md names."""

import json
from pathlib import Path
from typing import Any

from modeling.core.config import OBJECTIVE_KINDS, default_objective
from tests.modeling.core.conftest import preference_row, write_jsonl

Row = dict[str, Any]
OBJECTIVES = {kind: default_objective(kind) for kinds in OBJECTIVE_KINDS.values() for kind in kinds}
WORDS = ("yes please", "well maybe", "no")


def ranking_row(number: int) -> Row:
    """Three answers, the best not always first."""
    order = [(place + number) % 3 for place in range(3)]
    return {
        "prompt": _prompt(number),
        "completions": [f"{WORDS[word]} {number}" for word in order],
        "completion_ids": [f"r{word}" for word in order],
        "tiers": [[order.index(word)] for word in range(3)],
        "votes": 3,
        **_common(number),
    }


def stepwise_row(number: int) -> Row:
    """Two right steps, and in every second row a wrong third."""
    wrong = number % 2 == 1
    last = "no no no" if wrong else "yes and so"
    return {
        "prompt": f"Question {number}?",
        "completions": [f"yes {number}", "yes then", last],
        "labels": [True, True, not wrong],
        "ratings": [1, 0, -1 if wrong else 1],
        "soft_labels": [1.0, 0.75, 0.25 if wrong else 1.0],
        "votes": [4, 4, 4],
        "first_error": 2 if wrong else -1,
        "completion_id": "r",
        **_common(number),
    }


def outcome_row(number: int) -> Row:
    right = number % 2 == 0
    return {
        "prompt": _prompt(number),
        "completion": _completion(WORDS[0 if right else 2], number),
        "label": right,
        "label_probability": 1.0 if right else 0.25,
        "votes": 4,
        "reference": "",
        "completion_id": "r",
        **_common(number),
    }


def rating_row(number: int) -> Row:
    """Scores of two aspects on scales of their own; every fourth row lacks the second."""
    word = number % 3
    aspects = ["helpfulness"] if number % 4 == 3 else ["helpfulness", "length"]
    return {
        "prompt": _prompt(number),
        "completion": _completion(WORDS[word], number),
        "aspects": aspects,
        "scores": [5.0 - 2 * word, 10.0 * word][: len(aspects)],
        "votes": [2] * len(aspects),
        "completion_id": "r",
        **_common(number),
    }


def classification_row(number: int) -> Row:
    word = number % 3
    return {
        "prompt": _prompt(number),
        "completion": _completion(WORDS[word], number),
        "label": ("acceptable", "unacceptable", "unsafe")[word],
        "votes": 3,
        "completion_id": "r",
        **_common(number),
    }


def tied_row(number: int) -> Row:
    """A pair that came out even, as loose files have it."""
    return {
        "id": f"t{number}",
        "prompt": f"Question {number}?",
        "response_a": f"well maybe {number}",
        "response_b": f"maybe well {number}",
        "majority": "tie",
        **_common(number),
    }


ROWS = {
    "preference": preference_row,
    "ranking": ranking_row,
    "stepwise": stepwise_row,
    "outcome": outcome_row,
    "rating": rating_row,
    "classification": classification_row,
}


def write_kind(
    directory: Path, kind: str, *, train: int = 12, validation: int = 4, test: int = 6
) -> Path:
    """A dataset directory of this kind."""
    directory.mkdir(parents=True)
    start = 0
    for name, count in (("train", train), ("validation", validation), ("test", test)):
        rows = [ROWS[kind](number) for number in range(start, start + count)]
        write_jsonl(directory / f"{name}.jsonl", rows)
        start += count
    manifest = {"kind": kind, "content_hash": f"{kind}-{train}-{validation}-{test}"}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


def _prompt(number: int) -> list[Row]:
    return [{"role": "user", "content": f"Question {number}?"}]


def _completion(word: str, number: int) -> list[Row]:
    return [{"role": "assistant", "content": f"{word} {number}"}]


def _common(number: int) -> Row:
    return {"group": f"g{number}", "item": f"i{number}", "category": ""}
