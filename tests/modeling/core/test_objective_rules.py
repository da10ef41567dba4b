"""Settings of losses that make no sense, alone or together, are refused with what to do."""

import pytest

from modeling.core.config import RewardConfig, default_objective, objectives_for
from modeling.core.errors import ConfigError

FULL = {"frozen": False}


def test_a_kind_has_all_its_objectives_with_the_default_first():
    assert objectives_for("preference")[0] == default_objective("preference") == "bradley_terry"
    assert objectives_for("rating") == ("regression", "value")
    assert objectives_for("outcome") == ("outcome", "value")
    assert objectives_for("haiku") == ()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"flip_rate": 0.5}, "below 0.5"),
        ({"flip_rate": -0.1}, "flip_rate"),
        ({"hinge_anneal": 1.5}, "between 0 and 1"),
        ({"center_rewards": -1.0}, "center_rewards must be zero or more"),
        ({"parameter_learning_rate": 0.0}, "greater than zero"),
        ({"step_separator": ""}, "at least one character"),
        ({"pair_loss": "squared"}, "pair_loss must be one of"),
        ({"unit": "word"}, "unit must be one of"),
        ({"objective": "davidson", "tie_parameter": 0.0}, "greater than 0"),
        ({"objective": "rao_kupper", "tie_parameter": 1.0}, "greater than 1"),
        ({"objective": "davidson", "pair_loss": "hinge"}, "leave it out for davidson"),
        ({"objective": "davidson", "use_margin": True}, "set use_margin to false"),
        ({"objective": "prm", "per_token": True}, "leave it out for prm"),
        ({"unit": "turn"}, "leave it out for bradley_terry"),
        ({"objective": "outcome", "lm_coefficient": 0.1}, "set per_token to true"),
        ({"objective": "reasoning"}, "set lm_coefficient above 0"),
        ({"pair_loss": "hinge", "flip_rate": 0.1}, "set pair_loss to logistic"),
        ({"pair_loss": "scaled", "use_margin": True}, "set use_margin to false"),
        ({"hinge_anneal": 0.5}, "set pair_loss to hinge"),
        ({"learn_flip_rates": True}, "needs a flip_rate above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        RewardConfig.from_dict(FULL | values)


@pytest.mark.parametrize(
    "values", [{"center_rewards": 0.1}, {"parameter_learning_rate": 0.1}, {"readout_l2": 0.1}]
)
def test_losses_of_full_training_are_refused_for_a_frozen_backbone(values):
    with pytest.raises(ConfigError, match="set frozen to false"):
        RewardConfig.from_dict(values)


def test_an_ensemble_is_of_heads_with_the_plain_loss():
    with pytest.raises(ConfigError, match="set ensemble to 1"):
        RewardConfig(objective="davidson", ensemble=4)


def test_what_makes_sense_together_is_kept():
    config = RewardConfig.from_dict(
        FULL | {"pair_loss": "hinge", "hinge_anneal": 0.5, "center_rewards": 0.01, "readout_l2": 1}
    )
    assert RewardConfig.from_dict(config.to_dict()) == config
