"""Runs: claimed once, kept alive, taken over when abandoned, and ended with a sentence."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotate.errors import Conflict, InvalidInput
from annotate.models import ImportRun
from annotate.services.runs import (
    MAX_ATTEMPTS,
    MAX_LOG,
    Reporter,
    RunCancelled,
    RunFailed,
    RunInterrupted,
    claim_run,
    enqueue,
    execute_run,
    find_run,
    perform,
    request_cancel,
    resend_due,
    retry_run,
    run_models,
    runs_of,
)
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return ImportRun.objects.create(project=ProjectFactory(), filename="a.jsonl")


def abandon(run, **values):
    """The worker falls silent and the lease runs out."""
    past = timezone.now() - timedelta(seconds=1)
    ImportRun.objects.filter(pk=run.pk).update(lease_until=past, **values)


def nothing(run, report):
    return {}


# --- the way of a run that goes well --------------------------------------------------------
def test_a_run_is_done_once_and_says_so(run):
    def work(run, report):
        assert (run.status, run.attempts) == ("running", 1)
        assert run.lease_until > timezone.now()
        report(0.5, "half way")
        run.refresh_from_db()
        assert (run.progress, run.message) == (0.5, "half way")
        return {"items": 3}

    done = execute_run(ImportRun, run.pk, work)
    assert (done.status, done.progress, done.result) == ("succeeded", 1.0, {"items": 3})
    assert done.started_at <= done.finished_at
    assert done.is_finished


def test_a_second_delivery_is_harmless(run):
    calls = []

    def work(run, report):
        calls.append(run.pk)
        assert execute_run(ImportRun, run.pk, nothing) is None
        return {}

    execute_run(ImportRun, run.pk, work)
    assert execute_run(ImportRun, run.pk, work) is None
    assert calls == [run.pk]


def test_a_message_about_no_run_is_harmless():
    assert execute_run(ImportRun, 12345, nothing) is None


def test_progress_stays_between_none_and_all(run):
    report = Reporter(claim_run(ImportRun, run.pk))
    for fraction, stored in ((-1.0, 0.0), (7.0, 1.0)):
        report(fraction, "x" * 500)
        run.refresh_from_db()
        assert (run.progress, len(run.message)) == (stored, 300)


# --- failing --------------------------------------------------------------------------------
@pytest.mark.parametrize("error", [RunFailed("No rows."), InvalidInput("No rows.")])
def test_a_known_error_ends_the_run_with_its_sentence(run, error):
    def work(run, report):
        raise error

    done = execute_run(ImportRun, run.pk, work)
    assert (done.status, done.error, done.log) == ("failed", "No rows.", "")


def test_an_unknown_error_is_named_and_logged(run, caplog):
    def work(run, report):
        raise ZeroDivisionError("x" * (2 * MAX_LOG))

    done = execute_run(ImportRun, run.pk, work)
    assert done.status == "failed"
    assert done.error.startswith("Unexpected ZeroDivisionError: x")
    assert len(done.log) == MAX_LOG
    assert "failed" in caplog.text


def test_a_failed_run_may_be_tried_again(run, sent, django_capture_on_commit_callbacks):
    def fail(run, report):
        raise RunFailed("The disk is full.")

    execute_run(ImportRun, run.pk, fail)
    with django_capture_on_commit_callbacks(execute=True):
        again = retry_run(run, by=None)
    assert (again.status, again.error, again.attempts) == ("pending", "", 0)
    assert sent == [("annotate.run_import", run.pk, "default")]
    assert execute_run(ImportRun, run.pk, nothing).status == "succeeded"


@pytest.mark.parametrize("status", ["pending", "succeeded"])
def test_only_what_failed_is_tried_again(run, status):
    ImportRun.objects.update(status=status)
    with pytest.raises(Conflict):
        retry_run(run, by=None)


# --- abandoning and taking over -------------------------------------------------------------
def test_an_abandoned_run_is_taken_over(run):
    first = claim_run(ImportRun, run.pk)
    assert claim_run(ImportRun, run.pk) is None
    abandon(run)
    second = claim_run(ImportRun, run.pk)
    assert (second.attempts, second.started_at) == (2, first.started_at)
    assert second.worker != first.worker


def test_who_lost_a_run_cannot_speak_for_it(run):
    lost = Reporter(claim_run(ImportRun, run.pk))
    abandon(run)
    heir = claim_run(ImportRun, run.pk)
    with pytest.raises(RunCancelled):
        lost(0.9, "still here")
    lost.beat()
    run.refresh_from_db()
    assert (run.progress, run.lease_until) == (0.0, heir.lease_until)


def test_who_lost_a_run_cannot_end_it(run):
    def work(mine, report):
        abandon(mine)
        claim_run(ImportRun, mine.pk)
        return {"mine": True}

    execute_run(ImportRun, run.pk, work)
    run.refresh_from_db()
    assert (run.status, run.attempts, run.result) == ("running", 2, {})


def test_a_worker_thought_dead_cannot_end_a_retried_run(run):
    def work(mine, report):
        abandon(mine, status="failed")
        retry_run(mine, by=None)
        assert claim_run(ImportRun, mine.pk).attempts == 1
        return {"mine": True}

    execute_run(ImportRun, run.pk, work)
    run.refresh_from_db()
    assert (run.status, run.result) == ("running", {})


def test_five_attempts_without_a_word_are_enough(run):
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim_run(ImportRun, run.pk).attempts == attempt
        abandon(run)
    done = execute_run(ImportRun, run.pk, nothing)
    assert done.status == "failed"
    assert done.error.startswith("Given up after 5 attempts")


def test_a_heartbeat_goes_on_while_the_work_does(run, settings, monkeypatch):
    settings.RUN_LEASE_SECONDS = 0.03
    beats = threading.Semaphore(0)
    monkeypatch.setattr(Reporter, "beat", lambda self: beats.release())

    def work(run, report):
        assert all(beats.acquire(timeout=10) for _ in range(3))
        return {}

    assert execute_run(ImportRun, run.pk, work).status == "succeeded"
    assert not [t for t in threading.enumerate() if t.name == f"heartbeat-{run.pk}"]


def test_a_heartbeat_that_fails_once_goes_on(run, settings, monkeypatch, caplog):
    settings.RUN_LEASE_SECONDS = 0.03
    beats = threading.Semaphore(0)

    def beat(self):
        beats.release()
        raise OSError("the database is away")

    monkeypatch.setattr(Reporter, "beat", beat)

    def work(run, report):
        assert all(beats.acquire(timeout=10) for _ in range(2))
        return {}

    assert execute_run(ImportRun, run.pk, work).status == "succeeded"
    assert "heartbeat" in caplog.text


def test_a_beat_renews_the_lease(run):
    claimed = claim_run(ImportRun, run.pk)
    soon = timezone.now() + timedelta(seconds=1)
    ImportRun.objects.update(lease_until=soon)
    Reporter(claimed).beat()
    run.refresh_from_db()
    assert run.lease_until > soon


# --- cancelling -----------------------------------------------------------------------------
def test_a_waiting_run_is_cancelled_at_once(run):
    assert request_cancel(run, by=None).status == "cancelled"
    assert execute_run(ImportRun, run.pk, nothing) is None


def test_a_working_run_stops_at_its_next_report(run):
    def work(run, report):
        report(0.2)
        request_cancel(run, by=None)
        report(0.4)
        raise AssertionError("went on")

    done = execute_run(ImportRun, run.pk, work)
    assert (done.status, done.message) == ("cancelled", "Cancelled.")


def test_a_cancelled_run_whose_worker_died_is_not_begun_again(run):
    claim_run(ImportRun, run.pk)
    request_cancel(run, by=None)
    abandon(run)

    def work(run, report):
        raise AssertionError("begun")

    assert execute_run(ImportRun, run.pk, work).status == "cancelled"


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_what_has_ended_cannot_be_cancelled(run, status):
    ImportRun.objects.update(status=status)
    with pytest.raises(Conflict):
        request_cancel(run, by=None)


def test_a_cancelled_run_may_be_tried_again(run):
    request_cancel(run, by=None)
    assert retry_run(run, by=None).cancel_requested is False


# --- sending --------------------------------------------------------------------------------
def test_a_message_is_sent_after_the_commit(run, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(run)
        assert sent == []
    assert sent == [("annotate.run_import", run.pk, "default")]
    run.refresh_from_db()
    assert run.sent_at is not None


def test_what_nobody_heard_of_is_sent_again(run, sent):
    assert resend_due() == 1
    assert resend_due() == 0, "the message was sent just now"
    ImportRun.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
    assert resend_due() == 1
    assert resend_due(starting=True) == 1


def test_what_works_or_has_ended_is_not_sent_again(run, sent):
    claim_run(ImportRun, run.pk)
    assert resend_due(starting=True) == 0
    abandon(run)
    assert resend_due() == 1
    ImportRun.objects.update(status="succeeded")
    assert resend_due(starting=True) == 0


# --- finding --------------------------------------------------------------------------------
def test_a_run_of_any_kind_is_found_by_its_public_id(run):
    assert find_run(run.public_id) == run
    assert find_run(uuid4()) is None
    assert {model.__name__ for model in run_models()} >= {"ImportRun", "CurationRun", "TrainingRun"}


def test_the_latest_runs_come_first(run):
    later = ImportRun.objects.create(project=run.project, filename="b.jsonl")
    ImportRun.objects.create(project=ProjectFactory(), filename="foreign.jsonl")
    assert runs_of(run.project_id) == [later, run]
    assert runs_of(run.project_id, limit=1) == [later]


def test_an_interrupted_run_goes_on_at_the_next_tick(run, sent):
    def stopped(run, report):
        raise RunInterrupted

    execute_run(ImportRun, run.pk, stopped)
    run.refresh_from_db()
    assert (run.status, run.message) == ("running", "Interrupted; it will go on.")
    assert resend_due() == 1
    assert execute_run(ImportRun, run.pk, nothing).status == "succeeded"


def test_who_waits_for_a_run_takes_it_over_from_a_dead_worker(run):
    claim_run(ImportRun, run.pk)
    abandon(run)
    assert perform(run, nothing, poll=0).status == "succeeded"


def test_the_log_of_a_failure_is_kept_for_engineers(run):
    def fail(run, report):
        raise RunFailed("It broke.", log="Traceback …")

    execute_run(ImportRun, run.pk, fail)
    run.refresh_from_db()
    assert (run.error, run.log) == ("It broke.", "Traceback …")
