"""Stopping before the last step, by itself or when asked, and going on from there."""

import json
import math

import pytest

from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.reward_trainer import RewardTrainer
from modeling.core.train import train_reward_model
from modeling.core.trainer_state import is_best, ran_out_of_patience
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl
from tests.modeling.core.training import full, stop_after


def noisy_dir(directory):
    """Training pairs that teach the opposite of what the validation rows want."""
    write_dataset(directory)
    rows = [preference_row(n, good="no", bad="yes please") for n in range(16)]
    write_jsonl(directory / "train.jsonl", rows)
    return directory


STOPPING = {
    "epochs": 30,
    "early_stop_patience": 2,
    "eval_steps": 2,
    "learning_rate": 3e-3,
    "token_budget": 300,
    "gradient_accumulation_steps": 2,
}


def test_early_stop_keeps_the_weights_of_the_lowest_validation_loss(tmp_path, bert_dir):
    directory = noisy_dir(tmp_path / "d")
    result = train_reward_model(directory, tmp_path / "out", full(bert_dir, **STOPPING))
    training = result.manifest["training"]
    looks = {e["step"]: e["validation_loss"] for e in training["history"] if "validation_loss" in e}
    best = min(looks, key=looks.get)
    assert training["stopped_early"]
    assert training["best_step"] == best == training["steps"] - 4
    assert result.metrics["validation"]["nll"] == pytest.approx(looks[best], abs=1e-5)


def test_early_stop_keeps_the_lowest_losses_tie_parameter_too(tmp_path, bert_dir, monkeypatch):
    directory, seen = noisy_dir(tmp_path / "d"), {}
    tied = preference_row(40) | {"chosen_probability": 0.5, "tie_probability": 1.0}
    with (directory / "train.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(tied) + "\n")
    look = RewardTrainer._look

    def watched(trainer):
        found = look(trainer)
        seen[trainer.state.global_step] = trainer.model.own["log_nu"].item()
        return found

    monkeypatch.setattr(RewardTrainer, "_look", watched)
    config = full(bert_dir, **STOPPING, objective="davidson")
    result = train_reward_model(directory, tmp_path / "out", config)
    training, (*_, last) = result.manifest["training"], seen
    assert training["stopped_early"]
    assert seen[training["best_step"]] != seen[last]
    told = result.manifest["head"]["objective"]["tie_parameter"]
    assert math.log(told) == pytest.approx(seen[training["best_step"]], abs=1e-6)


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_stopped_run_resumes_to_the_same_next_loss_and_best_weights(tmp_path, bert_dir, stop):
    directory, config = noisy_dir(tmp_path / "d"), full(bert_dir, **STOPPING)
    whole = train_reward_model(directory, tmp_path / "whole", config)
    work = tmp_path / "work"
    with pytest.raises(InterruptionError, match=f"step {stop} of"):
        train_reward_model(
            directory, tmp_path / "out", config, work_dir=work, progress=stop_after(stop)
        )
    resumed = train_reward_model(directory, tmp_path / "out", config, work_dir=work)
    assert resumed.metrics == whole.metrics
    ours, theirs = (r.manifest["training"] for r in (resumed, whole))
    assert ours["history"] == theirs["history"]
    assert (ours["best_step"], ours["steps"]) == (theirs["best_step"], theirs["steps"])


def test_a_run_killed_after_it_stopped_early_takes_no_further_step(tmp_path, bert_dir, monkeypatch):
    directory, config, work = noisy_dir(tmp_path / "d"), full(bert_dir, **STOPPING), tmp_path / "w"
    monkeypatch.setattr("modeling.core.trainer._stage", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train_reward_model(directory, tmp_path / "out", config, work_dir=work)
    monkeypatch.undo()
    monkeypatch.setattr(RewardTrainer, "compute_loss", lambda *a, **k: 1 / 0)
    result = train_reward_model(directory, tmp_path / "out", config, work_dir=work)
    monkeypatch.undo()
    whole = train_reward_model(directory, tmp_path / "whole", config)
    assert result.metrics == whole.metrics
    assert result.manifest["training"]["history"] == whole.manifest["training"]["history"]


def test_early_stop_without_validation_rows_says_so(tmp_path, bert_dir):
    directory = write_dataset(tmp_path / "d", validation=0)
    with pytest.raises(TrainingError, match="needs validation rows"):
        train_reward_model(directory, tmp_path / "out", full(bert_dir, early_stop_patience=1))


def test_patience_counts_the_looks_since_the_lowest_loss():
    logs = [{"eval_loss": loss} for loss in (3.0, 2.0, 2.5, 2.0)]
    assert [is_best(logs[:count]) for count in (1, 2, 3, 4)] == [True, True, False, False]
    assert [ran_out_of_patience(logs, patience) for patience in (0, 1, 2, 3)] == [
        *(False, True, True, False)
    ]
    assert not ran_out_of_patience(logs[:1], 1)
