"""How large one item may be."""

from __future__ import annotations

from annotate.importers.records import ItemRecord, RowError

MAX_CHARACTERS = 1_000_000
MAX_RESPONSES = 64
MAX_STEPS = 2_000


def check_limits(item: ItemRecord) -> None:
    """Raise RowError where an item is larger than a page or a database row should hold."""
    prompt = sum(len(turn.content) for turn in item.prompt.messages) + len(item.prompt.reference)
    _check("The prompt", prompt, MAX_CHARACTERS, "characters")
    check_count(len(item.responses))
    for response in item.responses:
        _check("A response", len(response.content), MAX_CHARACTERS, "characters")
        _check(
            "A response",
            len(response.parts or ()),
            MAX_STEPS,
            "turns" if response.turns else "steps",
        )


def check_count(responses: int) -> None:
    """Raise RowError for more responses than one row may have."""
    _check("The row", responses, MAX_RESPONSES, "responses")


def _check(what: str, size: int, most: int, unit: str) -> None:
    if size > most:
        raise RowError(f"{what} has {size:,} {unit}; at most {most:,} are taken.")
