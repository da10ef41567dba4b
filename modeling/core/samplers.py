"""Which rows a model reads together, and in what order.

The batches of a whole run are planned before it starts, from the seed alone: a run that is
resumed knows them again, and so does every process of a run that is shared out.

Orders of rows: "shuffled" draws a new one each epoch. "curriculum" (Bengio et al., ICML 2009)
takes the first epoch from the clearest rows to the closest ones, in ten stages that are each
shuffled, and shuffles the later ones. "margin_weighted" draws as many rows as there are, each in
proportion to how clear it is but never with less than a tenth of the clearest row's chance; a row
comes up its expected number of times, rounded up or down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Sampler

from modeling.core.config import RewardConfig
from modeling.core.data import Example
from modeling.core.errors import TrainingError

STAGES = 10
_FLOOR = 0.1
_JITTER = 0.05  # of a row's length: gives it other company in every epoch at little padding
Batches = list[list[int]]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Size:
    """What one row takes in a batch: how many sequences, the longest one, and tokens in all."""

    sequences: int
    longest: int
    tokens: int


@dataclass(frozen=True)
class BatchPlan:
    """The batches of a run in their order, a multiple of `processes`; each is a list of rows.

    Process `rank` reads every `processes`-th batch from its own on, so that the batches of one
    optimiser step follow one another here.
    """

    batches: Batches
    processes: int = 1

    def of(self, rank: int) -> Batches:
        """The batches of one process."""
        return self.batches[rank :: self.processes]


def plan_batches(
    sizes: Sequence[Size],
    config: RewardConfig,
    *,
    clearness: NDArray[np.float64] | None = None,
) -> BatchPlan:
    """Plan all epochs; `clearness` (rows,) in [0, 1] is needed by the orders that look at it."""
    batches: Batches = []
    for epoch in range(config.epochs):
        rng = np.random.default_rng([config.seed, epoch])
        for stage in _stages(len(sizes), config.sampling, clearness, epoch, rng):
            batches.extend(_cut(stage, sizes, config, rng))
    return BatchPlan(_evened(batches, config.processes), config.processes)


def _stages(
    count: int,
    sampling: str,
    clearness: NDArray[np.float64] | None,
    epoch: int,
    rng: np.random.Generator,
) -> list[Rows]:
    """An epoch's rows in stretches that follow one another, each in random order."""
    if sampling == "shuffled" or clearness is None or (sampling == "curriculum" and epoch > 0):
        return [rng.permutation(count)]
    if sampling == "margin_weighted":
        return [rng.permutation(_drawn(clearness, rng))]
    easy_first = np.argsort(-clearness, kind="stable")
    return [rng.permutation(part) for part in np.array_split(easy_first, min(STAGES, count))]


def _drawn(clearness: NDArray[np.float64], rng: np.random.Generator) -> Rows:
    """As many rows as there are, each close to its expected number of times.

    Systematic sampling: rows in random order, one random start, then even steps through the
    running sum of weights.
    """
    order = rng.permutation(len(clearness))
    weights = np.maximum(clearness, _FLOOR * clearness.max())[order]
    ends = np.cumsum(weights * (len(weights) / weights.sum()))
    points = np.arange(len(weights)) + rng.random()
    places = np.minimum(np.searchsorted(ends, points, side="right"), len(weights) - 1)
    return np.asarray(order[places])


def _cut(
    rows: Rows, sizes: Sequence[Size], config: RewardConfig, rng: np.random.Generator
) -> Batches:
    """Batches of `batch_size` rows, or of like length within the token budget."""
    if not config.token_budget:
        starts = range(0, len(rows), config.batch_size)
        return [rows[start : start + config.batch_size].tolist() for start in starts]
    lengths = np.array([sizes[row].longest for row in rows], dtype=np.float64)
    by_length = rows[np.argsort(lengths * (1 + _JITTER * rng.random(len(rows))), kind="stable")]
    batches = _within(by_length.tolist(), sizes, config.token_budget)
    return [batches[number] for number in rng.permutation(len(batches))]


def _within(rows: Sequence[int], sizes: Sequence[Size], budget: int) -> Batches:
    """Cut where the padded tokens would pass the budget; a row that is too long stays alone."""
    batches: Batches = []
    sequences = longest = 0
    for row in rows:
        size = sizes[row]
        longest = max(longest, size.longest)
        sequences += size.sequences
        if batches and sequences * longest <= budget:
            batches[-1].append(row)
        else:
            batches.append([row])
            sequences, longest = size.sequences, size.longest
    return batches


def sized_batches(sizes: Sequence[Size], sequences: int) -> Batches:
    """Rows of like length together, up to `sequences` a batch but at least one row."""
    batches: Batches = []
    held = 0
    for row in sorted(range(len(sizes)), key=lambda row: sizes[row].longest):
        held += sizes[row].sequences
        if batches and held <= sequences:
            batches[-1].append(row)
        else:
            batches.append([row])
            held = sizes[row].sequences
    return batches


def _evened(batches: Batches, processes: int) -> Batches:
    """As many batches for each process: the largest, the last of equals, are cut in two.

    That changes no gradient, since a step weighs rows and not batches (`length_decorrelation`
    alone looks at batches). Where every batch is a
    single row, the first ones are read once more.
    """
    evened = list(batches)
    while len(evened) % processes:
        number = max(range(len(evened)), key=lambda place: (len(evened[place]), place))
        batch, half = evened[number], len(evened[number]) // 2
        if half:
            evened[number : number + 1] = [batch[:half], batch[half:]]
        else:
            evened.append(evened[len(evened) % len(batches)])
    return evened


def clearness_of(examples: Sequence[Example], sampling: str) -> NDArray[np.float64] | None:
    """How far each pair is from a tie, in [0, 1]; None for an order that does not ask.

    With a `target_margin` m, in logits, it is 2σ(|m|) − 1, else 2q − 1 of the chosen side's share
    q of the votes. TrainingError where the rows have neither, or are all alike.
    """
    if sampling == "shuffled":
        return None
    found = np.array([_clearness(example) for example in examples], dtype=np.float64)
    if np.isnan(found).any() or np.ptp(found) == 0:
        raise TrainingError(
            f'Sampling "{sampling}" needs pairs whose target_margin or chosen_probability differ; '
            'set sampling to "shuffled".'
        )
    return found


def _clearness(example: Any) -> float:
    margin = getattr(example, "target_margin", None)
    if margin is not None:
        return float(np.tanh(abs(margin) / 2))
    return 2 * abs(getattr(example, "chosen_probability", np.nan) - 0.5)


def padding_share(plan: BatchPlan, sizes: Sequence[Size]) -> float:
    """The part of all tokens that the plan's batches hold which is padding."""
    read = sum(
        sum(sizes[row].sequences for row in batch) * max(sizes[row].longest for row in batch)
        for batch in plan.batches
    )
    real = sum(sizes[row].tokens for batch in plan.batches for row in batch)
    return 1 - real / read


class PlannedSampler(Sampler[list[int]]):
    """One process's part of a plan, as the one long epoch that the Trainer sees."""

    def __init__(self, plan: BatchPlan, rank: int) -> None:
        self._batches = plan.of(rank)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)


def planned_loader(rows: Any, plan: BatchPlan, rank: int, **settings: Any) -> DataLoader[Any]:
    """Reads one process's batches of `rows`; `settings` are the DataLoader's."""
    return DataLoader(rows, batch_sampler=PlannedSampler(plan, rank), **settings)
