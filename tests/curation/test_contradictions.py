"""Items that ask the same and were answered differently: queued, shown, decided once for all."""

import pytest
from django.urls import reverse

from annotate.models import Item, JudgmentRevision, User
from annotate.services.review import send_back, set_aside
from annotate.services.runs import RunFailed
from curation.adjudication import disagreements, next_disagreement, twins_of
from curation.models import Contradiction
from curation.recipe import Dedupe
from tests.annotate.views.conftest import browser, text_of
from tests.curation.building import ask, judged, run_of, version
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


@pytest.fixture
def reviewer(project):
    return make_annotator(project, "reviewer")


def twice(project, one="left", other="right", **how):
    """The same asked twice, and said to be so and so; the one that stands for both first."""
    items = [judged(project, "Dogs?", one), judged(project, "Dogs? ", other, **how)]
    return sorted(items, key=lambda item: item.digest)


def queue(project):
    return [(one.item, one.twins, one.opinions, one.amount) for one in disagreements(project)]


def test_a_contradiction_comes_into_the_queue_as_one(project):
    first, second = twice(project)
    assert queue(project) == []
    judged(project, "Cats?", "left")
    assert run_of(project).result["contradictions"] == 1
    assert queue(project) == [(first.pk, (second.pk,), 2, 1.0)]
    assert str(Contradiction.objects.get()) == f"contradiction about {first.pk}"


def test_it_comes_even_where_it_leaves_no_row(project):
    first, _ = twice(project)
    with pytest.raises(RunFailed, match="1 tie"):
        run_of(project)
    assert [entry[0] for entry in queue(project)] == [first.pk]


def test_a_preview_queues_nothing(project):
    twice(project)
    run_of(project, is_preview=True)
    assert not Contradiction.objects.exists()


@pytest.mark.parametrize(("one", "other"), [("left", "left"), ("left", "tie"), ("tie", "unsafe")])
def test_what_does_not_contradict_is_not_queued(project, one, other):
    twice(project, one, other)
    judged(project, "Cats?", "left")
    version(project)
    assert queue(project) == []


def test_the_other_way_round_is_no_contradiction(project):
    twice(project, "left", "right", contents=("No.", "Yes."))
    version(project)
    assert queue(project) == []


def test_one_that_is_settled_leaves_with_the_next_dataset(project):
    twice(project)
    judged(project, "Cats?", "left")
    version(project)
    JudgmentRevision.objects.update(answer=side("left"))
    version(project)
    assert queue(project) == []
    assert not Contradiction.objects.exists()


def test_a_dataset_of_another_kind_leaves_the_queue_alone(project):
    twice(project)
    judged(project, "Cats?", "left")
    version(project)
    for question in ("Cows?", "Bats?"):
        item = ask(project, question, ("It is so.",), kind="outcome")
        say(item, make_annotator(project), {"correct": True})
    version(project, "outcome")
    assert len(queue(project)) == 1


def test_a_recipe_that_pools_nothing_leaves_the_queue_alone(project):
    twice(project)
    judged(project, "Cats?", "left")
    version(project)
    version(project, dedupe=Dedupe(exact=False))
    assert len(queue(project)) == 1


def test_a_decision_on_either_item_decides_both(project, reviewer):
    for decided in (0, 1):
        here = ProjectFactory()
        items = twice(here)
        judged(here, "Cats?", "left")
        version(here)
        assert next_disagreement(here) == items[0]
        say(items[decided], make_annotator(here, "reviewer"), side("left"), purpose="adjudication")
        assert next_disagreement(here) is None
        assert queue(here) == []
        rows = version(here).row_counts
        assert sum(rows.values()) == 2  # the decision, and the cats


def test_setting_one_aside_ends_the_contradiction(project, reviewer):
    first, _ = twice(project)
    judged(project, "Cats?", "left")
    version(project)
    set_aside(first, reason="It is cut off.", by=reviewer)
    assert queue(project) == []


def test_one_that_was_sent_back_comes_again_with_the_next_judgment(project, reviewer):
    first, second = twice(project)
    judged(project, "Cats?", "left")
    version(project)
    send_back(first, note="Ask more.", by=reviewer)
    assert queue(project) == []
    say(second, make_annotator(project), side("left"))
    assert [entry[0] for entry in queue(project)] == [first.pk]


def test_simulated_answers_contradict_where_the_project_takes_them_in(project):
    first, second = ask(project, "Dogs?"), ask(project, "Dogs? ")
    for item, choice in ((first, "left"), (second, "right")):
        robot = UserFactory(kind=User.Kind.SIMULATED, source="s", external_id=choice)
        say(item, robot, side(choice))
    judged(project, "Cats?", "left")
    version(project, include_simulated=True)
    assert queue(project) == []
    project.include_simulated = True
    project.save()
    assert len(queue(project)) == 1


def test_twins_know_one_another(project):
    first, second = twice(project)
    other = judged(project, "Cats?", "left")
    assert twins_of(first) == []
    version(project)
    assert (twins_of(first), twins_of(second), twins_of(other)) == ([second], [first], [])


def review(user, item):
    return text_of(browser(user).get(reverse("curation:adjudicate", args=[item.public_id])))


def test_a_reviewer_sees_the_twins_answers_in_the_letters_of_the_page(project, reviewer):
    """All four say that "Yes." is better, but for the one that contradicts them."""
    items = [
        judged(project, "Dogs?", "left", "right"),
        judged(project, "Dogs? ", "right", contents=("No.  ", "Yes.")),
    ]
    judged(project, "Cats?", "left")
    version(project)
    here = min(items, key=lambda item: item.digest)
    page = review(reviewer, here)
    texts = [page.index(">Yes."), page.index(">No.")]
    better = "A barely better" if texts[0] < texts[1] else "B barely better"
    twin = page[page.index("twins-title") :]
    twin = twin[: twin.index("</section>")]
    other = next(item for item in items if item != here)
    assert reverse("annotate:item-detail", args=[other.public_id]) in twin
    assert better in twin


def test_names_are_hidden_there_as_elsewhere(project, reviewer):
    project.hide_names = True
    project.save()
    person = make_annotator(project, username="very-secret-name")
    twice(project, people=[person])
    judged(project, "Cats?", "left")
    version(project)
    for item in Item.objects.filter(contradiction__isnull=False):
        page = review(reviewer, item)
        assert "twins-title" in page
        assert "very-secret-name" not in page


def test_an_item_without_twins_shows_none(project, reviewer):
    item = judged(project, "Cats?", "left", "right")
    assert "twins-title" not in review(reviewer, item)


def test_the_queue_tells_that_something_was_asked_twice(project, reviewer):
    twice(project)
    judged(project, "Cats?", "left", "right")
    judged(project, "Cows?", "left")
    version(project)
    page = text_of(browser(reviewer).get(reverse("curation:adjudication", args=["cheer"])))
    assert page.count("asked 2 times") == 1


def test_the_queue_is_read_in_few_queries(project, reviewer, django_assert_max_num_queries):
    for question in "ABCDEFGH":
        judged(project, f"{question}?", "left")
        judged(project, f"{question}? ", "right")
    judged(project, "Cats?", "left")
    version(project)
    with django_assert_max_num_queries(12):
        assert len(disagreements(project)) == 8
