"""A dataset as a directory of files that appears whole and is the same for the same inputs.

`{train,validation,test}.jsonl` and `.parquet` hold the same rows in the same order;
`canonical.parquet` (preference) every pair with its soft label, even ones included;
`provenance.parquet` the judgment revisions behind each row; `dropped.parquet` what each step left
out and why; `statistics.json`, `revisions.txt` (one judgment revision id per line) and, written
last, `manifest.json` describe them. No file holds a time, a host name or a path.

A split without rows has its files too, Parquet with all columns. `datasets.load_dataset` refuses
splits without rows: give it those for which `rows` in the manifest is not 0. Prefer Parquet, which
carries its types: a reader that guesses them from the first lines of a JSONL file takes a
`target_margin` that begins with many nulls for one that has nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.core.balance import assign_sides
from curation.core.build import Built
from curation.core.errors import ExportError
from curation.core.records import SPLITS, Split
from curation.core.rows import PreferenceRow, row_id, row_identity
from curation.exports.columns import (
    CANONICAL,
    PROVENANCE,
    SCHEMAS,
    canonical_values,
    provenance_values,
    row_values,
)
from curation.exports.whole import FileInfo, appearing_whole, created, file_info, write_json
from curation.exports.writing import write_parquet, write_rows
from curation.recipe import Recipe

FORMAT = "tiebreak-dataset"
FORMAT_VERSION = 2

DROPPED = pa.schema(
    {
        "step": pa.string(),
        "reason": pa.string(),
        "item": pa.string(),
        "part": pa.list_(pa.string()),
        "revision": pa.string(),
    }
)
"""What each step of the recipe left out: judgments by revision, items, rows by item and part."""


@dataclass(frozen=True, slots=True)
class WrittenDataset:
    """All files of a dataset, the manifest last, and the hash that names its content.

    `content_hash` is a SHA-256 over the recipe, the files it names and the rows of all splits, even
    pairs included: two datasets share it only if they have the same recipe and the same rows.
    """

    files: tuple[FileInfo, ...]
    content_hash: str


def write_dataset(
    built: Built,
    directory: Path,
    *,
    recipe: Recipe,
    extra_manifest: Mapping[str, Any] | None = None,
) -> WrittenDataset:
    """Write a dataset to a new directory, under another name until it is complete.

    Texts are read as rows are written, so memory does not grow with them. `extra_manifest` is
    added to the manifest at its top level: JSON values, under names that the manifest does not use
    itself.

    Raises ExportError, leaving nothing behind, if the directory already holds something, if the
    recipe is of another kind, or if a row cannot be stored: a text with NUL or a lone surrogate,
    or a number that is not finite. `build_dataset` makes no such row from its texts; the sentence
    names the row.
    """
    if recipe.kind != built.kind:
        raise ExportError(f"The rows are {built.kind} rows, but the recipe says {recipe.kind}.")
    with appearing_whole(Path(directory)) as temporary:
        digests = _write_splits(built, temporary)
        if built.kind == "preference":
            digests["canonical"] = _write_canonical(built, recipe, temporary)
        _write_accounts(built, temporary)
        content_hash = _content_hash(digests, recipe, built.inputs)
        described = [file_info(path, temporary) for path in sorted(temporary.iterdir())]
        manifest = _manifest(built, recipe, content_hash, described)
        write_json(_extended(manifest, extra_manifest or {}), temporary / "manifest.json")
        described.append(file_info(temporary / "manifest.json", temporary))
        return WrittenDataset(tuple(described), content_hash)


def _write_splits(built: Built, directory: Path) -> dict[str, str]:
    """Each split's rows; returns the digests of their lines."""
    return {
        split: write_rows(
            (row_values(row, built.corpus) for row in built.rows[split]),
            SCHEMAS[built.kind],
            parquet=directory / f"{split}.parquet",
            jsonl=directory / f"{split}.jsonl",
        )
        for split in SPLITS
    }


def _write_canonical(built: Built, recipe: Recipe, directory: Path) -> str:
    pairs = [(split, row) for split in SPLITS for row in _pairs(built, split)]
    swapped = _swapped([row for _, row in pairs], recipe)
    values = (
        canonical_values(row, split, built.corpus, first_is_a=not swap)
        for (split, row), swap in zip(pairs, swapped, strict=True)
    )
    path = directory / "canonical.parquet"
    return write_rows(values, CANONICAL, parquet=path, unhashed=("annotators", "provenance"))


def _pairs(built: Built, split: Split) -> list[PreferenceRow]:
    """A split's decided and even pairs, in order."""
    decided = [row for row in built.rows[split] if isinstance(row, PreferenceRow)]
    return sorted([*decided, *built.even[split]], key=row_identity)


def _swapped(rows: Sequence[PreferenceRow], recipe: Recipe) -> list[bool]:
    """Which pairs have their stored second response as a: drawn by the seed, or none."""
    if recipe.balance.sides == "stored":
        return [False] * len(rows)
    return [bool(swap) for swap in assign_sides([row_id(row) for row in rows], seed=recipe.seed)]


def _write_accounts(built: Built, directory: Path) -> None:
    """Where rows come from, what went and why, and the figures."""
    provenance = (
        (provenance_values(row, split), 0)
        for split in SPLITS
        for row in (*built.rows[split], *built.even[split])
    )
    write_parquet(provenance, PROVENANCE, directory / "provenance.parquet")
    left_out = sorted(built.left_out, key=lambda e: (e.step, e.reason, e.item, e.part, e.revision))
    dropped = (({**asdict(entry), "part": list(entry.part)}, 0) for entry in left_out)
    write_parquet(dropped, DROPPED, directory / "dropped.parquet")
    write_json({"dropped": dict(built.dropped), **built.statistics}, directory / "statistics.json")
    with created(directory / "revisions.txt") as file:
        file.writelines(f"{revision}\n".encode() for revision in built.revisions)


def _content_hash(digests: Mapping[str, str], recipe: Recipe, inputs: Mapping[str, str]) -> str:
    """SHA-256 over the recipe's digest, its files' and each split's lines, one line each."""
    lines = [f"recipe {recipe.digest()}"]
    lines += [f"input {name} {inputs[name]}" for name in sorted(inputs)]
    lines += [f"{name} {digest}" for name, digest in digests.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _manifest(
    built: Built, recipe: Recipe, content_hash: str, files: Sequence[FileInfo]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": built.kind,
        "recipe": recipe.to_dict(),
        "recipe_digest": recipe.digest(),
        "content_hash": content_hash,
        "inputs": dict(sorted(built.inputs.items())),
        "rows": {split: len(built.rows[split]) for split in SPLITS},
        "even": {split: len(built.even[split]) for split in SPLITS},
        "steps": [report.to_dict() for report in built.steps],
        "dropped": dict(built.dropped),
        "revisions": len(built.revisions),
        "files": [asdict(file) for file in files],
    }


def _extended(manifest: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    taken = sorted(manifest.keys() & extra.keys())
    if taken:
        raise ExportError(f"The manifest has {', '.join(taken)} of its own.")
    return {**manifest, **extra}
