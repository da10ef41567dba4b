"""Models of ties against their definitions and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate.tie_models import Davidson, NoTies, RaoKupper, TieModel
from tests.curation.core.aggregate.comparison_twins import slow_chances

MODELS = {"davidson": Davidson(), "rao_kupper": RaoKupper(), "half": NoTies()}
gaps = st.floats(-8, 8)
parameters = st.floats(0.05, 3)


@pytest.mark.parametrize("name", MODELS)
@given(gap=gaps, parameter=parameters)
def test_probabilities_are_those_of_the_papers(name: str, gap: float, parameter: float) -> None:
    chances = np.exp(MODELS[name].log_probabilities(np.array([gap]), parameter))[:, 0]
    np.testing.assert_allclose(chances, slow_chances(name, gap, parameter), atol=1e-12)
    assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", MODELS)
@given(gap=gaps, parameter=parameters, counts=st.tuples(*[st.integers(0, 5)] * 3))
def test_slopes_are_those_of_finite_differences(
    name: str, gap: float, parameter: float, counts: tuple[int, int, int]
) -> None:
    model, seen = MODELS[name], np.array(counts, dtype=float)[:, None]
    if name == "half":
        seen[1] = 0

    def slopes(d_gap: float = 0.0, d_tie: float = 0.0) -> tuple[float, float, float]:
        found = model.slopes(np.array([gap + d_gap]), parameter + d_tie, seen)
        return found.value, found.gap[0], found.tie[0]

    found, step = model.slopes(np.array([gap]), parameter, seen), 1e-5
    by_gap = (np.array(slopes(d_gap=step)) - slopes(d_gap=-step)) / (2 * step)
    by_tie = (np.array(slopes(d_tie=step)) - slopes(d_tie=-step)) / (2 * step)
    close = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(
        by_gap, [found.gap[0], -found.gap_gap[0], -found.gap_tie[0]], **close
    )
    np.testing.assert_allclose(
        by_tie, [found.tie[0], -found.gap_tie[0], -found.tie_tie[0]], **close
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_huge_gaps_stay_finite(model: TieModel) -> None:
    slopes = model.slopes(np.array([900.0, -900.0]), 0.5, np.array([[1.0, 1.0], [0, 0], [1, 1]]))
    assert slopes.value == pytest.approx(-1800, rel=1e-2)
    assert np.isfinite(slopes.gap).all()


@pytest.mark.parametrize(("model", "without"), [(Davidson(), 0.0), (RaoKupper(), 1.0)])
def test_each_model_has_a_value_that_means_no_ties(model: TieModel, without: float) -> None:
    small = -40.0 if without == 0 else 1e-12
    assert model.shown(small) == pytest.approx(without, abs=1e-9)
    assert model.without == without
    assert NoTies(without).shown(small) == without
