"""Picking the next round: score the unjudged pairs, choose a batch, write it as a round."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotate.models import Assignment, Item, Prompt, Response, Round, RoundItem
from annotate.services import create_round, open_round
from annotate.services.rounds import Pick
from annotate.services.runs import Reporter, RunFailed
from modeling.core.acquisition import Quotas, Selection, select_batch
from modeling.core.posterior import PointPosterior
from modeling.models import Checkpoint, Score, ScoringRun
from modeling.runner import job_directory, score

BATCH = 1_000
TOUCHED = [Assignment.Status.LEASED, Assignment.Status.SUBMITTED, Assignment.Status.SKIPPED]


@dataclass(frozen=True)
class Pool:
    """The unjudged pairs: items, their two responses as indices, prompts and held-out marks."""

    items: list[Item]
    responses: list[int]
    pairs: np.ndarray
    prompts: np.ndarray
    held_out: np.ndarray


def candidate_items(project_id: int) -> QuerySet[Item]:
    """Comparisons that can be asked and that nobody judges, judged or skipped.

    What a round was closed without comes back; what somebody skipped does not.
    """
    waiting = RoundItem.objects.exclude(round__status=Round.Status.CLOSED)
    return (
        Item.objects.askable()
        .filter(
            ~Exists(waiting.filter(item=OuterRef("pk"))),
            ~Exists(Assignment.objects.filter(item=OuterRef("pk"), status__in=TOUCHED)),
            project_id=project_id,
            kind=Item.Kind.COMPARISON,
        )
        .order_by("digest")
    )


def select(run: ScoringRun, report: Reporter) -> dict[str, Any]:
    """The work of a ScoringRun. A second attempt finds the round of the first."""
    if run.round is not None:
        return _result(run.round)
    pool = _load_pool(run.project_id)
    if not pool.items:
        raise RunFailed("Every pair has been asked: import more prompts or responses.")
    rewards = np.zeros(len(pool.responses))
    if run.checkpoint is not None and run.strategy != "random":
        rewards = _rewards(run, run.checkpoint, pool, report)
    report(0.95, "Picking.")
    return _result(_write_round(run, pool, rewards, _choose(run, pool, rewards)))


def _load_pool(project_id: int) -> Pool:
    items = list(candidate_items(project_id).select_related("prompt").prefetch_related("links"))
    links = [[link.response_id for link in item.links.all()] for item in items]
    responses = sorted({pk for pair in links for pk in pair})
    index = {pk: k for k, pk in enumerate(responses)}
    return Pool(
        items,
        responses,
        np.array([[index[a], index[b]] for a, b in links], dtype=np.int64).reshape(-1, 2),
        np.array([item.prompt_id for item in items], dtype=np.int64),
        np.array([item.prompt.split != Prompt.Split.TRAIN for item in items], dtype=bool),
    )


def _rewards(run: ScoringRun, checkpoint: Checkpoint, pool: Pool, report: Reporter) -> np.ndarray:
    """One reward for each response of the pool, scoring only those that have none yet."""
    known = dict(Score.objects.filter(checkpoint=checkpoint).values_list("response_id", "reward"))
    missing = [pk for pk in pool.responses if pk not in known]
    if missing:
        fresh = score(
            job_directory(run),
            checkpoint.directory,
            _inputs(missing),
            lambda fraction, message: report(0.9 * fraction, message),
        )
        rows = [
            Score(checkpoint=checkpoint, response_id=int(pk), reward=reward)
            for pk, reward in fresh.items()
        ]
        Score.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        known |= {int(pk): reward for pk, reward in fresh.items()}
    return np.array([known[pk] for pk in pool.responses])


def _inputs(responses: Sequence[int]) -> list[dict[str, Any]]:
    rows = (
        Response.objects.filter(pk__in=responses)
        if len(responses) <= BATCH
        else (Response.objects.filter(pk__gte=min(responses), pk__lte=max(responses)))
    )
    wanted = set(responses)
    return [
        {"id": str(row.pk), "prompt": row.prompt.messages, "response": row.content}
        for row in rows.select_related("prompt").iterator(chunk_size=BATCH)
        if row.pk in wanted
    ]


def _choose(run: ScoringRun, pool: Pool, rewards: np.ndarray) -> Selection:
    return select_batch(
        rewards[:, None],
        pool.pairs,
        posterior=PointPosterior(np.ones(1)),
        size=run.size,
        strategy=run.strategy,
        quotas=Quotas(random_share=run.random_share),
        prompts=pool.prompts,
        held_out=pool.held_out,
        seed=run.seed,
    )


@transaction.atomic
def _write_round(run: ScoringRun, pool: Pool, rewards: np.ndarray, selection: Selection) -> Round:
    row = ScoringRun.objects.select_for_update().get(pk=run.pk)
    if row.round is not None:  # another attempt was faster
        return row.round
    margins = rewards[pool.pairs[:, 0]] - rewards[pool.pairs[:, 1]]
    scored = run.checkpoint is not None and run.strategy != "random"
    picks = [
        Pick(
            pool.items[index],
            arm=arm,
            probability=probability,
            gain=float(gain) if scored else None,
            margin=float(margins[index]) if scored else None,
        )
        for index, gain, probability, arm in zip(
            selection.indices.tolist(),
            selection.gain.tolist(),
            selection.probability,
            selection.arm,
            strict=True,
        )
    ]
    random.Random(run.seed).shuffle(picks)  # noqa: S311 - the order must not tell the arm
    round_ = create_round(
        run.project, picks=picks, by=run.requested_by, strategy=run.strategy, seed=run.seed
    )
    if run.open_round:
        open_round(round_, by=run.requested_by)
    ScoringRun.objects.filter(pk=run.pk).update(round=round_)
    return round_


def _result(round_: Round) -> dict[str, Any]:
    arms = list(round_.entries.values_list("arm", flat=True))
    share = arms.count(RoundItem.Arm.RANDOM) / len(arms)
    return {"round": round_.number, "items": len(arms), "random_share": round(share, 4)}
