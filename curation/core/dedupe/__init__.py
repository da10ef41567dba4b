"""The same question asked twice, found: exactly, nearly, and by meaning."""

from curation.core.dedupe.exact import (
    Identity,
    Merged,
    PromptGroups,
    Subject,
    group_prompts,
    merge_duplicates,
    normalise_text,
)
from curation.core.dedupe.handover import hand_over, read_clusters
from curation.core.dedupe.near import (
    Clusters,
    NearDuplicates,
    cluster_near_duplicates,
    near_duplicate_clusters,
    near_duplicate_pairs,
    near_duplicate_row_clusters,
    near_duplicates_between,
)
from curation.core.dedupe.scale import cluster_beyond_memory
from curation.core.dedupe.semantic import semantic_clusters

__all__ = [
    "Clusters",
    "Identity",
    "Merged",
    "NearDuplicates",
    "PromptGroups",
    "Subject",
    "cluster_beyond_memory",
    "cluster_near_duplicates",
    "group_prompts",
    "hand_over",
    "merge_duplicates",
    "near_duplicate_clusters",
    "near_duplicate_pairs",
    "near_duplicate_row_clusters",
    "near_duplicates_between",
    "normalise_text",
    "read_clusters",
    "semantic_clusters",
]
