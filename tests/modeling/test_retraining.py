"""What the loop trains: heads round by round, and now and then the whole backbone."""

import pytest

from annotate.errors import InvalidInput
from modeling.core.config import RewardConfig
from modeling.retraining import loop_config, training_settings, usual_config
from tests.factories import ProjectFactory
from tests.modeling.factories import make_checkpoint

pytestmark = pytest.mark.django_db
EVERY_THIRD = {"l2": 2.0, "features": "response", "full_every": 3, "full": {"epochs": 2}}


def trained(project, *, frozen):
    checkpoint = make_checkpoint(project)
    checkpoint.run.config = {"frozen": frozen}
    checkpoint.run.save()
    return checkpoint


def test_every_third_round_tunes_the_backbone():
    project = ProjectFactory(loop_config=EVERY_THIRD, seed=5)
    frozen = [RewardConfig.from_dict(loop_config(project, after=n)).frozen for n in range(7)]
    assert frozen == [True, True, True, False, True, True, False]
    assert RewardConfig.from_dict(loop_config(project, after=3)).epochs == 2


def test_the_rounds_between_refit_a_head_on_the_backbone_that_was_tuned_last():
    project = ProjectFactory(loop_config=EVERY_THIRD)
    assert "backbone" not in loop_config(project, after=4)
    tuned = [trained(project, frozen=False) for _ in range(2)][-1]
    trained(project, frozen=True)
    config = loop_config(project, after=4)
    assert config["backbone"] == str(tuned.directory / "backbone")
    assert RewardConfig.from_dict(config).feature_kind == "joint"
    assert RewardConfig.from_dict(config).l2 == 2.0


def test_without_it_the_settings_stay_what_they_are():
    project = ProjectFactory(loop_config={"max_length": 64}, seed=9)
    trained(project, frozen=False)
    assert loop_config(project, after=3) == {"seed": 9, "max_length": 64} == usual_config(project)


def test_other_trainings_never_see_the_loops_own_settings():
    project = ProjectFactory(loop_config=EVERY_THIRD, seed=1)
    assert training_settings(project) == {"l2": 2.0, "features": "response"}


@pytest.mark.parametrize(
    "wrong", [{"full_every": -1}, {"full_every": "3"}, {"full_every": True}, {"full": [1]}]
)
def test_what_makes_no_sense_says_so(wrong):
    with pytest.raises(InvalidInput, match="must be"):
        loop_config(ProjectFactory(loop_config=wrong), after=1)
