"""The columns of each kind of dataset: as an Arrow schema, and one row as plain values.

Rows name texts by key; here they get the texts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.core.builders.stepwise import render_prompt
from curation.core.records import Corpus, Message, Split
from curation.core.rows import (
    ClassificationRow,
    OutcomeRow,
    PreferenceRow,
    RankingRow,
    RatingRow,
    Row,
    StepwiseRow,
    annotator_hash,
    provenance_hash,
    row_id,
)
from curation.recipe import Kind

_MESSAGES = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
_TEXTS = pa.list_(pa.string())
_FLOATS = pa.list_(pa.float64())
_INTS = pa.list_(pa.int64())
_COMMON = {
    "id": pa.string(),
    "group": pa.string(),
    "item": pa.string(),
    "category": pa.string(),
    "source": pa.string(),
    "weight": pa.float64(),
    "rationales": _TEXTS,
}

SCHEMAS: Mapping[Kind, pa.Schema] = {
    "preference": pa.schema(
        {
            "prompt": _MESSAGES,
            "chosen": _MESSAGES,
            "rejected": _MESSAGES,
            "chosen_probability": pa.float64(),
            "tie_probability": pa.float64(),
            "target_margin": pa.float64(),
            "votes_chosen": pa.int64(),
            "votes_rejected": pa.int64(),
            "votes_tie": pa.int64(),
            "votes_excluded": pa.int64(),
            "votes_unsafe": pa.int64(),
            "chosen_id": pa.string(),
            "rejected_id": pa.string(),
            "source_kind": pa.string(),
            **_COMMON,
        }
    ),
    "ranking": pa.schema(
        {
            "prompt": _MESSAGES,
            "completions": _TEXTS,
            "completion_ids": _TEXTS,
            "tiers": pa.list_(_INTS),
            "scores": _FLOATS,
            "votes": pa.int64(),
            **_COMMON,
        }
    ),
    "stepwise": pa.schema(
        {
            "prompt": pa.string(),
            "completions": _TEXTS,
            "labels": pa.list_(pa.bool_()),
            "ratings": _INTS,
            "soft_labels": _FLOATS,
            "step_weights": _FLOATS,
            "votes": _INTS,
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
            "verified": pa.bool_(),
            "reference": pa.string(),
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
    "rating": pa.schema(
        {
            "prompt": _MESSAGES,
            "completion": _MESSAGES,
            "aspects": _TEXTS,
            "scores": _FLOATS,
            "errors": _FLOATS,
            "votes": _INTS,
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
    "classification": pa.schema(
        {
            "prompt": _MESSAGES,
            "completion": _MESSAGES,
            "label": pa.string(),
            "classes": _TEXTS,
            "class_probabilities": _FLOATS,
            "votes": pa.int64(),
            "completion_id": pa.string(),
            **_COMMON,
        }
    ),
}
"""Given outright, so that a split without rows still has its columns."""

CANONICAL = pa.schema(
    {
        "id": pa.string(),
        "split": pa.string(),
        "group": pa.string(),
        "item": pa.string(),
        "category": pa.string(),
        "source": pa.string(),
        "source_kind": pa.string(),
        "prompt": _MESSAGES,
        "response_a": pa.string(),
        "response_b": pa.string(),
        "response_a_id": pa.string(),
        "response_b_id": pa.string(),
        "p_a": pa.float64(),
        "p_tie": pa.float64(),
        "margin_a": pa.float64(),
        "votes_a": pa.int64(),
        "votes_b": pa.int64(),
        "votes_tie": pa.int64(),
        "votes_excluded": pa.int64(),
        "votes_unsafe": pa.int64(),
        "annotators": _TEXTS,
        "rationales": _TEXTS,
        "weight": pa.float64(),
        "is_even": pa.bool_(),
        "provenance": pa.string(),
    }
)
"""One pair a row, also those that came out even: what every view of preferences is made from."""

PROVENANCE = pa.schema(
    {
        "id": pa.string(),
        "split": pa.string(),
        "annotators": _TEXTS,
        "revisions": _TEXTS,
        "provenance": pa.string(),
    }
)
"""Who and which judgment revisions stand behind each row.

