"""A prompt with several ``responses``: a ranking, all its pairs, or a rating of each.

``ranking`` and ``gold`` are tie groups of positions, best first ([[2], [0, 1]]), or plain
positions; ``scores`` has a number for each response, higher is better; ``labels`` an object of
aspects for each, whose values are numbers or [mean, raters] pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from annotate.answers import Answer, RankingAnswer, RatingAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.limits import check_count
from annotate.importers.pairing import rationale, response, stored_order, tier_numbers, verdict
from annotate.importers.prompts import prompt_record
from annotate.importers.records import (
    ItemRecord,
    LabelRecord,
    PromptRecord,
    ResponseRecord,
    RowError,
)

KINDS = ("comparison", "ranking", "rating")
NEEDS = "prompt and responses"
USED = frozenset(
    {"responses", "ranking", "gold", "scores", "labels", "annotator", "systems", "models"}
    | {"system", "rationale", "comment"}
)


def matches(row: Row) -> bool:
    """Whether the row has a list of responses."""
    return fields.has(row, "responses")


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """A ranking of all; with kind comparison every pair of them, with kind rating each alone.

    A row of two responses without a ranking is a comparison unless another kind is asked for.
    """
    responses = _responses(row)
    usual = "comparison" if len(responses) == 2 and not fields.has(row, "ranking") else "ranking"
    wanted = kind or usual
    if wanted != "rating" and len(responses) < 2:
        raise RowError(f"A {wanted} needs two responses, but the row has {len(responses)}.")
    yield from _MAKERS[wanted](row, prompt_record(row), responses, source)


def _responses(row: Row) -> tuple[ResponseRecord, ...]:
    given = fields.items(row["responses"], "responses")
    check_count(len(given))
    names = row.get("systems") if fields.has(row, "systems") else row.get("models")
    models = fields.items(names, "systems")
    if models and len(models) != len(given):
        raise RowError(f"systems names {len(models)} models for {len(given)} responses.")
    if not given:
        raise RowError("responses is an empty list; there is nothing to judge.")
    padded = models or [None] * len(given)
    return tuple(_response(entry, model) for entry, model in zip(given, padded, strict=True))


def _response(entry: object, model: object) -> ResponseRecord:
    if not isinstance(entry, dict):
        return response(entry, "Each response", model)
    names = (model, entry.get("model"), entry.get("source"))
    return response(entry.get("content"), "The content of each response", *names)


def _rankings(
    row: Row, prompt: PromptRecord, responses: tuple[ResponseRecord, ...], source: str
) -> Iterator[ItemRecord]:
    said = _said(row, len(responses))
    gold = _tiers(row.get("gold"), "gold", len(responses))
    yield ItemRecord(
        "ranking",
        prompt,
        responses,
        labels=_label(row, said),
        known=gold or said,
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED - {"labels"}),
    )


def _comparisons(
    row: Row, prompt: PromptRecord, responses: tuple[ResponseRecord, ...], source: str
) -> Iterator[ItemRecord]:
    said = _said(row, len(responses))
    known = _tiers(row.get("gold"), "gold", len(responses)) or said
    gaps = _gaps(row, known, len(responses))
    for pair in combinations(range(len(responses)), 2):
        order = stored_order(*(responses[k].content for k in pair))
        left, right = (pair[k] for k in order)
        differ = responses[left].content != responses[right].content
        yield ItemRecord(
            "comparison",
            prompt,
            (responses[left], responses[right]),
            labels=_label(row, verdict(said, left, right) if said and differ else None),
            known=verdict(known, left, right) if known and differ else None,
            gap=abs(gaps[left] - gaps[right]) if gaps else None,
            category=fields.category(row),
            source=source,
            details=fields.leftover(row, USED) | {"positions": [left, right]},
        )


def _ratings(
    row: Row, prompt: PromptRecord, responses: tuple[ResponseRecord, ...], source: str
) -> Iterator[ItemRecord]:
    values = _values(row, len(responses))
    for position, (rated, aspects) in enumerate(zip(responses, values, strict=True)):
        answer = RatingAnswer({name: (value,) for name, value in aspects.items()})
        yield ItemRecord(
            "rating",
            prompt,
            (rated,),
            labels=_label(row, answer) if aspects else (),
            known=answer if aspects else None,
            category=fields.category(row),
            source=source,
            details=fields.leftover(row, USED) | {"position": position},
        )


def _label(row: Row, answer: Answer | None) -> tuple[LabelRecord, ...]:
    if answer is None:
        return ()
    name, positional = fields.annotator(row.get("annotator"))
    return (LabelRecord(replace(answer, rationale=rationale(row)), name, positional),)


def _said(row: Row, count: int) -> RankingAnswer | None:
    """The row's ranking, or else the one that its scores make."""
    ranking = _tiers(row.get("ranking"), "ranking", count)
    scores = _scores(row, count)
    if ranking or not scores:
        return ranking
    best_first = sorted(set(scores), reverse=True)
    tiers = (tuple(k for k in range(count) if scores[k] == score) for score in best_first)
    return RankingAnswer(tuple(tiers))


def _tiers(value: object, name: str, count: int) -> RankingAnswer | None:
    if value is None:
        return None
    tiers = [tier if isinstance(tier, list) else [tier] for tier in fields.items(value, name)]
    flat = [k for tier in tiers for k in tier]
    whole = all(isinstance(k, int) and not isinstance(k, bool) for k in flat)
    if not whole or sorted(flat) != list(range(count)) or not all(tiers):
        raise RowError(
            f"{name} must name each response from 0 to {count - 1} exactly once, best first."
        )
    return RankingAnswer(tuple(tuple(sorted(tier)) for tier in tiers))


def _scores(row: Row, count: int) -> list[float]:
    """One number for each response, or an empty list where the row has no scores."""
    given = fields.items(row.get("scores"), "scores")
    scores = [fields.number(score, "Each score") for score in given]
    found = [score for score in scores if score is not None]
    if given and len(found) != count:
        raise RowError(f"scores must hold {count} numbers, one for each response.")
    return found


def _gaps(row: Row, known: RankingAnswer | None, count: int) -> list[float]:
    """Where each response stands: its score, else its tier; empty where neither is known."""
    scores = _scores(row, count)
    if scores or known is None:
        return scores
    tiers = tier_numbers(known)
    return [float(tiers[k]) for k in range(count)]


def _values(row: Row, count: int) -> list[dict[str, float]]:
    """The known aspects of each response, from labels and scores."""
    labels = fields.objects(row.get("labels"), "labels") or [{} for _ in range(count)]
    if len(labels) != count:
        raise RowError(f"labels has {len(labels)} entries for {count} responses.")
    values = [_aspects(entry) for entry in labels]
    for aspects, score in zip(values, _scores(row, count), strict=False):
        aspects["score"] = score
    return values


def _aspects(entry: dict[str, Any]) -> dict[str, float]:
    firsts = {
        name: value[0] if isinstance(value, list) and value else value
        for name, value in entry.items()
    }
    numbers = {name: fields.number(value, f"The label {name}") for name, value in firsts.items()}
    return {name: value for name, value in numbers.items() if value is not None}


Maker = Callable[[Row, PromptRecord, tuple[ResponseRecord, ...], str], Iterator[ItemRecord]]
_MAKERS: dict[str, Maker] = {
    "ranking": _rankings,
    "comparison": _comparisons,
    "rating": _ratings,
}
