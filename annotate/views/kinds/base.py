"""What the forms of several kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from django.utils.functional import Promise

Text = str | Promise
KeyRows = tuple[tuple[str, Text], ...]
ROW_KEYS = "↑ ↓ · k j"


@dataclass(frozen=True)
class Option:
    """One radio button: what it sends, what it says and the key that chooses it."""

    value: str
    label: Text
    key: str = ""
    side: str = ""
    strength: int = 0
    checked: bool = False


def lettered(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The responses in the order shown, called A, B, C …; nine have a digit as their key."""
    return [
        {
            "letter": ascii_uppercase[k % 26],
            "index": k,
            "key": card_key(k),
            "content": row["content"],
        }
        for k, row in enumerate(item["responses"])
    ]


def card_key(index: int) -> str:
    """The key that selects a response: 1 to 9, then capital letters from J."""
    return str(index + 1) if index < 9 else f"Shift+{ascii_uppercase[index % 26]}"
