"""How strongly a preference was stated, as the margin a loss may ask for."""

from collections.abc import Sequence

SCALE_MARGINS: dict[str, tuple[float, ...]] = {
    "binary": (),
    "llama2": (0.0, 1.0, 2.0, 3.0),
    "signed3": (1.0, 2.0, 3.0),
    "eight": (0.5, 1.5, 2.5, 3.5),
}
"""Margin of each strength, weakest first; none for a scale that asks no strength.

llama2: negligibly, slightly, plainly and significantly better, with the "margin large" of
Touvron et al. (2023), 2307.09288, table 27. eight: four steps to either side of an undecided
middle, one unit apart, so half a unit from it.
"""

SCALE_SIZES: dict[str, int] = {
    scale: max(1, len(margins)) for scale, margins in SCALE_MARGINS.items()
}
"""Number of strengths to either side."""


def target_margin(scale: str, strength: int | None) -> float | None:
    """Margin of one vote, in units of the scale; None where no strength was asked or given.

    Raises ValueError for an unknown scale or a strength outside 1...n.
    """
    if scale not in SCALE_MARGINS:
        raise ValueError(f"There is no scale {scale!r}; there are {', '.join(SCALE_MARGINS)}.")
    if strength is None:
        return None
    if not 1 <= strength <= SCALE_SIZES[scale]:
        raise ValueError(f"Strength on {scale} is 1 to {SCALE_SIZES[scale]}, not {strength}.")
    margins = SCALE_MARGINS[scale]
    return margins[strength - 1] if margins else None


def mean_margin(scales: Sequence[str], signed: Sequence[float | None]) -> float | None:
    """Mean of the votes' margins, each signed toward the winner and 0 for a tie.

    It is negative where a few strong votes for the loser outweigh many weak ones for the winner.
    None where a vote has no margin, where there is no vote, or where pooled votes were given on
    different scales, whose units do not mix.
    """
    known = [margin for margin in signed if margin is not None]
    if not known or len(known) < len(signed) or len(set(scales)) > 1:
        return None
    return sum(known) / len(known)
