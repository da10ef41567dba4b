"""Judgments to records, display order undone: the only reader of annotation's tables.

Keys are content hashes, so that the same judgments give the same dataset on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.db.models import QuerySet

from annotate.answers import (
    SCALES,
    Answer,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    as_signs,
    parse_answer,
    to_stored,
)
from annotate.models import Assignment, Item, JudgmentRevision, Project, Response, User
from annotate.opinions import set_aside_items
from curation.core.builders.stepwise import render_turns
from curation.core.records import (
    Choice,
    Comparison,
    Corpus,
    Judgment,
    Message,
    OutcomeLabel,
    PromptText,
    Ranking,
    Rating,
    ResponseText,
    StepRating,
    StepStatus,
)

ITEM_KINDS: Mapping[str, tuple[str, ...]] = {
    "preference": ("comparison", "ranking"),
    "ranking": ("ranking",),
    "stepwise": ("steps",),
    "outcome": ("outcome",),
    "rating": ("rating",),
}
CHECKS = (Assignment.Purpose.GOLD, Assignment.Purpose.QUALIFICATION)
COLUMNS = (
    "judgment_id",
    "judgment__public_id",
    "number",
    "answer",
    "judgment__display_order",
    "judgment__scale",
    "judgment__assignment__item_id",
    "judgment__assignment__purpose",
    "judgment__assignment__annotator__public_id",
)


class _Said(NamedTuple):
    """One revision's columns, in the order of ``COLUMNS``."""

    judgment: int
    public_id: Any
    number: int
    answer: Any
    order: list[int]
    scale: str
    item: int
    purpose: str
    annotator: Any


@dataclass(frozen=True)
class _ItemKeys:
    """An item's content keys: itself, its prompt and its responses in stored order."""

    kind: str
    item: str
    prompt: str
    responses: tuple[str, ...]


def collect(
    project: Project, *, kind: str, include_simulated: bool
) -> tuple[Corpus, list[Judgment]]:
    """Every text and the latest revision of every judgment a dataset of this kind is made from.

    Gold answers, those of a qualification and items that a reviewer set aside are left out always,
    simulated judgments unless asked for.
    """
    revisions = list(_latest(_revisions(project, kind, include_simulated)))
    corpus, keys = _read_items({said.item for said in revisions})
    records = [record for said in revisions for record in _records(said, keys[said.item])]
    return corpus, records


def _revisions(project: Project, kind: str, simulated: bool) -> QuerySet[JudgmentRevision]:
    rows = JudgmentRevision.objects.filter(
        judgment__assignment__item__project=project,
        judgment__assignment__item__kind__in=ITEM_KINDS[kind],
    ).exclude(judgment__assignment__purpose__in=CHECKS)
    rows = rows.exclude(judgment__assignment__item__in=set_aside_items(project))
    if not simulated:
        rows = rows.exclude(judgment__assignment__annotator__kind=User.Kind.SIMULATED)
    return rows.order_by("judgment_id", "number")


def _latest(rows: QuerySet[JudgmentRevision]) -> Iterable[_Said]:
    latest: dict[int, _Said] = {}
    for values in rows.values_list(*COLUMNS).iterator(chunk_size=5_000):
        said = _Said(*values)
        latest[said.judgment] = said
    return latest.values()


def _read_items(items: set[int]) -> tuple[Corpus, dict[int, _ItemKeys]]:
    prompts: dict[str, PromptText] = {}
    responses: dict[str, ResponseText] = {}
    categories: dict[str, str] = {}
    keys: dict[int, _ItemKeys] = {}
    ordered = sorted(items)
    for start in range(0, len(ordered), 500):
        batch = Item.objects.filter(pk__in=ordered[start : start + 500])
        for item in batch.with_texts():
            prompts.setdefault(item.prompt.digest, _prompt_text(item))
            categories[item.digest] = item.category
            texts = [_response_text(item, response) for response in item.ordered_responses()]
            responses.update((text.key, text) for text in texts)
            keys[item.pk] = _ItemKeys(
                item.kind, item.digest, item.prompt.digest, tuple(text.key for text in texts)
            )
    return Corpus(prompts, responses, categories), keys


