"""The columns of each kind of dataset: as an Arrow schema, and one row as plain values."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pyarrow as pa

from curation.core.records import Message, Row
from curation.recipe import Kind

_MESSAGES = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
_COMMON = {"group": pa.string(), "item": pa.string(), "category": pa.string()}

SCHEMAS: Mapping[Kind, pa.Schema] = {
    "preference": pa.schema(
        {
            "prompt": _MESSAGES,
            "chosen": _MESSAGES,
            "rejected": _MESSAGES,
            "chosen_probability": pa.float64(),
            "target_margin": pa.float64(),
            "weight": pa.float64(),
            "votes_chosen": pa.int64(),
            "votes_rejected": pa.int64(),
            "votes_tie": pa.int64(),
            "chosen_id": pa.string(),
            "rejected_id": pa.string(),
            "source_kind": pa.string(),
            **_COMMON,
        }
    ),
    "ranking": pa.schema(
        {
            "prompt": _MESSAGES,
            "completions": pa.list_(pa.string()),
            "completion_ids": pa.list_(pa.string()),
            "tiers": pa.list_(pa.list_(pa.int64())),
            "votes": pa.int64(),
            **_COMMON,
        }
    ),
    "stepwise": pa.schema(
        {
            "prompt": pa.string(),
            "completions": pa.list_(pa.string()),
            "labels": pa.list_(pa.bool_()),
            "ratings": pa.list_(pa.int64()),
            "soft_labels": pa.list_(pa.float64()),
            "votes": pa.list_(pa.int64()),
            "first_error": pa.int64(),
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
    "outcome": pa.schema(
        {
            "prompt": _MESSAGES,
            "completion": _MESSAGES,
            "label": pa.bool_(),
            "label_probability": pa.float64(),
            "votes": pa.int64(),
            "reference": pa.string(),
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
    "rating": pa.schema(
        {
            "prompt": _MESSAGES,
            "completion": _MESSAGES,
            "aspects": pa.list_(pa.string()),
            "scores": pa.list_(pa.float64()),
            "votes": pa.list_(pa.int64()),
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
}
"""Given outright, so that a split without rows still has its columns."""


def row_values(row: Row) -> dict[str, Any]:
    """Return the row by column, as lists, dictionaries and scalars."""
    return {field.name: _plain(getattr(row, field.name)) for field in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Message):
        return {"role": value.role, "content": value.content}
    return value
