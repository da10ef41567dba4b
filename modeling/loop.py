"""One readable function that turns the loop: look at the rows, create the next missing one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotate.models import Item, Judgment, Project, Round, Run, User
from annotate.selectors import RoundProgress, live_leases, nobody_can_claim, round_progress
from annotate.services import close_round
from curation.models import CurationRun, DatasetVersion
from curation.recipe import Recipe
from curation.services import request_dataset
from modeling.models import ScoringRun, TrainingRun
from modeling.retraining import loop_config
from modeling.selection import candidate_items
from modeling.services import promoted_checkpoint, request_round, request_training

WAITING, DONE, BLOCKED = "wait", "done", "blocked"
JUDGE, DATASET, TRAIN, SELECT = STAGES = ("judge", "dataset", "train", "select")
STUCK = gettext_lazy(
    "Round %(number)d waits for %(judgments)s that nobody here can give: "
    "add annotators or close it."
)
HELD = gettext_lazy(
    "Round %(number)d waits for %(judgments)s; %(held)d of them open at somebody now."
)
UNFINISHED = (Run.Status.PENDING, Run.Status.RUNNING)
MIN_PAIRS = 2  # with fewer training pairs the loop asks for more judgments instead
RUNS: tuple[tuple[str, type[Run]], ...] = (
    (DATASET, CurationRun),
    (TRAIN, TrainingRun),
    (SELECT, ScoringRun),
)


@dataclass(frozen=True)
class Step:
    """What the loop does next or waits for, and the stage of the loop that this belongs to.

    ``run`` is the work it waits on or, once taken, asked for. ``take`` does what is due; a step
    that waits, is blocked or ends the loop has none.
    """

    stage: str
    action: str
    reason: str
    run: Run | None = None
    take: Callable[..., Run | Round] | None = field(default=None, repr=False, compare=False)

    @property
    def is_progress(self) -> bool:
        """Whether something changes, so that looking again may find more to do."""
        return self.action not in (WAITING, DONE, BLOCKED)


@transaction.atomic
def advance(project: Project, *, by: User | None = None) -> Step:
    """Take the one step of the loop that is due.

    Judge → close the round → build a dataset → train → pick and open the next round. Each step is
    a row, made under the project's lock, so calling this at any time, from anywhere, is safe.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    step = standing(project)
    if step.take is None:
        return step
    made = step.take(by=by)
    return replace(step, run=made if isinstance(made, Run) else None)


def standing(project: Project) -> Step:
    """The step that is due or waited for, looked at and not taken."""
    return _unfinished_run(project) or _round_step(project) or _dataset_step(project)


def _unfinished_run(project: Project) -> Step | None:
    for stage, model in RUNS:
        run = model._default_manager.filter(project=project, status__in=UNFINISHED).first()
        if run is not None:
            return Step(
                stage,
                WAITING,
                _("%(job)s is %(status)s.") % {"job": _(run.label), "status": _(run.status)},
                run,
            )
    return None


def _round_step(project: Project) -> Step | None:
    """Close a full round; wait for one that is not full."""
    live = project.rounds.exclude(status=Round.Status.CLOSED).first()
    if live is None:
        return None
    numbered = {"number": live.number}
    if live.status == Round.Status.DRAFT:
        return Step(JUDGE, WAITING, _("Round %(number)d is a draft: open it.") % numbered)
    progress = round_progress(live)
    if not progress.is_complete:
        return Step(JUDGE, WAITING, _waiting(progress))
    full = _("Round %(number)d is full.") % numbered
    return Step(JUDGE, "close_round", full, take=partial(close_round, live))


def _waiting(progress: RoundProgress) -> str:
    """What an open round lacks, and what to do where nobody here can give it."""
    left = progress.slots - progress.submitted
    judgments = ngettext("%(n)d judgment", "%(n)d judgments", left) % {"n": left}
    words = {"number": progress.round.number, "judgments": judgments, "held": progress.leased}
    if nobody_can_claim(progress.round):
        return STUCK % words
    if progress.leased:
        return HELD % words
    return _("Round %(number)d waits for %(judgments)s.") % words


