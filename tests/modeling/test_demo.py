"""The demo: everything that is new can be seen in it, and loading it again changes nothing."""

import json

import pytest

from annotate.errors import TiebreakError
from annotate.models import Assignment, Invitation, Item, Judgment, Project, User
from annotate.pace import own_pace
from annotate.services import import_file
from curation.adjudication import disagreements
from modeling import demo
from modeling.demo_content import SAMPLE, add_gold, judge_as
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round

pytestmark = pytest.mark.django_db
KINDS = {
    "comparisons": "comparison",
    "rankings": "ranking",
    "ratings": "rating",
    "outcomes": "outcome",
    "responses": "ranking",
}


@pytest.fixture
def loaded(settings, monkeypatch):
    """The demo without its reward model, which takes a training."""
    settings.DEMO = True
    monkeypatch.setattr(demo, "_turn", lambda project, say: None)
    demo.load_demo(lambda text: None)


def test_the_demo_has_to_be_asked_for(settings):
    settings.DEMO = False
    with pytest.raises(TiebreakError, match="TIEBREAK_DEMO"):
        demo.load_demo(lambda text: None)


@pytest.mark.slow
def test_a_second_time_changes_nothing(loaded):
    def counts():
        models = (User, Project, Item, Assignment, Judgment, Invitation)
        return [model.objects.count() for model in models]

    before = counts()
    demo.load_demo(lambda text: None)
    assert counts() == before


@pytest.mark.slow
def test_the_demo_shows_every_way_of_asking(loaded):
    workshop = Project.objects.get(slug="workshop")
    asked = Item.objects.filter(rounds__project=workshop, rounds__status="open")
    assert set(asked.values_list("kind", flat=True)) == set(workshop.kinds)
    assert len(workshop.kinds) == 5
    assert asked.filter(source="workshop-conversations").exists()
    assert workshop.protocol("ranking") == "best_worst"
    assert workshop.protocol("rating") == "0..100"
    assert workshop.protocol("steps") == "points-5"
    assert Item.objects.filter(project=workshop, verdict__correct=False).exists()


@pytest.mark.slow
def test_the_demo_has_work_for_everybody(loaded):
    users = {user.username: user for user in User.objects.filter(kind="person")}
    assert set(users) == {name for name, _ in demo.LOGINS}
    workshop = Project.objects.get(slug="workshop")
    assert disagreements(workshop)
    assert workshop.invitations.count() == 1
    assert own_pace(workshop, users["annotator"]).streak == 3
    for slug in ("everyday", "reasoning"):
        project = Project.objects.get(slug=slug)
        assert project.guidelines.exists()
        gold = Item.objects.filter(project=project, known__is_gold=True)
        assert gold.exists()
        assert not gold.filter(known__explanation="").exists()


@pytest.mark.parametrize("path", sorted(SAMPLE.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_row_of_a_sample_is_read(path):
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kind = KINDS.get(path.stem.rpartition("-")[2], "steps")
    report = import_file(ProjectFactory(), path, by=None, kind=kind, oracle=True)
    assert (report.items, report.errors) == (len(rows), [])


def test_gold_comes_with_its_explanations():
    project = ProjectFactory()
    manager = make_annotator(project, "manager")
    add_gold(project, "gold-outcomes", kind="outcome", by=manager)
    add_gold(project, "gold-outcomes", kind="outcome", by=manager)
    items = Item.objects.filter(project=project)
    assert items.filter(known__is_gold=True).count() == items.count() > 0
    assert not items.filter(known__explanation="").exists()


def test_a_person_of_the_demo_has_a_streak_but_nothing_today():
    project = ProjectFactory()
    known = {"choice": "left", "strength": 2}
    make_open_round(project, [make_item(project, known=known) for _ in range(9)])
    user = make_annotator(project)
    judge_as(user, project)
    judge_as(user, project)
    pace = own_pace(project, user)
    assert (pace.judged, pace.today, pace.streak) == (7, 0, 3)
