"""Typed values out of one row; each function raises RowError with a sentence for people."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from annotate.importers.clean import describe
from annotate.importers.records import RowError

Row = Mapping[str, Any]

CATEGORY_COLUMNS = ("category", "subset", "classification", "genre", "topic")
MAX_ANNOTATOR = 200
POSITION_ID = re.compile(r"\d+|(?:\w+_)?pos_?\d+|wid_\d+", re.ASCII)
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def has(row: Row, *columns: str) -> bool:
    """Whether the row has all these columns and none of them is null."""
    return all(row.get(column) is not None for column in columns)


def text(value: object, name: str) -> str:
    """A text, possibly empty."""
    if isinstance(value, str):
        return value
    raise RowError(f"{name} must be text, but it is {describe(value)}.")


def number(value: object, name: str) -> float | None:
    """A finite number, also where a cell spells it; None for null and for an empty cell."""
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        parsed = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        parsed = math.nan
    if not math.isfinite(parsed):
        raise RowError(f"{name} must be a number, but it is {shown(value)}.")
    return parsed


def whole(value: object, name: str) -> int | None:
    """A whole number, also where a cell or a float spells it; None for null."""
    parsed = number(value, name)
    if parsed is not None and not parsed.is_integer():
        raise RowError(f"{name} must be a whole number, but it is {shown(value)}.")
    return None if parsed is None else int(parsed)


def truth(value: object, name: str) -> bool | None:
    """True or false, also as 1, 0 or a word; None for null and for an empty cell."""
    if value is None or value == "" or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    found = TRUTHS.get(str(value).strip().lower())
    if found is None:
        raise RowError(f"{name} must be true or false, but it is {shown(value)}.")
    return found


def items(value: object, name: str) -> list[Any]:
    """A list; empty for null."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowError(f"{name} must be a list, but it is {describe(value)}.")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(text(entry, f"Each entry of {name}") for entry in items(value, name))


def objects(value: object, name: str) -> list[dict[str, Any]]:
    """A list of objects; empty for null."""
    found = items(value, name)
    if not all(isinstance(entry, dict) for entry in found):
        raise RowError(f"Each entry of {name} must be an object.")
    return found


def shown(value: object) -> str:
    """A value as a message quotes it, cut short."""
    quoted = repr(value) if isinstance(value, (str, int, float)) else describe(value)
    return quoted if len(quoted) <= 60 else quoted[:57] + "..."


def annotator(value: object) -> tuple[str | None, bool]:
    """The annotator's id, and whether it only numbers the raters of one row.

    Positional ids are bare numbers, ``pos1`` or ``pos001`` (also behind a word, ``expert_pos1``)
    and ``wid_0``; ids such as ``w12``, ``rater3`` or ``annotator1`` name one person everywhere.
    """
    if value is None or value == "":
        return None, False
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowError(f"annotator must be an id, but it is {describe(value)}.")
    name = str(value)
    if len(name) > MAX_ANNOTATOR:
        raise RowError(f"An annotator's id may have {MAX_ANNOTATOR} characters at most.")
    return name, POSITION_ID.fullmatch(name) is not None


def generators(*values: object) -> tuple[str, ...]:
    """The names of what produced a response, from columns that hold a name, several, or none."""
    flat = [name for value in values for name in (value if isinstance(value, list) else [value])]
    return tuple(dict.fromkeys(name for name in flat if isinstance(name, str) and name))


def category(row: Row) -> str:
    """The row's category, from the first of CATEGORY_COLUMNS that it has."""
    column = _category_column(row)
    return str(row[column]) if column else ""


def leftover(row: Row, used: Collection[str]) -> dict[str, Any]:
    """The columns that nothing else has taken, for ``ItemRecord.details``."""
    taken = {"prompt", "messages", "source", "reference", _category_column(row), *used}
    return {
        name: value
        for name, value in row.items()
        if name not in taken and value is not None and value != ""
    }


def extras(entries: Sequence[Row], used: Collection[str]) -> dict[str, Any]:
    """What annotations say beyond ``used``, under the key "annotations"; {} where nothing."""
    kept = [
        {"annotator": entry.get("annotator"), **rest}
        for entry in entries
        if (rest := {k: v for k, v in entry.items() if k not in {"annotator", *used}})
    ]
    return {"annotations": kept} if kept else {}


def _category_column(row: Row) -> str:
    found = (name for name in CATEGORY_COLUMNS if isinstance(row.get(name), str) and row[name])
    return next(found, "")
