"""Step labels of many solutions by many annotators, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.aggregate.ids import coded, column
from curation.core.aggregate.newton import Floats, Ints, summed

StepLabels: TypeAlias = Sequence[int | None]
"""One annotator's labels of one solution: -1 wrong, 0 neutral, 1 good, None unlabelled."""

WRONG = -1


@dataclass(frozen=True)
class StepTable:
    """Rows of labels; a row is one annotator's of one solution.

    `solutions` and `annotators` are the distinct ids, sorted; solution s has the steps `offsets[s]`
    to `offsets[s + 1] - 1` of all steps. Row r is of solution `solution[r]` by annotator
    `annotator[r]`. Every given label is an entry: of row `row`, on step `step` (among all steps),
    with `label` -1, 0 or 1; entries of a row stand in the order of the steps.
    """

    solutions: NDArray[Any]
    annotators: NDArray[Any]
    offsets: Ints
    solution: Ints
    annotator: Ints
    row: Ints
    step: Ints
    label: Ints

    @property
    def n_steps(self) -> int:
        """The number of steps of all solutions together."""
        return int(self.offsets[-1])

    @cached_property
    def lengths(self) -> Ints:
        """How many steps each solution has, shape (n_solutions,)."""
        return np.diff(self.offsets)

    @cached_property
    def solution_of(self) -> Ints:
        """The solution of each step, shape (n_steps,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def places(self) -> Ints:
        """Where each solution's places for a first error begin, one more than it has steps.

        Shape (n_solutions + 1,); the last place of a solution stands for no error.
        """
        return self.offsets + np.arange(len(self.offsets))

    @cached_property
    def up_to_error(self) -> NDArray[np.bool_]:
        """Which entries count until the first error of their row, that error included.

        What a row says after its first error is left out: annotators who stop there say nothing
        more, and those who go on label under another question.
        """
        wrong = self.label == WRONG
        n_wrong = np.cumsum(wrong)
        before = n_wrong - wrong
        first = np.searchsorted(self.row, np.arange(len(self.solution)))
        if not len(self.row):
            return wrong
        base = before[np.minimum(first, len(before) - 1)]
        return before == base[self.row]

    def step_sums(self, steps: Ints, values: Floats) -> Floats:
        """Sum values by step, shape (n_steps,)."""
        return summed(steps, values, self.n_steps)

    def where(self, kept: NDArray[np.bool_]) -> StepTable:
        """Keep some of the rows and all of the ids."""
        inside = kept[self.row]
        number = np.cumsum(kept) - 1
        return StepTable(
            self.solutions,
            self.annotators,
            self.offsets,
            self.solution[kept],
            self.annotator[kept],
            number[self.row[inside]],
            self.step[inside],
            self.label[inside],
        )


def step_table(
    solutions: ArrayLike, annotators: ArrayLike, labels: Sequence[StepLabels]
) -> StepTable:
    """Code ids and lay the labels out.

    Raises ValueError for columns of unequal length, missing ids, labels other than -1, 0, 1 and
    None, and labels of one solution that are not equally many.
    """
    solution_ids, solution = coded(column(solutions, "solution"))
    annotator_ids, annotator = coded(column(annotators, "annotator"))
    if not len(solution) == len(annotator) == len(labels):
        raise ValueError(
            f"There are {len(labels)} rows of labels, but {len(solution)} solutions and "
            f"{len(annotator)} annotators."
        )
    lengths = np.fromiter(map(len, labels), dtype=np.intp, count=len(labels))
    n_steps = np.zeros(len(solution_ids), dtype=np.intp)
    n_steps[solution] = lengths
    if (n_steps[solution] != lengths).any():
        odd = solution_ids[solution[np.flatnonzero(n_steps[solution] != lengths)[0]]]
        raise ValueError(f"The labels of solution {odd} are not equally many.")
    offsets = np.concatenate([[0], np.cumsum(n_steps)])
    flat = list(chain.from_iterable(labels))
    given = np.fromiter((label is not None for label in flat), dtype=bool, count=len(flat))
    row = np.repeat(np.arange(len(labels)), lengths)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    step = (offsets[solution[row]] + place)[given]
    label = _checked([label for label in flat if label is not None])
    return StepTable(
        solution_ids, annotator_ids, offsets, solution, annotator, row[given], step, label
    )


def _checked(said: list[int]) -> Ints:
    kinds = set(map(type, said))
    if not all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds):
        raise ValueError("Step labels are -1, 0, 1 or None.")
    labels = np.array(said, dtype=np.intp)
    if len(labels) and not -1 <= labels.min() <= labels.max() <= 1:
        raise ValueError("Step labels are -1, 0, 1 or None.")
    return labels
