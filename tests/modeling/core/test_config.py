import json

import pytest

from modeling.core.config import (
    OBJECTIVE_KINDS,
    RewardConfig,
    check_kind,
    default_objective,
    objectives_for,
)
from modeling.core.errors import ConfigError
from modeling.core.objective_rules import FROZEN_OBJECTIVES


def test_a_config_survives_json():
    config = RewardConfig(backbone="some/model", l2=0.5, l2_grid=(0.1, 1.0), seed=7)
    assert RewardConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_empty_dict_gives_the_defaults():
    assert RewardConfig.from_dict({}) == RewardConfig()


def test_an_unknown_setting_is_named_with_those_that_exist():
    with pytest.raises(ConfigError, match=r'no setting "lr".*learning_rate'):
        RewardConfig.from_dict({"lr": 1e-4})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("objective", "ppo"),
        ("pooling", "max"),
        ("precision", "fp16"),
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", "8"),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        pytest.param("learning_rate", 10**400, id="beyond all floats"),
        ("l2", -1.0),
        ("l2_grid", []),
        ("l2_grid", [0.0]),
        ("l2_grid", "0.1"),
        ("max_length", 4),
        ("frozen", "yes"),
        ("step_classes", 4),
        ("use_soft_labels", 1),
        ("seed", -1),
        ("backbone", " "),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name):
        RewardConfig.from_dict({name: value})


def test_a_config_must_be_an_object():
    with pytest.raises(ConfigError, match="object"):
        RewardConfig.from_dict([1])


def test_whole_numbers_pass_for_real_ones():
    assert RewardConfig.from_dict({"learning_rate": 1}).learning_rate == 1.0


def test_automatic_features_follow_the_kind_of_training():
    assert RewardConfig(frozen=True).feature_kind == "joint_response"
    assert RewardConfig(frozen=False).feature_kind == "joint"


def test_full_training_refuses_features_of_two_texts():
    with pytest.raises(ConfigError, match="joint"):
        RewardConfig(frozen=False, features="joint_response")


def test_a_frozen_backbone_takes_a_head_of_pairs_only():
    for objective in OBJECTIVE_KINDS:
        if objective in FROZEN_OBJECTIVES:
            assert RewardConfig(objective=objective, frozen=True).frozen
        else:
            with pytest.raises(ConfigError, match=f"set frozen to false for {objective}"):
                RewardConfig(objective=objective, frozen=True)


def test_a_kind_decides_what_the_settings_leave_out():
    assert RewardConfig.for_kind("preference", {}) == RewardConfig()
    steps = RewardConfig.for_kind("stepwise", {"seed": 4})
    assert (steps.objective, steps.frozen, steps.seed) == ("prm", False, 4)
    assert not RewardConfig.for_kind("preference", {"frozen": False}).frozen


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("ranking", {"frozen": True}, "set frozen to false"),
        ("ranking", {"objective": "prm"}, "set objective to plackett_luce"),
        ("preference", {"objective": "ppo"}, "objective must be one of"),
        ("preference", {"objective": ["prm"]}, "objective must be a text"),
        ("haiku", {}, "No objective trains on a dataset of kind haiku"),
        ("ranking", [], "an object of settings"),
    ],
)
def test_settings_that_do_not_fit_the_kind_are_refused(kind, values, words):
    with pytest.raises(ConfigError, match=words):
        RewardConfig.for_kind(kind, values)


def test_each_kind_has_a_default_that_trains_on_it():
    for kind in {kind for kinds in OBJECTIVE_KINDS.values() for kind in kinds}:
        assert default_objective(kind) == objectives_for(kind)[0]
        assert all(kind in OBJECTIVE_KINDS[objective] for objective in objectives_for(kind))
        check_kind(RewardConfig(objective=default_objective(kind), frozen=False), kind)
