"""Pairs of which one side was preferred, from dataset rows and from loose files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeling.core.data.fields import (
    Example,
    Row,
    common,
    listed,
    number,
    optional_number,
    text,
)
from modeling.core.data.texts import (
    Message,
    TextParts,
    as_response,
    parse_messages,
    parse_prompt,
    parse_turns,
    render_parts,
)
from modeling.core.errors import DataError
from modeling.core.files import read_jsonl


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceExample(Example):
    """One pair: `chosen` was preferred to `rejected` with probability `chosen_probability`.

    That counts a tie, which has `tie_probability`, as half. `tied` pairs came out even: which side
    is called chosen then means nothing. `target_margin` is a wanted reward difference or None.
    `annotators` are hashes of whoever judged it, where that is known, `rationales` their words for
    the answer that won.
    """

    chosen: str
    rejected: str
    chosen_probability: float = 1.0
    target_margin: float | None = None
    tie_probability: float = 0.0
    tied: bool = False
    annotators: tuple[str, ...] = ()
    rationales: tuple[str, ...] = ()

    def sides(self) -> tuple[TextParts, TextParts]:
        """The rendered chosen and rejected texts."""
        return render_parts(self.prompt, self.chosen), render_parts(self.prompt, self.rejected)

    def answers(self) -> tuple[float, float, float]:
        """Probabilities that chosen is better, that neither is, and that rejected is."""
        tie = self.tie_probability
        better = max(self.chosen_probability - tie / 2, 0.0)
        return better, tie, max(1.0 - tie - better, 0.0)


@dataclass(frozen=True)
class PairFile:
    """A loose file of pairs; `ties` rows had no preferred side and are not in `examples`."""

    examples: tuple[PreferenceExample, ...]
    ties: int


def read_pairs(path: Path) -> PairFile:
    """Read preference pairs from .jsonl or .jsonl.gz.

    Accepted rows: prompt/chosen/rejected (texts or messages), chosen/rejected alone that begin
    with the same turns, and prompt/response_a/response_b with `majority` a, b or tie. Ties are
    left out and counted. Raises DataError with file and line of the first bad row.
    """
    examples: list[PreferenceExample] = []
    ties = 0
    for line, row in read_jsonl(path):
        try:
            example = parse_pair(row)
        except DataError as error:
            raise DataError(f"Line {line} of {path.name}: {error}.") from error
        if example is None:
            ties += 1
        else:
            examples.append(example)
    return PairFile(tuple(examples), ties)


def parse_tied_pair(row: Row) -> PreferenceExample:
    """One pair, also one with `majority` tie."""
    example = parse_pair(row)
    if example is not None:
        return example
    prompt, first, second = _split_sides(
        row.get("prompt"), row.get("response_a"), row.get("response_b")
    )
    return PreferenceExample(
        **common(row, prompt),
        chosen=first,
        rejected=second,
        chosen_probability=0.5,
        tie_probability=1.0,
        tied=True,
    )


def parse_pair(row: Row) -> PreferenceExample | None:
    """One pair, None for a tie; see `read_pairs`."""
    sides = _labelled_sides(row)
    if sides is None:
        return None
    prompt, chosen, rejected = sides
    return PreferenceExample(
        **common(row, prompt),
        chosen=chosen,
        rejected=rejected,
        chosen_probability=number(row, "chosen_probability", 1.0, low=0.5, high=1.0),
        target_margin=optional_number(row, "target_margin"),
        tie_probability=number(row, "tie_probability", 0.0, low=0.0, high=1.0),
        rationales=words(row),
    )


def words(row: Row) -> tuple[str, ...]:
    """The row's rationales that say something, none where it has no such column."""
    if row.get("rationales") is None:
        return ()
    return tuple(found for found in listed(row, "rationales", text) if found.strip())


def _labelled_sides(row: Row) -> tuple[tuple[Message, ...], str, str] | None:
    if "majority" not in row:
        return _split_sides(row.get("prompt"), row.get("chosen"), row.get("rejected"))
    sides = _split_sides(row.get("prompt"), row.get("response_a"), row.get("response_b"))
    majority = row["majority"]
    if majority not in ("a", "b", "tie"):
        raise DataError(f'majority must be "a", "b" or "tie", not {majority!r}')
    if majority == "tie":
        return None
    prompt, first, second = sides
    return (prompt, first, second) if majority == "a" else (prompt, second, first)


def _split_sides(prompt: Any, chosen: Any, rejected: Any) -> tuple[tuple[Message, ...], str, str]:
    if chosen is None or rejected is None:
        raise DataError("a pair needs both sides (chosen and rejected, or response_a and _b)")
    if prompt is not None and isinstance(chosen, str) and isinstance(rejected, str):
        return parse_prompt(prompt), chosen, rejected
    start = parse_prompt(prompt) if prompt is not None else ()
    turns_chosen, turns_rejected = _turns(chosen), _turns(rejected)
    shared = _shared_turns(turns_chosen, turns_rejected)
    return (
        start + turns_chosen[:shared],
        as_response(turns_chosen[shared:]),
        as_response(turns_rejected[shared:]),
    )


def _turns(value: Any) -> tuple[Message, ...]:
    return parse_turns(value) if isinstance(value, str) else parse_messages(value)


def _shared_turns(first: Sequence[Message], second: Sequence[Message]) -> int:
    """Length of the common beginning, leaving each side at least one turn of its own."""
    limit = min(len(first), len(second)) - 1
    shared = 0
    while shared < limit and first[shared] == second[shared]:
        shared += 1
    return shared
