"""A verifier's process: slow, dying or missing, it costs one question and no more."""

from __future__ import annotations

import pytest

from annotate.verifiers import Question, Suggestion, VerifierError, opened, suggestions, worker
from annotate.verifiers.replies import TOO_LONG

PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked["response"] == "hang":
        time.sleep(600)
    if asked["response"] == "crash":
        os.kill(os.getpid(), 11)
    if asked["response"] == "half":
        os.write(1, b"{")
        os._exit(0)
    reply = {"id": asked["id"], "correct": asked["reference"] == asked["response"], "detail": "x"}
    print(json.dumps(reply), flush=True)
"""


@pytest.fixture
def program(monkeypatch, tmp_path):
    """A verifier that does what the response says, in the place of the mathematical one."""
    (tmp_path / "stub_verifier.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(worker.MODULES, "math", "stub_verifier")


def ask_all(*responses, **options):
    questions = [Question(k, "1", response) for k, response in enumerate(responses)]
    with opened("math", **{"start": 60, "each": 1} | options) as ask:
        return [ask(question) for question in questions]


def test_one_process_answers_one_after_the_other(program):
    assert [one.correct for one in ask_all("1", "2", "1")] == [True, False, True]


def test_a_question_that_hangs_costs_its_time_and_no_more(program):
    told = ask_all("1", "hang", "1", "2")
    assert [one.correct for one in told] == [True, None, True, False]
    assert told[1].detail == TOO_LONG


@pytest.mark.parametrize("killer", ["crash", "half"])
def test_a_question_that_kills_the_process_costs_itself(program, killer):
    told = ask_all(killer, killer, "1", killer, "2")
    assert [one.correct for one in told] == [None, None, True, None, False]
    assert told[0] == Suggestion(0, None, worker.BROKEN)


def test_long_texts_pass_both_ways(program):
    with opened("math", start=60) as ask:
        assert ask(Question(1, "y" * 200_000, "y" * 200_000)).correct is True


def test_a_verifier_that_is_not_there_says_so(monkeypatch):
    monkeypatch.setitem(worker.MODULES, "math", "no_such_module_anywhere")
    with pytest.raises(VerifierError, match="No module named no_such_module_anywhere"):
        ask_all("1")


def test_suggestions_reach_as_far_as_the_time(program):
    questions = [Question(k, "1", "1") for k in range(3)]
    assert len(suggestions("math", questions, seconds=60)) == 3
    assert suggestions("math", [], seconds=60) == []
    slow = [Question(1, "1", "hang"), *questions]
    assert suggestions("math", slow, seconds=0.5) == [Suggestion(1, None, TOO_LONG)]


def test_exact_match_needs_no_process(monkeypatch):
    monkeypatch.setattr(worker.subprocess, "Popen", None)
    with opened("exact") as ask:
        assert ask(Question(3, "a", "A")) == Suggestion(3, True, "a against a")


def test_the_process_ends_with_the_block(program):
    with opened("math", start=60) as ask:
        ask(Question(1, "1", "1"))
        child = ask.__self__._process._child
        assert child.poll() is None
    assert child.poll() is not None
