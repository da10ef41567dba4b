"""Simulated annotators: they answer open assignments from hidden known answers, with errors.

They use the services a browser uses and are marked as simulated wherever they appear. Every answer
follows from (seed, item, annotator), so a simulation can be repeated.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from annotate.answers import (
    SCALES,
    Answer,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    to_shown,
)
from annotate.errors import InvalidInput
from annotate.models import Assignment, KnownAnswer, Membership, Project, User
from annotate.services.claims import claim_assignment
from annotate.services.projects import record
from annotate.services.queue import skip_assignment, submit_judgment

SECONDS = {"comparison": 20.0, "ranking": 45.0, "rating": 25.0, "steps": 60.0, "outcome": 30.0}


@dataclass(frozen=True)
class Behaviour:
    """How a simulated annotator errs.

    ``reliability`` is the probability of a right binary decision at a typical gap: 0.5 guesses,
    1 never errs. Where an item's gap is known the error grows as the gap shrinks:
    p(right) = ½ + (reliability − ½)·(1 − exp(−2·gap/typical)) / (1 − e⁻²).
    ``left_bias`` and ``length_bias`` are the shares of comparisons decided by place or by length.
    """

    reliability: float
    left_bias: float = 0.0
    length_bias: float = 0.0


def simulate_annotators(
    project: Project,
    *,
    behaviours: Sequence[Behaviour],
    seed: int = 0,
    limit: int | None = None,
    by: User | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Let the annotators take turns until nothing is left for any of them; returns judgments."""
    _check(behaviours)
    crowd = [(_simulated_user(project, k, b), b) for k, b in enumerate(behaviours)]
    typical = _typical_gap(project)
    done = 0
    while crowd and (limit is None or done < limit):
        still_busy = []
        for user, behaviour in crowd:
            if limit is not None and done >= limit:
                break
            outcome = _judge_next(project, user, behaviour, seed, typical)
            if outcome is not None:
                still_busy.append((user, behaviour))
                done += outcome
                if progress is not None:
                    progress(done)
        crowd = still_busy
    record("simulate", by=by, project=project, subject=f"{done} judgments", seed=seed)
    return done


def _check(behaviours: Sequence[Behaviour]) -> None:
    if not behaviours:
        raise InvalidInput(_("Name at least one annotator."))
    for behaviour in behaviours:
        shares = (behaviour.reliability, behaviour.left_bias, behaviour.length_bias)
        if not all(0.0 <= share <= 1.0 for share in shares):
            raise InvalidInput(_("Reliability and biases must lie between 0 and 1."))


