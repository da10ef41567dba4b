"""The demo: sample projects, judged by simulated annotators, with a first reward model."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from annotate.errors import TiebreakError
from annotate.models import Item, Membership, Project, User
from annotate.services import (
    close_round,
    create_project,
    create_round,
    import_file,
    invite,
    open_round,
    publish_guidelines,
    simulate_annotators,
)
from annotate.services.rounds import Pick
from annotate.services.runs import perform
from annotate.services.simulate import Behaviour
from annotate.services.verdicts import verify_some
from curation.recipe import Recipe
from curation.services import build, request_dataset
from modeling.demo_content import SAMPLE, add_gold, in_turn, judge_as
from modeling.loop import advance
from modeling.models import Checkpoint
from modeling.tasks import WORK

PASSWORD = "tiebreak-demo"  # noqa: S105 - shown on the demo's own sign-in page
LOGINS = (
    ("annotator", "annotator"),
    ("reviewer", "reviewer"),
    ("manager", "manager"),
    ("admin", "administrator"),
)
CROWD = tuple(Behaviour(reliability) for reliability in (0.95, 0.9, 0.85, 0.8, 0.7))
FIRST_ROUND, NEXT_ROUND, OF_EACH_KIND = 240, 20, 16
GOLD_RATE = 0.1
WORKSHOP = (
    ("comparisons", "comparison"),
    ("rankings", "ranking"),
    ("ratings", "rating"),
    ("steps", "steps"),
    ("conversations", "steps"),
    ("outcomes", "outcome"),
)
ANCHORS = {
    "helpfulness": {"0": "no help at all", "50": "half of it helps", "100": "nothing left to ask"},
    "tone": {"0": "rude, or a sermon", "50": "neither warm nor cold", "100": "warm and clear"},
}
Say = Callable[[str], None]


def load_demo(say: Say) -> None:
    """Make the demo's accounts and projects; what is there already is left alone."""
    if not settings.DEMO:
        raise TiebreakError("Set TIEBREAK_DEMO=true first: the demo has well-known passwords.")
    users = _accounts()
    _everyday(users, say)
    _reasoning(users, say)
    _workshop(users, say)


@transaction.atomic
def _accounts() -> dict[str, User]:
    users = {}
    for username, _ in LOGINS:
        user, created = User.objects.get_or_create(username=username)
        if created:
            user.set_password(PASSWORD)
            user.is_staff = user.is_superuser = username == "admin"
            user.save()
        users[username] = user
    return users


