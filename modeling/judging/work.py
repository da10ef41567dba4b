"""The work of a JudgeRun: items in, judgments of a machine annotator out.

It goes batch by batch, so what was done stays where it breaks off; what was asked for a batch that
was never stored is answered from the cache the next time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from django.utils.translation import gettext as _

from annotate.models import Item, User
from annotate.services.machine_judgments import (
    Said,
    record_machine_judgments,
    standing_judgments,
    stands,
)
from annotate.services.machines import machine_annotator
from annotate.services.runs import Reporter, RunFailed
from modeling.core.errors import JudgeError, ModelingError
from modeling.core.judge import FORMS
from modeling.judging.answers import Answered, answered
from modeling.judging.configured import OpenJudge, configured_model, opened
from modeling.judging.questions import (
    NAMESPACE,
    Question,
    annotator_name,
    form_of,
    questions_of,
)
from modeling.judging.report import BUDGET, LIMIT, JudgeReport
from modeling.judging.request import JUDGED_KINDS
from modeling.models import JudgeRun

BATCH = 32
LOOK_SECONDS = 1.0
MOST_REFUSED = 20


def judge(run: JudgeRun, report: Reporter) -> dict[str, Any]:
    """Judge what is not judged yet; the result tells what became of the items, and the cost."""
    items = _items(run)
    try:
        with opened(configured_model(run.model)) as judge_:
            work = _Judging(run, judge_, report, items)
            work.through()
    except ModelingError as error:
        raise RunFailed(str(error)) from error
    return {"judge": run.model, "forms": work.forms, "items": len(items)} | work.result()


def _items(run: JudgeRun) -> dict[int, str]:
    """The project's items with their kinds; gold and items put aside are nobody's to judge."""
    kinds = run.kinds or JUDGED_KINDS
    wanted = Item.objects.filter(project=run.project, kind__in=kinds).askable()
    return dict(wanted.order_by("pk").values_list("pk", "kind"))


class _Judging:
    """One judge at one project's items: asks in threads, writes in this one."""

    def __init__(
        self, run: JudgeRun, judge_: OpenJudge, report: Reporter, items: Mapping[int, str]
    ) -> None:
        self._run, self._judge, self._report = run, judge_, report
        self._items, self._done = list(items), 0
        self._told = JudgeReport()
        self._left = run.limit
        used = sorted({form_of(kind, run) for kind in items.values()})
        self.forms = [FORMS[name].key for name in used]
        self._annotators = {name: _annotator(run.model, name) for name in used}

    def through(self) -> None:
        """Ask about all items, as far as limit and budget reach."""
        pool = ThreadPoolExecutor(self._judge.parallel, thread_name_prefix="judge")
        try:
            for start in range(0, len(self._items), BATCH):
                self._batch(pool, self._items[start : start + BATCH])
        except BaseException:
            self._judge.stop()  # else the threads would go on to their last answer
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def result(self) -> dict[str, Any]:
        """What became of the items."""
        return self._told.to_json(self._judge.judge.usage)

    def _batch(self, pool: ThreadPoolExecutor, items: Sequence[int]) -> None:
        fresh = self._within_limit(self._fresh(questions_of(self._run, items)))
        self._tell(len(items) - len(fresh))
        asked = [pool.submit(self._ask, question) for question in fresh]
        self._wait(asked)
        answers = [one for one in (future.result() for future in asked) if one is not None]
        self._told.unasked += len(asked) - len(answers)
        self._told.add_answers(answers)
        self._store(answers)
        self._check_refusals()

    def _fresh(self, questions: Sequence[Question]) -> list[Question]:
        """Those that this judge has not answered as they stand now."""
        fresh = []
        for name, annotator in self._annotators.items():
            own = [one for one in questions if one.form == name]
            standing = standing_judgments(annotator, [one.item for one in own])
            fresh += [one for one in own if not stands(standing.get(one.item), one.digest)]
        self._told.already += len(questions) - len(fresh)
        return sorted(fresh, key=lambda one: one.item)

    def _within_limit(self, questions: list[Question]) -> list[Question]:
        if self._left is None:
            return questions
        kept = questions[: self._left]
        self._left -= len(kept)
        if len(kept) < len(questions):
            self._told.unasked += len(questions) - len(kept)
            self._told.stopped = LIMIT
        return kept

    def _ask(self, question: Question) -> Answered | None:
        """In a thread; None where the budget is used up. JudgeError where nobody can tell."""
        if self._is_spent():
            self._told.stopped = BUDGET
            return None
        return answered(self._judge.judge, question)

    def _is_spent(self) -> bool:
        budget, usage = self._run.budget, self._judge.judge.usage
        if budget is None or usage.cost is None:
            return False
        if usage.unmetered:
            raise JudgeError(
                "The judge's endpoint does not tell how many tokens it uses, so no budget can be "
                "kept; bound the run by a limit of items instead."
            )
        return usage.cost >= budget

    def _wait(self, asked: Sequence[Future[Answered | None]]) -> None:
        """Until all are answered or one breaks. Raises RunCancelled when the run was cancelled."""
        pending = set(asked)
        while pending:
            done, pending = wait(pending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            self._tell(len(done))

    def _tell(self, more: int) -> None:
        """Report that so many more items are done. Raises RunCancelled."""
        self._done += more
        share = self._done / len(self._items)
        self._report(share, f"{self._done} of {len(self._items)} items")

    def _store(self, answers: Sequence[Answered]) -> None:
        for name, annotator in self._annotators.items():
            own = [one for one in answers if one.question.form == name]
            stored = record_machine_judgments(
                self._run.project,
                list(self._said(own)),
                annotator=annotator,
                untold=[one.question.item for one in own if one.answer is None],
            )
            self._told.add_stored(stored)

    def _said(self, answers: Sequence[Answered]) -> Iterator[Said]:
        """The reason names the model, the form with its version, and what both orders said."""
        for one in answers:
            if one.answer is None:
                continue
            question = one.question
            how = f"{self._run.model}, {FORMS[question.form].key}"
            yield Said(
                question.item,
                one.answer,
                question.digest,
                f"{how}: {one.orders}" if one.orders else how,
                scale=one.scale,
                n_responses=len(question.responses),
            )

    def _check_refusals(self) -> None:
        """A model that takes no request at all is set up wrongly."""
        usage = self._judge.judge.usage
        if usage.refused >= MOST_REFUSED and not usage.requests and not usage.cached:
            reason = next(iter(usage.failures))
            raise RunFailed(_("The judge takes no request: %(reason)s.") % {"reason": reason})


def _annotator(model: str, form: str) -> User:
    return machine_annotator(NAMESPACE, annotator_name(model, form))
