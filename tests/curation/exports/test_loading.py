"""Written datasets as the datasets library reads them, with the columns TRL documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.exports.columns import SCHEMAS
from curation.recipe import KINDS, Kind
from tests.curation.exports.test_files import write


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def load(form: str, directory: Path) -> Any:
        suffix = {"json": "jsonl", "parquet": "parquet"}[form]
        files = {
            split: str(directory / f"{split}.{suffix}") for split in ("train", "validation", "test")
        }
        return datasets.load_dataset(form, data_files=files, cache_dir=str(tmp_path / "cache"))

    yield load
    datasets.enable_progress_bars()


@pytest.mark.parametrize("form", ["json", "parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_loads_with_its_columns(kind: Kind, form: str, load: Any, tmp_path: Path) -> None:
    write(kind, tmp_path / "set")
    loaded = load(form, tmp_path / "set")
    assert set(loaded) == {"train", "validation", "test"}
    for split in loaded.values():
        assert set(split.column_names) == set(SCHEMAS[kind].names)
        assert len(split) > 0


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_preference_rows_are_trls_conversational_preference(
    form: str, load: Any, tmp_path: Path
) -> None:
    write("preference", tmp_path / "set")
    row = load(form, tmp_path / "set")["train"][0]
    assert row["prompt"] == [{"role": "user", "content": "Question p?"}]
    assert row["chosen"][0]["role"] == row["rejected"][0]["role"] == "assistant"
    assert row["chosen"][0]["content"].startswith("Answer a. Quotes")
    assert row["rejected"] == [{"role": "assistant", "content": "Answer b."}]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_stepwise_rows_are_trls_stepwise_supervision(form: str, load: Any, tmp_path: Path) -> None:
    write("stepwise", tmp_path / "set")
    row = load(form, tmp_path / "set")["train"][0]
    assert row["prompt"] == "Question p?"
    assert row["completions"] == ["one", "two", "three"]
    assert row["labels"] == [True, True, False]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_outcome_rows_are_trls_unpaired_preference(form: str, load: Any, tmp_path: Path) -> None:
    write("outcome", tmp_path / "set")
    row = load(form, tmp_path / "set")["test"][0]
    assert row["prompt"][0]["role"] == "user"
    assert row["completion"][0]["role"] == "assistant"
    assert row["label"] is True
