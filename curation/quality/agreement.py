"""How far the annotators of a project agree: by kind of item, by aspect, by difficulty."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotate.models import Item
from curation.core.agreement import (
    LEVELS,
    Agreement,
    cohen_kappa,
    first_error_agreement,
    fleiss_kappa,
    krippendorff_alphas,
    mean_pairwise_kappa,
    pair_agreement,
    ranking_agreement,
)
from curation.quality.judgments import ProjectJudgments
from curation.quality.values import FIRST_ERROR, Table, tables

DRAWS = 200
MOST_PAIRED = 30
Kind = Item.Kind


@dataclass(frozen=True)
class Band:
    """Items of one difficulty, and how far people agree on them.

    ``place`` is 0 for the hardest; ``low`` and ``high`` are the ends of the gap or margin.
    """

    place: int
    low: float
    high: float
    items: int
    found: Agreement


@dataclass(frozen=True)
class KindAgreement:
    """Agreement on one kind of item, or on one aspect of it.

    ``items`` counts those that two people or more judged; ``measures`` are by name, and ``main``
    is the name of the one that stands for all of them. ``by`` says what ``bands`` are made from:
    ``gap`` of the known answers or predicted ``margin``; empty where neither is known.
    """

    kind: str
    aspect: str
    judgments: int
    items: int
    measures: dict[str, Agreement]
    main: str
    by: str
    bands: tuple[Band, ...]

    @property
    def found(self) -> Agreement:
        """The figure that stands for all of them."""
        return self.measures[self.main]


def project_agreement(judgments: ProjectJudgments) -> list[KindAgreement]:
    """Agreement on every kind and aspect that has judgments, the most judged kind first.

    Checks with gold and reviewers' decisions are no independent views, so they are left out. Of
    several judgments of an item by one person the last counts.
    """
    counted = {(one.item, one.annotator): one for one in judgments.counted}.values()
    sizes = Counter(one.kind for one in counted)
    found = [
        _agreement(judgments, kind, aspect, table)
        for (kind, aspect), table in tables(counted).items()
    ]
    return sorted(found, key=lambda one: (-sizes[one.kind], one.kind, one.aspect))


def _agreement(judgments: ProjectJudgments, kind: str, aspect: str, table: Table) -> KindAgreement:
    raters = set(table.annotators)
    measures = measured(kind, aspect, table, paired=_can_be_paired(judgments, raters))
    main = _main(kind)
    shared = shared_items(table)
    by, difficulty = _difficulty(judgments, shared)
    bands = _bands(table, difficulty, main)
    judged = len(set(zip(table.items, table.annotators, strict=True)))
    return KindAgreement(kind, aspect, judged, len(shared), measures, main, by, bands)


def _can_be_paired(judgments: ProjectJudgments, raters: set[int]) -> bool:
    """Whether Cohen's kappa of every two raters means anything: few, and the same throughout."""
    positional = any(judgments.annotators[rater].is_positional for rater in raters)
    return 2 <= len(raters) <= MOST_PAIRED and not positional


def shared_items(table: Table) -> frozenset[int]:
    """Items with two annotators or more."""
    raters = Counter(item for item, _ in set(zip(table.items, table.annotators, strict=True)))
    return frozenset(item for item, n in raters.items() if n > 1)


def _main(kind: str) -> str:
    if kind == Kind.RANKING:
        return "tau"
    return "interval" if kind == Kind.RATING else "nominal"


def measured(
    kind: str, aspect: str, table: Table, *, paired: bool = False, draws: int = DRAWS
) -> dict[str, Agreement]:
    """All measures that fit a kind of item, by name.

    ``nominal``, ``ordinal`` and ``interval`` are Krippendorff's alpha; ``fleiss``, ``cohen`` (of
    two raters, or the mean over pairs of them), ``pairs`` (the share of pairs that agree), ``tau``
    and ``w`` are what they are called.
    """
    if kind == Kind.RANKING:
        return _of_rankings(table, draws)
    if aspect == FIRST_ERROR:
        return _of_first_errors(table, draws)
    if kind in (Kind.RATING, Kind.STEPS):
        return {**_nominal(table, draws), **_of_numbers(table, draws)}
    numbers = {} if aspect or kind == Kind.OUTCOME else _of_numbers(table, draws)
    return {**_nominal(table, draws), **numbers, **_of_names(table, draws, paired=paired)}


