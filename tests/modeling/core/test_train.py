import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset, read_pairs
from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.evaluate import evaluate_examples
from modeling.core.objectives import pairs
from modeling.core.progress import Progress
from modeling.core.train import train_reward_model
from modeling.core.trainer_state import last_whole_state
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl


def frozen(backbone, **changes):
    return RewardConfig(backbone=str(backbone), max_length=128, **changes)


def full(backbone, **changes):
    settings = {
        "epochs": 4,
        "batch_size": 4,
        "learning_rate": 1e-2,
        "logging_steps": 2,
        "save_steps": 3,
    }
    return RewardConfig(backbone=str(backbone), frozen=False, max_length=128, **settings | changes)


@pytest.fixture(params=[frozen, full], ids=["frozen", "full"])
def config(request, bert_dir):
    return request.param(bert_dir)


def test_a_separable_preference_is_learned(dataset_dir, tmp_path, config):
    result = train_reward_model(dataset_dir, tmp_path / "out", replace(config, epochs=20))
    assert result.metrics["n_train"] == 16
    assert result.metrics["test"]["n"] == 6
    assert result.metrics["test"]["accuracy"] == 1.0
    assert result.manifest["dataset"]["content_hash"] == "hash-16-4-6"
    json.dumps(result.metrics, allow_nan=False)


def test_the_checkpoint_repeats_its_own_figures(dataset_dir, tmp_path, config):
    result = train_reward_model(dataset_dir, tmp_path / "out", config)
    examples = read_dataset(dataset_dir).splits["test"]
    rewards = load_checkpoint(result.checkpoint).score_examples(examples)
    again = evaluate_examples(examples, rewards.chosen, rewards.rejected)
    assert again.nll == pytest.approx(result.metrics["test"]["nll"], abs=1e-6)


def test_the_same_seed_gives_the_same_metrics(dataset_dir, tmp_path, config):
    first = train_reward_model(dataset_dir, tmp_path / "a", config)
    second = train_reward_model(dataset_dir, tmp_path / "b", config)
    assert first.metrics == second.metrics


def test_another_seed_gives_other_weights(dataset_dir, tmp_path, bert_dir):
    runs = [
        train_reward_model(dataset_dir, tmp_path / f"{seed}", full(bert_dir, seed=seed, epochs=1))
        for seed in (0, 1)
    ]
    assert runs[0].metrics["test"]["nll"] != runs[1].metrics["test"]["nll"]


def test_sixteen_pairs_are_overfitted(tmp_path, llama_dir):
    directory = write_dataset(tmp_path / "d")
    flipped = [
        preference_row(n, good="no", bad="yes please") if n % 2 else preference_row(n)
        for n in range(16)
    ]
    write_jsonl(directory / "train.jsonl", flipped)
    write_jsonl(directory / "test.jsonl", flipped)
    config = full(llama_dir, epochs=40, batch_size=16, save_steps=1000)
    result = train_reward_model(directory, tmp_path / "out", config)
    assert result.metrics["test"]["accuracy"] == 1.0
    history = result.manifest["training"]["history"]
    assert history[-1]["loss"] < 0.1 < history[0]["loss"]


def test_a_finished_output_is_recognised(dataset_dir, tmp_path, config, monkeypatch):
    first = train_reward_model(dataset_dir, tmp_path / "out", config)
    monkeypatch.setattr("modeling.core.train._train", None)
    assert train_reward_model(dataset_dir, tmp_path / "out", config) == first


def test_a_finished_output_from_before_a_setting_existed_is_recognised(
    dataset_dir, tmp_path, bert_dir
):
    config = frozen(bert_dir)
    train_reward_model(dataset_dir, tmp_path / "out", config)
    path = tmp_path / "out" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["config"]["step_classes"]
    path.write_text(json.dumps(manifest))
    again = train_reward_model(dataset_dir, tmp_path / "out", config)
    assert again.metrics == manifest["metrics"]


