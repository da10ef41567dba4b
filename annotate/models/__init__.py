"""The rows of annotation, one file each."""

from annotate.models.assignment import Assignment
from annotate.models.audit import AuditEvent
from annotate.models.item import Item, ItemResponse, KnownAnswer, Verdict
from annotate.models.judgment import Judgment, JudgmentRevision
from annotate.models.membership import Invitation, Membership
from annotate.models.project import GuidelineVersion, Project
from annotate.models.prompt import Prompt, Response, ResponseSource
from annotate.models.round import Round, RoundCursor, RoundItem
from annotate.models.run import ImportRun, Run, VerificationRun
from annotate.models.user import User
from annotate.models.workday import WorkDay

__all__ = [
    "Assignment",
    "AuditEvent",
    "GuidelineVersion",
    "ImportRun",
    "Invitation",
    "Item",
    "ItemResponse",
    "Judgment",
    "JudgmentRevision",
    "KnownAnswer",
    "Membership",
    "Project",
    "Prompt",
    "Response",
    "ResponseSource",
    "Round",
    "RoundCursor",
    "RoundItem",
    "Run",
    "User",
    "Verdict",
    "VerificationRun",
    "WorkDay",
]
