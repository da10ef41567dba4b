"""Small corpora and judgments for the tests of curation."""

from collections.abc import Iterable
from itertools import count
from types import SimpleNamespace
from typing import Any

from curation.core.build import Built, build_dataset
from curation.core.records import (
    Comparison,
    Corpus,
    Judgment,
    Message,
    OutcomeLabel,
    PromptText,
    Ranking,
    Rating,
    ResponseText,
    Split,
    StepRating,
)
from curation.exports.columns import row_values
from curation.recipe import Kind, Recipe

_revisions = count(1)


def prompt(key: str, text: str | None = None, split: Split = "train", **fields: Any) -> PromptText:
    return PromptText(key, (Message("user", text or f"Question {key}?"),), split, **fields)


def response(
    key: str, text: str | None = None, steps: tuple[str, ...] | None = None
) -> ResponseText:
    return ResponseText(key, f"Answer {key}." if text is None else text, steps)


def corpus(prompts: Iterable[PromptText], responses: Iterable[ResponseText]) -> Corpus:
    return Corpus({each.key: each for each in prompts}, {each.key: each for each in responses})


def small_corpus(*, split: Split = "train") -> Corpus:
    return corpus([prompt("p", split=split)], [response(key) for key in "abcd"])


def comparison(choice: str, *, item: str = "i", **fields: Any) -> Comparison:
    return Comparison(**_common(item, fields, left="a", right="b", choice=choice))


def ranking(*tiers: str, item: str = "i", **fields: Any) -> Ranking:
    return Ranking(**_common(item, fields, tiers=tuple(tuple(tier) for tier in tiers)))


def rating(value: float, *, aspect: str = "helpfulness", **fields: Any) -> Rating:
    return Rating(**_common("i", fields, response="a", aspect=aspect, value=value))


def steps(*labels: int | None, item: str = "i", **fields: Any) -> StepRating:
    return StepRating(**_common(item, fields, response="s", labels=labels))


def outcome(correct: bool, *, item: str = "i", **fields: Any) -> OutcomeLabel:
    return OutcomeLabel(**_common(item, fields, response="a", correct=correct))


def build(
    kind: Kind, judgments: Iterable[Judgment], texts: Corpus | None = None, /, **recipe: Any
) -> Built:
    return build_dataset(texts or small_corpus(), judgments, Recipe(kind, **recipe))


def only_row(built: Built) -> Any:
    (row,) = all_rows(built)
    return row


def all_rows(built: Built) -> list[Any]:
    """The rows of every split with their texts, as files have them."""
    return [
        SimpleNamespace(**{k: _frozen(v) for k, v in row_values(row, built.corpus).items()})
        for rows in built.rows.values()
        for row in rows
    ]


def _frozen(value: Any) -> Any:
    """Lists as tuples and turns as messages, so that they compare with records."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return Message(**value) if isinstance(value, dict) else value


def _common(item: str, fields: dict[str, Any], **own: Any) -> dict[str, Any]:
    number = next(_revisions)
    common = {
        "item": item,
        "prompt": "p",
        "annotator": f"n{number}",
        "revision": f"rev{number:04d}",
    }
    return {**common, **own, **fields}
