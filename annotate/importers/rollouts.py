"""Solutions whose steps were rated by rollouts: how many completions from a step came out right.

``rollouts`` has an entry for each step: the outcomes of its rollouts (true and false, or 1 and 0),
or ``[successes, trials]``; ``soft_labels`` have the shares instead, with ``rollout_counts`` beside
them where these are known. A step without rollouts is unlabelled. A step's label is 1 where any of
its rollouts came out right and -1 where none did: the hard estimation of Math-Shepherd (Wang et
al. 2023, arXiv 2312.08935). The shares and the numbers of rollouts are kept beside the labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from annotate.answers import MAX_TRIALS, StepsAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.prompts import prompt_record
from annotate.importers.records import ItemRecord, LabelRecord, RowError
from annotate.importers.steps import solution, steps_of

KINDS = ("steps",)
NEEDS = "prompt, steps or completions, and rollouts (or soft_labels without labels)"
MACHINE = "rollouts"
USED = frozenset(
    {"steps", "completions", "rollouts", "soft_labels", "rollout_counts", "annotator"}
    | {"generator", "model", "system"}
)
UNCLEAR = (
    "Two numbers of 0 and 1 for each step can be outcomes or [successes, trials]: write outcomes "
    "as true and false, or give soft_labels and rollout_counts."
)


class Estimate(NamedTuple):
    """The share of a step's rollouts that came out right, None without any; and their number.

    ``trials`` is 0 where it is not known.
    """

    share: float | None
    trials: int

    @property
    def label(self) -> int | None:
        """1 where any came out right, -1 where none did."""
        return None if self.share is None else 1 if self.share > 0 else -1


NOTHING = Estimate(None, 0)


def matches(row: Row) -> bool:
    """Whether the row has steps with rollouts; soft labels beside labels are no rollouts."""
    has_steps = fields.has(row, "steps") or fields.has(row, "completions")
    is_soft = fields.has(row, "soft_labels") and not fields.has(row, "labels")
    return has_steps and (fields.has(row, "rollouts") or is_soft)


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One steps item; its label is a program's. Known answers keep the signs alone."""
    steps = steps_of(row)
    answer = _answer(_estimates(row, len(steps)))
    yield ItemRecord(
        "steps",
        prompt_record(row),
        (solution(row, steps),),
        labels=(_label(row, answer),) if answer else (),
        known=StepsAnswer(answer.labels) if answer else None,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED),
    )


def _label(row: Row, answer: StepsAnswer) -> LabelRecord:
    name, _ = fields.annotator(row.get("annotator"))
    return LabelRecord(answer, name, machine=MACHINE)


def _answer(estimates: Sequence[Estimate]) -> StepsAnswer | None:
    """None where no step has rollouts."""
    labels = tuple(one.label for one in estimates)
    if all(label is None for label in labels):
        return None
    shares, trials = zip(*estimates, strict=True)
    return StepsAnswer(labels, soft=shares, trials=trials)


def _estimates(row: Row, count: int) -> list[Estimate]:
    given = [name for name in ("rollouts", "soft_labels", "labels") if fields.has(row, name)]
    if len(given) > 1:
        raise RowError(f"Give {given[0]} or {given[1]}, not both: leave one column out.")
    if given == ["rollouts"]:
        return _from_rollouts(_of_length(row, "rollouts", count))
    return _from_shares(row, count)


def _of_length(row: Row, name: str, count: int) -> list[Any]:
    entries = fields.items(row[name], name)
    if len(entries) != count:
        raise RowError(f"{name} has {len(entries)} entries for {count} steps.")
    return entries


def _from_rollouts(entries: list[Any]) -> list[Estimate]:
    steps = [fields.items(entry, "Each entry of rollouts") for entry in entries]
    read = _counted if _are_counts([step for step in steps if step]) else _tallied
    return [_estimate(*read(step)) if step else NOTHING for step in steps]


def _are_counts(steps: list[list[Any]]) -> bool:
    """Whether each of the steps has ``[successes, trials]`` and not outcomes."""
    if not steps or not all(len(step) == 2 and all(map(_is_number, step)) for step in steps):
        return False
    if all(value in (0, 1) for step in steps for value in step):
        raise RowError(UNCLEAR)
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _counted(step: list[Any]) -> tuple[int, int]:
    successes, trials = (_count(value, "Each of [successes, trials]") for value in step)
    if successes > trials:
        raise RowError(f"A step has {successes} successes of only {trials} trials.")
    return successes, trials


def _tallied(step: list[Any]) -> tuple[int, int]:
    outcomes = [fields.truth(value, "Each rollout's outcome") for value in step]
    if None in outcomes:
        raise RowError("Each rollout's outcome must be true or false, but one is null.")
    _check_trials(len(outcomes))
    return sum(map(bool, outcomes)), len(outcomes)


def _estimate(successes: int, trials: int) -> Estimate:
    return Estimate(successes / trials, trials) if trials else NOTHING


def _from_shares(row: Row, count: int) -> list[Estimate]:
    shares = [_share(value) for value in _of_length(row, "soft_labels", count)]
    if not fields.has(row, "rollout_counts"):
        return [Estimate(share, 0) for share in shares]
    counts = [
        _count(value, "Each of rollout_counts")
        for value in _of_length(row, "rollout_counts", count)
    ]
    if any(share is None and trials for share, trials in zip(shares, counts, strict=True)):
        raise RowError("A step with rollouts in rollout_counts needs its soft label.")
    pairs = zip(shares, counts, strict=True)
    return [Estimate(share, trials) if trials else NOTHING for share, trials in pairs]


def _share(value: object) -> float | None:
    share = fields.number(value, "Each soft label")
    if share is not None and not 0 <= share <= 1:
        raise RowError(f"Each soft label must be from 0 to 1, but one is {fields.shown(value)}.")
    return share


def _count(value: object, name: str) -> int:
    """A number of rollouts; null is none."""
    number = fields.whole(value, name) or 0
    if number < 0:
        raise RowError(f"{name} must not be negative, but one is {number}.")
    _check_trials(number)
    return number


def _check_trials(number: int) -> None:
    if number > MAX_TRIALS:
        raise RowError(f"A step has {number:,} rollouts; at most {MAX_TRIALS:,} are taken.")
