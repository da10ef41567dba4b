"""Dataset versions: a directory with a manifest and the rows of each split."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from modeling.core.data.canonical import with_canonical
from modeling.core.data.fields import Example, Row
from modeling.core.data.kinds import (
    ClassificationExample,
    parse_classification,
    parse_outcome,
    parse_ranking,
    parse_rating,
    parse_stepwise,
)
from modeling.core.data.preference import parse_pair, parse_tied_pair
from modeling.core.errors import DataError
from modeling.core.files import read_json, read_jsonl, read_parquet, sha256_file, sha256_json

SPLITS = ("train", "validation", "test")
_PARSERS: dict[str, Callable[[Row], Example | None]] = {
    "preference": parse_pair,
    "ranking": parse_ranking,
    "stepwise": parse_stepwise,
    "outcome": parse_outcome,
    "rating": parse_rating,
}
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.parquet")


@dataclass(frozen=True)
class Dataset:
    """A dataset version: examples by split, its manifest and the hash of its content.

    `classes` are those of a classification dataset, as its manifest lists them or else sorted.
    """

    kind: str
    splits: Mapping[str, tuple[Any, ...]]
    manifest: Mapping[str, Any]
    content_hash: str
    classes: tuple[str, ...] = ()

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows by split."""
        return {name: len(examples) for name, examples in self.splits.items()}

    @property
    def facts(self) -> dict[str, Any]:
        """What a checkpoint says of its data."""
        return {"kind": self.kind, "content_hash": self.content_hash, "rows": self.rows}


def read_dataset(directory: Path, *, ties: bool = False, annotators: bool = False) -> Dataset:
    """Read a dataset version: `manifest.json` and the files of each split.

    Pairs that came out even stand in `canonical.parquet` alone, or in rows with `majority` tie;
    with `ties` they follow the others of their split. With `annotators` pairs name theirs, from
    that file.

    A split is one JSON Lines file, or without one Parquet: `train.parquet`, or shards such as
    `train-00000-of-00004.parquet`. A split without a file is empty. The content hash is the
    manifest's `content_hash`, or else the hash of the files' hashes. Raises DataError with file
    and row of the first bad row.
    """
    manifest = read_json(directory / "manifest.json")
    kind = str(manifest.get("kind") or "preference")
    classes = _listed_classes(manifest)
    parse = parse_tied_pair if ties and kind == "preference" else _parser(kind, classes)
    files = {name: split_files(directory, name) for name in SPLITS}
    if not any(files.values()):
        raise DataError(f"{directory} holds no train.jsonl; build the dataset again.")
    splits: dict[str, tuple[Any, ...]] = {
        name: tuple(_examples(paths, parse)) for name, paths in files.items()
    }
    if kind == "preference" and (ties or annotators):
        splits = with_canonical(splits, directory, ties=ties, annotators=annotators)
    if kind == "classification" and classes is None:
        classes = _named_classes(example for rows in splits.values() for example in rows)
    content_hash = manifest.get("content_hash") or _hash_files(files)
    return Dataset(kind, splits, manifest, str(content_hash), tuple(classes or ()))


def _listed_classes(manifest: Mapping[str, Any]) -> list[str] | None:
    classes = manifest.get("classes")
    if classes is None:
        return None
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise DataError("classes in manifest.json must be a list of names.")
    if len(set(classes)) < len(classes):
        raise DataError("classes in manifest.json must differ from one another.")
    return classes


def _named_classes(examples: Iterable[ClassificationExample]) -> list[str]:
    """Every class that is a label or has a probability."""
    names: set[str] = set()
    for example in examples:
        names.update((example.label, *(example.class_probabilities or ())))
    return sorted(names)


def _parser(kind: str, classes: Sequence[str] | None) -> Callable[[Row], Example | None]:
    if kind == "classification":
        return partial(parse_classification, classes=classes)
    if kind not in _PARSERS:
        known = ", ".join([*_PARSERS, "classification"])
        raise DataError(f'This version reads datasets of {known}, not of kind "{kind}".')
    return _PARSERS[kind]


def split_files(directory: Path, name: str) -> list[Path]:
    """The files that hold a split, in order; DataError where a shard is missing."""
    lines = directory / f"{name}.jsonl"
    if lines.is_file():
        return [lines]
    shards = sorted(
        path for path in directory.glob(f"{name}-*.parquet") if _SHARD.match(path.name[len(name) :])
    )
    if shards:
        _check_shards(shards, name)
        return shards
    whole = directory / f"{name}.parquet"
    return [whole] if whole.is_file() else []


def _check_shards(shards: Sequence[Path], name: str) -> None:
    count = int(shards[-1].stem[-5:])
    wanted = [f"{name}-{number:05}-of-{count:05}.parquet" for number in range(count)]
    if [path.name for path in shards] != wanted:
        raise DataError(
            f"{shards[0].parent} holds {len(shards)} of the {count} Parquet files of {name}; "
            "copy the dataset again."
        )


def _examples(paths: Sequence[Path], parse: Callable[[Row], Example | None]) -> Iterator[Example]:
    for path in paths:
        read, word = (read_jsonl, "Line") if path.suffix == ".jsonl" else (read_parquet, "Row")
        for number, row in read(path):
            try:
                example = parse(row)
            except DataError as error:
                raise DataError(f"{word} {number} of {path.name}: {error}.") from error
            if example is not None:
                yield example


def _hash_files(files: Mapping[str, Sequence[Path]]) -> str:
    return sha256_json({path.name: sha256_file(path) for paths in files.values() for path in paths})
