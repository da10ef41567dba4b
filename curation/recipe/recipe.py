"""The recipe itself: what a dataset is made of besides the judgments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias, get_args, get_type_hints

from curation.core.errors import RecipeError
from curation.core.records import SourceKind
from curation.recipe.parsing import check_fields, check_range, parse_value, to_plain
from curation.recipe.steps import (
    SOURCE_KINDS,
    Balance,
    Decontaminate,
    Dedupe,
    FilterRows,
    FilterTexts,
    SelectJudgments,
)

Kind: TypeAlias = Literal[
    "preference", "ranking", "stepwise", "outcome", "rating", "classification"
]

KINDS: tuple[Kind, ...] = get_args(Kind)
VERSION = 2
WITH_LENGTHS: tuple[Kind, ...] = ("preference",)
WITH_CLASSES: tuple[Kind, ...] = ("stepwise", "outcome", "classification")
"""The kinds whose rows have two lengths, and classes, to balance."""

_LABELS = ("majority", "dawid_skene", "one_coin")
METHODS: dict[Kind, tuple[str, ...]] = {
    "preference": (*_LABELS, "bradley_terry", "crowd_bt"),
    "ranking": ("mean_rank", "plackett_luce", "kemeny"),
    "stepwise": (*_LABELS, "first_error"),
    "outcome": _LABELS,
    "rating": ("mean", "centred", "standardised", "weighted", "cumulative_logit", "thurstone"),
    "classification": _LABELS,
}
"""How several judgments of one thing may be made into one, the plainest first.

"auto" takes the one that predicts held-out votes best. "thurstone" makes ratings out of
comparisons.
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a dataset besides the judgments themselves.

    `kind`: what a row is. `aggregate`: "auto" or one of the kind's `METHODS`. `seed`: every
    random choice of a curation takes it. `include_simulated` and `include_machine`: whether
    judgments of simulated annotators and of programs belong to the input; whoever collects the
    judgments obeys them. `aspect`: which of the aspects asked beside the overall question, or of
    the rated ones, preference rows are about. `sources`: the judgments that preference rows are
    made from. The steps follow in the order they are taken. `version`: of this description's
    meaning.

    Raises RecipeError, with a sentence, for a value that does not exist.
    """

    kind: Kind
    aggregate: str = "auto"
    seed: int = 0
    include_simulated: bool = False
    include_machine: bool = False
    aspect: str = ""
    sources: tuple[SourceKind, ...] = SOURCE_KINDS
    select: SelectJudgments = field(default_factory=SelectJudgments)
    texts: FilterTexts = field(default_factory=FilterTexts)
    decontaminate: Decontaminate = field(default_factory=Decontaminate)
    dedupe: Dedupe = field(default_factory=Dedupe)
    rows: FilterRows = field(default_factory=FilterRows)
    balance: Balance = field(default_factory=Balance)
    version: int = VERSION

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("seed", self.seed, 0)
        methods = ("auto", *METHODS[self.kind])
        if self.aggregate not in methods:
            raise RecipeError(
                f"A recipe's aggregate is one of {', '.join(methods)}; {self.aggregate!r} is not."
            )
        if not self.sources:
            raise RecipeError(f"A recipe's sources are some of {', '.join(SOURCE_KINDS)}.")
        if self.version != VERSION:
            raise RecipeError(f"A recipe's version is one of {VERSION}; {self.version!r} is not.")
        self._check_balance()

    def _check_balance(self) -> None:
        asked = self.balance
        if asked.lengths != "off" and self.kind not in WITH_LENGTHS:
            raise RecipeError(
                f"Rows of kind {self.kind} have no two lengths to balance: "
                "set balance.lengths to off."
            )
        if asked.classes != "off" and self.kind not in WITH_CLASSES:
            raise RecipeError(
                f"Rows of kind {self.kind} have no classes to balance: set balance.classes to off."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, for JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`; absent keys take their defaults.

        A recipe of version 1, as releases up to 0.2 stored them, keeps its meaning.

        Raises RecipeError for an unknown key or value, or without a kind.
        """
        if values.get("version") == 1:
            values = _from_version_1(values)
        hints = get_type_hints(cls)
        unknown = sorted(str(key) for key in values if key not in hints)
        if unknown:
            raise RecipeError(
                f"A recipe has no {', '.join(unknown)}; its keys are {', '.join(hints)}."
            )
        if "kind" not in values:
            raise RecipeError(f"A recipe names its kind: one of {', '.join(KINDS)}.")
        return cls(**{key: parse_value(hints[key], value, key) for key, value in values.items()})

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the recipe's canonical JSON."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _from_version_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 knew exact duplicates only, and "auto" was the plainest method."""
    upgraded = {key: value for key, value in values.items() if key not in ("dedupe", "version")}
    exact = values.get("dedupe", "exact") == "exact"
    upgraded["dedupe"] = {"exact": exact, "near": 0.0}
    upgraded["sources"] = ["comparison", "ranking"]
    kind = values.get("kind")
    if values.get("aggregate", "auto") == "auto" and kind in METHODS:
        upgraded["aggregate"] = METHODS[kind][0]
    return upgraded
