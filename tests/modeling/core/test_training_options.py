"""Adapters, orders of rows, schedules and precisions."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from modeling.core.checkpoint import load_checkpoint
from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import preference_row, write_jsonl
from tests.modeling.core.training import full, stop_after


@pytest.mark.parametrize("directory", ["bert_dir", "llama_dir"])
def test_adapters_are_merged_into_an_ordinary_checkpoint(dataset_dir, tmp_path, directory, request):
    backbone = request.getfixturevalue(directory)
    config = full(backbone, lora_rank=4, epochs=20, learning_rate=2e-2)
    result = train_reward_model(dataset_dir, tmp_path / "out", config)
    assert result.metrics["test"]["accuracy"] == 1.0
    saved = json.loads((result.checkpoint / "backbone" / "config.json").read_text())
    assert saved["model_type"] in ("bert", "llama")
    names = {path.name for path in (result.checkpoint / "backbone").iterdir()}
    assert "model.safetensors" in names
    assert not any("adapter" in name for name in names)
    assert load_checkpoint(result.checkpoint).score([("Hi", "yes please 3")]).shape == (1,)


def test_adapters_resume_too(dataset_dir, tmp_path, bert_dir):
    config, work = full(bert_dir, lora_rank=2, lora_dropout=0.1), tmp_path / "work"
    whole = train_reward_model(dataset_dir, tmp_path / "whole", config)
    with pytest.raises(InterruptionError):
        train_reward_model(
            dataset_dir, tmp_path / "out", config, work_dir=work, progress=stop_after(3)
        )
    resumed = train_reward_model(dataset_dir, tmp_path / "out", config, work_dir=work)
    assert resumed.metrics == whole.metrics


def test_adapters_for_layers_that_are_not_there_are_refused(dataset_dir, tmp_path, bert_dir):
    config = full(bert_dir, lora_rank=2, lora_targets="nothing, of_this")
    with pytest.raises(TrainingError, match='no layers "nothing, of_this"'):
        train_reward_model(dataset_dir, tmp_path / "out", config)


@pytest.mark.parametrize("sampling", ["curriculum", "margin_weighted"])
def test_orders_by_clearness_learn_and_repeat(dataset_dir, tmp_path, bert_dir, sampling):
    rows = [preference_row(n) | {"chosen_probability": 1 - n / 40} for n in range(16)]
    write_jsonl(dataset_dir / "train.jsonl", rows)
    config = full(bert_dir, sampling=sampling, epochs=8)
    results = [train_reward_model(dataset_dir, tmp_path / f"{n}", config) for n in range(2)]
    assert results[0].metrics == results[1].metrics
    losses = [entry["loss"] for entry in results[0].manifest["training"]["history"]]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_learning_rate_follows_its_schedule(dataset_dir, tmp_path, bert_dir, schedule):
    config = full(bert_dir, schedule=schedule, warmup_steps=2)
    curves = train_reward_model(dataset_dir, tmp_path / "out", config).manifest["training"]
    rates = [entry["learning_rate"] for entry in curves["history"]]
    assert rates[:3] == pytest.approx([0.0, 5e-3, 1e-2])
    if schedule == "constant":
        assert rates[2:] == [1e-2] * 6
    else:
        assert rates[2:] == sorted(rates[2:], reverse=True)
        assert rates[-1] < 2e-3


def test_bf16_learns(dataset_dir, tmp_path, bert_dir):
    config = full(bert_dir, precision="bf16", epochs=6)
    assert train_reward_model(dataset_dir, tmp_path / "o", config).metrics["test"]["accuracy"] == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler's own
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method:DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_a_compiled_model_learns_the_same(dataset_dir, tmp_path, calm_bert_dir):
    plain = full(calm_bert_dir)
    found = [
        train_reward_model(dataset_dir, tmp_path / f"{config.torch_compile}", config).metrics
        for config in (plain, replace(plain, torch_compile=True))
    ]
    assert found[0]["test"]["nll"] == pytest.approx(found[1]["test"]["nll"], abs=1e-3)
