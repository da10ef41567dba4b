"""A verifier as an annotator: what it judges, what it leaves, and that it does so once."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotate.errors import InvalidInput
from annotate.models import (
    Assignment,
    AuditEvent,
    Judgment,
    JudgmentRevision,
    Prompt,
    User,
    VerificationRun,
)
from annotate.opinions import opinions_of
from annotate.services import request_verification, verification
from annotate.services.runs import RunFailed, perform
from annotate.services.verification import verify, verify_outcomes
from annotate.tasks import run_verification
from annotate.verifiers import VerifierError, worker
from tests.factories import ProjectFactory, PromptFactory, make_item

pytestmark = pytest.mark.django_db


def outcome(project, response, reference="42", **values):
    """An outcome item; its prompt's content tells it from others."""
    prompt = PromptFactory(reference=reference)
    return make_item(project, kind="outcome", contents=(response,), prompt=prompt, **values)


def answers():
    """What is said of each item by those judgments that stand."""
    standing = Judgment.objects.filter(assignment__status="submitted")
    return {one.assignment.item_id: one.latest.answer for one in standing}


@pytest.fixture
def project():
    return ProjectFactory()


def test_the_verifier_judges_what_it_can_tell(project):
    right, wrong = outcome(project, "Answer: 42"), outcome(project, "Answer: 41")
    outcome(project, "Answer: 42", reference="")
    outcome(project, "It may be 42 or so.")
    outcome(ProjectFactory(), "Answer: 42")
    make_item(project)
    report = verify_outcomes(project, verifier="exact")
    assert (report.judgments, report.undecided, report.already) == (2, 2, 0)
    assert report.reasons == {
        "no reference": 1,
        "the response names the reference among other words": 1,
    }
    assert answers() == {right.pk: {"correct": True}, wrong.pk: {"correct": False}}


def test_its_judgments_are_a_programs_under_its_protocol(project):
    outcome(project, "Answer: 42")
    verify_outcomes(project, verifier="exact")
    judgment = Judgment.objects.get()
    assignment, annotator = judgment.assignment, judgment.assignment.annotator
    assert (judgment.scale, judgment.display_order) == ("exact", [0])
    assert (assignment.purpose, assignment.status, assignment.round) == (
        "machine",
        "submitted",
        None,
    )
    assert (annotator.kind, annotator.username) == (User.Kind.MACHINE, "verifier:exact")
    assert judgment.latest.reason == "42 against 42"
    assert judgment.latest.author == annotator


@pytest.mark.parametrize(
    ("verifier", "pattern"), [("exact", ""), ("math", ""), ("regex", r"Answer: (\d+)")]
)
def test_a_second_time_adds_nothing(project, verifier, pattern):
    for response in ("Answer: 42", "Answer: 41", "no"):
        outcome(project, response)
    first = verify_outcomes(project, verifier=verifier, pattern=pattern)
    rows = JudgmentRevision.objects.count(), Assignment.objects.count()
    again = verify_outcomes(project, verifier=verifier, pattern=pattern)
    assert again.judgments == again.revised == again.withdrawn == 0
    assert (again.already, again.undecided) == (first.judgments, first.undecided)
    assert (JudgmentRevision.objects.count(), Assignment.objects.count()) == rows


def test_every_verifier_is_an_annotator_of_its_own(project):
    outcome(project, "Answer: 42")
    verify_outcomes(project, verifier="exact")
    verify_outcomes(project, verifier="regex", pattern=r"\d+")
    assert set(Judgment.objects.values_list("assignment__annotator__username", flat=True)) == {
        "verifier:exact",
        "verifier:regex",
    }


def test_a_changed_reference_is_a_new_revision(project):
    item = outcome(project, "Answer: 42")
    verify_outcomes(project, verifier="exact")
    Prompt.objects.filter(pk=item.prompt_id).update(reference="43")
    report = verify_outcomes(project, verifier="exact")
    assert (report.judgments, report.revised, report.already) == (0, 1, 0)
    said = [revision.answer["correct"] for revision in Judgment.objects.get().revisions.all()]
    assert said == [True, False]
    assert verify_outcomes(project, verifier="exact").already == 1


def test_a_changed_pattern_is_a_new_revision_that_names_it(project):
    outcome(project, "first 42, then 41")
    verify_outcomes(project, verifier="regex", pattern=r"\d+")
    report = verify_outcomes(project, verifier="regex", pattern=r"first (\d+)")
    assert report.revised == 1
    revisions = Judgment.objects.get().revisions.all()
    assert [one.answer["correct"] for one in revisions] == [False, True]
    assert revisions[1].reason == r"42 against 42 (pattern first (\d+))"


def test_a_long_pattern_fits_beside_a_long_detail(project):
    outcome(project, "y" * 1_000, reference="x" * 1_000)
    pattern = "y" * 200 + "|" + "y+" * 49
    verify_outcomes(project, verifier="regex", pattern=pattern)
    reason = Judgment.objects.get().latest.reason
    assert len(reason) <= 500
    assert reason.endswith(f"(pattern {pattern})")


