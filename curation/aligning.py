"""Which of an item's responses is which of some other texts, so that answers can be read there.

Items that ask the same may hold the responses in another order, and a dataset's row may hold but
some of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from annotate.answers import Answer, RatingAnswer, to_shown
from curation.core.dedupe import normalise_text
from curation.core.text import repair_text


def places_of(texts: Sequence[str], wanted: Sequence[str]) -> list[int | None]:
    """For each wanted text, where among an item's texts it stands; None where it is not there.

    Texts are the same as datasets take them for it. One that stands twice is found twice.
    """
    free: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        free.setdefault(_same(text), []).append(place)
    return [left.pop(0) if (left := free.get(_same(text))) else None for text in wanted]


def aligned(answer: Answer, places: Sequence[int | None]) -> Answer:
    """A stored-order answer with the wanted responses first, in their order, then the others.

    Ratings keep the values of the wanted responses alone. Where none of them is the item's, the
    answer stays as it is.
    """
    found = [place for place in places if place is not None]
    if not found:
        return answer
    if isinstance(answer, RatingAnswer):
        kept = {
            aspect: tuple(row[place] for place in found) for aspect, row in answer.ratings.items()
        }
        return RatingAnswer(kept, answer.rationale)
    size = _size(answer)
    return to_shown(answer, [*found, *(place for place in range(size) if place not in found)])


def _size(answer: Answer) -> int:
    """How many responses an answer speaks of."""
    tiers = getattr(answer, "tiers", None)
    return 2 if tiers is None else sum(map(len, tiers))


def _same(text: str) -> str:
    return normalise_text(repair_text(text))
