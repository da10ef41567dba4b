"""What the tests of exports share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.exports.source import Source
from curation.exports.write import Export, write_export


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The datasets library, offline and quiet."""
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    library = pytest.importorskip("datasets")
    library.disable_progress_bars()
    yield library
    library.enable_progress_bars()


@pytest.fixture
def load(datasets: Any, tmp_path: Path) -> Callable[[Source, str, str], Any]:
    """Export a version in a format and load one of its tables as people would."""

    def load(source: Source, format_name: str, form: str = "parquet", table: str = "") -> Any:
        folder = tmp_path / f"{source.directory.name}-{format_name}-{form}-{table}"
        export = write_export(source, folder, format_name=format_name, form=form)
        return load_table(datasets, export, tmp_path / "cache", table)

    return load


def load_table(datasets: Any, export: Export, cache: Path, table: str = "") -> Any:
    chosen = next(each for each in export.tables if table in ("", each.name))
    files = {
        split: sorted(map(str, (export.directory / chosen.name).glob(f"{split}[-.]*")))
        for split in chosen.rows
    }
    builder = {"parquet": "parquet", "jsonl": "json"}[export.form]
    return datasets.load_dataset(builder, data_files=files, cache_dir=str(cache))
