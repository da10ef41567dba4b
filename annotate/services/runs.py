"""Runs: asking for background work, claiming it, keeping it alive and ending it.

Messages carry an id only and may come twice, late or never: the row decides. A worker claims a
run by a conditional update with a lease, renews the lease while it works, and ``resend_due``
sends anew whatever is pending or was abandoned.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from annotate.errors import Conflict, TiebreakError
from annotate.models import Run, User

logger = logging.getLogger(__name__)
Status = Run.Status
RunType = TypeVar("RunType", bound=Run)
RESEND_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 5
MAX_LOG = 20_000


class RunFailed(TiebreakError):
    """Work that cannot be done; the message tells people what to do, ``log`` tells engineers."""

    code = "run_failed"

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class RunCancelled(Exception):
    """Somebody asked for the run to stop."""


class RunInterrupted(Exception):
    """The work was stopped from outside, with nobody's wish to cancel it: it will go on."""


def run_models() -> list[type[Run]]:
    """Every kind of run in the installed apps."""
    return [model for model in apps.get_models() if issubclass(model, Run)]


def find_run(public_id: UUID) -> Run | None:
    """The run with this public id, whatever its kind."""
    for model in run_models():
        run = model._default_manager.filter(public_id=public_id).first()
        if run is not None:
            return run
    return None


def enqueue(run: Run) -> None:
    """Send the run's id to its queue once the transaction has committed."""
    transaction.on_commit(lambda: _send(run))


def _send(run: Run) -> None:
    """A broker that is down costs no request: the row waits, and ``resend_due`` sends it later."""
    try:
        current_app.send_task(run.task_name, args=[run.pk], queue=run.queue)
    except (OperationalError, OSError):
        logger.exception("run %s could not be sent; it will be sent again", run.public_id)
    else:
        type(run)._default_manager.filter(pk=run.pk).update(sent_at=timezone.now())


def resend_due(*, starting: bool = False) -> int:
    """Send again what is pending and unheard of, or running with a lease that ran out.

    ``starting`` marks a worker's first look: then everything that is due is sent at once, since
    the messages sent before may be gone with the broker.
    """
    now = timezone.now()
    unheard = Q(sent_at__isnull=True) | Q(sent_at__lte=now - RESEND_AFTER)
    pending = Q(status=Status.PENDING) & (Q() if starting else unheard)
    unsent = unheard | Q(sent_at__lte=F("lease_until"))
    abandoned = Q(status=Status.RUNNING, lease_until__lte=now) & (Q() if starting else unsent)
    sent = 0
    for model in run_models():
        for run in model._default_manager.filter(pending | abandoned):
            _send(run)
            sent += 1
    return sent


def request_cancel(run: Run, *, by: User | None) -> Run:
    """Cancel a run: at once while it waits, at its next sign of life while it works."""
    model = type(run)
    now = timezone.now()
    waiting = model._default_manager.filter(pk=run.pk, status=Status.PENDING)
    if not waiting.update(status=Status.CANCELLED, finished_at=now, message="Cancelled."):
        working = model._default_manager.filter(pk=run.pk, status=Status.RUNNING)
        if not working.update(cancel_requested=True):
            raise Conflict(_("This run has ended already."))
    logger.info("run %s cancelled by %s", run.public_id, by)
    run.refresh_from_db()
    return run


def retry_run(run: Run, *, by: User | None) -> Run:
    """Put a failed or cancelled run back in its queue."""
    again = type(run)._default_manager.filter(
        pk=run.pk, status__in=[Status.FAILED, Status.CANCELLED]
    )
    if not again.update(
        status=Status.PENDING,
        error="",
        message="Waiting.",
        progress=0,
        result={},
        attempts=0,
        cancel_requested=False,
        finished_at=None,
        lease_until=None,
        sent_at=None,
    ):
        raise Conflict(_("Only a failed or cancelled run can be tried again."))
    run.refresh_from_db()
    enqueue(run)
    logger.info("run %s retried by %s", run.public_id, by)
    return run


def claim_run(model: type[RunType], pk: int) -> RunType | None:
    """Take a due run; None where another worker has it or nothing is left to do."""
    now = timezone.now()
    due = Q(status=Status.PENDING) | Q(status=Status.RUNNING, lease_until__lte=now)
    row = model._default_manager.filter(pk=pk).first()
    if row is None:
        return None
    claimed = model._default_manager.filter(due, pk=pk, attempts=row.attempts).update(
        status=Status.RUNNING,
        worker=_worker_name(),
        attempts=row.attempts + 1,
        heartbeat_at=now,
        lease_until=now + _lease(),
        started_at=row.started_at or now,
        error="",
    )
    if not claimed:
        return None
    row.refresh_from_db()
    return row


