import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from modeling.core.certainty import posterior_of, prior_precision
from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset
from modeling.core.errors import TrainingError
from modeling.core.train import train_reward_model

INPUTS = [("Hi", "yes please 3"), ("Hi", "no")]


def slow_evidence(penalty, information, weights):
    """The log-evidence of λ at these weights, up to a constant."""
    size = len(weights)
    _, curvature = np.linalg.slogdet(information + penalty * np.eye(size))
    return size / 2 * np.log(penalty) - penalty / 2 * weights @ weights - curvature / 2


def test_the_precision_has_the_greatest_evidence():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 4)) * [3.0, 2.0, 1.0, 0.5]
    information, weights = rows.T @ rows / 4, rng.normal(size=4)
    best = minimize_scalar(
        lambda log: -slow_evidence(np.exp(log), information, weights), bounds=(-8, 8)
    )
    found = prior_precision(information, weights)
    assert np.log(found) == pytest.approx(best.x, abs=1e-3)


def test_one_direction_by_hand():
    """e = 3 and w = 1: λ = 3/(3 + λ) has the root (−3 + √21)/2."""
    found = prior_precision(np.array([[3.0]]), np.array([1.0]))
    assert found == pytest.approx((-3 + 21**0.5) / 2, rel=1e-4)


def test_judgments_that_tell_nothing_leave_the_weights_free():
    assert 0 < prior_precision(np.zeros((2, 2)), np.ones(2)) < 1e-300


def test_a_head_of_zeros_has_no_scale():
    with pytest.raises(TrainingError, match="one reward"):
        prior_precision(np.eye(2), np.zeros(2))


@pytest.mark.parametrize("prior", [None, {"kind": "length", "coefficient": -0.01}])
def test_a_fine_tuned_model_can_tell_how_certain_it_is(calm_bert_dir, dataset_dir, tmp_path, prior):
    config = RewardConfig(
        backbone=str(calm_bert_dir), max_length=128, frozen=False, learning_rate=1e-3, prior=prior
    )
    train_reward_model(dataset_dir, tmp_path / "out", config)
    scorer = load_checkpoint(tmp_path / "out")
    examples = read_dataset(dataset_dir).splits["train"]
    found = posterior_of(scorer, examples)
    features, pairs = scorer.features(INPUTS), np.array([[0, 1]])
    own = scorer.head.score(features)
    assert found.margins(features, pairs) == pytest.approx([own[0] - own[1]])
    assert (found.deviations(features) > 0).all()
    assert found.pairs == 16
