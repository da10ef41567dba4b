"""Datasets on disk: whole, the same each time, and loadable."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.core.build import Built, build_dataset
from curation.core.errors import ExportError
from curation.core.records import Corpus, Judgment, Message, PreferenceRow, RatingRow, Split
from curation.exports import WrittenDataset, write_dataset
from curation.exports.columns import SCHEMAS
from curation.recipe import KINDS, Kind, Recipe
from tests.curation.core.small import (
    comparison,
    corpus,
    outcome,
    prompt,
    ranking,
    rating,
    response,
    steps,
)

SPLIT_OF: dict[str, Split] = {"p": "train", "q": "train", "v": "validation", "t": "test"}


def texts() -> Corpus:
    odd = 'Quotes " and \\u0000 written out, \u2028 lines \r\n, \U0001f600 and \u4f60\u597d.'
    answers = [response(key, f"Answer {key}. {odd}" if key == "a" else None) for key in "abcd"]
    return corpus(
        [prompt(key, split=split, reference="42") for key, split in SPLIT_OF.items()],
        [*answers, response("s", steps=("one", "two", "three"))],
    )


def judgments(seed: int = 0) -> list[Judgment]:
    random = Random(seed)
    made: list[Judgment] = []
    for key in SPLIT_OF:
        for n in range(3):
            common: Any = {"prompt": key, "annotator": f"n{n}", "overrides": False}
            order = random.sample("abcd", 4)
            made += [
                comparison("left", item=f"c{key}", revision=f"c{key}{n}", **common),
                ranking(*order, item=f"k{key}", revision=f"k{key}{n}", **common),
                steps(1, 0, -1, item=f"s{key}", revision=f"s{key}{n}", **common),
                outcome(n > 0, item=f"o{key}", revision=f"o{key}{n}", **common),
                rating(n / 3, item=f"r{key}", revision=f"r{key}{n}", **common),
            ]
    return made


def write(kind: Kind, directory: Path, given: list[Judgment] | None = None) -> WrittenDataset:
    recipe = Recipe(kind)
    built = build_dataset(texts(), judgments() if given is None else given, recipe)
    return write_dataset(built, directory, recipe=recipe, extra_manifest={"project": "demo"})


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
def test_shuffled_judgments_give_the_same_bytes(kind: Kind, tmp_path: Path) -> None:
    first = write(kind, tmp_path / "first")
    for seed in (1, 2):
        shuffled = judgments()
        Random(seed).shuffle(shuffled)
        assert write(kind, tmp_path / str(seed), shuffled) == first
        assert contents(tmp_path / str(seed)) == contents(tmp_path / "first")


def test_another_process_with_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from curation.recipe import KINDS\n"
        "from tests.curation.exports.test_files import write\n"
        "for kind in KINDS: write(kind, Path(sys.argv[1]) / kind)"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed)],
            check=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        )
    for kind in KINDS:
        assert contents(tmp_path / "1" / kind) == contents(tmp_path / "2" / kind)


def test_files_are_listed_with_size_and_hash_and_the_manifest_comes_last(tmp_path: Path) -> None:
    written = write("preference", tmp_path / "set")
    names = [file.name for file in written.files]
    assert names[-1] == "manifest.json"
    assert sorted(names) == sorted(path.name for path in (tmp_path / "set").iterdir())
    for file in written.files:
        content = (tmp_path / "set" / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_the_manifest_describes_the_dataset(tmp_path: Path) -> None:
    written = write("preference", tmp_path / "set")
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["content_hash"] == written.content_hash
    assert Recipe.from_dict(manifest["recipe"]) == Recipe("preference")
    assert manifest["rows"] == {"train": 14, "validation": 7, "test": 7}
    assert [file["name"] for file in manifest["files"]] == [f.name for f in written.files[:-1]]
    assert manifest["project"] == "demo"
    statistics = json.loads((tmp_path / "set" / "statistics.json").read_text())
    assert statistics["rows"] == manifest["rows"]
    revisions = (tmp_path / "set" / "revisions.txt").read_text().splitlines()
    assert revisions == sorted(revisions)
    assert len(revisions) == manifest["revisions"] == 24


def test_jsonl_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, tmp_path / kind)
        lines = (tmp_path / kind / "train.jsonl").read_bytes().split(b"\n")[:-1]
        table = pq.read_table(tmp_path / kind / "train.parquet")
        assert table.schema.equals(SCHEMAS[kind])
        assert [json.loads(line) for line in lines] == table.to_pylist()


def test_the_content_hash_depends_on_rows_and_recipe_only(tmp_path: Path) -> None:
    one = write("outcome", tmp_path / "one")
    built = build_dataset(texts(), judgments(), Recipe("outcome"))
    seeded = Recipe("outcome", seed=1)
    more = {"project": "other"}
    same = write_dataset(built, tmp_path / "two", recipe=Recipe("outcome"), extra_manifest=more)
    other = write_dataset(built, tmp_path / "three", recipe=seeded)
    fewer = write("outcome", tmp_path / "four", judgments()[:10])
    assert one.content_hash == same.content_hash
    assert len({one.content_hash, other.content_hash, fewer.content_hash}) == 3


def test_an_empty_split_still_has_its_columns(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, tmp_path / kind, [])
        assert pq.read_schema(tmp_path / kind / "test.parquet").equals(SCHEMAS[kind])
        assert (tmp_path / kind / "test.jsonl").read_bytes() == b""


def test_a_dataset_is_never_overwritten(tmp_path: Path) -> None:
    write("outcome", tmp_path / "set")
    before = contents(tmp_path / "set")
    with pytest.raises(ExportError, match="set already exists"):
        write("preference", tmp_path / "set")
    assert contents(tmp_path / "set") == before


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    write("outcome", tmp_path / "set")
    assert (tmp_path / "set" / "manifest.json").exists()


def one_preference(**changes: Any) -> Built:
    built = build_dataset(texts(), judgments(), Recipe("preference"))
    row = replace(built.rows["test"][0], **changes)
    assert isinstance(row, PreferenceRow)
    return replace(built, rows={**built.rows, "test": (row,)})


@pytest.mark.parametrize("broken", ["a\0b", "\\u0000 and \0", "a\ud800b"])
def test_a_text_that_cannot_be_stored_names_its_row_and_leaves_nothing(
    broken: str, tmp_path: Path
) -> None:
    built = one_preference(chosen=(Message("assistant", broken),))
    with pytest.raises(ExportError, match=r"item 'ct' \(group 't'.* holds a NUL or a lone"):
        write_dataset(built, tmp_path / "set", recipe=Recipe("preference"))
    assert not list(tmp_path.iterdir())


def test_a_number_that_is_not_finite_names_its_row(tmp_path: Path) -> None:
    built = one_preference(target_margin=float("nan"))
    with pytest.raises(ExportError, match=r"item 'ct' .* not finite"):
        write_dataset(built, tmp_path / "set", recipe=Recipe("preference"))


def test_the_recipe_is_of_the_rows_kind(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="preference rows, but the recipe says rating"):
        write_dataset(one_preference(), tmp_path / "set", recipe=Recipe("rating"))


def test_the_manifests_own_names_are_not_replaced(tmp_path: Path) -> None:
    extra = {"rows": 7}
    with pytest.raises(ExportError, match="has rows of its own"):
        write_dataset(
            one_preference(), tmp_path / "set", recipe=Recipe("preference"), extra_manifest=extra
        )
    assert not list(tmp_path.iterdir())


def test_rows_beyond_one_group_are_all_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.exports.files.ROWS_PER_GROUP", 2)
    write("preference", tmp_path / "set")
    table = pq.read_table(tmp_path / "set" / "train.parquet")
    lines = (tmp_path / "set" / "train.jsonl").read_bytes().count(b"\n")
    assert table.num_rows == lines == 14


def test_every_row_type_has_the_columns_of_its_schema() -> None:
    assert set(SCHEMAS["preference"].names) == set(PreferenceRow.__dataclass_fields__)
    assert set(SCHEMAS["rating"].names) == set(RatingRow.__dataclass_fields__)
