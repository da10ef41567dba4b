import json
import subprocess
import sys

import numpy as np
import pytest

from modeling.core.calibration import Calibration, calibrated, fit_calibration, report
from modeling.core.errors import CheckpointError
from tests.modeling.core.calibration.test_maps import pairs


def judged(count, *, temperature=1.0, seed=0, votes=5):
    """Margins and shares as data hold them: from the majority's side."""
    margins, shares = pairs(count, temperature=temperature, seed=seed, votes=votes)
    return np.where(shares < 0.5, -margins, margins), np.maximum(shares, 1 - shares)


def names(count, size=1):
    return [f"p{k // size}" for k in range(count)]


def test_an_overconfident_model_is_put_right():
    margins, shares = judged(600, temperature=4.0)
    found = fit_calibration(margins, shares, names(600))
    assert (found.n, found.groups, found.fitted) == (600, 600, True)
    assert found.method == "temperature"
    tested = judged(2000, temperature=4.0, seed=1)
    told = report(found, *tested, names(2000))
    raw, own = told["methods"]["raw"], told["methods"]["temperature"]
    assert own["nll"] < raw["nll"]
    assert own["ece_interval"][1] < raw["ece_interval"][0]
    assert set(told["reliability"]) == {"raw", "temperature"}


def test_a_calibrated_model_is_left_as_it_is():
    found = fit_calibration(*judged(400), names(400))
    assert found.method == "raw"
    assert found.logits([1.5]).tolist() == [1.5]


def test_a_bent_scale_needs_more_than_a_temperature():
    margins, shares = judged(4000)
    found = fit_calibration(np.sign(margins) * np.abs(margins) ** 4, shares, names(4000))
    assert found.method == "isotonic"


def test_categories_that_differ_are_told_apart():
    parts = [judged(800, temperature=t, seed=k) for k, t in enumerate((0.5, 4.0))]
    margins, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = fit_calibration(margins, shares, names(1600), ["a"] * 800 + ["b"] * 800)
    assert found.method == "categories"
    sure, unsure, unknown = found.probabilities([1.0, 1.0, 1.0], ["a", "b", "new"])
    assert sure > unknown > unsure
    assert found.probabilities([1.0]) == pytest.approx([unknown])


def test_probabilities_of_both_orders_add_up_to_one():
    margins, shares = judged(4000)
    found = fit_calibration(np.sign(margins) * np.abs(margins) ** 4, shares, names(4000))
    grid = np.linspace(-50, 50, 101)
    assert found.probabilities(grid) + found.probabilities(-grid) == pytest.approx(1.0)


def test_too_few_prompts_fit_nothing_and_say_why():
    found = fit_calibration(*judged(100), names(100, size=10))
    assert (found.fitted, found.method, found.groups) == (False, "raw", 10)
    assert "10 prompts" in found.reason
    assert found.sets([3.0]) == [("first", "tie", "second")]
    assert not found.accepted([100.0]).any()
    told = report(found, *judged(50, seed=1), names(50))
    assert list(told["methods"]) == ["raw"]
    assert told["conformal"] is None


def test_nothing_at_all_fits_nothing():
    found = fit_calibration(np.zeros(0), np.zeros(0), [])
    assert not found.fitted
    assert report(found, np.zeros(0), np.zeros(0), [])["methods"]["raw"]["nll"] is None


def test_the_manifest_gives_the_same_calibration_back():
    margins, shares = judged(400, temperature=3.0)
    shares[:40] = 0.5
    found = fit_calibration(margins, shares, names(400), ["a", "b"] * 200)
    told = report(found, *judged(100, seed=1), names(100))
    stored = json.loads(json.dumps({**found.to_dict(), "test": told}, allow_nan=False))
    assert calibrated({"calibration": stored}) == found
    grid = [-2.0, 0.1, 4.0]
    assert calibrated({"calibration": stored}).sets(grid) == found.sets(grid)


def test_ties_teach_the_sets_and_nothing_else():
    margins, shares = judged(400)
    even = np.random.default_rng(5).normal(scale=0.2, size=100)
    with_ties = fit_calibration(
        np.append(margins, even), np.append(shares, np.full(100, 0.5)), names(500)
    )
    without = fit_calibration(margins, shares, names(400))
    assert with_ties.n == without.n == 400
    assert with_ties.temperature == without.temperature
    assert with_ties.conformal.tie > without.conformal.tie
    assert "tie" in with_ties.sets([0.0])[0]


def test_thresholds_are_reported_on_other_rows():
    margins, shares = judged(3000, votes=1)
    found = fit_calibration(margins, shares, names(3000))
    accepted = found.accepted(margins, 0.9)
    assert 0 < accepted.mean() < 1
    told = report(found, *judged(3000, seed=1, votes=1), names(3000))["thresholds"]
    assert [row["target"] for row in told] == [0.9, 0.95]
    assert told[0]["precision"] > 0.88
    assert told[0]["share"] == pytest.approx(accepted.mean(), abs=0.05)


def test_an_old_checkpoint_gives_rewards_as_they_are():
    found = calibrated({"metrics": {}})
    assert found.probabilities([0.0]).tolist() == [0.5]
    assert "no calibration" in found.reason


def test_a_calibration_that_cannot_be_read_is_refused():
    with pytest.raises(CheckpointError, match="train again"):
        calibrated({"calibration": {"thresholds": [{"odd": 1}]}})
    assert calibrated({"calibration": Calibration().to_dict()}) == Calibration()


def test_probabilities_need_no_torch():
    script = (
        "import sys; from modeling.core.calibration import calibrated; "
        "calibrated({}).probabilities([1.0]); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
