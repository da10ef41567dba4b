"""What every example has, and the reading of single fields.

Each reader raises DataError with a sentence that lacks the row: whoever knows it puts it in front.
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from modeling.core.data.texts import Message, group_of
from modeling.core.errors import DataError

T = TypeVar("T")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What every example has.

    `group` names the prompt, `item` the judged item, `key` the row; `weight` is zero or more.
    """

    prompt: tuple[Message, ...]
    group: str
    weight: float = 1.0
    item: str = ""
    category: str = ""
    key: str = ""

    def opening(self) -> str:
        """`group_of` the prompt, whatever `group` says: a conversation and its continuations."""
        return group_of(self.prompt)


def common(row: Row, prompt: Sequence[Message]) -> dict[str, Any]:
    """The fields of `Example` from a row whose prompt is parsed."""
    return {
        "prompt": tuple(prompt),
        "group": str(row.get("group") or group_of(prompt)),
        "weight": number(row, "weight", 1.0, low=0.0, high=math.inf),
        "item": str(row.get("item") or row.get("id") or ""),
        "category": str(row.get("category") or row.get("subset") or ""),
        "key": str(row.get("id") or ""),
    }


def number(row: Row, name: str, default: float, *, low: float, high: float) -> float:
    """A number from `low` to `high`; `default` where it is absent or null."""
    value = optional_number(row, name)
    value = default if value is None else value
    if not low <= value <= high:
        raise DataError(f"{name} must lie between {low} and {high}, not {value}")
    return value


def optional_number(row: Row, name: str) -> float | None:
    """A finite number, or None where it is absent or null."""
    value = row.get(name)
    return None if value is None else real(value, name)


def real(value: Any, name: str) -> float:
    """A finite number."""
    # Compared, since an int beyond all floats cannot be made one.
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise DataError(f"{name} must be a finite number, not {value!r}")
    return float(value)


def share(value: Any, name: str) -> float:
    """A number from 0 to 1."""
    found = real(value, name)
    if not 0.0 <= found <= 1.0:
        raise DataError(f"{name} must lie between 0 and 1, not {found}")
    return found


def text(value: Any, name: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise DataError(f"{name} must be a text, not {value!r}")
    return value


def truth(value: Any, name: str) -> bool:
    """True or false, and no number."""
    if type(value) is not bool:
        raise DataError(f"{name} must be true or false, not {value!r}")
    return value


def index(value: Any, name: str) -> int:
    """A whole number."""
    if type(value) is not int:
        raise DataError(f"{name} must be a whole number, not {value!r}")
    return value


def listed(
    row: Row, name: str, read: Callable[[Any, str], T], *, length: int | None = None
) -> tuple[T, ...]:
    """A list, each entry read by `read`; with `length` of exactly that many."""
    value = row.get(name)
    if not isinstance(value, list):
        raise DataError(f"{name} must be a list, not {value!r}")
    if length is not None and len(value) != length:
        raise DataError(f"{name} must have {length} entries, not {len(value)}")
    return tuple(read(entry, f"{name}[{place}]") for place, entry in enumerate(value))
