"""Small dataset versions on disk, made by hand from rows."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.records import SPLITS
from curation.exports.columns import CANONICAL, SCHEMAS
from curation.exports.source import Source

Rows = dict[str, list[dict[str, Any]]]

ODD = (
    'Quotes " and \\u0000 written out, \u2028 lines \r\n, '
    "\U0001f600 and \u4f60\u597d, \u202e\u05e9\u05dc\u05d5\u05dd\u202c."
)


def say(text: str, role: str = "assistant") -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def ask(text: str) -> list[dict[str, str]]:
    return say(text, "user")


def preference(key: str, *, chosen: str = "a", rejected: str = "b", **fields: Any) -> dict:
    return {
        "prompt": ask(f"Question {key}?"),
        "chosen": say(f"Answer {chosen}. {ODD}"),
        "rejected": say(f"Answer {rejected}."),
        "chosen_probability": 0.75,
        "tie_probability": 0.5,
        "target_margin": 1.5,
        "votes_chosen": 2,
        "votes_rejected": 0,
        "votes_tie": 2,
        "votes_excluded": 1,
        "votes_unsafe": 0,
        "chosen_id": chosen,
        "rejected_id": rejected,
        "source_kind": "comparison",
    } | _common(key, fields)


def ranking(key: str, **fields: Any) -> dict:
    return {
        "prompt": [*ask("Hi."), *say("Hello."), *ask(f"Question {key}?")],
        "completions": ["first", "second", "third"],
        "completion_ids": ["x", "y", "z"],
        "tiers": [[2], [0, 1]],
        "scores": [-2.5, -2.5, -1.0],
        "votes": 3,
    } | _common(key, fields)


def stepwise(key: str, **fields: Any) -> dict:
    return {
        "prompt": f"Question {key}?",
        "completions": ["one", "two", "three"],
        "labels": [True, True, False],
        "ratings": [1, 0, -1],
        "soft_labels": [1.0, 0.75, 0.25],
        "step_weights": [1.0, 1.0, 1.0],
        "votes": [4, 4, 4],
        "first_error": 2,
        "completion_id": "s",
    } | _common(key, fields)


def outcome(key: str, **fields: Any) -> dict:
    return {
        "prompt": ask(f"Question {key}?"),
        "completion": say("42"),
        "label": True,
        "label_probability": 0.9,
        "votes": 10,
        "verified": False,
        "reference": "42",
        "completion_id": "o",
    } | _common(key, fields)


def rating(key: str, **fields: Any) -> dict:
    return {
        "prompt": ask(f"Question {key}?"),
        "completion": say("A poem."),
        "aspects": ["helpfulness", "honesty"],
        "scores": [4.0, 2.5],
        "errors": [0.5, None],
        "votes": [2, 2],
        "completion_id": "r",
    } | _common(key, fields)


def classification(key: str, **fields: Any) -> dict:
    return {
        "prompt": ask(f"Question {key}?"),
        "completion": say("A poem."),
        "label": "unacceptable",
        "classes": ["acceptable", "unacceptable"],
        "class_probabilities": [0.25, 0.75],
        "votes": 4,
        "completion_id": "c",
    } | _common(key, fields)


def canonical(key: str, **fields: Any) -> dict:
    return {
        "split": "train",
        "source_kind": "comparison",
        "prompt": ask(f"Question {key}?"),
        "response_a": "Answer a.",
        "response_b": "Answer b.",
        "response_a_id": "a",
        "response_b_id": "b",
        "p_a": 0.5,
        "p_tie": 1.0,
        "margin_a": None,
        "votes_a": 0,
        "votes_b": 0,
        "votes_tie": 2,
        "votes_excluded": 0,
        "votes_unsafe": 0,
        "annotators": ["h1", "h2"],
        "provenance": "f" * 64,
        "is_even": True,
    } | _common(key, fields)


def _common(key: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"r{key}",
        "group": f"g{key}",
        "item": f"i{key}",
        "category": "poetry",
        "source": "web",
        "weight": 1.0,
        "rationales": ["It rhymes."],
    } | fields


MAKE = {
    "preference": preference,
    "ranking": ranking,
    "stepwise": stepwise,
    "outcome": outcome,
    "rating": rating,
    "classification": classification,
}


def some_rows(kind: str) -> Rows:
    """Three training rows, one to validate on, none to test on."""
    make = MAKE[kind]
    return {"train": [make(key) for key in "123"], "validation": [make("4")], "test": []}


def write_version(directory: Path, kind: str, rows: Rows | None = None, **manifest: Any) -> Source:
    """A version's folder as `write_dataset` leaves it."""
    rows = some_rows(kind) if rows is None else {split: rows.get(split, []) for split in SPLITS}
    directory.mkdir(parents=True)
    for split, values in rows.items():
        lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in values]
        (directory / f"{split}.jsonl").write_bytes("".join(lines).encode())
        table = pa.Table.from_pylist(values, schema=SCHEMAS[kind])
        pq.write_table(table, directory / f"{split}.parquet", compression="zstd")
    if kind == "preference":
        pairs = [
            canonical(row["item"][1:], split=split, is_even=False)
            for split in SPLITS
            for row in rows[split]
        ]
        table = pa.Table.from_pylist([*pairs, canonical("9", split="test")], schema=CANONICAL)
        pq.write_table(table, directory / "canonical.parquet")
    counts = {split: len(values) for split, values in rows.items()}
    described = {
        "kind": kind,
        "rows": counts,
        "recipe": {"kind": kind, "seed": 0},
        "content_hash": "c" * 64,
        "dropped": {"tie": 2},
        "revisions": 11,
        "files": [],
    } | manifest
    (directory / "manifest.json").write_text(json.dumps(described))
    (directory / "statistics.json").write_text(json.dumps(STATISTICS | {"rows": counts}))
    return Source.open(directory)


STATISTICS = {
    "kind": "preference",
    "aggregate": "majority",
    "aggregate_reason": "It predicts held-out votes best.",
    "judgments": 11,
    "annotators": 3,
    "agreement_share": 0.8,
    "agreement_items": 5,
    "votes_per_item": {"1": 2, "3": 3},
    "votes_excluded": {"unsafe": 1},
    "chosen_longer_share": 0.5,
    "left_win_share": 0.4,
}