def _of_rankings(table: Table, draws: int) -> dict[str, Agreement]:
    """Beside tau and W, alpha of the ranks that the responses were given."""
    rankings = [name for name in table.names if isinstance(name, tuple)]
    found = ranking_agreement(table.items, table.annotators, rankings, draws=draws)
    sizes = [len(ranking) for ranking in rankings]
    places = np.concatenate([np.arange(size) for size in sizes])
    alphas = krippendorff_alphas(
        np.repeat(table.units, sizes) + places,
        np.repeat(table.annotators, sizes),
        np.concatenate(rankings),
        levels=("ordinal",),
        clusters=np.repeat(table.items, sizes),
        draws=draws,
    )
    return {"tau": found.tau, "w": found.w, **alphas}


def _of_first_errors(table: Table, draws: int) -> dict[str, Agreement]:
    found = first_error_agreement(table.units, table.annotators, _objects(table), draws=draws)
    return {"nominal": found.alpha, "pairs": found.share}


def _of_numbers(table: Table, draws: int) -> dict[str, Agreement]:
    return krippendorff_alphas(
        table.units,
        table.annotators,
        np.array(table.numbers, dtype=float),
        levels=LEVELS[1:],
        clusters=table.items,
        draws=draws,
    )


def _of_main(main: str, table: Table) -> Agreement:
    """The one measure that stands for all, without the others."""
    if main == "tau":
        return _of_rankings(table, DRAWS)[main]
    return (_of_numbers if main == "interval" else _nominal)(table, DRAWS)[main]


def _nominal(table: Table, draws: int) -> dict[str, Agreement]:
    return krippendorff_alphas(
        table.units,
        table.annotators,
        _objects(table),
        levels=LEVELS[:1],
        clusters=table.items,
        draws=draws,
    )


def _of_names(table: Table, draws: int, *, paired: bool) -> dict[str, Agreement]:
    """Kappas and the share of pairs, where an item asks for one answer."""
    rows = (table.units, table.annotators, _objects(table))
    found = {"fleiss": fleiss_kappa(*rows, draws=draws)}
    if paired:
        cohen = cohen_kappa if len(set(table.annotators)) == 2 else mean_pairwise_kappa
        found["cohen"] = cohen(*rows, draws=draws)
    return {**found, "pairs": pair_agreement(*rows, draws=draws)}


def _objects(table: Table) -> NDArray[np.object_]:
    names = np.empty(len(table.names), dtype=object)
    names[:] = table.names
    return names


def _difficulty(
    judgments: ProjectJudgments, shared: frozenset[int]
) -> tuple[str, dict[int, float]]:
    """How easy each item is: by the known gap where any is known, else by the predicted margin."""
    for by, known in (("gap", judgments.gaps), ("margin", judgments.margins)):
        found = {item: known[item] for item in shared if item in known}
        if found:
            return by, found
    return "", {}


def _bands(table: Table, difficulty: dict[int, float], main: str) -> tuple[Band, ...]:
    """Thirds of the items; equal values stay together, so there may be fewer than three."""
    if len(set(difficulty.values())) < 2:
        return ()
    items, values = list(difficulty), np.array(list(difficulty.values()))
    places = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values, side="left")
    bands = []
    for number, place in enumerate(np.unique(places)):
        inside = np.flatnonzero(places == place)
        part = table.only(frozenset(items[k] for k in inside))
        found = _of_main(main, part)
        low, high = float(values[inside].min()), float(values[inside].max())
        bands.append(Band(number, low, high, len(inside), found))
    return tuple(bands)
