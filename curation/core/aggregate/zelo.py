"""Pointwise targets on a fixed scale from pairwise judgments: the zELO recipe.

Pipitone et al. (2025, arXiv:2509.12541) fit Thurstone strengths within each prompt, then shift each
prompt by an offset so that strengths can be compared across prompts, and train on the result. Here
the within-prompt fit shares one prior over all prompts, whose width is estimated, so that the same
votes mean the same strength everywhere; offsets come from comparisons across prompts or from
absolute judgments and are 0 where there are neither; and a target is the probability that a person
prefers the response to one drawn from all, which lies in 0...1 whatever the data. Their unit of
strength is √2 times ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from curation.core.aggregate.ids import coded, column, same_length, weights_of
from curation.core.aggregate.newton import Floats, Ints
from curation.core.aggregate.strength_fit import StrengthFit, StrengthState, coded_annotators
from curation.core.aggregate.thurstone_posterior import (
    Comparisons,
    ThurstoneModel,
    ThurstonePoint,
    counted,
)


@dataclass(frozen=True)
class AbsoluteJudgments:
    """Values in 0...1 for single responses, each of shape (n,), such as shares of "correct".

    A value is read as the probability that the response beats a typical one; `weights` say of how
    many judgments it is the mean, one where left out.
    """

    prompts: ArrayLike
    responses: ArrayLike
    values: ArrayLike
    weights: ArrayLike | None = None


@dataclass(frozen=True)
class PointwiseTargets:
    """A target for every response of every prompt.

    `prompts` and `responses` (n_responses,) name them, sorted. `targets` (n_responses,) are in
    0...1: the probability that a person prefers the response to one drawn from all, allowing for
    how unsure its strength is; `stderr` (n_responses,) are their standard errors. `strengths`
    (n_responses,) have mean zero within a prompt, with the standard deviation of a perceived
    difference as unit. `prompt_ids` (n_prompts,) are the prompts, sorted, `offsets` (n_prompts,)
    what is added to a prompt's strengths; 0 where nothing links the prompt to others, which
    `linked` (n_prompts,) tells. `spread` and `offset_spread` are the standard deviations of
    strengths within a prompt and of offsets. `annotators` and `reliability` (n_annotators,) are as
    in `ThurstoneFit`, from comparisons within prompts.
    """

    prompts: NDArray[Any]
    responses: NDArray[Any]
    targets: Floats
    stderr: Floats
    strengths: Floats
    prompt_ids: NDArray[Any]
    offsets: Floats
    linked: NDArray[np.bool_]
    spread: float
    offset_spread: float
    annotators: NDArray[Any] | None
    reliability: Floats | None
    n_iter: int
    converged: bool


def pointwise_targets(
    prompts: ArrayLike,
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    *,
    right_prompts: ArrayLike | None = None,
    absolute: AbsoluteJudgments | None = None,
    annotators: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> PointwiseTargets:
    """Turn comparisons into targets: 1 is a preference for left, 0 for right, 0.5 a tie.

    Comparison k is of responses `left[k]` and `right[k]` to prompt `prompts[k]`; a response is
    known by its prompt and its id. Where `right_prompts` is given the right one answers that
    prompt, and the comparison is of how well each answers its own. Offsets of prompts come from
    such comparisons and from `absolute` judgments, whose responses have to be among those
    compared. The rest is as in `fit_thurstone`.

    Raises ValueError for columns of unequal length, missing ids, outcomes or values outside 0...1,
    a response compared with itself, and an absolute judgment of one that is in no comparison.
    """
    votes = _Votes.read(prompts, left, right, outcome, right_prompts)
    names, codes = coded_annotators(annotators, len(votes.outcome), "comparisons")
    weight = weights_of(weights, len(votes.outcome))
    within = votes.prompt_of[votes.left] == votes.prompt_of[votes.right]
    state = _within(votes, codes, weight * within)
    links = _links(votes, state, weight * ~within)
    if absolute is not None:
        links = _joined(links, _anchors(votes, state, absolute))
    shifts = _Shifts.fitted(links, len(votes.prompts))
    spread, far = state.precision**-0.5, shifts.spread
    strengths = votes.centred(state.strengths)
    variance = state.deviation**2 + shifts.variance[votes.prompt_of]
    typical = 1 + spread**2 + far**2
    place = (strengths + shifts.offsets[votes.prompt_of]) / np.sqrt(typical + variance)
    slope = np.exp(-(place**2) / 2) / np.sqrt(2 * np.pi * typical)
    return PointwiseTargets(
        prompts=votes.prompts[votes.prompt_of],
        responses=votes.responses,
        targets=ndtr(place),
        stderr=slope * np.sqrt(variance),
        strengths=strengths,
        prompt_ids=votes.prompts,
        offsets=shifts.offsets,
        linked=shifts.linked,
        spread=spread,
        offset_spread=far,
        annotators=names,
        reliability=None if codes is None else state.factor,
        n_iter=state.n_iter + shifts.n_iter,
        converged=state.converged and shifts.converged,
    )


@dataclass(frozen=True)
class _Votes:
    """Comparisons of numbered responses; `responses` and `prompt_of` go with the numbers."""

    prompts: NDArray[Any]
    responses: NDArray[Any]
    prompt_of: Ints
    left: Ints
    right: Ints
    outcome: Floats

    @classmethod
    def read(
        cls,
        prompts: ArrayLike,
        left: ArrayLike,
        right: ArrayLike,
        outcome: ArrayLike,
        right_prompts: ArrayLike | None,
    ) -> _Votes:
        sides = [column(left, "left response"), column(right, "right response")]
        asked = [column(prompts, "prompt")]
        asked.append(asked[0] if right_prompts is None else column(right_prompts, "right prompt"))
        said = np.asarray(outcome, dtype=float)
        same_length(prompts=asked[0], right_prompts=asked[1], left=sides[0], right=sides[1],
                    outcomes=said)  # fmt: skip
        if not ((said >= 0) & (said <= 1)).all():
            raise ValueError("An outcome lies between 0 (right) and 1 (left).")
        names, prompt = coded(np.concatenate(asked))
        ids, response = coded(np.concatenate(sides))
        cells, number = np.unique(prompt * max(len(ids), 1) + response, return_inverse=True)
        first, second = number[: len(said)], number[len(said) :]
        if (first == second).any():
            raise ValueError("A comparison is of a response with itself; leave it out.")
        prompt_of, response_of = cells // max(len(ids), 1), cells % max(len(ids), 1)
        return cls(names, ids[response_of], prompt_of, first, second, said)

    def centred(self, strengths: Floats) -> Floats:
        """Strengths with mean zero within each prompt."""
        total = np.bincount(self.prompt_of, weights=strengths, minlength=len(self.prompts))
        return strengths - (total / np.bincount(self.prompt_of, minlength=1))[self.prompt_of]

    def numbers(self, prompts: NDArray[Any], responses: NDArray[Any]) -> Ints:
        """Return the numbers of responses, or raise ValueError where one was not compared."""
        known = {
            (self.prompts[prompt], response): number
            for number, (prompt, response) in enumerate(
                zip(self.prompt_of.tolist(), self.responses.tolist(), strict=True)
            )
        }
        asked = list(zip(prompts.tolist(), responses.tolist(), strict=True))
        missing = [one for one in asked if one not in known]
        if missing:
            raise ValueError(f"The response {missing[0]!r} is judged, but in no comparison.")
        return np.array([known[one] for one in asked], dtype=np.intp)


def _within(votes: _Votes, codes: Ints | None, weight: Floats) -> StrengthState[ThurstonePoint]:
    """Fit strengths to the comparisons within prompts, those that have weight."""
    kept = weight > 0
    who = np.zeros(len(weight), dtype=np.intp) if codes is None else codes
    data, rows = counted(
        votes.left[kept],
        votes.right[kept],
        who[kept],
        votes.outcome[kept],
        weight[kept],
        len(votes.responses),
    )
    return StrengthFit(ThurstoneModel(data), None if codes is None else rows).alternate(None)


@dataclass(frozen=True)
class _Links:
    """What is known of offsets: rows between prompts, and each one's scale.

    Prompt number n_prompts stands for a typical response to a typical prompt.
    """

    low: Ints
    high: Ints
    won: Floats
    lost: Floats
    offset: Floats
    scale: Floats


def _links(votes: _Votes, state: StrengthState[ThurstonePoint], weight: Floats) -> _Links:
    """Comparisons across prompts; unsure strengths make them tell less."""
    kept = weight > 0
    left, right = votes.left[kept], votes.right[kept]
    said, strengths = votes.outcome[kept], votes.centred(state.strengths)
    unsure = state.deviation[left] ** 2 + state.deviation[right] ** 2
    return _Links(
        low=votes.prompt_of[left],
        high=votes.prompt_of[right],
        won=weight[kept] * said,
        lost=weight[kept] * (1 - said),
        offset=strengths[left] - strengths[right],
        scale=1 / np.sqrt(1 + unsure),
    )


def _anchors(
    votes: _Votes, state: StrengthState[ThurstonePoint], absolute: AbsoluteJudgments
) -> _Links:
    """Absolute judgments as comparisons with a response drawn from all."""
    prompts, responses = column(absolute.prompts, "prompt"), column(absolute.responses, "response")
    values = np.asarray(absolute.values, dtype=float)
    same_length(prompts=prompts, responses=responses, values=values)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("An absolute judgment is a value between 0 and 1.")
    judged, weight = votes.numbers(prompts, responses), weights_of(absolute.weights, len(values))
    unsure = state.deviation[judged] ** 2 + 1 / state.precision
    return _Links(
        low=votes.prompt_of[judged],
        high=np.full(len(judged), len(votes.prompts)),
        won=weight * values,
        lost=weight * (1 - values),
        offset=votes.centred(state.strengths)[judged],
        scale=1 / np.sqrt(1 + unsure),
    )


def _joined(one: _Links, other: _Links) -> _Links:
    names = ("low", "high", "won", "lost", "offset", "scale")
    return _Links(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names))


@dataclass(frozen=True)
class _Shifts:
    """Offsets of prompts (n_prompts,), their variances, and which are linked to others."""

    offsets: Floats
    variance: Floats
    linked: NDArray[np.bool_]
    spread: float
    n_iter: int
    converged: bool

    @classmethod
    def fitted(cls, links: _Links, n_prompts: int) -> _Shifts:
        if not len(links.low):
            zeros = np.zeros(n_prompts)
            return cls(zeros, zeros, zeros > 0, 0.0, 0, True)
        data = Comparisons(
            links.low, links.high, links.won, links.lost, links.offset, n_prompts + 1
        )
        model = _ScaledModel(data, links.scale)
        state = StrengthFit(model, None).alternate(None)
        typical = n_prompts
        component = model.connectivity.component
        anchored = component[:n_prompts] == component[typical]
        linked = model.blocks.sizes[:n_prompts] > 1
        offsets = state.strengths[:n_prompts] - anchored * state.strengths[typical]
        variance = np.where(linked, state.deviation[:n_prompts] ** 2, 0.0)
        spread = state.precision**-0.5
        return cls(
            np.where(linked, offsets, 0.0), variance, linked, spread, state.n_iter, state.converged
        )


class _ScaledModel(ThurstoneModel):
    """Comparisons each of which sees differences on a scale of its own."""

    def __init__(self, data: Comparisons, own_scale: Floats) -> None:
        super().__init__(data)
        self.own_scale = own_scale

    def at(self, strengths: Floats, scale: Floats, precision: float) -> ThurstonePoint:
        """Return the posterior at strengths (n_items,)."""
        return super().at(strengths, scale * self.own_scale, precision)
