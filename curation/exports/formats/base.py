"""What a format is: one or more tables that a dataset version can be written as."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from curation.core.records import Split
from curation.exports.source import Source, Values

Convert: TypeAlias = Callable[[Iterable[Values], Split], Iterator[Values]]
"""Rows of one split, in their order, to rows of the table; may look at neighbours."""


@dataclass(frozen=True, slots=True)
class View:
    """One table of an export: a folder on disk, a config on the Hub.

    `convert` makes its rows from the version's own, which it is made of where that is None. `file`
    names a Parquet file of the version, with a column `split`, that holds the rows instead.
    """

    name: str
    schema: pa.Schema
    convert: Convert | None = None
    file: str = ""


Plan: TypeAlias = Callable[[Source], tuple[View, ...]]
"""The tables of a version; may read its rows once, where the columns depend on them."""


@dataclass(frozen=True, slots=True)
class Format:
    """A named way to write versions of some kinds: a plan for each."""

    name: str
    kinds: Mapping[str, Plan]


def table(
    name: str, schema: Mapping[str, pa.DataType], convert_row: Callable[[Values], Iterable[Values]]
) -> Plan:
    """Plan one table whose rows come from one row each, with columns that never change."""
    view = View(name, pa.schema(dict(schema)), each(convert_row))
    return lambda source: (view,)


def each(convert_row: Callable[[Values], Iterable[Values]]) -> Convert:
    """Convert every row on its own."""

    def convert(rows: Iterable[Values], split: Split) -> Iterator[Values]:
        for row in rows:
            yield from convert_row(row)

    return convert
