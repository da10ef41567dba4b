"""The loop: each look at the rows takes the one step that is due."""

import pytest
from django.utils import timezone

from annotate.models import Assignment, Run
from annotate.services import (
    claim_assignment,
    close_round,
    import_file,
    simulate_annotators,
    skip_assignment,
)
from annotate.services.runs import RunFailed, perform, retry_run
from annotate.services.simulate import Behaviour
from curation.services import build
from modeling import selection
from modeling.loop import advance
from modeling.models import Checkpoint, TrainingRun
from modeling.services import publish_checkpoint
from modeling.tasks import advance_projects
from tests.factories import ProjectFactory, make_annotator, make_item
from tests.modeling.factories import make_checkpoint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
KNOWN = {"choice": "left", "strength": 1}


def fake_train(run, report):
    """Training without a model."""
    checkpoint = publish_checkpoint(run, path="none", manifest={}, metrics={})
    return {"checkpoint": str(checkpoint.public_id), "metrics": {}}


def _broken_train(run, report):
    raise RunFailed("There is no backbone: install the demo extra.")


WORK = {"CurationRun": build, "TrainingRun": fake_train, "ScoringRun": selection.select}


@pytest.fixture(autouse=True)
def _scores(monkeypatch):
    monkeypatch.setattr(
        selection,
        "score",
        lambda folder, checkpoint, inputs, report: {row["id"]: 0.0 for row in inputs},
    )


@pytest.fixture
def project():
    project = ProjectFactory(
        loop_round_size=6, loop_max_rounds=2, include_simulated=True, scale="binary"
    )
    for k in range(30):
        make_item(project, contents=(f"good {k}", f"bad {k}"), known=KNOWN)
    return project


def _turn(project, *, work=None):
    """Take every step until the loop waits; returns the actions."""
    actions = []
    while True:
        step = advance(project)
        actions.append(step.action)
        if not step.is_progress:
            return actions, step
        if step.run is not None:
            perform(step.run, (work or WORK)[type(step.run).__name__])


def _judge(project):
    return simulate_annotators(project, behaviours=[Behaviour(1.0)])


def test_the_loop_turns_all_the_way_around(project):
    assert _turn(project)[0] == ["select_round", "wait"]
    assert _judge(project) == 6
    actions, step = _turn(project)
    assert actions == ["close_round", "build_dataset", "train", "select_round", "wait"]
    assert step.reason == "Round 2 waits for 6 judgments."
    assert project.rounds.get(number=2).strategy == "low_margin"
    assert Checkpoint.objects.get().is_promoted


def test_it_ends_after_the_last_round(project):
    for _ in range(2):
        _turn(project)
        _judge(project)
    actions, step = _turn(project)
    assert actions == ["close_round", "build_dataset", "train", "done"]
    assert step.reason == "All 2 rounds are done."
    assert [c.is_promoted for c in Checkpoint.objects.order_by("number")] == [False, True]


def test_a_step_under_way_is_waited_for_and_not_asked_for_twice(project):
    first = advance(project)
    again = advance(project)
    assert (first.action, again.action) == ("select_round", "wait")
    assert first.run == again.run


def test_judgments_that_came_with_an_import_start_with_a_dataset(tmp_path):
    project = ProjectFactory(loop_max_rounds=1)
    rows = [f'{{"prompt": "Q{k}", "chosen": "a", "rejected": "b"}}\n' for k in range(8)]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(rows))
    import_file(project, path, by=None)
    actions, _ = _turn(project)
    assert actions == ["build_dataset", "train", "done"]


def test_a_failed_training_blocks_with_its_sentence_until_it_is_retried(project):
    _turn(project)
    _judge(project)
    with pytest.raises(RunFailed):
        _turn(project, work=WORK | {"TrainingRun": _broken_train})
    step = advance(project)
    assert (step.action, step.reason) == (
        "blocked",
        "There is no backbone: install the demo extra.",
    )
    assert TrainingRun.objects.count() == 1
    retry_run(TrainingRun.objects.get(), by=None)
    perform(TrainingRun.objects.get(), fake_train)
    assert _turn(project)[0] == ["select_round", "wait"]