The rows themselves do not name them, so that the same judgments of the same texts give the same
rows on every installation.
"""


def row_values(row: Row, corpus: Corpus) -> dict[str, Any]:
    """Return the row by column, as lists, dictionaries and scalars, with its texts."""
    return {**_OWN[type(row)](row, corpus), **_common(row)}


def canonical_values(
    row: PreferenceRow, split: Split, corpus: Corpus, *, first_is_a: bool
) -> dict[str, Any]:
    """Return a pair by column with its stored first response as a, or as b."""
    chosen_is_a = row.chosen_is_first == first_is_a
    margin = row.target_margin
    a, b = (row.chosen_id, row.rejected_id)[:: 1 if chosen_is_a else -1]
    votes = (row.votes_chosen, row.votes_rejected)[:: 1 if chosen_is_a else -1]
    return {
        **_common(row),
        **_behind(row),
        "split": split,
        "source_kind": row.source_kind,
        "prompt": _messages(corpus.prompts[row.prompt_id].messages),
        "response_a": corpus.responses[a].content,
        "response_b": corpus.responses[b].content,
        "response_a_id": a,
        "response_b_id": b,
        "p_a": row.chosen_probability if chosen_is_a else 1.0 - row.chosen_probability,
        "p_tie": row.tie_probability,
        "margin_a": margin if chosen_is_a or margin is None else -margin,
        "votes_a": votes[0],
        "votes_b": votes[1],
        "votes_tie": row.votes_tie,
        "votes_excluded": row.votes_excluded,
        "votes_unsafe": row.votes_unsafe,
        "is_even": row.tied,
    }


def provenance_values(row: Row, split: Split) -> dict[str, Any]:
    """Return who and which judgment revisions a row was made from."""
    named = {"id": row_id(row), "split": split, "revisions": list(row.revisions)}
    return {**named, **_behind(row)}


def _behind(row: Row) -> dict[str, Any]:
    return {
        "annotators": sorted(map(annotator_hash, row.annotators)),
        "provenance": provenance_hash(row),
    }


def _common(row: Row) -> dict[str, Any]:
    return {
        "id": row_id(row),
        "group": row.group,
        "item": row.item,
        "category": row.category,
        "source": row.source,
        "weight": row.weight,
        "rationales": list(row.rationales),
    }


def _messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _prompt(row: Row, corpus: Corpus) -> list[dict[str, str]]:
    return _messages(corpus.prompts[row.prompt_id].messages)


def _turn(key: str, corpus: Corpus) -> list[dict[str, str]]:
    """A response as the assistant's one turn."""
    return [{"role": "assistant", "content": corpus.responses[key].content}]


def _preference(row: PreferenceRow, corpus: Corpus) -> dict[str, Any]:
    return {
        "prompt": _prompt(row, corpus),
        "chosen": _turn(row.chosen_id, corpus),
        "rejected": _turn(row.rejected_id, corpus),
        "chosen_probability": row.chosen_probability,
        "tie_probability": row.tie_probability,
        "target_margin": row.target_margin,
        "votes_chosen": row.votes_chosen,
        "votes_rejected": row.votes_rejected,
        "votes_tie": row.votes_tie,
        "votes_excluded": row.votes_excluded,
        "votes_unsafe": row.votes_unsafe,
        "chosen_id": row.chosen_id,
        "rejected_id": row.rejected_id,
        "source_kind": row.source_kind,
    }


def _ranking(row: RankingRow, corpus: Corpus) -> dict[str, Any]:
    return {
        "prompt": _prompt(row, corpus),
        "completions": [corpus.responses[key].content for key in row.completion_ids],
        "completion_ids": list(row.completion_ids),
        "tiers": [list(tier) for tier in row.tiers],
        "scores": list(row.scores),
        "votes": row.votes,
    }


def _stepwise(row: StepwiseRow, corpus: Corpus) -> dict[str, Any]:
    steps = corpus.responses[row.completion_id].steps or ()
    starts = (0, *row.ends)
    return {
        "prompt": render_prompt(corpus.prompts[row.prompt_id].messages),
        "completions": [
            "\n".join(steps[start:end]) for start, end in zip(starts, row.ends, strict=False)
        ],
        "labels": list(row.labels),
        "ratings": list(row.ratings),
        "soft_labels": list(row.soft_labels),
        "step_weights": list(row.step_weights or (1.0,) * len(row.ends)),
        "votes": list(row.votes),
        "first_error": row.first_error,
        "completion_id": row.completion_id,
    }


def _outcome(row: OutcomeRow, corpus: Corpus) -> dict[str, Any]:
    return {
        "prompt": _prompt(row, corpus),
        "completion": _turn(row.completion_id, corpus),
        "label": row.label,
        "label_probability": row.label_probability,
        "votes": row.votes,
        "verified": row.verified,
        "reference": corpus.prompts[row.prompt_id].reference,
        "completion_id": row.completion_id,
    }


def _rating(row: RatingRow, corpus: Corpus) -> dict[str, Any]:
    return {
        "prompt": _prompt(row, corpus),
        "completion": _turn(row.completion_id, corpus),
        "aspects": list(row.aspects),
        "scores": list(row.scores),
        "errors": list(row.errors),
        "votes": list(row.votes),
        "completion_id": row.completion_id,
    }


def _classification(row: ClassificationRow, corpus: Corpus) -> dict[str, Any]:
    return {
        "prompt": _prompt(row, corpus),
        "completion": _turn(row.completion_id, corpus),
        "label": row.label,
        "classes": list(row.classes),
        "class_probabilities": list(row.class_probabilities),
        "votes": row.votes,
        "completion_id": row.completion_id,
    }


_OWN: Mapping[type, Callable[[Any, Corpus], dict[str, Any]]] = {
    PreferenceRow: _preference,
    RankingRow: _ranking,
    StepwiseRow: _stepwise,
    OutcomeRow: _outcome,
    RatingRow: _rating,
    ClassificationRow: _classification,
}
