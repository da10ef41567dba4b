"""Solutions in steps: ``steps`` with labels, or TRL's stepwise ``completions`` and ``labels``.

A label is -1, 0, 1 or null; true and false are 1 and -1, also after the first false. Without
labels, ``first_error`` (from 0, -1 for none) makes them: 1 before it, -1 at it, null after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from annotate.answers import OutcomeAnswer, StepsAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import rationale
from annotate.importers.prompts import prompt_record
from annotate.importers.records import ItemRecord, LabelRecord, ResponseRecord, RowError

KINDS = ("steps", "outcome")
NEEDS = "prompt and steps (or completions with labels)"
USED = frozenset(
    {"steps", "completions", "labels", "annotator", "generator", "model", "system"}
    | {"rationale", "comment"}
)
OUTCOME_COLUMNS = ("final_answer_correct", "solution_correct")


def matches(row: Row) -> bool:
    """Whether the row has steps, or completions with a label for each."""
    return fields.has(row, "steps") or fields.has(row, "completions", "labels")


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One steps item; with kind outcome, whether its final result is right."""
    steps = steps_of(row)
    outcome = kind == "outcome"
    answer = _outcome(row, len(steps)) if outcome else labelled(row, len(steps))
    yield ItemRecord(
        "outcome" if outcome else "steps",
        prompt_record(row),
        (solution(row, steps),),
        labels=(attributed(row, answer),) if answer else (),
        known=answer,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )


def steps_of(row: Row) -> tuple[str, ...]:
    """The texts of the steps, under either name of the column; at least one."""
    column = "steps" if fields.has(row, "steps") else "completions"
    steps = fields.texts(row[column], column)
    if not steps:
        raise RowError(f"{column} is an empty list; there is nothing to judge.")
    return steps


def solution(row: Row, steps: tuple[str, ...]) -> ResponseRecord:
    """The response that the steps make up."""
    sources = fields.generators(row.get("generator"), row.get("model"))
    return ResponseRecord("\n\n".join(steps), steps, sources)


def attributed(row: Row, answer: StepsAnswer | OutcomeAnswer) -> LabelRecord:
    """The row's answer as a label of the annotator that it names."""
    name, positional = fields.annotator(row.get("annotator"))
    return LabelRecord(replace(answer, rationale=rationale(row)), name, positional)


def labelled(row: Row, count: int) -> StepsAnswer | None:
    """The labels of the steps; None where the row labels no step."""
    given = fields.items(row.get("labels"), "labels")
    if given and len(given) != count:
        raise RowError(f"labels has {len(given)} entries for {count} steps.")
    labels = tuple(_step_label(value) for value in given) or _labels_from_first_error(row, count)
    return StepsAnswer(labels) if any(label is not None for label in labels) else None


def _step_label(value: object) -> int | None:
    if isinstance(value, bool):
        return 1 if value else -1
    label = fields.whole(value, "Each step label")
    if label not in (-1, 0, 1, None):
        raise RowError(f"Each step label must be -1, 0, 1 or null, but one is {label}.")
    return label


def _labels_from_first_error(row: Row, count: int) -> tuple[int | None, ...]:
    first = _first_error(row, count)
    if first is None:
        return ()
    if first == -1:
        return (1,) * count
    return (1,) * first + (-1,) + (None,) * (count - first - 1)


def _first_error(row: Row, count: int) -> int | None:
    first = fields.whole(row.get("first_error"), "first_error")
    if first is not None and not -1 <= first < count:
        raise RowError(f"first_error must be from -1 to {count - 1}, but it is {first}.")
    return first


def _outcome(row: Row, count: int) -> OutcomeAnswer:
    for column in OUTCOME_COLUMNS:
        correct = fields.truth(row.get(column), column)
        if correct is not None:
            return OutcomeAnswer(correct)
    first = _first_error(row, count)
    if first is None:
        columns = ", ".join((*OUTCOME_COLUMNS, "first_error"))
        raise RowError(f"An outcome needs one of the columns {columns}.")
    return OutcomeAnswer(first == -1)
