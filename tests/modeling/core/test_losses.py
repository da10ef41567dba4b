import math

import pytest
import torch

from modeling.core.errors import ConfigError
from modeling.core.losses import bradley_terry_loss


def slow_loss(chosen, rejected, weights, targets, margins):
    """The definition, in plain Python."""
    total = 0.0
    for c, r, w, q, m in zip(chosen, rejected, weights, targets, margins, strict=True):
        p = 1 / (1 + math.exp(-(c - r - m)))
        total += w * (-q * math.log(p) - (1 - q) * math.log(1 - p))
    return total / len(chosen)


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(5, 6, generator=generator, dtype=torch.float64)
    chosen, rejected = 4 * values[0] - 2, 4 * values[1] - 2
    return {
        "chosen_scores": chosen,
        "rejected_scores": rejected,
        "weights": values[2] + 0.1,
        "target_probability": 0.5 + values[3] / 2,
        "margin": values[4],
    }


def test_a_worked_example():
    # d = ln 3 gives σ(d) = 3/4; d = 0 gives 1/2.
    loss = bradley_terry_loss(
        torch.tensor([math.log(3.0), 1.0]), torch.tensor([0.0, 1.0]), reduction="none"
    )
    assert loss.tolist() == pytest.approx([math.log(4 / 3), math.log(2)])


def test_it_equals_the_definition(case):
    expected = slow_loss(*(values.tolist() for values in case.values()))
    assert bradley_terry_loss(**case).item() == pytest.approx(expected, rel=1e-12)


def test_the_gradient_equals_finite_differences(case):
    chosen = case["chosen_scores"].clone().requires_grad_()
    rejected = case["rejected_scores"].clone().requires_grad_()
    rest = {name: case[name] for name in ("weights", "target_probability", "margin")}
    assert torch.autograd.gradcheck(
        lambda c, r: bradley_terry_loss(c, r, **rest), (chosen, rejected), eps=1e-6, atol=1e-9
    )


def test_a_shift_of_all_rewards_changes_nothing(case):
    shifted = case | {name: case[name] + 3.0 for name in ("chosen_scores", "rejected_scores")}
    assert bradley_terry_loss(**shifted).item() == pytest.approx(bradley_terry_loss(**case).item())


def test_neutral_arguments_equal_none(case):
    scores = (case["chosen_scores"], case["rejected_scores"])
    neutral = bradley_terry_loss(
        *scores,
        weights=torch.ones(6),
        target_probability=torch.ones(6),
        margin=torch.zeros(6),
    )
    assert neutral.item() == pytest.approx(bradley_terry_loss(*scores).item())


def test_huge_differences_stay_finite():
    scores = torch.tensor([1e4, -1e4])
    loss = bradley_terry_loss(scores, -scores, target_probability=torch.tensor([0.9, 0.9]))
    assert torch.isfinite(loss)


def test_a_weight_keeps_its_meaning_in_a_batch_of_one():
    one = torch.tensor([1.0])
    double = bradley_terry_loss(one, one * 0, weights=2 * one)
    assert double.item() == pytest.approx(2 * bradley_terry_loss(one, one * 0).item())


def test_reductions(case):
    each = bradley_terry_loss(**case, reduction="none")
    assert each.shape == (6,)
    assert bradley_terry_loss(**case, reduction="sum").item() == pytest.approx(each.sum().item())
    with pytest.raises(ConfigError, match="reduction"):
        bradley_terry_loss(**case, reduction="max")
