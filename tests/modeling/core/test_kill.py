"""A run that is killed in the middle ends as if nothing had happened."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modeling.core.config import RewardConfig
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "frozen": False,
    "max_length": 128,
    "epochs": 60,
    "token_budget": 300,
    "gradient_accumulation_steps": 2,
    "eval_steps": 3,
    "early_stop_patience": 12,
    "learning_rate": 1e-3,
    "save_steps": 5,
    "logging_steps": 1,
}


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "modeling.core.jobs", "train", str(folder)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )


def wait_for_a_state(work, process):
    for _ in range(2400):
        if list(work.glob("*/checkpoint-*/trainer_state.json")):
            return
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.025)
    raise AssertionError("no state was saved")


@pytest.mark.slow
def test_a_killed_run_starts_again_and_ends_with_the_same_figures(tmp_path, bert_dir):
    directory, work, folder = write_dataset(tmp_path / "d"), tmp_path / "work", tmp_path / "job"
    rows = [preference_row(n) | {"chosen_probability": 0.5 + n / 40} for n in range(16)]
    write_jsonl(directory / "train.jsonl", rows)
    values = SETTINGS | {"backbone": str(bert_dir)}
    whole = train_reward_model(directory, tmp_path / "whole", RewardConfig.from_dict(values))
    job = {"dataset": str(directory), "output": str(tmp_path / "out"), "work": str(work)}
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps(job | {"config": values}))
    process = start(folder)
    wait_for_a_state(work, process)
    process.kill()
    process.wait(60)
    assert not (folder / "result.json").exists()
    assert start(folder).wait(240) == 0
    result = json.loads((folder / "result.json").read_text())
    assert result["metrics"] == whole.metrics
    ours, theirs = result["manifest"]["training"], whole.manifest["training"]
    for name in ("history", "steps", "best_step", "stopped_early"):
        assert ours[name] == theirs[name]
