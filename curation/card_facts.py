"""What the database knows for a dataset card: guidelines, scales, overlap, and who asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import Assignment, Judgment
from curation.exports.card import CardFacts
from curation.models import DatasetVersion

ITEM_KINDS: Mapping[str, tuple[str, ...]] = {
    "preference": ("comparison", "ranking", "rating"),
    "ranking": ("ranking",),
    "stepwise": ("steps",),
    "outcome": ("outcome",),
    "rating": ("rating", "comparison"),
    "classification": ("comparison",),
}
LONGEST = 5_000
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|code|multilingual")


@dataclass(frozen=True, slots=True)
class CardWords:
    """What only the person who exports can say. `license` and `languages` are the Hub's ids."""

    license: str = ""
    languages: tuple[str, ...] = ()
    about_people: str = ""
    limitations: str = ""

    @classmethod
    def parse(
        cls,
        *,
        license: str = "",  # noqa: A002 - the Hub's own name for it
        languages: Iterable[str] = (),
        about_people: str = "",
        limitations: str = "",
    ) -> Self:
        """Raises InvalidInput for what the Hub would not take, and for texts that are too long."""
        words = cls(license.strip(), tuple(languages), about_people.strip(), limitations.strip())
        if words.license and not _LICENSE.fullmatch(words.license):
            raise InvalidInput(
                _("Write the licence as the Hub does, such as cc-by-4.0."), field="license"
            )
        if not all(_LANGUAGE.fullmatch(language) for language in words.languages):
            raise InvalidInput(_("Write languages as codes, such as en or de."), field="languages")
        for name in ("about_people", "limitations"):
            if len(getattr(words, name)) > LONGEST:
                raise InvalidInput(_("This text is too long for a card."), field=name)
        return words

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a row."""
        return asdict(self) | {"languages": list(self.languages)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of ``to_json``."""
        return cls(**{**values, "languages": tuple(values.get("languages", ()))})


def card_facts(dataset: DatasetVersion, words: CardWords, *, repo_id: str = "") -> CardFacts:
    """Everything a card says that does not stand in the version's files."""
    judgments = _judgments(dataset)
    project = dataset.project
    return CardFacts(
        title=project.name,
        name=str(dataset),
        version=f"v{dataset.number}",
        description=project.description,
        license=words.license,
        languages=words.languages,
        guidelines=tuple(sorted(_distinct(judgments, "guideline__number"))),
        scales=tuple(sorted(filter(None, _distinct(judgments, "scale")))),
        origins=_origins(judgments),
        overlap=project.overlap,
        about_people=words.about_people,
        limitations=words.limitations,
        has_simulated=dataset.has_simulated,
        repo_id=repo_id,
    )


def _judgments(dataset: DatasetVersion) -> QuerySet[Judgment]:
    """The work that the version may rest on: of its kinds, and given before it was made."""
    return Judgment.objects.filter(
        assignment__item__project=dataset.project,
        assignment__item__kind__in=ITEM_KINDS.get(dataset.kind, ()),
        created_at__lte=dataset.cutoff_at or dataset.created_at,
    ).exclude(assignment__purpose__in=[Assignment.Purpose.GOLD, Assignment.Purpose.QUALIFICATION])


def _origins(judgments: QuerySet[Judgment]) -> dict[str, int]:
    """Judgments by kind of annotator, kinds sorted."""
    kind = "assignment__annotator__kind"
    counts = judgments.order_by(kind).values_list(kind).annotate(count=Count("pk"))
    return dict(counts)


def _distinct(judgments: QuerySet[Judgment], column: str) -> set[Any]:
    values = judgments.order_by().values_list(column, flat=True).distinct()
    return {value for value in values if value is not None}
