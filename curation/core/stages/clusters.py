"""Near-duplicate clusters and topics of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.core.dedupe import (
    PromptGroups,
    near_duplicate_clusters,
    near_duplicate_row_clusters,
)
from curation.core.inputs import Inputs, named
from curation.core.records import Corpus
from curation.core.rows import PreferenceRow, Row, responses_of
from curation.core.topics import cluster_topics
from curation.recipe import Recipe

DEFAULT_THRESHOLD = 0.7
NO_TOPIC = "none"


def row_clusters(
    rows: Sequence[Row], groups: PromptGroups, corpus: Corpus, recipe: Recipe
) -> list[Any]:
    """A cluster for each row, by its prompt, its (first) response or its order-free pair."""
    unit = recipe.balance.cluster_on
    if unit == "prompt":
        return [groups.cluster.get(row.group, row.group) for row in rows]
    threshold = recipe.dedupe.near or DEFAULT_THRESHOLD
    first = [corpus.responses[responses_of(row)[0]].content for row in rows]
    if unit == "response" or not all(isinstance(row, PreferenceRow) for row in rows):
        found = near_duplicate_clusters(first, threshold=threshold, seed=recipe.seed)
    else:
        second = [corpus.responses[responses_of(row)[1]].content for row in rows]
        found = near_duplicate_row_clusters(
            None, first, second, threshold=threshold, seed=recipe.seed
        )
    return list(found.tolist())


def row_topics(rows: Sequence[Row], recipe: Recipe, inputs: Inputs) -> list[str]:
    """A topic for each row, given by a file or found among a file's vectors."""
    asked = recipe.balance
    if asked.topics:
        given = named(inputs.topics, asked.topics, "file of topics")
        return [given.get(row.group, NO_TOPIC) for row in rows]
    found = named(inputs.embeddings, asked.embeddings, "file of embeddings")
    ids = found.ids.tolist()
    labels = cluster_topics(found.matrix, asked.n_topics, ids=ids, seed=recipe.seed).labels
    topic = {key: f"topic {label}" for key, label in zip(ids, labels, strict=True)}
    return [topic.get(row.group, NO_TOPIC) for row in rows]
