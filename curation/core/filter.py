"""What to leave out, and the one reason for each row that is left out.

Every filter returns a mask over the rows, true for what should go. `first_reason` puts the masks
of a recipe together, in the order in which its steps are taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curation.core.columns import Column, Ints, Mask, numbers, require_length
from curation.core.dedupe.exact import normalise_text
from curation.core.errors import CurationError

Unit: TypeAlias = Literal["characters", "words"]

KEPT = ""

# Scripts written without spaces: each character counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}\U00020000-\U0003ffff]|[^\\W{_UNSPACED}\U00020000-\U0003ffff]+")


def text_lengths(texts: Sequence[str], unit: Unit = "characters") -> Ints:
    """Length of each text in characters (code points) or words, shape (n,).

    A word is a run of letters, digits and underscores; in scripts without spaces (Chinese,
    Japanese, Thai, Lao, Burmese, Khmer) each character. Raises CurationError for another unit.
    """
    return np.array(list(map(_measure(unit), texts)), dtype=np.intp)


def below(values: Column, minimum: float, *, drop_unknown: bool = False) -> Mask:
    """Rows whose value is less than the minimum: length, seconds, reliability, votes, agreement.

    Unknown values (None, NaN) stay unless `drop_unknown`. Raises CurationError for texts.
    """
    given = numbers(values, "Values")
    return (given < minimum) | (drop_unknown & np.isnan(given))


def above(values: Column, maximum: float, *, drop_unknown: bool = False) -> Mask:
    """Rows whose value is more than the maximum; unknown ones stay unless `drop_unknown`."""
    given = numbers(values, "Values")
    return (given > maximum) | (drop_unknown & np.isnan(given))


def blank(texts: Sequence[str]) -> Mask:
    """Texts in which nothing can be seen: empty, or white space, control and format characters."""
    return np.array([not _has_ink(text) for text in texts], dtype=bool)


def identical(left: Sequence[str], right: Sequence[str]) -> Mask:
    """Rows whose two texts are equal after `normalise_text`."""
    require_length(len(left), Right=right)
    return np.array(
        [
            one == other or normalise_text(one) == normalise_text(other)
            for one, other in zip(left, right, strict=True)
        ],
        dtype=bool,
    )


def flagged(flags: Sequence[Collection[str]], unwanted: Collection[str]) -> Mask:
    """Rows that carry at least one of the unwanted flags."""
    unwanted = frozenset(unwanted)
    return np.array([not unwanted.isdisjoint(each) for each in flags], dtype=bool)


def not_among(
    values: Sequence[str] | NDArray[Any],
    allowed: Collection[str],
    *,
    unknown: str | None = None,
    drop_unknown: bool = False,
) -> Mask:
    """Rows whose value is none of those allowed, such as languages, sources or categories.

    Where the value is `unknown` ("und" for a language that could not be told) the row stays
    unless `drop_unknown`.
    """
    stays = set(allowed)
    if unknown is not None:
        (stays.discard if drop_unknown else stays.add)(unknown)
    return np.array([value not in stays for value in values], dtype=bool)


def first_reason(masks: Mapping[str, Mask], n: int) -> NDArray[np.object_]:
    """Why each of n rows goes: the first reason whose mask is true, "" where it stays.

    So every row that goes has exactly one reason, and counts of reasons add up to the rows gone.

    Raises CurationError for a mask of another length or type, and for a reason without a name.
    """
    reasons = np.full(n, KEPT, dtype=object)
    for reason, mask in masks.items():
        _check_mask(reason, mask, n)
        reasons[np.asarray(mask) & (reasons == KEPT)] = reason
    return reasons


def count_reasons(reasons: NDArray[np.object_]) -> dict[str, int]:
    """Rows that go by reason, reasons sorted; rows that stay are not counted."""
    names, counts = np.unique(reasons[reasons != KEPT].astype(str), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _measure(unit: Unit) -> Callable[[str], int]:
    if unit == "characters":
        return len
    if unit == "words":
        return lambda text: sum(1 for _ in _WORD.finditer(text))
    raise CurationError(f"Lengths are in characters or words, not {unit!r}.")


def _has_ink(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


def _check_mask(reason: str, mask: Mask, n: int) -> None:
    array = np.asarray(mask)
    if reason == KEPT:
        raise CurationError("A reason for leaving rows out needs a name.")
    if array.dtype != bool or array.shape != (n,):
        raise CurationError(f"The mask {reason!r} must be one true or false for each of {n} rows.")
