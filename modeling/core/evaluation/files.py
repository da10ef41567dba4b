"""Loose files of judged rows of every kind, with the columns of public sets or of datasets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.data import (
    Example,
    OutcomeExample,
    PreferenceExample,
    RankingExample,
    RatingExample,
    StepwiseExample,
)
from modeling.core.data.fields import Row, common, listed, real, text, truth
from modeling.core.data.kinds import (
    parse_classification,
    parse_outcome,
    parse_ranking,
    parse_rating,
    parse_stepwise,
)
from modeling.core.data.preference import parse_pair
from modeling.core.data.texts import parse_prompt, parse_response
from modeling.core.errors import DataError
from modeling.core.files import read_jsonl, read_parquet

WORDS = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "unsure": None}
"""Ratings in words, as public sets of safety judgments give them; None is no rating."""


@dataclass(frozen=True)
class JudgedFile:
    """Examples of one kind. `ties` rows had nobody preferred, `unlabelled` no label to measure."""

    kind: str
    examples: tuple[Any, ...]
    ties: int = 0
    unlabelled: int = 0


def read_judged(path: Path) -> JudgedFile:
    """Read pairs, rankings, solutions in steps, outcomes, ratings or classes.

    The kind is told by the first row's columns: chosen/rejected or response_a/response_b with
    `majority`; `responses` with `ranking`, or `completions` with `tiers`; `steps` or
    `completions` with `labels`; `response` with `correct` or a true/false `label`; `ratings` or
    `aspects` with `scores`; a text `label`. Files are .jsonl, .jsonl.gz or .parquet. Raises
    DataError with file and line of the first bad row.
    """
    kind = ""
    examples: list[Example] = []
    ties = unlabelled = 0
    read = read_parquet if path.suffix == ".parquet" else read_jsonl
    for line, row in read(path):
        try:
            kind = kind or kind_of(row)
            example = _PARSERS[kind](row)
        except DataError as error:
            raise DataError(f"Line {line} of {path.name}: {error}.") from error
        if example is not None:
            examples.append(example)
        elif kind == "preference":
            ties += 1
        else:
            unlabelled += 1
    if not kind:
        raise DataError(f"{path.name} holds no rows.")
    return JudgedFile(kind, tuple(examples), ties, unlabelled)


def kind_of(row: Row) -> str:
    """The kind of a row by its columns; DataError where they fit none."""
    for kind, fits in _SIGNS.items():
        if fits(row):
            return kind
    raise DataError(
        "this row is none that can be evaluated: give pairs (chosen, rejected), rankings "
        "(responses, ranking), steps (steps, labels), outcomes (response, correct) or ratings "
        "(response, ratings)"
    )


def _has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(row.get(name) is not None for name in names)


def _is_outcome(row: Row) -> bool:
    return "correct" in row or (_has("completion")(row) and type(row.get("label")) is bool)


_SIGNS: dict[str, Callable[[Row], bool]] = {
    "preference": lambda row: _has("chosen", "rejected")(row) or _has("response_a")(row),
    "ranking": lambda row: _has("responses", "ranking")(row) or _has("tiers")(row),
    "stepwise": lambda row: _has("steps", "labels")(row) or _has("completions", "labels")(row),
    "rating": lambda row: _has("ratings")(row) or _has("aspects", "scores")(row),
    "outcome": _is_outcome,
    "classification": lambda row: isinstance(row.get("label"), str),
}


def _pair(row: Row) -> PreferenceExample | None:
    """None for a tie. Steps that both sides begin with, `prefix`, stand before each."""
    if row.get("prefix") is not None:
        before = listed(row, "prefix", text)
        sides = {
            name: "\n".join([*before, text(row.get(name), name)]) for name in ("chosen", "rejected")
        }
        row = {**row, **sides}
    return parse_pair(row)


def _ranking(row: Row) -> RankingExample | None:
    """None where all responses are tied."""
    if "tiers" not in row:
        row = {**row, "completions": row.get("responses"), "tiers": row.get("ranking")}
    tiers = [tier for tier in row["tiers"] if tier] if isinstance(row["tiers"], list) else ()
    return None if len(tiers) == 1 else parse_ranking(row)


def _steps(row: Row) -> StepwiseExample | None:
    """Steps up to the first unlabelled one; None where the first already is.

    A step is wrong where its label is −1. Without labels after it, the first error ends the row,
    as `first_error` of the public sets means it.
    """
    if "steps" not in row:
        return parse_stepwise(row)
    steps, labels = listed(row, "steps", text), row.get("labels")
    if not isinstance(labels, list) or len(labels) != len(steps):
        raise DataError(f"labels must be a list of {len(steps)} entries")
    known = labels.index(None) if None in labels else len(labels)
    if not known:
        return None
    ratings = [_sign(label) for label in labels[:known]]
    values = {"completions": list(steps[:known]), "labels": [sign >= 0 for sign in ratings]}
    return parse_stepwise({**row, **values, "ratings": ratings})


def _sign(label: Any) -> int:
    if type(label) is bool:
        return 1 if label else -1
    if label not in (-1, 0, 1):
        raise DataError(f"labels must be -1, 0, 1 or null, not {label!r}")
    return int(label)


def _outcome(row: Row) -> OutcomeExample:
    if "correct" not in row:
        return parse_outcome(row)
    label = truth(row["correct"], "correct")
    return parse_outcome({**row, "completion": row.get("response"), "label": label})


def _rating(row: Row) -> RatingExample | None:
    """The mean of each aspect's ratings; None without a response or a number."""
    if "ratings" not in row:
        return parse_rating(row)
    if row.get("response") is None:
        return None
    values: dict[str, list[float]] = {}
    for rating in _objects(row["ratings"]):
        score = _value(rating.get("value"))
        if score is not None:
            values.setdefault(text(rating.get("aspect"), "aspect"), []).append(score)
    if not values:
        return None
    return RatingExample(
        **common(row, parse_prompt(row.get("prompt"))),
        completion=parse_response(row["response"]),
        scores={aspect: float(np.mean(scores)) for aspect, scores in values.items()},
    )


def _objects(ratings: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(ratings, list) or not all(isinstance(r, Mapping) for r in ratings):
        raise DataError("ratings must be a list of objects with aspect and value")
    return ratings


def _value(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value.lower() not in WORDS:
            raise DataError(f"a rating must be a number, yes or no, not {value!r}")
        return WORDS[value.lower()]
    return float(value) if type(value) is bool else real(value, "value")


_PARSERS: dict[str, Callable[[Row], Example | None]] = {
    "preference": _pair,
    "ranking": _ranking,
    "stepwise": _steps,
    "outcome": _outcome,
    "rating": _rating,
    "classification": lambda row: parse_classification(row, None),
}
