"""What a curation takes in beside judgments: evaluation sets, vectors, topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from curation.core.embeddings import Embeddings
from curation.core.errors import RecipeError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files that recipes name, by name.

    `evaluations` hold texts to stay away from, `topics` a topic for each prompt key, `embeddings` a
    vector for each (prompt keys are the `group` of exported rows). `digests` are
    the SHA-256 of the files, which belong to what a dataset was made from.
    """

    evaluations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    embeddings: Mapping[str, Embeddings] = field(default_factory=dict)
    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


def named(files: Mapping[str, T], name: str, what: str) -> T:
    """The file a recipe names. Raises RecipeError where it is not there."""
    if name not in files:
        there = ", ".join(sorted(files)) or "none"
        raise RecipeError(
            f"There is no {what} {name!r}; add it to the project first ({there} now)."
        )
    return files[name]
