"""Reads files of model outputs and judgments in the usual formats into one kind of record."""

from annotate.importers.formats import FORMATS
from annotate.importers.items import read_items
from annotate.importers.readers import ImportFileError, read_rows
from annotate.importers.records import BadRow, ItemRecord, RowError

__all__ = [
    "FORMATS",
    "BadRow",
    "ImportFileError",
    "ItemRecord",
    "RowError",
    "read_items",
    "read_rows",
]