def test_an_output_of_another_run_is_not_overwritten(dataset_dir, tmp_path, bert_dir):
    train_reward_model(dataset_dir, tmp_path / "out", frozen(bert_dir))
    with pytest.raises(TrainingError, match="another output directory"):
        train_reward_model(dataset_dir, tmp_path / "out", frozen(bert_dir, l2=0.5))


def test_without_held_out_rows_the_figures_are_none(tmp_path, config):
    directory = write_dataset(tmp_path / "d", validation=0, test=0)
    metrics = train_reward_model(directory, tmp_path / "out", config).metrics
    assert metrics["test"]["accuracy"] is None
    assert metrics["validation"] == {"n": 0, "accuracy": None, "nll": None}


def test_truncated_rows_are_counted_not_dropped(dataset_dir, tmp_path, config):
    rows = [preference_row(number) for number in range(4)]
    rows[2]["prompt"][0]["content"] = "long " * 40
    write_jsonl(dataset_dir / "train.jsonl", rows)
    metrics = train_reward_model(dataset_dir, tmp_path / "out", config).metrics
    assert metrics["truncated"] == {"train": 1, "validation": 0, "test": 0}
    assert metrics["n_train"] == 4


def test_one_pair_is_too_few(tmp_path, config):
    directory = write_dataset(tmp_path / "d", train=1)
    with pytest.raises(TrainingError, match="at least 2 are needed"):
        train_reward_model(directory, tmp_path / "out", config)


def test_rows_without_weight_do_not_count(tmp_path, config):
    directory = write_dataset(tmp_path / "d")
    rows = [preference_row(n) | {"weight": 0.0 if n else 1.0} for n in range(5)]
    write_jsonl(directory / "train.jsonl", rows)
    with pytest.raises(TrainingError, match="at least 2 are needed"):
        train_reward_model(directory, tmp_path / "out", config)


def test_a_missing_backbone_is_a_training_error(dataset_dir, tmp_path):
    for make in (frozen, full):
        with pytest.raises(TrainingError, match="no directory"):
            train_reward_model(dataset_dir, tmp_path / "out", make("/no/such/model"))


def test_a_missing_dataset_is_a_training_error(tmp_path, config):
    with pytest.raises(TrainingError, match=r"manifest\.json"):
        train_reward_model(tmp_path / "none", tmp_path / "out", config)


def test_a_loss_that_is_not_a_number_stops_training(dataset_dir, tmp_path, bert_dir, monkeypatch):
    real = pairs.bradley_terry_loss
    monkeypatch.setattr(pairs, "bradley_terry_loss", lambda *a, **k: real(*a, **k) * np.nan)
    with pytest.raises(TrainingError, match="lower learning_rate"):
        train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("make", [frozen, full])
def test_shares_of_votes_count_only_when_wanted(dataset_dir, tmp_path, bert_dir, make):
    rows = [preference_row(n) | {"chosen_probability": 0.6} for n in range(8)]
    write_jsonl(dataset_dir / "train.jsonl", rows)
    spread = {}
    for wanted in (False, True):
        extra = {"l2": 0.01} if make is frozen else {"epochs": 10}
        config = make(bert_dir, use_soft_labels=wanted, **extra)
        result = train_reward_model(dataset_dir, tmp_path / f"{wanted}", config)
        rewards = load_checkpoint(result.checkpoint).score_examples(
            read_pairs(dataset_dir / "train.jsonl").examples
        )
        spread[wanted] = (rewards.chosen - rewards.rejected).mean()
    assert spread[True] < 1.0 < spread[False] - 1.0


def test_margins_count_only_when_wanted(dataset_dir, tmp_path, bert_dir):
    rows = [preference_row(n) | {"target_margin": 3.0} for n in range(8)]
    write_jsonl(dataset_dir / "train.jsonl", rows)
    spread = {}
    for wanted in (False, True):
        config = frozen(bert_dir, use_margin=wanted, l2=0.1)
        result = train_reward_model(dataset_dir, tmp_path / f"{wanted}", config)
        rewards = load_checkpoint(result.checkpoint).score_examples(
            read_pairs(dataset_dir / "test.jsonl").examples
        )
        spread[wanted] = (rewards.chosen - rewards.rejected).mean()
    assert spread[True] > spread[False] + 0.5


