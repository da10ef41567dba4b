"""What a caller is told, from outputs worked out by hand."""

import math

import numpy as np
import pytest

from modeling.core.serving.answers import answer, good_probabilities, preferences, reduced
from modeling.core.serving.engine import Facts
from modeling.core.serving.rows import Candidate, Input, Options

ONE = Input((Candidate((), response="a"),))


def facts(objective, *outputs, manifest=None):
    return Facts(objective, outputs, "fp32", manifest or {})


def logit(p):
    return math.log(p / (1 - p))


def told(facts_, outputs, asked=ONE, **options):
    arrays = [np.array(each, dtype=float) for each in outputs]
    return answer(facts_, asked, arrays, [False] * len(arrays), Options(**options))


def test_a_reward_model_tells_its_reward_as_it_is():
    assert told(facts("bradley_terry", "reward"), [[[1.5]]]) == {"reward": 1.5, "truncated": False}


def test_several_responses_are_ordered_and_compared():
    three = Input(tuple(Candidate((), response=text) for text in "abc"), many=True)
    found = told(facts("plackett_luce", "reward"), [[[0.0]], [[logit(0.8)]], [[0.0]]], three)
    assert found["order"] == [1, 0, 2]
    assert found["best"] == 1
    assert found["reward"] == pytest.approx([0, logit(0.8), 0])
    assert found["probabilities"][1] == pytest.approx([0.8, 0.5, 0.8])
    assert found["probabilities"][0] == pytest.approx([0.5, 0.2, 0.5])
    assert [each["reward"] for each in found["responses"]] == found["reward"]


def test_probabilities_go_through_the_checkpoints_calibration_unless_asked_not_to():
    manifest = {"calibration": {"n": 99, "groups": 9, "method": "temperature", "temperature": 2.0}}
    model = facts("bradley_terry", "reward", manifest=manifest)
    rewards = np.array([2 * logit(0.9), 0.0])
    assert preferences(model, rewards, Options())[0, 1] == pytest.approx(0.9)
    raw = preferences(model, rewards, Options(calibrated=False))
    assert raw[0, 1] == pytest.approx(1 / (1 + math.exp(-2 * logit(0.9))))


@pytest.mark.parametrize("calibrated", [True, False])
def test_every_pair_of_probabilities_adds_up_to_one(calibrated):
    rewards = np.random.default_rng(0).normal(size=6)
    found = preferences(facts("bradley_terry"), rewards, Options(calibrated=calibrated))
    np.testing.assert_allclose(found + found.T, 1.0)


def test_an_outcome_has_a_probability():
    found = told(facts("outcome", "correct"), [[[logit(0.75)]]])
    assert found["probability"] == pytest.approx(0.75)
    assert found["reward"] == pytest.approx(logit(0.75))


def test_ratings_stand_by_aspect_and_their_mean_is_the_reward():
    found = told(facts("regression", "help", "tone"), [[[4.0, 1.0]]])
    assert (found["aspects"], found["reward"]) == ({"help": 4.0, "tone": 1.0}, 2.5)


def test_classes_have_probabilities_and_no_reward():
    found = told(facts("classification", "safe", "unsafe"), [[[math.log(3), 0.0]]])
    assert found["classes"] == pytest.approx({"safe": 0.75, "unsafe": 0.25})
    assert (found["label"], found["reward"]) == ("safe", None)
    two = Input(ONE.candidates * 2, many=True)
    both = told(facts("classification", "safe", "unsafe"), [[[1.0, 0.0]], [[0.0, 1.0]]], two)
    assert "order" not in both


STEPS = Input((Candidate((), steps=("a", "b", "c")),))
PRM = [[[logit(0.9)], [logit(0.4)], [logit(0.8)]]]


@pytest.mark.parametrize(
    ("method", "reward"), [("min", 0.4), ("product", 0.9 * 0.4 * 0.8), ("last", 0.8)]
)
def test_steps_become_one_reward(method, reward):
    found = told(facts("prm", "good"), PRM, STEPS, reduce=method)
    assert found["steps"] == pytest.approx([0.9, 0.4, 0.8])
    assert found["reward"] == pytest.approx(reward)
    assert found["pruned_at"] is None
    assert reduced(np.array([0.9, 0.4, 0.8]), method) == pytest.approx(reward)


@pytest.mark.parametrize(
    ("floor", "steps", "pruned_at", "reward"),
    [
        (0.5, [0.9, 0.4, None], 1, 0.4),
        (0.95, [0.9, None, None], 0, 0.9),
        (0.3, [0.9, 0.4, 0.8], None, 0.8),
        (0.4, [0.9, 0.4, 0.8], None, 0.8),
    ],
)
def test_nothing_after_the_first_low_step_counts(floor, steps, pruned_at, reward):
    rounded = [[[logit(0.9)], [logit(0.4) + 1e-9], [logit(0.8)]]]
    found = told(facts("prm", "good"), rounded, STEPS, reduce="last", prune_below=floor)
    assert [None if s is None else round(s, 6) for s in found["steps"]] == steps
    assert found["pruned_at"] == pruned_at
    assert found["reward"] == pytest.approx(reward)


def test_a_low_last_step_is_pruned_too():
    found = told(facts("prm", "good"), [[[2.0], [2.0], [-2.0]]], STEPS, prune_below=0.5)
    assert found["pruned_at"] == 2


def test_steps_that_did_not_fit_are_none():
    found = told(facts("prm", "good"), [[[logit(0.9)]]], STEPS)
    assert found["steps"][1:] == [None, None]
    assert found["pruned_at"] is None


def test_of_three_ratings_the_last_two_are_not_wrong():
    logits = np.log(np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]]))
    np.testing.assert_allclose(good_probabilities(logits), [0.8, 0.3])
