"""One page of a project's items, however many there are: no offset and no count without an end."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotate.errors import InvalidInput
from annotate.filters import ItemFilter
from annotate.models import Item
from annotate.search import judgment_count

PAGE = 50
COUNTED = 10_000
SEARCH_DEPTH = 20_000
MAX_ID = 2**63 - 1
_PLACE = re.compile(r"(?:(-?[0-9.e+-]{1,32})_)?([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True)
class Order:
    """A way to list items: a column that indexes know, then the id."""

    label: str | Promise
    column: str = ""
    is_descending: bool = True

    def keys(self) -> list[str]:
        sign = "-" if self.is_descending else ""
        return [f"{sign}{name}" for name in (self.column, "pk") if name]


ORDERS: Mapping[str, Order] = {
    "newest": Order(gettext_lazy("newest first")),
    "oldest": Order(gettext_lazy("oldest first"), is_descending=False),
    "priority": Order(gettext_lazy("highest priority first"), "priority"),
    "similarity": Order(gettext_lazy("most alike responses first"), "similarity"),
}


@dataclass(frozen=True)
class ItemPage:
    """Some items, where the next page starts (empty at the end), and how many there are in all.

    ``total`` is None where there are more than ``COUNTED``, and where a search does not tell.
    ``searched`` is how many items a search looked through for this page, 0 without one.
    """

    items: list[Item]
    after: str = ""
    total: int | None = None
    searched: int = 0


def item_page(chosen: ItemFilter, *, sort: str, after: str) -> ItemPage:
    """The next items after the place that an earlier page named.

    Texts are searched ``SEARCH_DEPTH`` items at a time, so a page may be short though more follow.
    """
    order = order_of(sort)
    listed = _listed(chosen, order)
    ahead = _after(listed, order, after)
    if chosen.is_costly:
        return _searched_page(chosen, ahead, order)
    found = _rows(ahead[: PAGE + 1], order)
    items = found[:PAGE]
    more = _place(items[-1], order) if len(found) > PAGE else ""
    n = listed[: COUNTED + 1].count() if more or after else len(items)
    return ItemPage(items, more, n if n <= COUNTED else None)


def order_of(sort: str) -> Order:
    """The order of this name; InvalidInput for any that is not on the list."""
    if sort not in ORDERS:
        raise InvalidInput(
            _("Items cannot be sorted by “%(name)s”. Choose one of: %(known)s.")
            % {"name": sort[:60], "known": ", ".join(ORDERS)}
        )
    return ORDERS[sort]


def matching_items(chosen: ItemFilter, *, sort: str, most: int) -> list[int]:
    """The ids of all items that a list shows on its pages.

    Raises InvalidInput where there are more than ``most``, or too many to search through.
    """
    items = _listed(chosen, order_of(sort))
    if chosen.is_costly:
        if items[: SEARCH_DEPTH + 1].count() > SEARCH_DEPTH:
            raise InvalidInput(
                _("A search through more than %(most)d items is too much: add another filter.")
                % {"most": SEARCH_DEPTH}
            )
        items = chosen.search(items)
    found = list(items.values_list("pk", flat=True)[: most + 1])
    if len(found) > most:
        raise InvalidInput(
            _("More than %(most)d items match: narrow the filter first.") % {"most": most}
        )
    return found


def _listed(chosen: ItemFilter, order: Order) -> QuerySet[Item]:
    items = chosen.narrowed()
    if order.column == "similarity":
        items = items.filter(similarity__isnull=False)
    return items.order_by(*order.keys())


def _searched_page(chosen: ItemFilter, ahead: QuerySet[Item], order: Order) -> ItemPage:
    """Looks through one stretch of the list; the next page goes on where this one stopped."""
    columns = [name for name in (order.column, "pk") if name]
    stretch = list(ahead.values_list(*columns)[SEARCH_DEPTH - 1 : SEARCH_DEPTH])
    within = chosen.narrowed().filter(pk__in=ahead.values("pk")[:SEARCH_DEPTH])
    found = _rows(chosen.search(within).order_by(*order.keys())[: PAGE + 1], order)
    items = found[:PAGE]
    if len(found) > PAGE:
        return ItemPage(items, _place(items[-1], order), searched=SEARCH_DEPTH)
    more = "_".join(map(str, stretch[0])) if stretch else ""
    return ItemPage(items, more, searched=SEARCH_DEPTH)


def _rows(items: QuerySet[Item], order: Order) -> list[Item]:
    """With the prompts, the marks and the number of judgments that a row shows."""
    ids = list(items.values_list("pk", flat=True))
    rows = Item.objects.filter(pk__in=ids).select_related("prompt", "known")
    return list(rows.annotate(n_judgments=judgment_count()).order_by(*order.keys()))


def _place(item: Item, order: Order) -> str:
    parts = [str(getattr(item, order.column))] if order.column else []
    return "_".join([*parts, str(item.pk)])


def _after(items: QuerySet[Item], order: Order, place: str) -> QuerySet[Item]:
    if not place:
        return items
    value, pk = _parsed(place, order)
    side = "lt" if order.is_descending else "gt"
    if value is None:
        return items.filter(**{f"pk__{side}": pk})
    same = Q(**{order.column: value, f"pk__{side}": pk})
    return items.filter(Q(**{f"{order.column}__{side}": value}) | same)


def _parsed(place: str, order: Order) -> tuple[float | None, int]:
    match = _PLACE.fullmatch(place)
    try:
        value = float(match[1]) if match and match[1] else None
    except ValueError:
        value = math.nan
    fits = match is not None and (value is None) == (not order.column)
    if match is None or not fits or (value is not None and not abs(value) < 1e6):
        raise InvalidInput(_("This page does not exist: start again from the first one."))
    return value, min(int(match[2]), MAX_ID)
