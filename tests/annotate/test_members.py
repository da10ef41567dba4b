"""Invitations, roles and the door of qualification."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from annotate.answers import parse_answer
from annotate.errors import Conflict, InvalidInput
from annotate.models import AuditEvent, Invitation, Judgment, KnownAnswer, Membership, User
from annotate.services import (
    accept_invitation,
    change_role,
    claim_assignment,
    invite,
    join_with_account,
    remove_member,
    requalify,
    revoke_invitation,
    submit_judgment,
)
from annotate.services.members import InvitationClosed, find_invitation
from tests.annotate.queueing import open_items
from tests.annotate.test_queue_threads import in_threads, shared_database
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    UserFactory,
    make_annotator,
    make_item,
)

pytestmark = pytest.mark.django_db
__all__ = ["shared_database"]
ANSWER = {"choice": "left", "strength": 1}


@pytest.fixture
def project():
    return ProjectFactory()


@pytest.fixture
def manager(project):
    return make_annotator(project, role="manager")


def invited(project, **changes):
    return invite(project, **({"role": "annotator", "by": None} | changes))


def membership(project, user):
    return Membership.objects.get(project=project, user=user)


def test_a_link_is_stored_as_a_hash_and_found_by_its_secret(project):
    invitation, secret = invited(project)
    assert len(secret) >= 32
    assert secret not in str(Invitation.objects.values_list().get())
    assert find_invitation(secret) == invitation
    assert find_invitation(secret + "x") is None


def test_the_audit_holds_no_secret(project, manager):
    _, secret = invited(project, by=manager)
    assert secret not in str(list(AuditEvent.objects.values_list()))


@pytest.mark.parametrize("role", ["annotator", "reviewer", "manager"])
def test_accepting_makes_a_member_with_the_links_role(project, role):
    invitation, _ = invited(project, role=role)
    accept_invitation(invitation, user=UserFactory())
    assert Membership.objects.get(project=project).role == role


@pytest.mark.parametrize(
    "wrong", [{"role": "owner"}, {"max_uses": 0}, {"max_uses": 1_001}, {"days": 0}, {"days": 91}]
)
def test_a_link_that_makes_no_sense_is_refused(project, wrong):
    with pytest.raises(InvalidInput):
        invited(project, **wrong)


def test_a_link_lets_in_as_many_as_it_says(project):
    invitation, _ = invited(project, max_uses=2)
    for _n in range(2):
        accept_invitation(invitation, user=UserFactory())
    with pytest.raises(InvitationClosed, match="used up"):
        accept_invitation(invitation, user=UserFactory())
    assert project.memberships.count() == 2


def test_a_stale_copy_of_an_invitation_lets_nobody_in(project):
    invitation, secret = invited(project)
    stale = find_invitation(secret)
    accept_invitation(invitation, user=UserFactory())
    with pytest.raises(InvitationClosed):
        accept_invitation(stale, user=UserFactory())


def test_people_who_accept_at_once_never_exceed_the_links_uses(shared_database):
    def prepare():
        invitation, secret = invite(ProjectFactory(), role="annotator", max_uses=2, by=None)
        return invitation.pk, secret, [UserFactory().pk for _ in range(5)]

    def accept(person):
        with contextlib.suppress(InvitationClosed):
            accept_invitation(find_invitation(secret), user=User.objects.get(pk=person))

    def outcome():
        invitation = Invitation.objects.get(pk=pk)
        return invitation.uses, invitation.project.memberships.count()

    ((pk, secret, people),) = in_threads(prepare)
    in_threads(*(partial(accept, person) for person in people))
    assert in_threads(outcome) == [(2, 2)]


def test_an_expired_link_explains_itself(project):
    invitation, _ = invited(project)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationClosed, match="expired on"):
        accept_invitation(invitation, user=UserFactory())


def test_a_withdrawn_link_explains_itself(project, manager):
    invitation, _ = invited(project)
    revoke_invitation(invitation, by=manager)
    revoke_invitation(invitation, by=manager)
    with pytest.raises(InvitationClosed, match="withdrawn"):
        accept_invitation(invitation, user=UserFactory())
    assert AuditEvent.objects.filter(action="invitation.revoke").count() == 1


def test_a_member_who_follows_a_link_stays_what_they_are_and_takes_no_use(project, manager):
    invitation, _ = invited(project)
    accept_invitation(invitation, user=manager)
    invitation.refresh_from_db()
    assert invitation.uses == 0
    assert membership(project, manager).role == "manager"


def test_without_a_use_left_no_account_is_made(project):
    invitation, _ = invited(project)
    join_with_account(invitation, username="first", password="a long enough password")
    with pytest.raises(InvitationClosed):
        join_with_account(invitation, username="second", password="a long enough password")
    assert not User.objects.filter(username="second").exists()


def test_a_role_is_changed_and_written_down(project, manager):
    member = MembershipFactory(project=project)
    change_role(member, role="reviewer", by=manager)
    member.refresh_from_db()
    assert member.role == "reviewer"
    assert AuditEvent.objects.get(action="member.role").detail == {
        "was": "annotator",
        "role": "reviewer",
    }


def test_the_last_manager_neither_steps_down_nor_leaves(project, manager):
    only = membership(project, manager)
    with pytest.raises(Conflict, match="at least one manager"):
        change_role(only, role="annotator", by=manager)
    with pytest.raises(Conflict, match="at least one manager"):
        remove_member(only, by=manager)


def test_an_account_that_cannot_sign_in_is_no_manager_to_leave_behind(project, manager):
    make_annotator(project, role="manager", is_active=False)
    with pytest.raises(Conflict):
        remove_member(membership(project, manager), by=manager)


def test_a_second_manager_may_leave(project, manager):
    other = make_annotator(project, role="manager")
    remove_member(membership(project, other), by=manager)
    assert list(project.memberships.all()) == [membership(project, manager)]


def test_what_somebody_judged_stays_when_they_are_removed(project, manager):
    worker = make_annotator(project)
    open_items(project, 1)
    lease = claim_assignment(project, by=worker)
    answer = parse_answer(ANSWER, lease.item.shape())
    submit_judgment(lease, answer=answer, fence=lease.fence, idempotency_key="k", by=worker)
    remove_member(membership(project, worker), by=manager)
    assert Judgment.objects.count() == 1


def test_a_second_chance_is_a_new_attempt(project, manager):
    KnownAnswer.objects.create(item=make_item(project), answer=ANSWER, is_qualification=True)
    member = MembershipFactory(project=project, disqualified_at=timezone.now())
    requalify(member, by=manager)
    member.refresh_from_db()
    assert (member.disqualified_at, member.qualified_at) == (None, None)
    assert member.qualification_attempt == 1


def test_a_second_chance_needs_an_item_the_person_has_not_seen(project, manager):
    (item,), round_ = open_items(project, 1)
    KnownAnswer.objects.create(item=item, answer=ANSWER, is_qualification=True)
    member = MembershipFactory(project=project, disqualified_at=timezone.now())
    round_.assignments.update(annotator=member.user, status="withdrawn")
    with pytest.raises(Conflict, match="has not seen"):
        requalify(member, by=manager)
    assert Membership.objects.get(pk=member.pk).disqualified_at is not None


def test_somebody_can_be_admitted_by_hand(project, manager):
    member = MembershipFactory(project=project, disqualified_at=timezone.now())
    requalify(member, admit=True, by=manager)
    member.refresh_from_db()
    assert member.disqualified_at is None
    assert member.qualified_at is not None
