"""Judgments to records, display order undone: the only reader of annotation's tables.

Keys are content hashes, so that the same judgments give the same dataset on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
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
from curation.core.builders import reads
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
from curation.core.store import StoredCorpus
from curation.recipe import Recipe

CHECKS = (Assignment.Purpose.GOLD, Assignment.Purpose.QUALIFICATION)
ITEM_KIND_OF: Mapping[type[Judgment], str] = {
    Comparison: "comparison",
    Ranking: "ranking",
    StepRating: "steps",
    OutcomeLabel: "outcome",
    Rating: "rating",
}
COLUMNS = (
    "judgment_id",
    "judgment__public_id",
    "number",
    "answer",
    "judgment__display_order",
    "judgment__is_order_known",
    "judgment__scale",
    "judgment__active_seconds",
    "judgment__assignment__item_id",
    "judgment__assignment__purpose",
    "judgment__assignment__is_surplus",
    "judgment__assignment__annotator__public_id",
    "judgment__assignment__annotator__kind",
    "judgment__assignment__annotator__is_positional",
)
CHUNK = 2_000


class _Said(NamedTuple):
    """One revision's columns, in the order of ``COLUMNS``."""

    judgment: int
    public_id: Any
    number: int
    answer: Any
    order: list[int]
    is_order_known: bool
    scale: str
    seconds: float | None
    item: int
    purpose: str
    is_surplus: bool
    annotator: Any
    annotator_kind: str
    is_positional: bool

    def flags(self) -> tuple[str, ...]:
        """What ``curation.recipe.FLAGS`` names of it."""
        return tuple(
            name
            for name, holds in (
                ("surplus", self.is_surplus),
                ("unknown_order", not self.is_order_known),
                ("positional", self.is_positional),
                ("edited", self.number > 1),
            )
            if holds
        )


@dataclass(frozen=True)
class _ItemKeys:
    """An item's content keys: itself, its prompt and its responses in stored order."""

    kind: str
    item: str
    prompt: str
    responses: tuple[str, ...]


@contextmanager
def collected(
    project: Project, recipe: Recipe, *, cutoff: datetime | None = None
) -> Iterator[tuple[Corpus, list[Judgment]]]:
    """Every text and the latest revision of every judgment a dataset by this recipe is made from.

    Texts lie in a temporary file until the block ends. What was said after ``cutoff`` is not read.
    Gold answers, those of a qualification and items that a reviewer set aside are left out
    always, simulated judgments and machines' unless asked for.
    """
    with StoredCorpus() as stored:
        revisions = _revisions(project, recipe)
        if cutoff is not None:
            revisions = revisions.filter(created_at__lte=cutoff)
        asked = revisions.values_list("judgment__assignment__item_id", flat=True)
        keys = _read_items(sorted(set(asked.order_by().distinct())), stored)
        records = [
            record
            for said in _latest(revisions)
            if said.item in keys  # an item that came in between waits for the next version
            for record in _records(said, keys[said.item])
        ]
        yield stored.corpus, records


def item_kinds(recipe: Recipe) -> list[str]:
    """The kinds of item whose judgments a recipe reads."""
    return [ITEM_KIND_OF[kind] for kind in reads(recipe)]


def _revisions(project: Project, recipe: Recipe) -> QuerySet[JudgmentRevision]:
    rows = JudgmentRevision.objects.filter(
        judgment__assignment__item__project=project,
        judgment__assignment__item__kind__in=item_kinds(recipe),
    ).exclude(judgment__assignment__purpose__in=CHECKS)
    rows = rows.exclude(judgment__assignment__item__in=set_aside_items(project))
    rows = rows.exclude(judgment__assignment__status=Assignment.Status.WITHDRAWN)
    left_out = [
        kind
        for kind, asked_for in (
            (User.Kind.SIMULATED, recipe.include_simulated),
            (User.Kind.MACHINE, recipe.include_machine),
        )
        if not asked_for
    ]
    rows = rows.exclude(judgment__assignment__annotator__kind__in=left_out)
    return rows.order_by("judgment_id", "number")


def _latest(rows: QuerySet[JudgmentRevision]) -> Iterator[_Said]:
    """The last revision of each judgment; they come judgment by judgment."""
    last: _Said | None = None
    for values in rows.values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        said = _Said(*values)
        if last is not None and said.judgment != last.judgment:
            yield last
        last = said
    if last is not None:
        yield last


def _read_items(items: Sequence[int], stored: StoredCorpus) -> dict[int, _ItemKeys]:
    """Put the items' texts into the corpus; returns their keys."""
    keys: dict[int, _ItemKeys] = {}
    for start in range(0, len(items), 500):
        batch = Item.objects.filter(pk__in=items[start : start + 500])
        for item in batch.with_texts():
            stored.prompts.add(item.prompt.digest, _prompt_text(item))
            stored.categories[item.digest] = item.category
            stored.sources[item.digest] = item.source
            texts = [_response_text(item, response) for response in item.ordered_responses()]
            for text in texts:
                stored.responses.add(text.key, text)
            keys[item.pk] = _ItemKeys(
                item.kind, item.digest, item.prompt.digest, tuple(text.key for text in texts)
            )
    return keys


def _prompt_text(item: Item) -> PromptText:
    prompt = item.prompt
    return PromptText(
        key=prompt.digest,
        messages=tuple(Message(m["role"], m["content"]) for m in prompt.messages),
        split=prompt.split,  # type: ignore[arg-type]
        reference=prompt.reference,
    )


def response_key(item: Item, response: Response) -> str:
    """Responses are unique within a prompt, so their key carries both hashes."""
    return f"{item.prompt.digest[:24]}-{response.digest[:40]}"


def _response_text(item: Item, response: Response) -> ResponseText:
    parts = tuple(_parts(response)) or None
    return ResponseText(response_key(item, response), response.content, parts)


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
        "seconds": said.seconds,
        "flags": said.flags(),
        "rationale": answer.rationale,
        "machine": said.annotator_kind == User.Kind.MACHINE,
    }
    match answer:
        case ComparisonAnswer():
            yield _comparison(answer, said, keys, common)
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
        by_machine=True,
    )
    return parse_answer(said.answer, shape.on(said.scale) if keys.kind == "steps" else shape)


def _comparison(
    answer: ComparisonAnswer, said: _Said, keys: _ItemKeys, common: Mapping[str, Any]
) -> Comparison:
    left, right = keys.responses
    choices = cast(Mapping[str, Choice], answer.aspects)
    shown_left = 1 if list(said.order) == [0, 1] else -1
    return Comparison(
        **common,
        left=left,
        right=right,
        choice=cast(Choice, answer.choice),
        strength=answer.strength,
        scale=said.scale,
        aspects=choices,
        shown_left=shown_left if said.is_order_known else 0,
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
    return StepRating(
        **common,
        response=keys.responses[0],
        labels=tuple(labels),
        status=status,
        soft=answer.soft,
        trials=answer.trials,
    )
