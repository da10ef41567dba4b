"""Mean ranks against a twin in exact fractions."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate import mean_rank_tiers

Tiers = tuple[tuple[str, ...], ...]


@st.composite
def one_ranking(draw: st.DrawFn) -> Tiers:
    places = {key: draw(st.integers(0, 3)) for key in "abcd"}
    return tuple(
        tuple(key for key in "abcd" if places[key] == place) for place in sorted({*places.values()})
    )


def slow_mean_rank(rankings: list[Tiers], key: str) -> Fraction:
    total = Fraction(0)
    for tiers in rankings:
        better = sum(len(tier) for tier in tiers[: [key in tier for tier in tiers].index(True)])
        tied = next(len(tier) for tier in tiers if key in tier)
        total += better + Fraction(tied + 1, 2)
    return total / len(rankings)


@given(st.lists(one_ranking(), min_size=1, max_size=6))
def test_tiers_are_the_levels_of_the_mean_rank(rankings: list[Tiers]) -> None:
    means = {key: slow_mean_rank(rankings, key) for key in "abcd"}
    expected = tuple(
        tuple(key for key in "abcd" if means[key] == level) for level in sorted({*means.values()})
    )
    assert mean_rank_tiers(rankings) == expected


def test_opposite_rankings_tie() -> None:
    assert mean_rank_tiers([(("a",), ("b",)), (("b",), ("a",))]) == (("a", "b"),)
