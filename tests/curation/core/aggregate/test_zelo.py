"""Pointwise targets: the recipe step by step, planted truth, and what must hold."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from curation.core.aggregate import AbsoluteJudgments, fit_thurstone, pointwise_targets
from tests.curation.core.aggregate.rank_twins import normal, thurstone_fitted

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "rankings.json").read_text(encoding="utf-8")
)


def planted(seed=0, *, n_prompts=150, size=4, votes=3, links=0):
    """Prompts' offsets, responses' qualities, and comparisons within and across prompts."""
    rng = np.random.default_rng(seed)
    offsets = rng.normal(size=n_prompts) * 0.8
    quality = rng.normal(size=(n_prompts, size))
    quality -= quality.mean(axis=1, keepdims=True)
    left, right = (np.tile(np.repeat(side, votes), n_prompts) for side in np.triu_indices(size, 1))
    prompt = np.repeat(np.arange(n_prompts), len(left) // n_prompts)
    other = np.concatenate([prompt, rng.integers(0, n_prompts, links)])
    prompt = np.concatenate([prompt, rng.integers(0, n_prompts, links)])
    left, right = (np.concatenate([side, rng.integers(0, size, links)]) for side in (left, right))
    same = (prompt == other) & (left == right)
    prompt, other, left, right = (part[~same] for part in (prompt, other, left, right))
    total = offsets[:, None] + quality
    gap = total[prompt, left] - total[other, right]
    outcome = (rng.random(len(gap)) < ndtr(gap)).astype(float)
    return offsets, quality, (prompt, left, right, outcome), other


def test_one_prompt_is_a_thurstone_fit_on_a_fixed_scale():
    left, right, outcome = zip(*GOLDEN["comparisons"], strict=True)
    found = pointwise_targets(["p"] * len(left), left, right, outcome)
    alone = fit_thurstone(left, right, outcome, prior=None)
    np.testing.assert_allclose(found.strengths, alone.strengths, atol=1e-6)
    np.testing.assert_allclose(
        found.strengths, thurstone_fitted(GOLDEN["comparisons"], 5, alone.prior), atol=1e-4
    )
    spread = alone.prior**-0.5
    expected = [
        normal(strength / np.sqrt(1 + spread**2 + error**2))
        for strength, error in zip(alone.strengths, alone.stderr, strict=True)
    ]
    np.testing.assert_allclose(found.targets, expected, atol=1e-6)
    assert found.spread == pytest.approx(spread)
    assert found.responses.tolist() == [0, 1, 2, 3, 4]
    assert not found.linked.any()


def test_targets_within_prompts_recover_planted_qualities():
    _, quality, votes, _ = planted()
    found = pointwise_targets(*votes)
    truth = ndtr(quality / np.sqrt(1 + quality.var())).ravel()
    assert found.converged
    assert np.corrcoef(found.targets, truth)[0, 1] > 0.85
    assert found.spread == pytest.approx(quality.std(), rel=0.2)
    assert found.targets.min() > 0
    assert found.targets.max() < 1
    by_prompt = np.bincount(found.prompts.astype(int), found.strengths)
    np.testing.assert_allclose(by_prompt, 0, atol=1e-9)
    assert found.offset_spread == 0


def test_comparisons_across_prompts_find_their_offsets():
    offsets, quality, votes, other = planted(links=2500)
    found = pointwise_targets(*votes, right_prompts=other)
    plain = pointwise_targets(*(part[other == votes[0]] for part in votes))
    total = offsets[:, None] + quality
    truth = ndtr(total / np.sqrt(1 + total.var())).ravel()
    assert found.linked.all()
    assert found.converged
    assert np.corrcoef(found.offsets, offsets)[0, 1] > 0.85
    assert found.offset_spread == pytest.approx(offsets.std(), rel=0.3)
    errors = [np.sqrt(((of.targets - truth) ** 2).mean()) for of in (found, plain)]
    assert errors[0] < 0.75 * errors[1]
    z = (found.targets - truth) / found.stderr
    assert 0.7 < np.sqrt((z**2).mean()) < 1.4


def test_absolute_judgments_find_offsets_too():
    offsets, quality, votes, _ = planted()
    total = offsets[:, None] + quality
    value = ndtr(total / np.sqrt(1 + quality.var()))
    n_prompts, size = quality.shape
    absolute = AbsoluteJudgments(
        np.repeat(np.arange(n_prompts), size),
        np.tile(np.arange(size), n_prompts),
        np.random.default_rng(1).binomial(8, value).ravel() / 8,
        np.full(n_prompts * size, 8),
    )
    found = pointwise_targets(*votes, absolute=absolute)
    assert found.linked.all()
    assert np.corrcoef(found.offsets, offsets)[0, 1] > 0.9
    assert abs(found.offsets.mean() - offsets.mean()) < 0.15


def test_prompts_that_nothing_links_keep_offset_zero():
    rows = (["p", "p", "q"], ["a", "b", "a"], ["b", "c", "b"], [1.0, 1.0, 0.0])
    found = pointwise_targets(*rows, absolute=AbsoluteJudgments(["p"], ["a"], [1.0]))
    assert found.linked.tolist() == [True, False]
    assert found.offsets[0] > 0
    assert found.offsets[1] == 0


def test_order_and_names_do_not_matter():
    _, _, (prompt, left, right, outcome), other = planted(n_prompts=12, links=40)
    plain = pointwise_targets(prompt, left, right, outcome, right_prompts=other)
    order = np.random.default_rng(0).permutation(len(prompt))
    renamed = pointwise_targets(
        [f"p{11 - other[k]:02}" for k in order],
        [f"r{right[k]}" for k in order],
        [f"r{left[k]}" for k in order],
        1 - outcome[order],
        right_prompts=[f"p{11 - prompt[k]:02}" for k in order],
    )
    where = {
        (int(name[1:]), int(of[1:])): k
        for k, (name, of) in enumerate(zip(renamed.prompts, renamed.responses, strict=True))
    }
    same = [where[11 - p, r] for p, r in zip(plain.prompts, plain.responses, strict=True)]
    np.testing.assert_allclose(plain.targets, renamed.targets[same], atol=1e-5)
    np.testing.assert_allclose(plain.stderr, renamed.stderr[same], atol=1e-5)


def test_duplicated_votes_are_votes_of_weight_two():
    _, _, votes, _ = planted(n_prompts=10)
    twice = pointwise_targets(*(np.concatenate([part, part]) for part in votes))
    weighted = pointwise_targets(*votes, weights=np.full(len(votes[0]), 2.0))
    np.testing.assert_allclose(twice.targets, weighted.targets, atol=1e-6)


def test_careless_annotators_count_less():
    _, _, (prompt, left, right, outcome), _ = planted(votes=6)
    who = np.arange(len(prompt)) % 6
    rng = np.random.default_rng(2)
    outcome = np.where(who == 0, rng.integers(0, 2, len(outcome)), outcome)
    found = pointwise_targets(prompt, left, right, outcome, annotators=who)
    assert found.reliability.argmin() == 0
    assert found.reliability[0] < 0.3
    assert found.annotators.tolist() == list(range(6))


def test_no_comparisons_make_no_targets():
    found = pointwise_targets([], [], [], [])
    assert len(found.targets) == len(found.prompt_ids) == 0


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ((["p"], ["a"], ["a"], [1.0]), {}, "with itself"),
        ((["p"], ["a"], ["b"], [2.0]), {}, "between 0"),
        ((["p", "q"], ["a"], ["b"], [1.0]), {}, "differ in length"),
        (
            (["p"], ["a"], ["b"], [1.0]),
            {"absolute": AbsoluteJudgments(["p"], ["c"], [1.0])},
            "in no comparison",
        ),
        (
            (["p"], ["a"], ["b"], [1.0]),
            {"absolute": AbsoluteJudgments(["p"], ["a"], [-0.1])},
            "between 0 and 1",
        ),
    ],
)
def test_what_cannot_be_is_refused(rows, options, message):
    with pytest.raises(ValueError, match=message):
        pointwise_targets(*rows, **options)