def test_the_penalty_is_chosen_by_the_validation_loss_that_is_reported(
    dataset_dir, tmp_path, bert_dir
):
    changes = [
        {"chosen_probability": 2 / 3, "target_margin": 2.0},
        {"chosen_probability": 0.8, "weight": 3.0},
        {"chosen_probability": 0.5},
    ]
    for name in ("train", "validation"):
        rows = [preference_row(n) | changes[n % 3] for n in range(12)]
        write_jsonl(dataset_dir / f"{name}.jsonl", rows)
    config = frozen(bert_dir, use_margin=True)
    metrics = train_reward_model(dataset_dir, tmp_path / "out", config).metrics
    losses = dict(metrics["l2_path"])
    assert metrics["validation"]["n"] == 8
    assert losses[metrics["l2"]] == min(losses.values())
    assert metrics["validation"]["nll"] == pytest.approx(losses[metrics["l2"]], abs=1e-6)


def stop_after(steps):
    """Ask to stop once so many steps were taken."""
    asked = iter(range(10_000))
    return Progress(should_stop=lambda: next(asked) >= steps - 1)


@pytest.mark.parametrize("stop", [2, 5])
def test_a_stopped_run_resumes_to_the_same_figures(dataset_dir, tmp_path, bert_dir, stop):
    config = full(bert_dir)
    whole = train_reward_model(dataset_dir, tmp_path / "whole", config)
    with pytest.raises(InterruptionError, match=f"step {stop} of 16"):
        train_reward_model(
            dataset_dir,
            tmp_path / "out",
            config,
            work_dir=tmp_path / "work",
            progress=stop_after(stop),
        )
    resumed = train_reward_model(dataset_dir, tmp_path / "out", config, work_dir=tmp_path / "work")
    assert resumed.metrics == whole.metrics
    assert list((tmp_path / "work").iterdir()) == []


def test_a_killed_run_resumes_from_its_last_whole_state(dataset_dir, tmp_path, bert_dir):
    config, work = full(bert_dir), tmp_path / "work"
    whole = train_reward_model(dataset_dir, tmp_path / "whole", config)
    with pytest.raises(InterruptionError):
        train_reward_model(
            dataset_dir, tmp_path / "out", config, work_dir=work, progress=stop_after(8)
        )
    (run,) = work.iterdir()
    # As a kill in the middle of saving leaves it: step 6 whole, step 8 without its state.
    (run / "checkpoint-8" / "trainer_state.json").write_text('{"global_st')
    assert last_whole_state(run) == run / "checkpoint-6"
    resumed = train_reward_model(dataset_dir, tmp_path / "out", config, work_dir=work)
    assert resumed.metrics == whole.metrics


def test_a_frozen_run_that_was_stopped_keeps_its_embeddings(dataset_dir, tmp_path, bert_dir):
    config = frozen(bert_dir, scoring_batch_size=1)
    with pytest.raises(InterruptionError):
        train_reward_model(
            dataset_dir, tmp_path / "out", config, cache_dir=tmp_path / "c", progress=stop_after(4)
        )
    result = train_reward_model(dataset_dir, tmp_path / "out", config, cache_dir=tmp_path / "c")
    # 52 texts in two views; three chunks of four were embedded before the stop.
    assert result.manifest["training"]["texts_encoded"] == 2 * 52 - 3 * 4


def test_progress_reports_the_loss(dataset_dir, tmp_path, bert_dir):
    seen = []
    train_reward_model(
        dataset_dir,
        tmp_path / "out",
        full(bert_dir),
        progress=lambda fraction, message, metrics: seen.append((fraction, dict(metrics))),
    )
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert sum("loss" in metrics for _, metrics in seen) == 8


def test_a_copy_of_the_checkpoint_loads_elsewhere(dataset_dir, tmp_path, bert_dir):
    result = train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir))
    moved = shutil.move(result.checkpoint, tmp_path / "moved")
    assert load_checkpoint(moved).score([("Hi", "yes please 3")]).shape == (1,)
