"""What people are called on the pages of those who look at their work."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, OuterRef
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotate.access import role_in
from annotate.models import Assignment, Membership, Project, User

FIRST, NUMBERS = 1_000, 9_000


def annotator_names(project: Project, viewer: User) -> dict[int, str]:
    """A name for everybody who is or was at work in a project, by user id.

    Managers see user names, and so do reviewers unless the project hides them: then everybody but
    the viewer is "Annotator" and a number of four digits. The number follows from the account and
    the installation's secret key, so it stays the same from page to page, differs between
    projects, and tells neither who somebody is nor when they joined.
    """
    people = dict(_people(project))
    if not project.hide_names or role_in(viewer, project) == Membership.Role.MANAGER:
        return people
    names = {
        pk: _("Annotator %(number)s") % {"number": number}
        for pk, number in _numbers(project, people).items()
    }
    return names | {pk: name for pk, name in people.items() if pk == viewer.pk}


def _people(project: Project) -> list[tuple[int, str]]:
    own = OuterRef("pk")
    is_member = Exists(Membership.objects.filter(project=project, user=own))
    has_worked = Exists(Assignment.objects.filter(item__project=project, annotator=own))
    people = User.objects.filter(is_member | has_worked).order_by("pk")
    return list(people.values_list("pk", "username"))


def _numbers(project: Project, people: Mapping[int, str]) -> dict[int, int]:
    """Two accounts that fall on one number: the later one takes the next that is free."""
    numbers: dict[int, int] = {}
    taken: set[int] = set()
    for pk in people:
        digest = salted_hmac("annotate.naming", f"{project.pk}:{pk}").digest()
        place = int.from_bytes(digest[:8], "big")
        while (number := FIRST + place % NUMBERS) in taken and len(taken) < NUMBERS:
            place += 1
        taken.add(number)
        numbers[pk] = number
    return numbers