@transaction.atomic
def _simulated_user(project: Project, index: int, behaviour: Behaviour) -> User:
    name = f"{project.slug}:{index}"
    user, created = User.objects.get_or_create(
        kind=User.Kind.SIMULATED,
        source="simulated",
        external_id=name,
        defaults={"username": f"simulated-{project.slug}-{index}"[:150], "is_active": False},
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    Membership.objects.get_or_create(project=project, user=user)
    return user


def _typical_gap(project: Project) -> float | None:
    gaps = KnownAnswer.objects.filter(item__project=project, gap__gt=0).order_by("gap")
    count = gaps.count()
    return gaps.values_list("gap", flat=True)[count // 2] if count else None


def _judge_next(
    project: Project, user: User, behaviour: Behaviour, seed: int, typical: float | None
) -> int | None:
    """One claim and one submit: 1 for a judgment, 0 for a skip, None when nothing is left."""
    assignment = claim_assignment(project, by=user)
    if assignment is None:
        return None
    known = KnownAnswer.objects.filter(item=assignment.item).first()
    if known is None:
        skip_assignment(assignment, fence=assignment.fence, reason="no known answer to simulate")
        return 0
    rng = random.Random(f"{seed}:{assignment.item.digest}:{user.external_id}")  # noqa: S311
    answer = simulated_answer(assignment, known, behaviour, rng, typical)
    submit_judgment(
        assignment,
        answer=answer,
        by=user,
        fence=assignment.fence,
        idempotency_key=f"simulated-{assignment.public_id}",
        active_seconds=round(SECONDS[assignment.item.kind] * rng.lognormvariate(0, 0.4), 1),
    )
    return 1


def simulated_answer(
    assignment: Assignment,
    known: KnownAnswer,
    behaviour: Behaviour,
    rng: random.Random,
    typical: float | None,
) -> Answer:
    """What this annotator says, in the order shown to them."""
    item = assignment.item
    shape = item.shape()
    truth = known.parsed()
    p_right = _p_right(behaviour.reliability, known.gap, typical)
    stored = _with_errors(truth, shape, p_right, rng)
    shown = to_shown(stored, assignment.display_order or [0])
    if isinstance(shown, ComparisonAnswer):
        return _with_biases(shown, assignment, shape, behaviour, rng)
    return _on_scale(shown, shape) if isinstance(shown, StepsAnswer) else shown


def _p_right(reliability: float, gap: float | None, typical: float | None) -> float:
    if gap is None or typical is None:
        return reliability
    share = (1 - math.exp(-2 * abs(gap) / typical)) / (1 - math.exp(-2))
    return 0.5 + (reliability - 0.5) * min(share, 1.0)


def _with_errors(answer: Answer, shape: ItemShape, p: float, rng: random.Random) -> Answer:
    match answer:
        case ComparisonAnswer():
            return _flip(answer, p, rng)
        case RankingAnswer():
            return _swap_neighbours(answer, p, rng)
        case RatingAnswer():
            return _shift(answer, shape, p, rng)
        case StepsAnswer():
            return _mislabel(answer, p, rng, to_the_end=shape.asks_every_step)
        case OutcomeAnswer():
            return answer if rng.random() < p else OutcomeAnswer(not answer.correct)


def _flip(answer: ComparisonAnswer, p: float, rng: random.Random) -> ComparisonAnswer:
    if rng.random() < p:
        return answer
    if answer.choice == "left":
        return replace(answer, choice="right", strength=1)
    if answer.choice == "right":
        return replace(answer, choice="left", strength=1)
    return ComparisonAnswer(rng.choice(["left", "right"]), 1)


def _swap_neighbours(answer: RankingAnswer, p: float, rng: random.Random) -> RankingAnswer:
    """Every pair of neighbouring tiers is swapped with probability 1 − p, from the top."""
    tiers = list(answer.tiers)
    for k in range(len(tiers) - 1):
        if rng.random() >= p:
            tiers[k], tiers[k + 1] = tiers[k + 1], tiers[k]
    return RankingAnswer(tuple(tiers), False)


def _shift(answer: RatingAnswer, shape: ItemShape, p: float, rng: random.Random) -> RatingAnswer:
    """A value moves one step up or down with probability 1 − p, within the scale."""
    low, high = shape.rating_range

    def move(value: float) -> float:
        step = 0 if rng.random() < p else rng.choice([-1, 1])
        return min(max(value + step, low), high)

    return RatingAnswer({name: tuple(map(move, row)) for name, row in answer.ratings.items()})


def _mislabel(
    answer: StepsAnswer, p: float, rng: random.Random, *, to_the_end: bool
) -> StepsAnswer:
    """A label turns around with probability 1 − p; the first −1 ends the labels.

    Where every step is asked the labels go on, and what is not known is neutral.
    """
    labels: list[int | None] = []
    for known in answer.labels:
        label = 0 if known is None and to_the_end else known
        given = label if label is None or rng.random() < p else (-1 if label >= 0 else 1)
        labels.append(given)
        if given == -1 and not to_the_end:
            break
    labels += [None] * (len(answer.labels) - len(labels))
    if all(label is None for label in labels):
        return StepsAnswer(give_up="nothing to label")
    return StepsAnswer(tuple(labels))


def _on_scale(answer: StepsAnswer, shape: ItemShape) -> StepsAnswer:
    """Signs as points of the project's scale: the lowest, the middle and the highest."""
    if not shape.step_points or not answer.labels:
        return answer
    points = {-1: 1, 0: (1 + shape.step_points) // 2, 1: shape.step_points}
    return StepsAnswer(tuple(points.get(label or 0) for label in answer.labels))


def _with_biases(
    answer: ComparisonAnswer,
    assignment: Assignment,
    shape: ItemShape,
    behaviour: Behaviour,
    rng: random.Random,
) -> ComparisonAnswer:
    if rng.random() < behaviour.left_bias:
        answer = ComparisonAnswer("left", 1)
    elif rng.random() < behaviour.length_bias:
        answer = ComparisonAnswer(_longer(assignment), 1)
    if answer.strength is None:
        return answer
    return replace(answer, strength=min(answer.strength, SCALES[shape.scale]))


def _longer(assignment: Assignment) -> str:
    texts = [response.content for response in assignment.item.ordered_responses()]
    left, right = (len(texts[k]) for k in assignment.display_order or [0, 1])
    return "left" if left >= right else "right"
