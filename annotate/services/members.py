"""Who belongs to a project: invitations, roles, and the door that qualification keeps."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Invitation, KnownAnswer, Membership, Project, User
from annotate.services.projects import record
from annotate.texts import sha256

MAX_USES = 1_000
MAX_DAYS = 90
SECRET_BYTES = 24
MANAGER = Membership.Role.MANAGER


class InvitationClosed(Conflict):
    """A link that was right once and lets nobody in any more."""

    code = "invitation_closed"


@transaction.atomic
def invite(
    project: Project, *, role: str, max_uses: int = 1, days: int = 7, by: User | None
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is told once and stored as a hash only."""
    _check_role(role)
    if not 1 <= max_uses <= MAX_USES:
        raise InvalidInput(_("A link lets in 1 to %(n)d people.") % {"n": MAX_USES})
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(_("A link works for 1 to %(n)d days.") % {"n": MAX_DAYS})
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        digest=sha256(secret),
        max_uses=max_uses,
        expires_at=timezone.now() + timedelta(days=days),
        created_by=by,
    )
    record(
        "invitation.create",
        by=by,
        project=project,
        subject=str(invitation.public_id),
        role=role,
        max_uses=max_uses,
        days=days,
    )
    return invitation, secret


def find_invitation(secret: str) -> Invitation | None:
    """The invitation that a link's secret belongs to, closed ones too."""
    return Invitation.objects.select_related("project").filter(digest=sha256(secret)).first()


def closed_because(invitation: Invitation) -> str:
    """Why a link lets nobody in any more, as a sentence; empty while it does."""
    if invitation.revoked_at is not None:
        return _("This invitation was withdrawn. Ask a manager of the project for a new one.")
    if invitation.expires_at <= timezone.now():
        day = date_format(invitation.expires_at, "DATE_FORMAT")
        return _(
            "This invitation expired on %(day)s. Ask a manager of the project for a new one."
        ) % {"day": day}
    if invitation.uses >= invitation.max_uses:
        return _("This invitation is used up. Ask a manager of the project for a new one.")
    return ""


@transaction.atomic
def accept_invitation(invitation: Invitation, *, user: User) -> Membership:
    """Make ``user`` a member by a link; who is a member already stays what they are.

    Two people at once never exceed the link's uses: each takes one by a conditional update.
    Raises InvitationClosed where none is left, or the link expired or was withdrawn.
    """
    # a second click waits here, and finds the membership that the first one made
    Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    held = Membership.objects.filter(project=invitation.project, user=user).first()
    if held is not None:
        return held
    _take_use(invitation)
    membership = Membership.objects.create(
        project=invitation.project, user=user, role=invitation.role
    )
    record(
        "invitation.accept",
        by=user,
        project=invitation.project,
        subject=str(invitation.public_id),
        role=invitation.role,
    )
    return membership


def _take_use(invitation: Invitation) -> None:
    working = Invitation.objects.filter(
        pk=invitation.pk,
        uses__lt=F("max_uses"),
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    taken = working.update(uses=F("uses") + 1)
    if not taken:
        invitation.refresh_from_db()
        raise InvitationClosed(closed_because(invitation))


@transaction.atomic
def join_with_account(invitation: Invitation, *, username: str, password: str) -> User:
    """A new account that is a member by a link; without a use left, no account is made."""
    user = User.objects.create_user(username, password=password)
    accept_invitation(invitation, user=user)
    return user


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: User | None) -> None:
    """Let nobody in by this link any more; twice is as good as once."""
    working = Invitation.objects.filter(pk=invitation.pk, revoked_at=None)
    if working.update(revoked_at=timezone.now()):
        subject = str(invitation.public_id)
        record("invitation.revoke", by=by, project=invitation.project, subject=subject)


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: User | None) -> Membership:
    """Give a member another role. Raises Conflict where the last manager would step down."""
    _check_role(role)
    if role == membership.role:
        return membership
    if role != MANAGER:
        _keep_a_manager(membership)
    was, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(
        "member.role",
        by=by,
        project=membership.project,
        subject=membership.user.get_username(),
        was=was,
        role=role,
    )
    return membership


@transaction.atomic
def remove_member(membership: Membership, *, by: User | None) -> None:
    """Take somebody out; what they judged stays. Raises Conflict for the last manager."""
    _keep_a_manager(membership)
    subject = membership.user.get_username()
    record("member.remove", by=by, project=membership.project, subject=subject)
    membership.delete()


@transaction.atomic
def requalify(membership: Membership, *, admit: bool = False, by: User | None) -> Membership:
    """Give a second chance at the qualification, or let somebody in by hand.

    The second chance is a new attempt with items the person has not seen: Conflict where no such
    item is left.
    """
    if not admit:
        _check_fresh_items(membership)
        membership.qualification_attempt += 1
    membership.disqualified_at = None
    membership.qualified_at = timezone.now() if admit else None
    membership.save(update_fields=["qualified_at", "disqualified_at", "qualification_attempt"])
    record(
        "member.admit" if admit else "member.requalify",
        by=by,
        project=membership.project,
        subject=membership.user.get_username(),
    )
    return membership


def _check_fresh_items(membership: Membership) -> None:
    known = KnownAnswer.objects.filter(item__project=membership.project_id, is_qualification=True)
    given = Assignment.objects.filter(item=OuterRef("item"), annotator=membership.user_id)
    if not known.filter(~Exists(given)).exists():
        raise Conflict(
            _(
                "No qualification item is left that %(name)s has not seen: "
                "mark more items for the qualification, or admit by hand."
            )
            % {"name": membership.user.get_username()}
        )


def _check_role(role: str) -> None:
    if role not in Membership.Role.values:
        known = ", ".join(Membership.Role.values)
        raise InvalidInput(_("role must be one of %(known)s.") % {"known": known}, field="role")


def _keep_a_manager(membership: Membership) -> None:
    """The project's row is locked, so that two managers cannot leave at once."""
    project = Project.objects.select_for_update(no_key=True).get(pk=membership.project_id)
    others = project.memberships.filter(
        role=MANAGER, user__kind=User.Kind.PERSON, user__is_active=True
    ).exclude(pk=membership.pk)
    if membership.role == MANAGER and not others.exists():
        raise Conflict(_("A project keeps at least one manager: make somebody else one first."))
