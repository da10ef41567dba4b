"""Which pairs to ask about next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modeling.core.errors import ConfigError
from modeling.core.posterior import Posterior

STRATEGIES = ("low_margin", "random")


@dataclass(frozen=True)
class Quotas:
    """How a batch is divided.

    `random_share` of the batch is drawn at random, `held_out_share` of that from held-out
    (validation and test) pairs. The active part takes at most `max_per_prompt` pairs of a
    prompt, random picks counted; None means no cap.
    """

    random_share: float = 0.25
    held_out_share: float = 0.5
    max_per_prompt: int | None = None

    def __post_init__(self) -> None:
        for name in ("random_share", "held_out_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must lie between 0 and 1.")
        if self.max_per_prompt is not None and self.max_per_prompt < 1:
            raise ConfigError("max_per_prompt must be at least 1, or null for no cap.")


@dataclass(frozen=True)
class Selection:
    """A batch: rows of `pairs`, random picks first, then active ones from the least margin up.

    `gain` is p(1 − p) at each pick's preference probability p. `probability` is the chance a
    random pick had of being drawn from its stratum, None for active picks. `arm` is "random" or
    "active".
    """

    indices: NDArray[np.int64]
    gain: NDArray[np.float64]
    probability: tuple[float | None, ...]
    arm: tuple[str, ...]


@dataclass(frozen=True)
class _RandomArm:
    indices: NDArray[np.int64]
    probability: list[float] = field(default_factory=list)


def select_batch(
    features: NDArray[np.floating],
    pairs: NDArray[np.integer],
    *,
    posterior: Posterior,
    size: int,
    strategy: str = "low_margin",
    quotas: Quotas | None = None,
    prompts: Sequence[str] | NDArray[np.generic] | None = None,
    held_out: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> Selection:
    """Choose up to `size` of the candidate pairs (m, 2), indices into features (n, d).

    The random arm is drawn first and uniformly, from held-out and from training pairs apart, so
    that its picks stand for the pool whatever the strategy. The rest comes from training pairs
    only: "low_margin" takes the least |reward difference| (ties in the order given), "random"
    draws uniformly, and those picks belong to the random arm; once it has every training pair
    it goes on with held-out ones. `prompts` (m,) are needed for a cap, `held_out` (m,) marks
    pairs whose prompts are never trained on.

    A `size` that covers the pool takes every pair, with probability 1. With "low_margin" fewer
    than `size` come back when training pairs run out, under the cap or altogether. Pairs of
    identical responses are the caller's to remove: their margin of exactly 0 would win every
    time. The same arguments always give the same batch.
    """
    quotas = quotas or Quotas()
    _check(pairs, size, strategy, quotas, prompts)
    held = np.zeros(len(pairs), dtype=bool) if held_out is None else np.asarray(held_out, bool)
    margins = posterior.margins(features, pairs) if len(pairs) else np.zeros(0)
    rng = np.random.default_rng(seed)
    if size >= len(pairs):
        everything = np.arange(len(pairs))
        return _selection(_RandomArm(everything, [1.0] * len(pairs)), everything[:0], margins)
    counts = _random_counts(size, strategy, quotas, held)
    drawn = _draw_random(counts, held, rng)
    if strategy == "random":
        return _selection(drawn, np.zeros(0, dtype=np.int64), margins)
    active = _least_margins(margins, held, drawn.indices, size, quotas.max_per_prompt, prompts)
    return _selection(drawn, active, margins)


def _check(
    pairs: NDArray[np.integer],
    size: int,
    strategy: str,
    quotas: Quotas,
    prompts: Sequence[str] | NDArray[np.generic] | None,
) -> None:
    if strategy not in STRATEGIES:
        raise ConfigError(f'There is no strategy "{strategy}"; use one of {", ".join(STRATEGIES)}.')
    if size < 0:
        raise ConfigError("size must be zero or more.")
    if quotas.max_per_prompt is not None and (prompts is None or len(prompts) != len(pairs)):
        raise ConfigError("max_per_prompt needs prompts: one prompt id for each pair.")


def _random_counts(
    size: int, strategy: str, quotas: Quotas, held: NDArray[np.bool_]
) -> tuple[int, int]:
    """How many random picks come from (held-out, training) pairs.

    What one stratum lacks the other gives; together the "random" strategy's are `size`, or the
    whole pool. A share above zero is at least one pick.
    """
    wanted = round(size * quotas.random_share)
    if quotas.random_share > 0:
        wanted = max(1, wanted)
    wanted = min(wanted, size)
    n_held = int(held.sum())
    n_train = len(held) - n_held
    from_held = min(round(wanted * quotas.held_out_share), n_held)
    from_train = min(wanted - from_held, n_train)
    from_held = min(wanted - from_train, n_held)
    if strategy == "random":
        from_train = min(size - from_held, n_train)
        from_held = min(size - from_train, n_held)
    return from_held, from_train


def _draw_random(
    counts: tuple[int, int], held: NDArray[np.bool_], rng: np.random.Generator
) -> _RandomArm:
    drawn: list[NDArray[np.int64]] = []
    probability: list[float] = []
    for count, stratum in zip(counts, (np.flatnonzero(held), np.flatnonzero(~held)), strict=True):
        drawn.append(rng.choice(stratum, size=count, replace=False))
        probability += [count / len(stratum)] * count if count else []
    return _RandomArm(np.concatenate(drawn), probability)


def _least_margins(
    margins: NDArray[np.float64],
    held: NDArray[np.bool_],
    taken: NDArray[np.int64],
    size: int,
    cap: int | None,
    prompts: Sequence[str] | NDArray[np.generic] | None,
) -> NDArray[np.int64]:
    """The training pairs of least |margin| that are not taken, in that order, under the cap."""
    free = ~held
    free[taken] = False
    candidates = np.flatnonzero(free)
    order = candidates[np.argsort(np.abs(margins[candidates]), kind="stable")]
    if cap is not None:
        _, codes = np.unique(np.asarray(prompts), return_inverse=True)
        used = np.bincount(codes[taken], minlength=codes.max() + 1)
        order = order[_earlier_in_group(codes[order]) + used[codes[order]] < cap]
    return order[: size - len(taken)]


def _earlier_in_group(codes: NDArray[np.integer]) -> NDArray[np.int64]:
    """For each position, how many earlier positions hold the same code."""
    by_code = np.argsort(codes, kind="stable")
    ordered = codes[by_code]
    is_start = np.ones(len(codes), dtype=bool)
    is_start[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(is_start)
    lengths = np.diff(np.append(starts, len(codes)))
    earlier = np.empty(len(codes), dtype=np.int64)
    earlier[by_code] = np.arange(len(codes)) - np.repeat(starts, lengths)
    return earlier


def _selection(
    drawn: _RandomArm, active: NDArray[np.int64], margins: NDArray[np.float64]
) -> Selection:
    indices = np.concatenate([drawn.indices, active]).astype(np.int64)
    chance = expit(margins[indices])
    return Selection(
        indices=indices,
        gain=chance * (1 - chance),
        probability=(*drawn.probability, *([None] * len(active))),
        arm=("random",) * len(drawn.indices) + ("active",) * len(active),
    )
