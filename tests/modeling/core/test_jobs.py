import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modeling.core import jobs
from modeling.core.config import RewardConfig
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import preference_row, write_jsonl
from tests.modeling.core.rows import write_kind

ROOT = Path(__file__).parents[3]


def make_job(directory, values):
    directory.mkdir(exist_ok=True)
    (directory / "job.json").write_text(json.dumps(values))
    return directory


def run(kind, directory):
    return jobs.run_job(kind, directory, lambda: False)


def read(directory, name):
    def refuse(constant):
        raise AssertionError(f"{constant} in {name}")

    return json.loads((directory / name).read_text(), parse_constant=refuse)


def start(kind, directory):
    return subprocess.Popen(
        [sys.executable, "-m", "modeling.core.jobs", kind, str(directory)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def settings_json(bert_dir):
    return {"backbone": str(bert_dir), "max_length": 128}


@pytest.fixture
def checkpoint(dataset_dir, tmp_path, settings_json):
    config = RewardConfig.from_dict(settings_json)
    return train_reward_model(dataset_dir, tmp_path / "checkpoint", config).checkpoint


def test_a_train_job_leaves_its_result_and_progress(dataset_dir, tmp_path, settings_json):
    values = {
        "dataset": str(dataset_dir),
        "output": str(tmp_path / "out"),
        "config": settings_json,
        "cache": str(tmp_path / "cache"),
        "work": str(tmp_path / "work"),
    }
    directory = make_job(tmp_path / "job", values)
    assert run("train", directory) == 0
    result = read(directory, "result.json")
    assert result["checkpoint"] == str(tmp_path / "out")
    assert result["metrics"]["test"]["accuracy"] == 1.0
    lines = (directory / "progress.jsonl").read_text().splitlines()
    fractions = [json.loads(line)["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert run("train", directory) == 0
    assert read(directory, "result.json") == result


def test_a_model_of_steps_trains_as_a_job_and_scores_no_pairs(tmp_path, settings_json):
    config = settings_json | {"objective": "prm", "frozen": False}
    dataset = write_kind(tmp_path / "steps", "stepwise")
    values = {"dataset": str(dataset), "output": str(tmp_path / "out"), "config": config}
    assert run("train", make_job(tmp_path / "train", values)) == 0
    metrics = read(tmp_path / "train", "result.json")["metrics"]
    assert metrics["test"]["steps"] == 18
    rows = [preference_row(1) | {"id": "a", "response": "yes"}]
    for kind in ("score", "evaluate"):
        values = {
            "checkpoint": str(tmp_path / "out"),
            "inputs": str(write_jsonl(tmp_path / "rows.jsonl", rows)),
            "data": str(tmp_path / "rows.jsonl"),
            "output": str(tmp_path / "scores.jsonl"),
        }
        assert run(kind, make_job(tmp_path / kind, values)) == jobs.EXIT_FAILED
        message = read(tmp_path / kind, "error.json")["message"]
        assert "trained with the objective prm" in message


def test_a_score_job_writes_a_reward_for_each_id(checkpoint, tmp_path):
    rows = [
        {"id": "a", "prompt": "Question 1?", "response": "yes please 1"},
        {"id": 2, "prompt": [{"role": "user", "content": "Question 1?"}], "response": "no 1"},
    ]
    values = {
        "checkpoint": str(checkpoint),
        "inputs": str(write_jsonl(tmp_path / "inputs.jsonl", rows)),
        "output": str(tmp_path / "scores.jsonl"),
        "cache": str(tmp_path / "cache"),
    }
    directory = make_job(tmp_path / "job", values)
    assert run("score", directory) == 0
    assert read(directory, "result.json")["n"] == 2
    scores = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [row["id"] for row in scores] == ["a", 2]
    assert scores[0]["reward"] > scores[1]["reward"]


def test_an_evaluate_job_counts_ties(checkpoint, tmp_path):
    tie = {"prompt": "Q", "response_a": "a", "response_b": "b", "majority": "tie"}
    rows = [preference_row(1), preference_row(2), tie]
    values = {
        "checkpoint": str(checkpoint),
        "data": str(write_jsonl(tmp_path / "pairs.jsonl", rows)),
    }
    directory = make_job(tmp_path / "job", values)
    assert run("evaluate", directory) == 0
    result = read(directory, "result.json")
    assert (result["n"], result["ties"], result["truncated"]) == (2, 1, 0)
    assert result["by_category"]["odd"]["n"] == 1


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("train", {}, '"dataset"'),
        ("train", {"dataset": "/none", "output": "/none/o"}, "manifest.json"),
        ("train", {"dataset": "/none", "output": "/o", "config": {"lr": 1}}, "no setting"),
        ("score", {"checkpoint": "/none"}, "no checkpoint"),
        ("evaluate", {"checkpoint": "/none"}, "no checkpoint"),
    ],
)
def test_a_known_error_becomes_a_sentence(tmp_path, kind, values, words):
    directory = make_job(tmp_path / "job", values)
    assert run(kind, directory) == 1
    assert words in read(directory, "error.json")["message"]
    assert not (directory / "result.json").exists()


def test_a_job_directory_without_a_job_says_so(tmp_path):
    assert run("train", tmp_path) == 1
    assert "job.json" in read(tmp_path, "error.json")["message"]


def test_an_unknown_error_is_plain_for_people_and_full_in_the_log(tmp_path, monkeypatch, capsys):
    def fail(job, progress):
        raise RuntimeError("a detail")

    monkeypatch.setitem(jobs.RUNNERS, "train", fail)
    directory = make_job(tmp_path / "job", {})
    assert run("train", directory) == 1
    assert "a detail" not in read(directory, "error.json")["message"]
    assert "a detail" in capsys.readouterr().err


def test_a_new_start_clears_the_last_error(tmp_path, monkeypatch):
    directory = make_job(tmp_path / "job", {})
    assert run("train", directory) == 1
    monkeypatch.setitem(jobs.RUNNERS, "train", lambda job, progress: {"loss": float("nan")})
    assert run("train", directory) == 0
    assert not (directory / "error.json").exists()
    assert read(directory, "result.json") == {"loss": None}


def test_a_job_whose_parent_is_gone_ends_at_once(tmp_path):
    directory = make_job(tmp_path / "job", {"parent": os.getpid()})  # ours is another one
    assert run("train", directory) == jobs.EXIT_TERMINATED


def test_sigterm_saves_the_training_and_exits_with_143(dataset_dir, tmp_path, settings_json):
    settings = settings_json | {
        "frozen": False,
        "epochs": 500,
        "batch_size": 4,
        "logging_steps": 1,
        "save_steps": 10_000,
    }
    values = {"dataset": str(dataset_dir), "output": str(tmp_path / "out"), "config": settings}
    directory = make_job(tmp_path / "job", values | {"work": str(tmp_path / "work")})
    process = start("train", directory)
    wait_for(directory / "progress.jsonl")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 143, log
    assert not (directory / "error.json").exists()
    assert list((tmp_path / "work").glob("*/checkpoint-*/trainer_state.json"))


def test_a_job_dies_with_its_parent(tmp_path):
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'from modeling.core.jobs import"
        " die_with_parent; import time; die_with_parent(); print(1, flush=True); time.sleep(60)'],"
        " stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pid = int(done.stdout)
    for _ in range(100):
        if not is_running(pid):
            return
        time.sleep(0.05)
    raise AssertionError("the job outlived its parent")


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(path):
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} did not appear")