def _worker_name() -> str:
    """Names one claim of one process, so that a worker thought dead cannot speak for its heir."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"


def _lease() -> timedelta:
    return timedelta(seconds=settings.RUN_LEASE_SECONDS)


def execute_run(
    model: type[RunType], pk: int, work: Callable[[RunType, Reporter], dict[str, Any]]
) -> RunType | None:
    """Claim a run, do the work under a heartbeat, and write down how it ended.

    A known error ends the run ``failed`` with its sentence; an unknown one is logged as well. Five
    abandoned attempts are the end too: a run that kills its worker must not kill it for ever.
    """
    run = claim_run(model, pk)
    if run is None:
        return None
    if run.attempts > MAX_ATTEMPTS:
        return _finish(
            run,
            Status.FAILED,
            error=f"Given up after {MAX_ATTEMPTS} attempts that "
            "ended without a word: see the worker's log, then retry.",
        )
    with _heartbeat(run) as reporter:
        try:
            reporter.check()
            result = work(run, reporter)
        except RunCancelled:
            return _finish(run, Status.CANCELLED, message="Cancelled.")
        except RunInterrupted:
            return _release(run)
        except TiebreakError as error:
            log = error.log if isinstance(error, RunFailed) else ""
            return _finish(run, Status.FAILED, error=str(error), log=log)
        except Exception as error:
            logger.exception("run %s failed", run.public_id)
            sentence = f"Unexpected {type(error).__name__}: {error}"
            return _finish(run, Status.FAILED, error=sentence, log=traceback.format_exc())
    return _finish(run, Status.SUCCEEDED, message="Done.", progress=1.0, result=result)


def _release(run: RunType) -> RunType:
    """End the lease at once, so that the next tick sends the run again."""
    own = type(run)._default_manager.filter(pk=run.pk, worker=run.worker)
    own.update(lease_until=timezone.now(), message="Interrupted; it will go on.")
    run.refresh_from_db()
    return run


def _finish(run: RunType, status: str, **values: Any) -> RunType:
    """End the run unless another worker has taken it over in the meantime."""
    own = type(run)._default_manager.filter(pk=run.pk, worker=run.worker)
    if "log" in values:
        values["log"] = str(values["log"])[-MAX_LOG:]
    own.update(status=status, finished_at=timezone.now(), lease_until=timezone.now(), **values)
    run.refresh_from_db()
    return run


class Reporter:
    """A working run's line to its row."""

    def __init__(self, run: Run) -> None:
        self._rows = type(run)._default_manager.filter(
            pk=run.pk, worker=run.worker, status=Status.RUNNING
        )

    def __call__(self, fraction: float, message: str = "") -> None:
        """Report progress from 0 to 1. Raises RunCancelled when the run was cancelled or lost."""
        values: dict[str, Any] = {"progress": min(max(fraction, 0.0), 1.0)}
        if message:
            values["message"] = message[:300]
        self._rows.update(**values)
        self.check()

    def check(self) -> None:
        """Raises RunCancelled when somebody cancelled the run or another worker took it over."""
        if self._rows.values_list("cancel_requested", flat=True).first() is not False:
            raise RunCancelled

    def beat(self) -> None:
        """Renew the lease."""
        now = timezone.now()
        self._rows.update(heartbeat_at=now, lease_until=now + _lease())


@contextmanager
def _heartbeat(run: Run) -> Iterator[Reporter]:
    """A thread that renews the run's lease until the work has ended."""
    reporter, stop = Reporter(run), threading.Event()

    def beat() -> None:
        while not stop.wait(settings.RUN_LEASE_SECONDS / 3):
            try:
                reporter.beat()
            except Exception:
                logger.exception("heartbeat of run %s failed; trying again", run.public_id)
        close_old_connections()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield reporter
    finally:
        stop.set()
        thread.join()


def runs_of(project_id: int, *, limit: int = 20) -> list[Run]:
    """The project's latest runs of every kind, newest first."""
    rows: list[Run] = []
    for model in run_models():
        latest: QuerySet[Run] = model._default_manager.filter(project_id=project_id)
        rows += list(latest.order_by("-created_at")[:limit])
    return sorted(rows, key=lambda run: run.created_at, reverse=True)[:limit]


def perform(
    run: RunType, work: Callable[[RunType, Reporter], dict[str, Any]], *, poll: float = 0.5
) -> RunType:
    """Do a run's work here and now; where a worker was faster, wait for it instead.

    Raises RunFailed with the run's own sentence when it does not succeed.
    """
    execute_run(type(run), run.pk, work)
    run.refresh_from_db()
    while not run.is_finished:
        time.sleep(poll)
        execute_run(type(run), run.pk, work)  # takes over where that worker has died
        run.refresh_from_db()
    if run.status != Status.SUCCEEDED:
        raise RunFailed(run.error or "The run was cancelled.")
    return run
