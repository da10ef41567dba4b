"""What a set of comparisons can tell: which items hang together, which never lost or never won."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curation.core.aggregate.newton import Ints

DENSE_ITEMS = 2_000


@dataclass(frozen=True)
class Connectivity:
    """How comparisons tie the items together.

    `component` (n_items,) numbers the groups of items between which there is any comparison,
    directly or over others; strengths of two components can only be told apart by the prior.
    `undefeated` and `winless` (n_items,) mark compared items that never came after, or never
    before, another one. `determined` is true where the likelihood alone has a finite maximum
    (Ford 1957): one component in which every item is, over others, better and worse than every
    other one.
    """

    component: Ints
    n_components: int
    undefeated: NDArray[np.bool_]
    winless: NDArray[np.bool_]
    determined: bool

    @property
    def note(self) -> str:
        """What of this a reader should know, in a sentence."""
        if self.determined:
            return "All items are compared with one another, directly or over others."
        parts = []
        if self.n_components > 1:
            parts.append(f"the items fall into {self.n_components} unconnected groups")
        if self.undefeated.any():
            parts.append(f"{int(self.undefeated.sum())} never lost")
        if self.winless.any():
            parts.append(f"{int(self.winless.sum())} never won")
        seen = ", ".join(parts) or "some items only ever beat, and some only ever lose to, the rest"
        return f"Without the prior some strengths would not be finite: {seen}."


def connectivity(better: Ints, worse: Ints, n_items: int) -> Connectivity:
    """Describe comparisons: `better[k]` came before `worse[k]`; a tie is given both ways."""
    better, worse = _distinct(better, worse, n_items)
    links = coo_array((np.ones(len(better), dtype=bool), (better, worse)), (n_items, n_items))
    n_components, component = connected_components(links, directed=False)
    won = np.bincount(better, minlength=n_items) > 0
    lost = np.bincount(worse, minlength=n_items) > 0
    open_ended = n_components > 1 or not (won & lost).all()
    return Connectivity(
        component=component.astype(np.intp),
        n_components=int(n_components),
        undefeated=won & ~lost,
        winless=lost & ~won,
        determined=not open_ended and _one_circle(links),
    )


def _one_circle(links: coo_array) -> bool:
    """Whether a chain of preferences leads from every item to every other one."""
    n_strong, _ = connected_components(links.tocsr(), directed=True, connection="strong")
    return bool(n_strong == 1)


def _distinct(better: Ints, worse: Ints, n_items: int) -> tuple[Ints, Ints]:
    """Leave out repetitions where that costs less than it saves: among few items."""
    if n_items > DENSE_ITEMS:
        return better, worse
    seen = np.zeros(n_items * n_items, dtype=bool)
    seen[better * n_items + worse] = True
    places = np.flatnonzero(seen)
    return places // max(n_items, 1), places % max(n_items, 1)
