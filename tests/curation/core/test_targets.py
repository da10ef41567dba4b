"""Margins by scale and strength."""

import pytest

from curation.core.targets import SCALE_SIZES, mean_margin, target_margin


@pytest.mark.parametrize(
    ("scale", "margins"),
    [
        ("binary", [None]),
        ("llama2", [0, 1, 2, 3]),
        ("signed3", [1, 2, 3]),
        ("eight", [0.5, 1.5, 2.5, 3.5]),
    ],
)
def test_each_strength_has_its_margin(scale: str, margins: list[float | None]) -> None:
    assert SCALE_SIZES[scale] == len(margins)
    assert [target_margin(scale, n + 1) for n in range(len(margins))] == margins


def test_a_strength_that_was_not_given_has_no_margin() -> None:
    assert target_margin("llama2", None) is None


@pytest.mark.parametrize(("scale", "strength"), [("llama2", 0), ("llama2", 5), ("stars", 1)])
def test_what_the_scale_does_not_have_is_refused(scale: str, strength: int) -> None:
    with pytest.raises(ValueError, match=r"no scale|Strength on"):
        target_margin(scale, strength)


def test_votes_are_averaged_with_their_sign() -> None:
    assert mean_margin(["llama2"] * 4, [3.0, 1.0, -2.0, 0.0]) == 0.5


def test_no_mean_without_all_margins_or_across_scales() -> None:
    assert mean_margin([], []) is None
    assert mean_margin(["llama2"] * 2, [3.0, None]) is None
    assert mean_margin(["llama2", "eight"], [3.0, 2.5]) is None