def _prompt_text(item: Item) -> PromptText:
    prompt = item.prompt
    return PromptText(
        key=prompt.digest,
        messages=tuple(Message(m["role"], m["content"]) for m in prompt.messages),
        split=prompt.split,  # type: ignore[arg-type]
        reference=prompt.reference,
    )


def _response_text(item: Item, response: Response) -> ResponseText:
    """Responses are unique within a prompt, so their key carries both hashes."""
    key = f"{item.prompt.digest[:24]}-{response.digest[:40]}"
    return ResponseText(key, response.content, tuple(_parts(response)) or None)


def _parts(response: Response) -> list[str]:
    """The steps; of a conversation each assistant's turn with what the user said before it."""
    if not response.turns:
        return list(response.steps or [])
    parts: list[str] = []
    before: list[Message] = []
    for turn in response.turns:
        before.append(Message(turn["role"], turn["content"]))
        if turn["role"] == "assistant":
            parts.append(before[0].content if len(before) == 1 else render_turns(before))
            before = []
    return parts


def _records(said: _Said, keys: _ItemKeys) -> Iterator[Judgment]:
    answer = to_stored(_parse(said, keys), said.order)
    if isinstance(answer, StepsAnswer):
        answer = as_signs(answer, ItemShape(kind="steps").on(said.scale).step_points)
    common: dict[str, Any] = {
        "item": keys.item,
        "prompt": keys.prompt,
        "annotator": str(said.annotator),
        "revision": f"{said.public_id}.{said.number}",
        "overrides": said.purpose == Assignment.Purpose.ADJUDICATION,
    }
    match answer:
        case ComparisonAnswer():
            yield _comparison(answer, said.scale, keys, common)
        case RankingAnswer():
            tiers = tuple(tuple(keys.responses[k] for k in tier) for tier in answer.tiers)
            yield Ranking(**common, tiers=tiers, responses=keys.responses)
        case RatingAnswer():
            yield from _ratings(answer, keys, common)
        case StepsAnswer():
            yield _step_rating(answer, keys, common)
        case OutcomeAnswer():
            yield OutcomeLabel(**common, response=keys.responses[0], correct=answer.correct)


def _parse(said: _Said, keys: _ItemKeys) -> Answer:
    """Stored answers were checked when they came; only their shape is needed to read them."""
    shape = ItemShape(
        kind=keys.kind,
        n_responses=len(keys.responses),
        n_steps=len(said.answer.get("labels", ())),
        scale=max(SCALES, key=lambda name: SCALES[name]),
        rating_range=(-(2**53), 2**53),
    )
    return parse_answer(said.answer, shape.on(said.scale) if keys.kind == "steps" else shape)


def _comparison(
    answer: ComparisonAnswer, scale: str, keys: _ItemKeys, common: Mapping[str, Any]
) -> Comparison:
    left, right = keys.responses
    choices = cast(Mapping[str, Choice], answer.aspects)
    return Comparison(
        **common,
        left=left,
        right=right,
        choice=cast(Choice, answer.choice),
        strength=answer.strength,
        scale=scale,
        aspects=choices,
    )


def _ratings(answer: RatingAnswer, keys: _ItemKeys, common: Mapping[str, Any]) -> Iterator[Rating]:
    for aspect, row in answer.ratings.items():
        for response, value in zip(keys.responses, row, strict=True):
            yield Rating(**common, response=response, aspect=aspect, value=value)


def _step_rating(answer: StepsAnswer, keys: _ItemKeys, common: Mapping[str, Any]) -> StepRating:
    status: StepStatus = (
        "gave_up" if answer.give_up else "bad_problem" if answer.bad_problem else "labelled"
    )
    labels: Sequence[int | None] = answer.labels
    return StepRating(**common, response=keys.responses[0], labels=tuple(labels), status=status)
