"""One run on two processes gives what it gives on one."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import Trainer

from modeling.core import distributed
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset
from modeling.core.distributed import Run
from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.progress import Progress
from modeling.core.reward_trainer import RewardTrainer, Trained
from modeling.core.train import train_reward_model
from modeling.core.trainer import tune
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl
from tests.modeling.core.training import full

ROOT = Path(__file__).parents[3]
BUDGET = {"token_budget": 300, "early_stop_patience": 50}


def uneven_dir(directory):
    """Fifteen pairs of unequal length and weight."""
    write_dataset(directory, validation=5)
    rows = [preference_row(n, good="yes " * (n % 4 + 1)) | {"weight": 1.0 + n} for n in range(15)]
    write_jsonl(directory / "train.jsonl", rows)
    return directory


def losses(result, name):
    return [e[name] for e in result.manifest["training"]["history"] if name in e]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alone", "together"),
    [
        ({"batch_size": 8}, {"batch_size": 4}),
        (
            BUDGET | {"gradient_accumulation_steps": 4},
            BUDGET | {"gradient_accumulation_steps": 2},
        ),
    ],
    ids=["rows", "token budget and best weights"],
)
def test_two_processes_learn_what_one_does(tmp_path, calm_bert_dir, alone, together):
    directory = uneven_dir(tmp_path / "d")
    one = train_reward_model(directory, tmp_path / "one", full(calm_bert_dir, **alone))
    seen = []
    config = full(calm_bert_dir, processes=2, **together)
    two = train_reward_model(
        directory, tmp_path / "two", config, progress=lambda *told: seen.append(told)
    )
    for name in ("loss", "validation_loss"):
        assert losses(two, name) == pytest.approx(losses(one, name), abs=1e-4)
    assert two.metrics["test"]["nll"] == pytest.approx(one.metrics["test"]["nll"], abs=1e-4)
    assert two.metrics["test"]["accuracy"] == one.metrics["test"]["accuracy"]
    fractions = [fraction for fraction, _, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("validation_loss" in metrics for _, _, metrics in seen)


@pytest.mark.slow
def test_a_stopped_run_of_two_processes_resumes_to_the_same_figures(tmp_path, bert_dir):
    directory, work = uneven_dir(tmp_path / "d"), tmp_path / "work"
    config = full(bert_dir, processes=2)
    whole = train_reward_model(directory, tmp_path / "whole", config)
    told = []
    progress = Progress(report=lambda *a: told.append(a), should_stop=lambda: bool(told))
    with pytest.raises(InterruptionError, match="start it again"):
        train_reward_model(
            directory,
            tmp_path / "out",
            replace(config),
            work_dir=work,
            progress=progress,
        )
    assert list(work.glob("*/checkpoint-*/rng_state_1.pth"))
    resumed = train_reward_model(directory, tmp_path / "out", config, work_dir=work)
    assert resumed.metrics == whole.metrics


@pytest.mark.slow
def test_what_is_wrong_in_a_process_becomes_the_runs_error(tmp_path, bert_dir):
    directory = uneven_dir(tmp_path / "d")
    config = full(bert_dir, processes=2, sampling="curriculum")
    with pytest.raises(TrainingError, match="set sampling to"):
        train_reward_model(directory, tmp_path / "out", config)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("**/*-processes"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_job(tmp_path, bert_dir, number):
    config = full(bert_dir, processes=2, epochs=2000, save_steps=100_000).to_dict()
    values = {
        "dataset": str(uneven_dir(tmp_path / "d")),
        "output": str(tmp_path / "out"),
        "config": config,
        "work": str(tmp_path / "work"),
    }
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps(values))
    process = subprocess.Popen(
        [sys.executable, "-m", "modeling.core.jobs", "train", str(folder)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until((folder / "progress.jsonl").exists, process)
        assert len(children(tmp_path)) >= 3
        process.send_signal(number)
        process.wait(60)
    finally:
        process.kill()
    wait_until(lambda: not children(tmp_path))
    if number == signal.SIGTERM:
        assert process.returncode == 143
        assert list((tmp_path / "work").glob("*/checkpoint-*/trainer_state.json"))


def children(marker):
    """Processes whose command line names `marker`, besides the job itself."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(marker) in command and "modeling.core.distributed" in command:
            found.append(path.parent.name)
    return found


def wait_until(holds, process=None):
    for _ in range(1200):
        if holds() or (process and process.poll() is not None):
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_checkpoint_is_whole_once_every_process_saved_its_random_state(monkeypatch):
    done = []
    monkeypatch.setattr(Trainer, "_save_rng_state", lambda trainer, path: done.append(path))
    trainer = RewardTrainer.__new__(RewardTrainer)
    trainer.accelerator = SimpleNamespace(wait_for_everyone=lambda: done.append("waited"))
    trainer._save_rng_state("here")
    assert done == ["here", "waited"]


def test_only_the_first_process_needs_shared_out_weights(dataset_dir, tmp_path, bert_dir):
    """As fsdp has it: the others are given none, and what they end with is not used."""
    config = full(bert_dir)
    trained = Trained(history=[], steps=8, best_step=None, stopped_early=False, weights={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modeling.core.trainer.run_trainer", lambda *a, **k: trained)
        tuned = tune(read_dataset(dataset_dir), config, tmp_path / "work", Progress())
    assert tuned.facts["steps"] == 8


def test_a_run_comes_back_from_its_json(tmp_path):
    config = RewardConfig(frozen=False, processes=2)
    for cache in (None, tmp_path / "c"):
        run = Run(tmp_path / "d", tmp_path / "o", config, cache, None)
        assert Run.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_processes_that_end_without_a_word_may_have_lacked_memory(
    tmp_path, dataset_dir, bert_dir, monkeypatch
):
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    def launch(folder, processes):
        return subprocess.Popen([sys.executable, "-c", script])

    monkeypatch.setattr(distributed, "_launch", launch)
    with pytest.raises(TrainingError, match="run out of memory"):
        train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir, processes=2))


def test_a_frozen_run_needs_no_company(tmp_path, dataset_dir, bert_dir, monkeypatch):
    monkeypatch.setattr(distributed, "_launch", None)
    config = RewardConfig(backbone=str(bert_dir), max_length=128, processes=2)
    assert train_reward_model(dataset_dir, tmp_path / "out", config).metrics["n_train"] == 16
