"""What verifiers and rollouts say counts where no person judged."""

import pytest

from curation.core.records import Corpus
from tests.curation.core.small import build, corpus, only_row, outcome, prompt, response, steps


def solution(n_steps: int) -> Corpus:
    parts = tuple(f"step {number}" for number in range(n_steps))
    return corpus([prompt("p", "Solve.")], [response("s", steps=parts), response("a")])


def test_a_verifiers_verdict_counts_where_no_person_judged() -> None:
    alone = only_row(build("outcome", [outcome(False, machine=True)]))
    assert (alone.label, alone.verified, alone.votes) == (False, True, 1)
    beside = only_row(build("outcome", [outcome(False, machine=True), outcome(True)]))
    assert (beside.label, beside.verified, beside.votes) == (True, False, 1)


def test_rollouts_become_soft_labels() -> None:
    rolled = steps(1, 1, -1, machine=True, soft=(0.75, 0.25, 0.0), trials=(8, 8, 8))
    row = only_row(build("stepwise", [rolled], solution(3)))
    assert row.soft_labels == (0.75, 0.25, 0.0)
    assert (row.labels, row.first_error, row.votes) == ((True, True, False), 2, (8, 8, 8))


def test_rollouts_of_several_machines_are_pooled_by_their_number() -> None:
    one = steps(1, machine=True, soft=(1.0,), trials=(1,))
    other = steps(-1, machine=True, soft=(0.0,), trials=(3,))
    row = only_row(build("stepwise", [one, other], solution(1)))
    assert (row.soft_labels, row.votes) == ((pytest.approx(0.25),), (4,))


def test_people_override_rollouts_and_machines_fill_in_where_people_gave_up() -> None:
    rolled = steps(1, 1, machine=True, soft=(0.9, 0.8), trials=(4, 4))
    row = only_row(build("stepwise", [rolled, steps(1, -1)], solution(2)))
    assert (row.labels, row.soft_labels) == ((True, False), (1.0, 0.0))
    filled = build("stepwise", [rolled, steps(status="gave_up")], solution(2))
    assert only_row(filled).soft_labels == (0.9, 0.8)
    assert filled.statistics["votes_excluded"] == {"gave_up": 1}


def test_a_share_of_unknown_trials_counts_as_one() -> None:
    unknown = steps(1, machine=True, soft=(0.5,), trials=(0,))
    counted = steps(1, machine=True, soft=(1.0,), trials=(3,))
    row = only_row(build("stepwise", [unknown, counted], solution(1)))
    assert (row.soft_labels, row.votes) == ((3.5 / 4,), (4,))


def test_a_step_without_rollouts_is_unlabelled() -> None:
    rolled = steps(None, 1, machine=True, soft=(None, 0.5), trials=(0, 4))
    row = only_row(build("stepwise", [rolled], solution(2)))
    assert (row.completions, row.soft_labels) == (("step 0\nstep 1",), (0.5,))


def test_machines_without_rollouts_vote() -> None:
    judged = [steps(1, machine=True), steps(-1, machine=True)]
    row = only_row(build("stepwise", judged, solution(1)))
    assert (row.labels, row.soft_labels) == ((False,), (0.5,))
