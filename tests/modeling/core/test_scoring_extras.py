"""What a scorer knows besides its reward: how certain it is, and what its heads say apart."""

import numpy as np
import pytest

from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset
from modeling.core.errors import CheckpointError, ConfigError
from modeling.core.train import train_reward_model

INPUTS = [("Hi", "yes please 3"), ("Hi", "no"), ("What?", "maybe " * 9)]


def trained(bert_dir, dataset_dir, out, **changes):
    config = RewardConfig(backbone=str(bert_dir), max_length=128, l2=0.1, **changes)
    return train_reward_model(dataset_dir, out, config)


def test_a_frozen_model_tells_how_certain_it_is(bert_dir, dataset_dir, tmp_path):
    result = trained(bert_dir, dataset_dir, tmp_path / "out")
    assert result.manifest["posterior"] == {"pairs": 16.0, "flip_rate": 0.0, "tie": 0.0}
    scorer = load_checkpoint(tmp_path / "out")
    assert scorer.has_uncertainty
    found = scorer.uncertainty(INPUTS)
    assert found == pytest.approx(scorer.posterior.deviations(scorer.features(INPUTS)))
    assert (found > 0).all()
    features, pairs = scorer.features(INPUTS), np.array([[0, 1]])
    rewards = scorer.score(INPUTS)
    assert scorer.posterior.margins(features, pairs) == pytest.approx([rewards[0] - rewards[1]])


def test_responses_unlike_any_judged_are_less_certain(bert_dir, dataset_dir, tmp_path):
    trained(bert_dir, dataset_dir, tmp_path / "out")
    scorer = load_checkpoint(tmp_path / "out")
    examples = read_dataset(dataset_dir).splits["train"]
    seen = scorer.uncertainty([(row.prompt, row.chosen) for row in examples])
    strange = scorer.uncertainty([("¿Qué?", "ÄÖÜ ßßß 北京 %%%%"), ("", "0" * 90)])
    assert strange.min() > seen.mean()


def test_without_a_posterior_there_is_a_sentence(bert_dir, dataset_dir, tmp_path):
    result = trained(bert_dir, dataset_dir, tmp_path / "out", posterior=False)
    assert "posterior" not in result.manifest
    scorer = load_checkpoint(tmp_path / "out")
    assert not scorer.has_uncertainty
    with pytest.raises(CheckpointError, match="train it again"):
        scorer.uncertainty(INPUTS)
    with pytest.raises(CheckpointError, match="one head only"):
        scorer.score_by_head(INPUTS)


def test_very_wide_features_get_no_posterior(bert_dir, dataset_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("modeling.core.train_frozen.WIDEST_POSTERIOR", 31)
    assert "posterior" not in trained(bert_dir, dataset_dir, tmp_path / "out").manifest


def test_an_ensemble_gives_the_mean_and_its_spread(bert_dir, dataset_dir, tmp_path):
    result = trained(bert_dir, dataset_dir, tmp_path / "out", ensemble=3)
    scorer = load_checkpoint(tmp_path / "out")
    apart = scorer.score_by_head(INPUTS)
    assert list(apart) == ["head 1", "head 2", "head 3"]
    together = np.stack(list(apart.values()))
    assert scorer.score(INPUTS) == pytest.approx(together.mean(axis=0))
    assert scorer.uncertainty(INPUTS) == pytest.approx(together.std(axis=0, ddof=1))
    assert result.manifest["heads"]["role"] == "ensemble"
    assert result.metrics["ensemble"]["heads"] == 3
    assert result.metrics["ensemble"]["spread"] > 0


def test_two_equal_runs_have_the_same_heads(bert_dir, dataset_dir, tmp_path):
    first = trained(bert_dir, dataset_dir, tmp_path / "a", ensemble=3).manifest["files"]
    second = trained(bert_dir, dataset_dir, tmp_path / "b", ensemble=3).manifest["files"]
    for name in ("head.safetensors", "heads.safetensors", "posterior.safetensors"):
        assert first[name] == second[name]


def test_a_damaged_posterior_is_refused(bert_dir, dataset_dir, tmp_path):
    trained(bert_dir, dataset_dir, tmp_path / "out")
    path = tmp_path / "out" / "posterior.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="changed after training"):
        load_checkpoint(tmp_path / "out")


def test_an_ensemble_needs_a_frozen_backbone():
    with pytest.raises(ConfigError, match="frozen"):
        RewardConfig(ensemble=2, frozen=False)
    with pytest.raises(ConfigError, match="at least 1"):
        RewardConfig(ensemble=0)
