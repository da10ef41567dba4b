"""The worker's side: a job in a process of its own."""

import json

import pytest

from annotate.services.runs import RunCancelled, RunFailed, RunInterrupted
from modeling import runner
from tests.factories import ProjectFactory
from tests.modeling.factories import make_checkpoint


def _report(fraction, message=""):
    return None


def test_a_jobs_own_sentence_reaches_the_run(tmp_path):
    with pytest.raises(RunFailed, match=r'job\.json must name "dataset"'):
        runner.run_job(tmp_path, "train", {}, _report)


@pytest.mark.parametrize("status", [143, -15])
def test_a_job_that_was_stopped_from_outside_is_interrupted_and_not_cancelled(tmp_path, status):
    with pytest.raises(RunInterrupted):
        runner._outcome(status, tmp_path)


def test_a_job_that_dies_without_a_word_leaves_the_end_of_its_log(tmp_path):
    (tmp_path / "log.txt").write_text("x" * 20_000 + "the end")
    with pytest.raises(RunFailed, match="may have run out of memory") as caught:
        runner._outcome(-9, tmp_path)
    assert caught.value.log.endswith("the end")
    assert len(caught.value.log) == runner.LOG_BYTES
    assert str(tmp_path) not in str(caught.value)


def test_only_whole_lines_of_progress_are_read(tmp_path):
    path = tmp_path / "progress.jsonl"
    assert runner._new_lines(path, 0) == ([], 0)
    path.write_text('{"fraction": 0.5}\n{"frac')
    lines, position = runner._new_lines(path, 0)
    assert lines == [{"fraction": 0.5}]
    path.write_text('{"fraction": 0.5}\n{"fraction": 0.75}\n')
    assert runner._new_lines(path, position)[0] == [{"fraction": 0.75}]


def test_a_cancelled_run_stops_its_job(tmp_path, monkeypatch):
    """The report raises at its first call; the process is ended before the error goes on."""
    seen = []

    def report(fraction, message=""):
        raise RunCancelled

    stop = runner._stop
    monkeypatch.setattr(runner, "_stop", lambda process: (stop(process), seen.append(process)))
    with pytest.raises(RunCancelled):
        runner.run_job(tmp_path, "train", {}, report)
    assert seen[0].poll() is not None


@pytest.mark.django_db
def test_what_the_trainer_logs_is_kept_as_a_curve():
    run = make_checkpoint(ProjectFactory()).run
    write = runner._curve_writer(run)
    write({"fraction": 0.5, "message": "Step 5", "metrics": {"loss": 0.6}})
    write({"fraction": 0.6, "message": "no figures"})
    run.refresh_from_db()
    assert run.curve == [{"fraction": 0.5, "loss": 0.6}]


def test_a_job_file_names_its_parent(tmp_path):
    with pytest.raises(RunFailed):
        runner.run_job(tmp_path, "evaluate", {"checkpoint": "none", "data": "none"}, _report)
    assert json.loads((tmp_path / "job.json").read_text())["parent"] > 0