def _project(
    slug: str, users: dict[str, User], *, guidelines: str = "guidelines.md", **values: Any
) -> Project:
    """The project with its people and guidelines; one that is there is only given a reviewer."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        project = create_project(slug, by=users["manager"], include_simulated=True, **values)
        Membership.objects.create(project=project, user=users["annotator"])
        text = (SAMPLE / guidelines).read_text(encoding="utf-8")
        publish_guidelines(project, text=text, by=users["manager"])
    reviewer = Membership.Role.REVIEWER
    Membership.objects.get_or_create(
        project=project, user=users["reviewer"], defaults={"role": reviewer}
    )
    return project


def _everyday(users: dict[str, User], say: Say) -> None:
    """Comparisons, and the loop that turns by itself."""
    project = _project(
        "everyday",
        users,
        name="Everyday answers",
        kinds=["comparison"],
        description="Which of two answers is better? Every round asks what the reward model of "
        "the round before could least decide.",
        loop_round_size=NEXT_ROUND,
        gold_rate=GOLD_RATE,
        gold_feedback=Project.GoldFeedback.IMMEDIATE,
    )
    if Checkpoint.objects.filter(project=project).exists() and project.loop_enabled:
        say("The project “Everyday answers” is there already.")
        return
    say("Importing sample prompts and responses …")
    import_file(project, SAMPLE / "responses.jsonl", by=None, kind="comparison", oracle=True)
    add_gold(project, "gold-comparisons", kind="comparison", by=users["manager"])
    if not project.rounds.exists():
        _random_round(project, FIRST_ROUND)
    judge_as(users["annotator"], project)
    say("Simulated annotators judge the first round …")
    simulate_annotators(project, behaviours=CROWD, seed=0)
    _turn(project, say)
    project.loop_enabled = True
    project.save(update_fields=["loop_enabled"])


def _turn(project: Project, say: Say) -> None:
    """Close the round, build, train, and open the next round."""
    step = advance(project)
    while step.is_progress:
        say(f"Everyday answers: {step.reason} → {step.action.replace('_', ' ')}")
        if step.run is not None:
            perform(step.run, WORK[type(step.run)])
        step = advance(project)


def _random_round(project: Project, size: int) -> None:
    items = list(Item.objects.askable().filter(project=project).order_by("digest"))
    share = min(1.0, size / len(items))
    picks = [Pick(item, probability=share) for item in items[:size]]
    open_round(create_round(project, picks=picks, by=None), by=None)


def _reasoning(users: dict[str, User], say: Say) -> None:
    """Rankings, ratings, steps and outcomes, judged once by the crowd and open for more."""
    project = _project(
        "reasoning",
        users,
        name="Reasoning and more",
        kinds=["ranking", "rating", "steps", "outcome"],
        description="Rank several answers, rate one, mark a solution step by step, or say "
        "whether its result is right.",
        aspects=["helpfulness", "correctness", "clarity"],
        gold_rate=GOLD_RATE,
    )
    if project.rounds.count() >= 2:
        say("The project “Reasoning and more” is there already.")
        return
    for name, kind in (
        ("responses", "ranking"),
        ("ratings", "rating"),
        ("steps", "steps"),
        ("outcomes", "outcome"),
    ):
        say(f"Importing sample {kind} items …")
        import_file(project, SAMPLE / f"{name}.jsonl", by=None, kind=kind, oracle=True)
    add_gold(project, "gold-outcomes", kind="outcome", by=users["manager"])
    mixed = _interleaved(project)
    half = len(mixed) // 2
    if not project.rounds.exists():
        _open(project, mixed[:half])
    say("Simulated annotators rank, rate and mark steps …")
    simulate_annotators(project, behaviours=CROWD, seed=0)
    close_round(project.rounds.get(number=1), by=None)
    _open(project, mixed[half:])
    for kind in ("ranking", "stepwise", "outcome", "rating"):
        say(f"Building the {kind} dataset …")
        recipe = Recipe(kind=kind, include_simulated=True)  # type: ignore[arg-type]
        perform(request_dataset(project, recipe=recipe, by=None), build)


def _interleaved(project: Project) -> list[Item]:
    """Items of all kinds in turn, the same ones at every call."""
    asked = Item.objects.askable().filter(project=project).order_by("digest")
    return in_turn([list(asked.filter(kind=kind)[: 2 * OF_EACH_KIND]) for kind in project.kinds])


def _open(project: Project, items: list[Item]) -> None:
    picks = [Pick(item) for item in items]
    open_round(create_round(project, picks=picks, by=None, strategy="listed"), by=None)


def _workshop(users: dict[str, User], say: Say) -> None:
    """The other ways of asking, judged by three each, so that a reviewer has something to do."""
    has_verifier = find_spec("math_verify") is not None
    project = _project(
        "workshop",
        users,
        guidelines="guidelines-workshop.md",
        name="Workshop",
        kinds=list(dict.fromkeys(kind for _, kind in WORKSHOP)),
        description="The other ways of asking: aspects, best and worst, sliders, five-point "
        "steps, conversations, and results with a checker's suggestion.",
        overlap=3,
        asks_aspects=True,
        ranking_mode=Project.RankingMode.BEST_WORST,
        aspects=["helpfulness", "tone"],
        rating_min=0,
        rating_max=100,
        rating_style=Project.RatingStyle.SLIDER,
        rating_anchors=ANCHORS,
        step_points=5,
        verifier=Project.Verifier.MATH if has_verifier else Project.Verifier.NONE,
        shows_verdict=has_verifier,
    )
    if project.rounds.count() >= 2:
        say("The project “Workshop” is there already.")
        return
    say("Filling the workshop …")
    for name, kind in WORKSHOP:
        import_file(project, SAMPLE / f"workshop-{name}.jsonl", by=None, kind=kind, oracle=True)
    verify_some(project)
    mixed = in_turn([list(_from(project, f"workshop-{name}")) for name, _ in WORKSHOP])
    half = len(mixed) // 2
    if not project.rounds.exists():
        _open(project, mixed[:half])
    judge_as(users["annotator"], project)
    simulate_annotators(project, behaviours=CROWD, seed=0)
    close_round(project.rounds.get(number=1), by=None)
    _open(project, mixed[half:])
    invite(project, role=Membership.Role.ANNOTATOR, max_uses=5, days=30, by=users["manager"])


def _from(project: Project, source: str) -> QuerySet[Item]:
    return Item.objects.askable().filter(project=project, source=source).order_by("pk")
