"""Prompts that are nearly the same: one cluster, one split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curation.core.dedupe import PromptGroups, near_duplicate_clusters, semantic_clusters
from curation.core.errors import RecipeError
from curation.core.inputs import Inputs, named
from curation.core.records import Corpus, PromptText, Split
from curation.core.split import guard_splits
from curation.recipe import Recipe


def cluster_prompts(
    corpus: Corpus, groups: PromptGroups, recipe: Recipe, inputs: Inputs
) -> PromptGroups:
    """Join near-duplicate prompts to clusters and put each cluster into its strictest split.

    Nothing is merged: a cluster only says what must not be torn apart.
    """
    keys = sorted(set(groups.group.values()))
    labels = _joined(keys, corpus, recipe, inputs)
    if labels is None or len(keys) < 2:
        return groups
    splits = [groups.split[key] for key in keys]
    guarded = guard_splits(labels, splits)
    members: dict[int, list[str]] = defaultdict(list)
    for key, label in zip(keys, labels.tolist(), strict=True):
        members[label].append(key)
    cluster = {key: found[0] for found in members.values() if len(found) > 1 for key in found}
    split: dict[str, Split] = dict(zip(keys, guarded.splits.tolist(), strict=True))
    moved = sum(split[groups.group[key]] != corpus.prompts[key].split for key in groups.group)
    return replace(groups, split=split, moved=moved, cluster=cluster)


def largest_cluster(groups: PromptGroups) -> int:
    """Prompts in the largest near-duplicate cluster; 0 without one.

    A cluster that holds a good part of all prompts is boilerplate as a rule, and worth a look
    before it decides where they go.
    """
    return max(Counter(groups.cluster.values()).values(), default=0)


def prompt_text(prompt: PromptText) -> str:
    """What prompts are compared by: all turns, a blank line between them."""
    return "\n\n".join(turn.content for turn in prompt.messages)


def _joined(
    keys: Sequence[str], corpus: Corpus, recipe: Recipe, inputs: Inputs
) -> np.ndarray | None:
    """A cluster label for each prompt; None where the recipe asks for no search."""
    dedupe, labels = recipe.dedupe, None
    if dedupe.near:
        texts = [prompt_text(corpus.prompts[key]) for key in keys]
        labels = near_duplicate_clusters(texts, threshold=dedupe.near, seed=recipe.seed)
    if dedupe.embeddings:
        by_meaning = _semantic(keys, recipe, inputs)
        labels = by_meaning if labels is None else _either(labels, by_meaning)
    return labels


def _semantic(keys: Sequence[str], recipe: Recipe, inputs: Inputs) -> np.ndarray:
    """Clusters by the vectors of a file; a prompt without a vector stays alone."""
    found = named(inputs.embeddings, recipe.dedupe.embeddings, "file of embeddings")
    row = {key: n for n, key in enumerate(found.ids.tolist())}
    known = [n for n, key in enumerate(keys) if key in row]
    if not known and keys:
        raise RecipeError(
            f"None of the vectors in {recipe.dedupe.embeddings!r} is of a prompt of this dataset: "
            "name them by the group column of an export."
        )
    labels = np.arange(len(keys))
    matrix = found.matrix[[row[keys[n]] for n in known]]
    clusters = semantic_clusters(matrix, threshold=recipe.dedupe.semantic)
    first: dict[int, int] = {}
    for n, cluster in zip(known, clusters.tolist(), strict=True):
        labels[n] = first.setdefault(cluster, n)
    return labels


def _either(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Clusters that join whatever either of two clusterings joins."""
    n = len(one)
    rows = np.arange(n)
    ones = np.ones(2 * n, dtype=np.int8)
    ends = np.concatenate([_first_members(one), _first_members(other)])
    graph = coo_array((ones, (np.concatenate([rows, rows]), ends)), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _first_members(labels: np.ndarray) -> np.ndarray:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]
