"""The annotators that an import's labels name, in the namespace of their source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from annotate.importers.records import ItemRecord, LabelRecord
from annotate.models import User
from annotate.services.machines import new_machine
from annotate.texts import canonical_json, sha256

UNATTRIBUTED = "unattributed"


class Who(NamedTuple):
    """An annotator as a file knows them."""

    kind: str
    source: str
    name: str

    @classmethod
    def of(cls, row: ItemRecord, label: LabelRecord) -> Who:
        """Of one label; what a program made is its own, without a name if the file has none."""
        if label.machine:
            source = f"{label.machine}:{row.source}"[:200]
            return cls(User.Kind.MACHINE, source, (label.annotator or "")[:200])
        name = label.annotator or UNATTRIBUTED
        return cls(User.Kind.IMPORTED, row.source[:200], name[:200])


def annotators_of(labels: Iterable[tuple[ItemRecord, LabelRecord]]) -> dict[Who, User]:
    """The annotators of these labels, made where they are not there yet."""
    wanted = {Who.of(row, label): label.positional for row, label in labels}
    present = _present(wanted)
    fresh = [
        _new(who, is_positional=positional)
        for who, positional in wanted.items()
        if who not in present
    ]
    User.objects.bulk_create(fresh, ignore_conflicts=True)
    return _present(wanted) if fresh else present


def _present(wanted: Iterable[Who]) -> dict[Who, User]:
    kinds, sources = {who.kind for who in wanted}, {who.source for who in wanted}
    users = User.objects.filter(kind__in=kinds, source__in=sources)
    return {Who(user.kind, user.source, user.external_id): user for user in users}


def _new(who: Who, *, is_positional: bool) -> User:
    if who.kind == User.Kind.MACHINE:
        return new_machine(who.source, who.name)
    user = User(
        username=f"imported-{sha256(canonical_json([who.source, who.name]))[:40]}",
        kind=User.Kind.IMPORTED,
        source=who.source,
        external_id=who.name,
        is_positional=is_positional or who.name == UNATTRIBUTED,
        is_active=False,
    )
    user.set_unusable_password()
    return user
