"""Verifiers as annotators: what they say of outcome items becomes judgments of a program.

Such judgments have the purpose ``machine``: they fill no slot and count as nobody's opinion. Doing
it again adds nothing; an item whose texts or whose pattern have changed gets a new revision, and
one that can no longer be told has its judgment withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotate.answers import OutcomeAnswer
from annotate.errors import InvalidInput
from annotate.models import Item, Project, User, VerificationRun
from annotate.services.machine_judgments import (
    MOST_REASON,
    Said,
    record_machine_judgments,
    standing_judgments,
    stands,
)
from annotate.services.machines import machine_annotator
from annotate.services.projects import record
from annotate.services.runs import Reporter, RunFailed, enqueue
from annotate.texts import canonical_json, sha256
from annotate.verifiers import Ask, Question, Suggestion, VerifierError, opened
from annotate.verifiers.regex import PatternError, compiled

NAMESPACE = "verifier"
NO_REFERENCE = "no reference"
BATCH = 100
MOST_CHARACTERS = {"math": 20_000, "regex": 200_000, "exact": 1_000_000}
Verifier = VerificationRun.Verifier


@dataclass
class VerificationReport:
    """What became of the outcome items.

    ``judgments`` are new, ``revised`` were made again because what is compared has changed,
    ``already`` were there, ``undecided`` have none that stands, for ``reasons``; together these are
    all items. ``withdrawn`` are the undecided ones that had a judgment until now.
    """

    judgments: int = 0
    revised: int = 0
    withdrawn: int = 0
    already: int = 0
    undecided: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def leave_undecided(self, reason: str) -> None:
        """Count an item that stays without a judgment."""
        self.undecided += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def request_verification(
    project: Project, *, verifier: str, by: User | None, pattern: str = ""
) -> VerificationRun:
    """Queue a verification. Raises InvalidInput for a verifier or pattern that cannot be used."""
    check_verifier(verifier, pattern)
    with transaction.atomic():
        run = VerificationRun.objects.create(
            project=project,
            verifier=verifier,
            pattern=pattern,
            requested_by=by,
            message="Waiting.",
        )
        record("outcomes.verify", by=by, project=project, subject=verifier, pattern=pattern)
        enqueue(run)
    return run


def verify(run: VerificationRun, report: Reporter) -> dict[str, Any]:
    """The work of a VerificationRun."""

    def progress(done: int, of: int) -> None:
        report(done / of, f"{done} of {of} items")

    made = verify_outcomes(
        run.project, verifier=run.verifier, pattern=run.pattern, progress=progress
    )
    return asdict(made)


def check_verifier(verifier: str, pattern: str) -> None:
    """Raises InvalidInput where the verifier is unknown or not installed, or the pattern wrong."""
    if verifier not in Verifier.values:
        known = ", ".join(Verifier.values)
        raise InvalidInput(_("The verifiers are %(known)s.") % {"known": known}, field="verifier")
    if verifier == Verifier.MATH and find_spec("math_verify") is None:
        text = _("Install the verifier first: pip install 'tiebreak[math]'.")
        raise InvalidInput(text, field="verifier")
    if verifier != Verifier.REGEX and pattern:
        text = _("Only the regular expression takes a pattern.")
        raise InvalidInput(text, field="pattern")
    if verifier == Verifier.REGEX:
        try:
            compiled(pattern)
        except PatternError as error:
            raise InvalidInput(str(error), field="pattern") from error


def verify_outcomes(
    project: Project,
    *,
    verifier: str,
    pattern: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> VerificationReport:
    """Let a verifier judge the project's outcome items, gold ones aside.

    Judgments are stored batch by batch, so what was done stays where it breaks off. ``progress``
    is told how many items of how many are done.
    """
    check_verifier(verifier, pattern)
    checks = Q(known__is_gold=True) | Q(known__is_qualification=True)
    wanted = Item.objects.filter(project=project, kind=Item.Kind.OUTCOME).exclude(checks)
    items = list(wanted.order_by("pk").values_list("pk", flat=True))
    report = VerificationReport()
    try:
        with opened(verifier, pattern=pattern) as ask:
            work = _Verification(project, verifier, pattern, ask, report)
            for start in range(0, len(items), BATCH):
                work.judge(items[start : start + BATCH])
                if progress is not None:
                    progress(min(start + BATCH, len(items)), len(items))
    except VerifierError as error:
        raise RunFailed(_("The verifier does not run."), log=str(error)) from error
    return report


class _Verification:
    """One verifier at a project's items: asks outside of transactions, then writes."""

    def __init__(
        self, project: Project, verifier: str, pattern: str, ask: Ask, report: VerificationReport
    ) -> None:
        self._project, self._verifier, self._pattern = project, verifier, pattern
        self._ask, self._report = ask, report
        self._annotator = machine_annotator(NAMESPACE, verifier)

    def judge(self, items: Collection[int]) -> None:
        """Ask about those of a batch that are new or have changed, and store what is said."""
        questions = self._questions(items)
        standing = standing_judgments(self._annotator, items)
        digests = {one.id: self._digest(one) for one in questions}
        fresh = [one for one in questions if not stands(standing.get(one.id), digests[one.id])]
        told = [self._ask(one) for one in fresh if one.reference.strip()]
        told += [
            Suggestion(one.id, None, NO_REFERENCE) for one in fresh if not one.reference.strip()
        ]
        self._report.already += len(questions) - len(fresh)
        self._store(told, digests)

    def _questions(self, items: Collection[int]) -> list[Question]:
        most = MOST_CHARACTERS[self._verifier]
        return [
            Question(
                item.pk,
                item.prompt.reference[-most:],
                item.ordered_responses()[0].content[-most:],
            )
            for item in Item.objects.filter(pk__in=items).with_texts().order_by("pk")
        ]

    def _digest(self, question: Question) -> str:
        """The identity of what is compared, and by which rule."""
        parts = [self._verifier, self._pattern, question.reference, question.response]
        return sha256(canonical_json(parts))

    def _store(self, told: Sequence[Suggestion], digests: dict[int, str]) -> None:
        unsure = [one for one in told if one.correct is None]
        for one in unsure:
            self._report.leave_undecided(one.detail)
        stored = record_machine_judgments(
            self._project,
            [self._said(one, digests[one.id]) for one in told if one.correct is not None],
            annotator=self._annotator,
            untold=[one.id for one in unsure],
        )
        self._report.judgments += stored.judgments
        self._report.revised += stored.revised
        self._report.withdrawn += stored.withdrawn
        self._report.already += stored.already

    def _said(self, told: Suggestion, digest: str) -> Said:
        """The reason says what was compared, and how it was found."""
        found_by = f" (pattern {self._pattern})" if self._pattern else ""
        return Said(
            told.id,
            OutcomeAnswer(bool(told.correct)),
            digest,
            told.detail[: MOST_REASON - len(found_by)] + found_by,
            scale=self._verifier,
        )