@pytest.mark.parametrize("reference", ["", "42"])
def test_what_can_no_longer_be_told_is_withdrawn_and_comes_back(project, reference):
    item = outcome(project, "It may be 42 or so", reference="It may be 42 or so")
    verify_outcomes(project, verifier="exact")
    Prompt.objects.filter(pk=item.prompt_id).update(reference=reference)
    gone = verify_outcomes(project, verifier="exact")
    assert (gone.undecided, gone.withdrawn) == (1, 1)
    assert (answers(), opinions_of(item)) == ({}, [])
    still = verify_outcomes(project, verifier="exact")
    assert (still.undecided, still.withdrawn) == (1, 0)
    Prompt.objects.filter(pk=item.prompt_id).update(reference="It may be 42 or so")
    back = verify_outcomes(project, verifier="exact")
    assert (back.judgments, back.revised) == (0, 1)
    assert answers() == {item.pk: {"correct": True}}
    assert Judgment.objects.get().revisions.count() == 2


def test_gold_and_qualification_are_not_verified(project):
    for mark in ("is_gold", "is_qualification"):
        item = outcome(project, "Answer: 42", known={"correct": True})
        setattr(item.known, mark, True)
        item.known.save()
    outcome(project, "Answer: 42", known={"correct": True})
    assert verify_outcomes(project, verifier="exact").judgments == 1


def test_another_run_in_between_makes_no_second_judgment(project, monkeypatch):
    outcome(project, "Answer: 42")
    asked = []

    def ask(question):
        if not asked:
            asked.append(question)
            verify_outcomes(project, verifier="exact")
        return worker._ask_exact(question)

    monkeypatch.setattr(verification, "opened", lambda *a, **k: _opened(ask))
    report = verify_outcomes(project, verifier="exact")
    assert (report.judgments, report.already) == (0, 1)
    assert Judgment.objects.count() == JudgmentRevision.objects.count() == 1


class _opened:  # noqa: N801 - stands in for a function
    def __init__(self, ask):
        self.ask = ask

    def __enter__(self):
        return self.ask

    def __exit__(self, *error):
        return None


def test_large_projects_go_batch_by_batch(project, monkeypatch):
    monkeypatch.setattr(verification, "BATCH", 2)
    for _ in range(5):
        outcome(project, "Answer: 42")
    seen = []
    verify_outcomes(project, verifier="exact", progress=lambda *place: seen.append(place))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_long_and_odd_texts_are_judged(project):
    outcome(project, "x" * 200_000 + "\n\\boxed{42}")
    outcome(project, "\u202e" + "é" * 10 + "\nAnswer: ４２", reference="٤٢")
    outcome(project, "Answer: NaN", reference="nan")
    outcome(project, "Answer: " + "9" * 5_000, reference="9" * 5_000)
    assert verify_outcomes(project, verifier="exact").judgments == 4
    assert {answer["correct"] for answer in answers().values()} == {True}
    assert verify_outcomes(project, verifier="math").judgments >= 2


def test_an_empty_project_is_verified_at_once(project):
    assert verify_outcomes(project, verifier="exact").reasons == {}


@pytest.mark.parametrize(
    ("verifier", "pattern", "field", "reason"),
    [
        ("oracle", "", "verifier", "math, exact, regex"),
        ("exact", "x", "pattern", "Only the regular expression"),
        ("regex", "", "pattern", "Give a regular expression"),
        ("regex", "(", "pattern", "no regular expression"),
        ("regex", "(a)(b)", "pattern", "more than one group"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_runs(
    project, verifier, pattern, field, reason
):
    with pytest.raises(InvalidInput, match=reason) as refusal:
        request_verification(project, verifier=verifier, pattern=pattern, by=None)
    assert refusal.value.field == field
    assert not VerificationRun.objects.exists()


def test_a_verifier_must_be_installed(project, monkeypatch):
    monkeypatch.setattr(verification, "find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"tiebreak\[math\]"):
        request_verification(project, verifier="math", by=None)


def test_a_run_is_queued_done_and_told(project, sent, django_capture_on_commit_callbacks):
    outcome(project, "Answer: 42")
    with django_capture_on_commit_callbacks(execute=True):
        run = request_verification(project, verifier="exact", by=None)
    assert sent == [("annotate.run_verification", run.pk, "default")]
    run_verification(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result["judgments"]) == ("succeeded", 1)
    event = AuditEvent.objects.get(action="outcomes.verify")
    assert (event.project, event.subject) == (project, "exact")


def test_a_verifier_that_does_not_run_fails_the_run_with_a_sentence(project, sent, monkeypatch):
    def broken(question):
        raise VerifierError("No module named sympy")

    outcome(project, "Answer: 42")
    monkeypatch.setattr(verification, "opened", lambda *a, **k: _opened(broken))
    run = request_verification(project, verifier="exact", by=None)
    with pytest.raises(RunFailed, match="does not run"):
        perform(run, verify)
    run.refresh_from_db()
    assert (run.status, run.log) == ("failed", "No module named sympy")


def run_command(*words):
    out = io.StringIO()
    call_command("verify_outcomes", *words, "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_command_prints_its_counts(project, sent):
    outcome(project, "so 42")
    outcome(project, "so 42", reference="")
    words = (project.slug, "--verifier", "regex", "--pattern", r"\d+")
    told = run_command(*words)
    assert told == {
        "judgments": 1,
        "revised": 0,
        "withdrawn": 0,
        "already": 0,
        "undecided": 1,
        "reasons": {"no reference": 1},
    }
    assert run_command(*words)["already"] == 1


def test_the_commands_errors_are_sentences(project, sent):
    with pytest.raises(CommandError, match="There is no project 'none'"):
        run_command("none", "--verifier", "exact")
    with pytest.raises(CommandError, match="no regular expression"):
        run_command(project.slug, "--verifier", "regex", "--pattern", "(")
