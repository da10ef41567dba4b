"""Recipe: the frozen, serialisable description of one curation."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, TypeAlias, get_args

from curation.core.errors import RecipeError

Kind: TypeAlias = Literal["preference", "ranking", "stepwise", "outcome", "rating"]
Dedupe: TypeAlias = Literal["exact", "none"]

KINDS: tuple[Kind, ...] = get_args(Kind)
DEDUPE: tuple[Dedupe, ...] = get_args(Dedupe)
VERSION = 1

METHODS: dict[Kind, tuple[str, ...]] = {
    "preference": ("majority",),
    "ranking": ("mean_rank",),
    "stepwise": ("majority",),
    "outcome": ("majority",),
    "rating": ("mean",),
}
"""How several judgments of one thing may be made into one; "auto" takes the first."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a dataset besides the judgments themselves.

    `kind`: what a row is. `aggregate`: "auto" or one of the kind's `METHODS`. `seed`: every
    random choice of a curation takes it. `include_simulated`: whether judgments of simulated
    annotators belong to the input; whoever collects the judgments obeys it. `dedupe`: "exact"
    pools the votes of items that ask the same, "none" keeps them apart; splits are guarded
    either way. `version`: of this description's meaning.

    Raises RecipeError, with a sentence, for a value that does not exist.
    """

    kind: Kind
    aggregate: str = "auto"
    seed: int = 0
    include_simulated: bool = False
    dedupe: Dedupe = "exact"
    version: int = VERSION

    def __post_init__(self) -> None:
        _require_one_of("kind", self.kind, KINDS)
        _require_one_of("aggregate", self.aggregate, ("auto", *METHODS[self.kind]))
        _require_type("seed", self.seed, int, "a whole number")
        _require_type("include_simulated", self.include_simulated, bool, "true or false")
        _require_one_of("dedupe", self.dedupe, DEDUPE)
        _require_type("version", self.version, int, "a whole number")
        _require_one_of("version", self.version, (VERSION,))

    @property
    def method(self) -> str:
        """The aggregation that `aggregate` comes to."""
        return METHODS[self.kind][0] if self.aggregate == "auto" else self.aggregate

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`; absent keys take their defaults.

        Raises RecipeError for an unknown key or value, or without a kind.
        """
        names = [field.name for field in fields(cls)]
        unknown = sorted(str(key) for key in values if key not in names)
        if unknown:
            raise RecipeError(
                f"A recipe has no {', '.join(unknown)}; its keys are {', '.join(names)}."
            )
        if "kind" not in values:
            raise RecipeError(f"A recipe names its kind: one of {', '.join(KINDS)}.")
        return cls(**values)

    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the recipe's canonical JSON."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _require_one_of(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        choices = ", ".join(str(choice) for choice in known)
        raise RecipeError(f"A recipe's {name} is one of {choices}; {value!r} is not.")


def _require_type(name: str, value: object, expected: type, words: str) -> None:
    if type(value) is not expected:
        raise RecipeError(f"A recipe's {name} is {words}; {value!r} is not.")
