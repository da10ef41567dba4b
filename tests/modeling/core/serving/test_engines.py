"""Scores of checkpoints and of exports do not depend on company, order or padding."""

from functools import cache

import numpy as np
import pytest

from modeling.core.checkpoint import load_checkpoint
from modeling.core.data import parse_prompt
from modeling.core.errors import CheckpointError, DataError
from modeling.core.serving import Batcher, Pace, open_engine, open_model, parse_inputs
from modeling.core.serving.checkpoints import load_engine
from modeling.core.serving.engine import Facts
from tests.modeling.core.serving.models import OUTPUTS, make_checkpoint, some_inputs

TOLERANCE = 1e-4
BACKBONES = ("bert", "llama")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, bert_dir, llama_dir):
    """A checkpoint of an objective on a backbone, made once."""
    directories = {"bert": bert_dir, "llama": llama_dir}

    @cache
    def make(objective, backbone="bert", **settings):
        folder = tmp_path_factory.mktemp("checkpoint") / objective
        return make_checkpoint(folder, directories[backbone], objective, **settings)

    return make


def inputs_for(objective, count=24):
    return some_inputs(count, steps=objective == "prm")


def rewards(engine, inputs, **pace):
    batcher = Batcher(engine, Pace(window=0.0, **pace))
    try:
        return [found["reward"] for found in batcher.score(parse_inputs(inputs))]
    finally:
        batcher.close()


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("objective", [name for name in OUTPUTS if name != "classification"])
def test_scores_are_the_same_alone_in_batches_and_in_any_order(checkpoint, objective, backbone):
    engine = load_engine(checkpoint(objective, backbone))
    inputs = inputs_for(objective, 64)
    alone = [rewards(engine, [each])[0] for each in inputs]
    together = rewards(engine, inputs)
    order = np.random.default_rng(0).permutation(len(inputs))
    shuffled = rewards(engine, [inputs[place] for place in order])
    narrow = rewards(engine, inputs, tokens=1)
    np.testing.assert_allclose(together, alone, atol=TOLERANCE)
    np.testing.assert_allclose(np.array(shuffled)[np.argsort(order)], alone, atol=TOLERANCE)
    np.testing.assert_allclose(narrow, alone, atol=TOLERANCE)


def test_rewards_are_the_checkpoints_own(checkpoint):
    folder, inputs = checkpoint("bradley_terry"), inputs_for("bradley_terry")
    pairs = [(parse_prompt(each["prompt"]), each["response"]) for each in inputs]
    np.testing.assert_allclose(
        rewards(load_engine(folder), inputs), load_checkpoint(folder).score(pairs), atol=1e-6
    )


@pytest.mark.parametrize("backbone", BACKBONES)
def test_each_step_is_judged_by_what_came_up_to_it(checkpoint, backbone):
    with open_model(checkpoint("prm", backbone)) as model:
        whole, first = model.score(
            parse_inputs(
                [{"prompt": "Q", "steps": ["a b", "c d"]}, {"prompt": "Q", "steps": ["a b"]}]
            )
        )
    assert whole["steps"][0] == pytest.approx(first["steps"][0], abs=TOLERANCE)


def test_three_classes_of_steps_are_read_too(checkpoint):
    with open_model(checkpoint("prm", outputs=("-1", "0", "1"))) as model:
        (found,) = model.score(parse_inputs([{"prompt": "Q", "steps": ["a", "b"]}]))
    assert all(0 < step < 1 for step in found["steps"])


def test_texts_that_did_not_fit_are_told(checkpoint):
    long = {"prompt": "Q", "response": "x" * 200}
    with open_model(checkpoint("bradley_terry")) as model:
        cut, whole = model.score(parse_inputs([long, {"prompt": "Q", "response": "x"}]))
    assert (cut["truncated"], whole["truncated"]) == (True, False)


def test_each_kind_of_model_tells_what_it_knows(checkpoint):
    inputs = parse_inputs([{"prompt": "Q", "response": "a"}])
    told = {}
    for objective in ("bradley_terry", "outcome", "regression", "classification"):
        with open_model(checkpoint(objective)) as model:
            told[objective] = set(model.score(inputs)[0]) - {"truncated", "reward"}
    assert told == {
        "bradley_terry": set(),
        "outcome": {"probability"},
        "regression": {"aspects"},
        "classification": {"classes", "label"},
    }


def test_a_model_of_steps_does_not_read_whole_responses(checkpoint):
    with open_model(checkpoint("prm")) as model, pytest.raises(DataError, match="steps"):
        model.score(parse_inputs([{"prompt": "Q", "response": "a"}]))


@pytest.mark.parametrize(
    ("objective", "outputs", "shape"),
    [
        ("davidson", ("reward",), "pairs"),
        ("ranking_pairs", ("reward",), "pairs"),
        ("prm", ("good",), "steps"),
        ("outcome", ("correct",), "outcome"),
        ("value", ("correct",), "outcome"),
        ("value", ("helpfulness",), "rating"),
        ("regression", ("correct", "clear"), "rating"),
        ("classification", ("a", "b"), "classes"),
    ],
)
def test_every_objective_has_a_shape(objective, outputs, shape):
    assert Facts(objective, outputs, "fp32", {}).shape == shape


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        open_engine(tmp_path)


def test_weights_count_as_they_lie_in_memory(checkpoint):
    engine = load_engine(checkpoint("bradley_terry"))
    model, _ = engine.scorer.encoder.loaded
    assert engine.bytes == 4 * sum(each.numel() for each in model.parameters())