def test_a_failed_build_blocks_with_its_sentence(project):
    def full_disk(run, report):
        raise RunFailed("The disk is full.")

    _turn(project)
    _judge(project)
    with pytest.raises(RunFailed):
        _turn(project, work=WORK | {"CurationRun": full_disk})
    step = advance(project)
    assert (step.action, step.reason) == ("blocked", "The disk is full.")


def test_a_round_without_a_single_row_asks_for_more(project):
    """Nothing but ties makes no dataset; the loop goes on to the next round."""
    for known in (item.known for item in project.items.all()):
        known.answer = {"choice": "tie"}
        known.save()
    _turn(project)
    _judge(project)
    step = advance(project)
    assert step.action == "close_round"
    step = advance(project)
    with pytest.raises(RunFailed, match="6 tie"):
        perform(step.run, build)
    assert advance(project).action == "select_round"


def test_answers_under_way_are_waited_for_before_the_dataset(project):
    _turn(project)
    user = make_annotator(project)
    assignment = claim_assignment(project, by=user)
    close_round(project.rounds.get(), by=None)
    step = advance(project)
    assert (step.action, step.reason) == ("wait", "Round 1 is closed; 1 answers are under way.")
    Assignment.objects.filter(pk=assignment.pk).update(expires_at=timezone.now())
    assert advance(project).action == "build_dataset"


def test_a_round_that_nobody_can_finish_says_what_to_do(project):
    _turn(project)
    user = make_annotator(project)
    while (assignment := claim_assignment(project, by=user)) is not None:
        skip_assignment(assignment, fence=assignment.fence, reason="unclear")
    assert "add annotators or close it" in advance(project).reason
    make_annotator(project)
    assert advance(project).reason == "Round 1 waits for 6 judgments."


def test_what_a_round_was_closed_without_comes_back_and_what_was_skipped_does_not(project):
    _turn(project)
    assignment = claim_assignment(project, by=make_annotator(project))
    skip_assignment(assignment, fence=assignment.fence, reason="unclear")
    assert selection.candidate_items(project.pk).count() == 24
    close_round(project.rounds.get(), by=None)
    assert selection.candidate_items(project.pk).count() == 29


def test_one_projects_error_does_not_stop_the_others(project, caplog):
    broken = ProjectFactory(slug="broken", loop_enabled=True, loop_strategy="no such thing")
    make_checkpoint(broken)
    make_item(broken)
    project.loop_enabled = True
    project.save()
    advance_projects()
    assert "the loop of broken cannot go on" in caplog.text
    assert project.scoringruns.count() == 1


def test_a_skipped_item_keeps_its_round_open(project):
    _turn(project)
    user = make_annotator(project)
    assignment = claim_assignment(project, by=user)
    skip_assignment(assignment, fence=assignment.fence, reason="unclear")
    step = advance(project)
    assert (step.action, step.reason) == ("wait", "Round 1 waits for 6 judgments.")


def test_without_new_votes_the_dataset_and_its_model_serve_again(project):
    """A round whose votes change nothing (all cannot judge) does not train a second time."""
    _turn(project)
    _judge(project)
    _turn(project)
    for entry in project.rounds.get(number=2).entries.all():
        entry.item.known.answer = {"choice": "cannot_judge"}
        entry.item.known.save()
    _judge(project)
    actions, _ = _turn(project)
    assert actions == ["close_round", "build_dataset", "done"]
    assert TrainingRun.objects.filter(status=Run.Status.SUCCEEDED).count() == 1


def test_the_clock_closes_a_full_round_and_asks_for_the_dataset_at_once(project):
    project.loop_enabled = True
    project.save()
    _turn(project)
    _judge(project)
    advance_projects()
    assert project.rounds.get().status == "closed"
    assert project.curationruns.count() == 1


def test_an_item_that_somebody_has_open_is_told(project):
    _turn(project)
    claim_assignment(project, by=make_annotator(project))
    assert advance(project).reason == (
        "Round 1 waits for 6 judgments; 1 of them open at somebody now."
    )
