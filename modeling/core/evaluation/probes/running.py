"""Running the probes on pairs of which one side was preferred."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from modeling.core.data import Message, PreferenceExample
from modeling.core.errors import ModelingError
from modeling.core.evaluation.basics import Doubles, Interval, bootstrap_interval, credit, mean
from modeling.core.evaluation.probes.transforms import (
    REWRITES,
    Transform,
    padded,
    shortened,
)
from modeling.core.files import plain

MOST_PAIRS = 300
TOLERANCE = 1e-4
Inputs = Sequence[tuple[Sequence[Message], str]]
Score = Callable[[Inputs], Doubles]


@dataclass(frozen=True)
class FlipProbe:
    """Both responses rewritten alike: nothing should change.

    `changed` is the share of pairs with a text that the rewrite touches; the rest is about these
    `n`. `accuracy` is after the rewrite, `before` without, `change` their difference with its
    paired interval. `flipped` is the share that changes sides, `shift` the mean |change of
    margin| in standard deviations of the margins.
    """

    n: int
    changed: float
    before: float | None
    accuracy: float | None
    change: float | None
    interval: Interval | None
    flipped: float | None
    shift: float | None


@dataclass(frozen=True)
class PaddingProbe:
    """The rejected response made longer by sentences that say nothing: it should not gain.

    `raised` is the share of responses that gain, `shift` the mean gain in standard deviations of
    the margins; `accuracy` is against the padded response, `change` and `interval` as elsewhere.
    """

    n: int
    before: float | None
    accuracy: float | None
    change: float | None
    interval: Interval | None
    raised: float | None
    shift: float | None


@dataclass(frozen=True)
class PromptProbe:
    """The chosen response to another prompt: the reward should fall.

    `preferred` is how often the own prompt gives more, with its interval, `drop` the mean fall
    in standard deviations of the margins.
    """

    n: int
    preferred: float | None
    interval: Interval | None
    drop: float | None


@dataclass(frozen=True)
class PositionProbe:
    """Both responses scored again in the other order and company: no score may move.

    `largest` is the largest difference of a margin, `holds` whether it is within TOLERANCE.
    """

    n: int
    largest: float
    holds: bool


@dataclass(frozen=True)
class PriorProbe:
    """Of a residual model, the pairs that its prior gets wrong: they are `n`, a `share` of all.

    `accuracy` says how often the rest of the model overrules the prior there; that of the prior
    alone, over all pairs, is `prior_accuracy`. Then the prior is attacked in every pair: of all
    rewrites of the rejected response, the padding and a cut after its first half, the one that
    the prior likes most stands against the chosen response. `attacked_prior` is the prior's
    accuracy then, `attacked` the model's.
    """

    n: int
    share: float
    accuracy: float | None
    interval: Interval | None
    prior_accuracy: float | None
    attacked: float | None
    attacked_interval: Interval | None
    attacked_prior: float | None


@dataclass(frozen=True)
class ProbeReport:
    """All probes, on `n` pairs; `prior` is None for a model without one."""

    n: int
    rewrites: dict[str, FlipProbe]
    padding: PaddingProbe
    other_prompt: PromptProbe
    position: PositionProbe
    prior: PriorProbe | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        values: dict[str, Any] = plain(asdict(self))
        return values


@dataclass(frozen=True)
class _Bench:
    """The pairs, the model, and the scores of the pairs as they are."""

    examples: Sequence[PreferenceExample]
    score: Score
    chosen: Doubles
    rejected: Doubles
    seed: int

    @property
    def margins(self) -> Doubles:
        return self.chosen - self.rejected

    @property
    def unit(self) -> float:
        """The standard deviation of the margins around zero."""
        return float(np.sqrt(np.mean(self.margins**2))) or 1.0

    def interval(self, values: Doubles, rows: Sequence[int]) -> Interval | None:
        openings = [self.examples[row].opening() for row in rows]
        return bootstrap_interval(values, openings, seed=self.seed)


def run_probes(
    score: Score,
    examples: Sequence[PreferenceExample],
    *,
    prior: Score | None = None,
    fresh: Score | None = None,
    most: int = MOST_PAIRS,
    seed: int = 0,
) -> ProbeReport:
    """Probe a model by its `score` of (prompt, response) inputs, on up to `most` pairs.

    The pairs are evenly spaced over `examples`; undecided ones are left out. `prior` scores by
    the prior of a residual model. Where `score` remembers texts that it has read, `fresh` is
    the same without: only so can a second reading differ from the first. Raises ModelingError
    without decided pairs, or where a reward is not finite.
    """
    decided = [example for example in examples if example.chosen_probability > 0.5]
    decided = [example for example in decided if not example.tied]
    if not decided:
        raise ModelingError("Probes need pairs of which one side was preferred; there are none.")
    picked = decided[:: -(-len(decided) // most)]
    chosen, rejected = _scores(score, picked)
    bench = _Bench(picked, score, chosen, rejected, seed)
    return ProbeReport(
        n=len(picked),
        rewrites={name: _flips(bench, rewrite) for name, rewrite in REWRITES.items()},
        padding=_padding(bench),
        other_prompt=_other_prompt(bench),
        position=_position(replace(bench, score=fresh or score)),
        prior=None if prior is None else _prior(bench, prior),
    )


def _scores(score: Score, examples: Sequence[PreferenceExample]) -> tuple[Doubles, Doubles]:
    """Rewards (n,) of the chosen and of the rejected responses."""
    inputs = [(example.prompt, example.chosen) for example in examples]
    inputs += [(example.prompt, example.rejected) for example in examples]
    found = np.asarray(score(inputs), dtype=np.float64)
    if not np.isfinite(found).all():
        raise ModelingError("Some rewards are not finite; the model cannot be probed.")
    return found[: len(examples)], found[len(examples) :]


def _flips(bench: _Bench, rewrite: Transform) -> FlipProbe:
    new = [
        replace(example, chosen=rewrite(example.chosen), rejected=rewrite(example.rejected))
        for example in bench.examples
    ]
    rows = [row for row, old in enumerate(bench.examples) if new[row] != old]
    if not rows:
        return FlipProbe(0, 0.0, None, None, None, None, None, None)
    chosen, rejected = _scores(bench.score, [new[row] for row in rows])
    before, after = bench.margins[rows], chosen - rejected
    change = credit(after) - credit(before)
    return FlipProbe(
        n=len(rows),
        changed=len(rows) / len(new),
        before=mean(credit(before)),
        accuracy=mean(credit(after)),
        change=mean(change),
        interval=bench.interval(change, rows),
        flipped=float((np.sign(before) * np.sign(after) < 0).mean()),
        shift=float(np.abs(after - before).mean()) / bench.unit,
    )


def _padding(bench: _Bench) -> PaddingProbe:
    inputs = [(example.prompt, padded(example.rejected)) for example in bench.examples]
    longer = np.asarray(bench.score(inputs), dtype=np.float64)
    before, after = credit(bench.margins), credit(bench.chosen - longer)
    return PaddingProbe(
        n=len(inputs),
        before=mean(before),
        accuracy=mean(after),
        change=mean(after - before),
        interval=bench.interval(after - before, range(len(inputs))),
        raised=float((longer > bench.rejected).mean()),
        shift=float((longer - bench.rejected).mean()) / bench.unit,
    )


def _other_prompt(bench: _Bench) -> PromptProbe:
    """Each chosen response under a prompt drawn from the others with another opening."""
    openings = [example.opening() for example in bench.examples]
    rng = np.random.default_rng(bench.seed)
    rows, inputs = [], []
    for row, example in enumerate(bench.examples):
        others = [other for other, opening in enumerate(openings) if opening != openings[row]]
        if others:
            rows.append(row)
            drawn = bench.examples[others[int(rng.integers(len(others)))]]
            inputs.append((drawn.prompt, example.chosen))
    if not rows:
        return PromptProbe(0, None, None, None)
    fall = bench.chosen[rows] - np.asarray(bench.score(inputs), dtype=np.float64)
    return PromptProbe(
        n=len(rows),
        preferred=mean(credit(fall)),
        interval=bench.interval(credit(fall), rows),
        drop=float(fall.mean()) / bench.unit,
    )


def _position(bench: _Bench) -> PositionProbe:
    """Every other pair at once: a text then stands among fewer than before."""
    turned = [
        replace(example, chosen=example.rejected, rejected=example.chosen)
        for example in bench.examples
    ]
    margins = np.empty(len(turned))
    for start in range(min(2, len(turned))):
        first, second = _scores(bench.score, turned[start::2][::-1])
        margins[start::2] = (second - first)[::-1]
    largest = float(np.abs(margins - bench.margins).max())
    return PositionProbe(len(turned), largest, largest <= TOLERANCE)


def _prior(bench: _Bench, prior: Score) -> PriorProbe:
    chosen, rejected = _scores(prior, bench.examples)
    leaning = chosen - rejected
    rows = np.flatnonzero(leaning < 0)
    right = credit(bench.margins[rows])
    texts, liked = _attacks(bench.examples, prior, rejected)
    inputs = [(e.prompt, text) for e, text in zip(bench.examples, texts, strict=True)]
    attacked = credit(bench.chosen - np.asarray(bench.score(inputs), dtype=np.float64))
    return PriorProbe(
        n=len(rows),
        share=len(rows) / len(leaning),
        accuracy=mean(right),
        interval=bench.interval(right, rows.tolist()) if len(rows) else None,
        prior_accuracy=mean(credit(leaning)),
        attacked=mean(attacked),
        attacked_interval=bench.interval(attacked, range(len(attacked))),
        attacked_prior=mean(credit(chosen - liked)),
    )


def _attacks(
    examples: Sequence[PreferenceExample], prior: Score, rewards: Doubles
) -> tuple[list[str], Doubles]:
    """The form of each rejected response that the prior likes most, and how much it does (n,)."""
    texts, best = [example.rejected for example in examples], rewards.copy()
    for rewrite in (*REWRITES.values(), padded, shortened):
        tried = [rewrite(example.rejected) for example in examples]
        inputs = [(e.prompt, text) for e, text in zip(examples, tried, strict=True)]
        liked = np.asarray(prior(inputs), dtype=np.float64)
        for row in np.flatnonzero(liked > best):
            texts[row], best[row] = tried[row], liked[row]
    return texts, best
