"""What `canonical.parquet` knows of pairs that the rows of splits leave out.

That are pairs that came out even, and who judged.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modeling.core.data.fields import Row, common, listed, number, text, truth
from modeling.core.data.preference import PreferenceExample
from modeling.core.data.texts import parse_messages
from modeling.core.errors import DataError
from modeling.core.files import read_parquet

CANONICAL = "canonical.parquet"


def with_canonical(
    splits: Mapping[str, tuple[Any, ...]], directory: Path, *, ties: bool, annotators: bool
) -> dict[str, tuple[Any, ...]]:
    """The splits with their tied pairs at the end and with each pair's annotators, if wanted.

    Without the file they come back as they are. Rows are told apart by id, so rows without one
    have no annotators. Raises DataError with the row that cannot be read.
    """
    path = directory / CANONICAL
    if not path.is_file():
        return dict(splits)
    tied: dict[str, list[PreferenceExample]] = defaultdict(list)
    judges: dict[str, tuple[str, ...]] = {}
    for place, row in read_parquet(path):
        try:
            judges[str(row.get("id"))] = _annotators(row)
            if ties and truth(row.get("is_even"), "is_even"):
                tied[str(row.get("split"))].append(_tied(row))
        except DataError as error:
            raise DataError(f"Row {place} of {path.name}: {error}.") from error
    return {
        name: tuple(_named([*examples, *tied[name]], judges if annotators else {}))
        for name, examples in splits.items()
    }


def _annotators(row: Row) -> tuple[str, ...]:
    return () if row.get("annotators") is None else listed(row, "annotators", text)


def _tied(row: Row) -> PreferenceExample:
    """A pair that came out even, a as the chosen side."""
    return PreferenceExample(
        **common(row, parse_messages(row.get("prompt"))),
        chosen=text(row.get("response_a"), "response_a"),
        rejected=text(row.get("response_b"), "response_b"),
        chosen_probability=number(row, "p_a", 0.5, low=0.0, high=1.0),
        tie_probability=number(row, "p_tie", 1.0, low=0.0, high=1.0),
        tied=True,
    )


def _named(
    examples: list[PreferenceExample], judges: Mapping[str, tuple[str, ...]]
) -> Iterator[PreferenceExample]:
    for example in examples:
        found = judges.get(example.key, ())
        yield replace(example, annotators=found) if found else example