def _dataset_step(project: Project) -> Step:
    """After a round, or at the start from imported judgments: a dataset, then a model."""
    last = project.rounds.last()
    if last is None and not _has_preferences(project):
        return _selection_step(project, last)
    if last is not None and (late := live_leases(last)):
        return Step(
            JUDGE,
            WAITING,
            _("Round %(number)d is closed; %(late)d answers are under way.")
            % {"number": last.number, "late": late},
        )
    built = CurationRun.objects.filter(
        project=project, after_round=last, recipe__kind="preference", is_preview=False
    ).first()
    if built is None:
        recipe = Recipe(
            kind="preference", seed=project.seed, include_simulated=project.include_simulated
        )
        take = partial(request_dataset, project, recipe=recipe, after_round=last)
        return Step(DATASET, "build_dataset", _after(last), take=take)
    if built.result.get("empty"):
        return _selection_step(project, last)
    if built.dataset is None:
        reason = built.error or _("The dataset build was cancelled: retry it.")
        return Step(DATASET, BLOCKED, reason, built)
    return _training_step(project, built.dataset, last)


def _has_preferences(project: Project) -> bool:
    return Judgment.objects.filter(
        assignment__item__project=project,
        assignment__item__kind__in=("comparison", "ranking"),
    ).exists()


def _training_step(project: Project, dataset: DatasetVersion, last: Round | None) -> Step:
    if dataset.row_counts.get("train", 0) < MIN_PAIRS:
        return _selection_step(project, last)
    trained = TrainingRun.objects.filter(project=project, dataset=dataset).first()
    if trained is None:
        take = partial(_train, project, dataset=dataset, after=last.number if last else 0)
        return Step(
            TRAIN, "train", _("%(dataset)s has no reward model.") % {"dataset": dataset}, take=take
        )
    if trained.status != Run.Status.SUCCEEDED:
        reason = trained.error or _("The training was cancelled: retry it.")
        return Step(TRAIN, BLOCKED, reason, trained)
    return _selection_step(project, last)


def _train(
    project: Project, *, dataset: DatasetVersion, after: int, by: User | None
) -> TrainingRun:
    config = loop_config(project, after=after)
    return request_training(project, dataset=dataset, config=config, by=by)


def _selection_step(project: Project, last: Round | None) -> Step:
    number = last.number + 1 if last is not None else 1
    if number > project.loop_max_rounds:
        return Step(SELECT, DONE, _("All %(n)d rounds are done.") % {"n": project.loop_max_rounds})
    failed = _selection_after(project, last)
    if failed is not None:
        reason = failed.error or _("The selection was cancelled: retry it.")
        return Step(SELECT, BLOCKED, reason, failed)
    if not candidate_items(project.pk).exists():
        return _nothing_to_ask(project)
    strategy = project.loop_strategy if promoted_checkpoint(project) else "random"
    take = partial(
        request_round,
        project,
        strategy=strategy,
        size=project.loop_round_size,
        seed=project.seed + number,
    )
    return Step(
        SELECT, "select_round", _("Round %(number)d is next.") % {"number": number}, take=take
    )


def _selection_after(project: Project, last: Round | None) -> ScoringRun | None:
    """A selection asked for since the last round closed that made no round."""
    runs = ScoringRun.objects.filter(project=project, round__isnull=True)
    if last is not None and last.closed_at is not None:
        runs = runs.filter(created_at__gt=last.closed_at)
    return runs.first()


def _nothing_to_ask(project: Project) -> Step:
    if Item.objects.filter(project=project, kind=Item.Kind.COMPARISON).exists():
        return Step(SELECT, DONE, _("Every pair has been asked."))
    reason = _("There are no pairs to ask about: import prompts with two or more responses.")
    return Step(JUDGE, WAITING, reason)


def _after(last: Round | None) -> str:
    if last is None:
        return _("There are judgments already.")
    return _("Round %(number)d closed.") % {"number": last.number}
