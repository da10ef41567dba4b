import json

import numpy as np
import pytest

from modeling.core.aspects import main, train_aspect_heads
from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.errors import ConfigError, TrainingError
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl
from tests.modeling.core.rows import write_kind

INPUTS = [("Hi", "yes please 3"), ("Hi", "no")]


@pytest.fixture
def datasets(tmp_path):
    """One aspect prefers "yes please" to "no", the other the reverse."""
    helpful = write_dataset(tmp_path / "helpful")
    brief = write_dataset(tmp_path / "brief")
    for name, first, count in (("train", 0, 16), ("validation", 16, 4), ("test", 20, 6)):
        numbers = range(first, first + count)
        rows = [preference_row(number, good="no", bad="yes please") for number in numbers]
        write_jsonl(brief / f"{name}.jsonl", rows)
    return {"helpful": helpful, "brief": brief}


def config_of(bert_dir, **changes):
    return RewardConfig(**({"backbone": str(bert_dir), "max_length": 128, "l2": 0.1} | changes))


def test_each_aspect_has_a_head_of_its_own(bert_dir, datasets, tmp_path):
    manifest = train_aspect_heads(datasets, tmp_path / "out", config_of(bert_dir))
    scorer = load_checkpoint(tmp_path / "out")
    apart = scorer.score_by_head(INPUTS)
    assert apart["helpful"][0] > apart["helpful"][1]
    assert apart["brief"][0] < apart["brief"][1]
    assert scorer.score(INPUTS) == pytest.approx((apart["helpful"] + apart["brief"]) / 2)
    figures = manifest["metrics"]["by_aspect"]
    assert {name: found["test"]["accuracy"] for name, found in figures.items()} == {
        "helpful": 1.0,
        "brief": 1.0,
    }
    assert manifest["metrics"]["test"]["n"] == 12
    assert manifest["metrics"]["n_train"] == 32
    assert manifest["heads"] == {"role": "aspects", "names": ["helpful", "brief"]}
    assert manifest["dataset"]["aspects"]["brief"]["rows"]["train"] == 16


def test_a_head_is_the_one_its_dataset_would_give_alone(bert_dir, datasets, tmp_path):
    train_aspect_heads(datasets, tmp_path / "out", config_of(bert_dir, l2=None))
    train_reward_model(datasets["brief"], tmp_path / "alone", config_of(bert_dir, l2=None))
    together = load_checkpoint(tmp_path / "out").score_by_head(INPUTS)["brief"]
    alone = load_checkpoint(tmp_path / "alone").score(INPUTS)
    assert np.diff(together) == pytest.approx(np.diff(alone), abs=1e-4)


def test_texts_that_aspects_share_are_embedded_once(bert_dir, datasets, tmp_path):
    cache = tmp_path / "cache"
    config = config_of(bert_dir)
    manifest = train_aspect_heads(datasets, tmp_path / "out", config, cache_dir=cache)
    texts = 2 * (16 + 4 + 6) * 2  # both sides, and two views of each
    assert manifest["training"]["texts_encoded"] == texts


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen": False},
        {"ensemble": 2},
        {"prior": {"kind": "length", "coefficient": -1}},
        {"objective": "davidson"},
        {"pair_loss": "hinge"},
        {"flip_rate": 0.1},
    ],
)
def test_other_kinds_of_model_are_refused(bert_dir, datasets, tmp_path, changes):
    with pytest.raises(ConfigError, match="frozen backbone"):
        train_aspect_heads(datasets, tmp_path / "out", config_of(bert_dir, **changes))


def test_an_aspect_without_pairs_is_named(bert_dir, datasets, tmp_path):
    few = write_dataset(tmp_path / "few", train=1)
    with pytest.raises(TrainingError, match="aspect honest has 1 training pairs"):
        train_aspect_heads(datasets | {"honest": few}, tmp_path / "out", config_of(bert_dir))
    ratings = write_kind(tmp_path / "ratings", "rating")
    with pytest.raises(ConfigError, match="rating"):
        train_aspect_heads({"rated": ratings}, tmp_path / "out", config_of(bert_dir))
    with pytest.raises(ConfigError, match="at least one"):
        train_aspect_heads({}, tmp_path / "out", config_of(bert_dir))


def test_the_command_trains_and_tells(bert_dir, datasets, tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(config_of(bert_dir).to_dict()))
    named = [f"--dataset={name}={path}" for name, path in datasets.items()]
    assert main([*named, "--out", str(tmp_path / "out"), "--config", str(config)]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["accuracy"] == {"helpful": 1.0, "brief": 1.0}
    assert main([*named, "--out", str(tmp_path / "out"), "--config", str(config)]) == 1
    assert "not empty" in capsys.readouterr().err
