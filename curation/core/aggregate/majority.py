"""The majority vote, its ties, and how far annotators agree with it."""

from __future__ import annotations

import numpy as np

from curation.core.aggregate.label_em import DECIMALS, row_maxima
from curation.core.aggregate.label_votes import Cells
from curation.core.aggregate.newton import Floats, Ints

TIE_RULES = ("lowest", "reliable")


def agreement(cells: Cells) -> Floats:
    """Each annotator's mean agreement with the other annotators' majority, shape (n_annotators,).

    All of an annotator's own votes on an item are left out of its majority. A vote for one of m
    labels that share the lead counts 1/m, which no renaming of labels changes. Votes on items
    that nobody else judged are left out; NaN where that leaves none.
    """
    firsts = np.flatnonzero(np.diff(cells.group, prepend=-1))
    others = cells.tally(cells.count)[cells.item[firsts]]
    np.subtract.at(others, (cells.group, cells.label), cells.count)
    most = row_maxima(others)
    leads = others == most[:, None]
    credit = leads[cells.group, cells.label] / np.count_nonzero(leads, axis=1)[cells.group]
    known = (most > 0)[cells.group] * cells.count
    agreed = np.bincount(cells.annotator, credit * known, minlength=cells.shape[1])
    judged = np.bincount(cells.annotator, known, minlength=cells.shape[1])
    return np.where(judged > 0, agreed / np.maximum(judged, 1), np.nan)


def winners(cells: Cells, tally: Floats, reliability: Floats, *, tie_rule: str) -> Ints:
    """The leading class of each item, shape (n_items,).

    Of several that lead, "lowest" takes the first; "reliable" the one whose voters' reliabilities
    add up to most, where somebody of unknown reliability counts as the mean annotator.
    """
    if tie_rule == "lowest" or not tally.size:
        return tally.argmax(axis=1) if tally.size else np.zeros(len(tally), dtype=np.intp)
    leads = tally == tally.max(axis=1, keepdims=True)
    return np.where(leads, _support(cells, reliability), -np.inf).argmax(axis=1)


def _support(cells: Cells, reliability: Floats) -> Floats:
    """Sums of voters' reliabilities for each item and label, rounded so that equal ones are."""
    known = reliability[~np.isnan(reliability)]
    filled = np.where(np.isnan(reliability), known.mean() if len(known) else 1.0, reliability)
    return np.round(cells.tally(cells.count * filled[cells.annotator]), DECIMALS)
