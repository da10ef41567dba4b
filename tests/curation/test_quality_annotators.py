"""Each annotator's figures: whom they agree with, gold, biases, pace and drift."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.models import Judgment
from curation.quality.annotators import _with_plurality, project_annotators
from curation.quality.judgments import project_judgments
from curation.quality.shares import Share
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def project(db):
    return ProjectFactory()


@pytest.fixture
def people(project):
    return [make_annotator(project) for _ in range(4)]


def figures(project):
    return {one.person.pk: one.figures for one in project_annotators(project_judgments(project))}


def everybody(item, people, *answers):
    for person, answer in zip(people, answers, strict=False):
        say(item, person, answer)


def slow_plurality(votes):
    """What most of the others say, one annotator at a time."""
    marks = []
    for k, vote in enumerate(votes):
        others = Counter(other for j, other in enumerate(votes) if j != k and other is not None)
        leaders = [value for value, n in others.items() if n == max(others.values())]
        known = vote is not None and len(leaders) == 1
        marks.append(vote == leaders[0] if known else None)
    return marks


@settings(deadline=None)
@given(st.lists(st.sampled_from(["left", "right", "tie", None]), min_size=2, max_size=7))
def test_agreement_is_with_what_most_of_the_others_say(votes):
    assert _with_plurality(votes) == slow_plurality(votes)


def test_an_annotators_own_vote_does_not_make_the_majority(project, people):
    everybody(make_item(project), people, side("left"), side("right"))
    everybody(make_item(project), people, side("left"), side("left"), side("right"))
    found = figures(project)
    assert found[people[0].pk].reliability == Share(0, 1)
    assert found[people[2].pk].reliability == Share(0, 1)


def test_only_the_last_word_on_an_item_is_compared(project, people):
    item = make_item(project)
    everybody(item, people, side("right"), side("left"))
    say(item, people[0], side("left"), purpose="import")
    found = figures(project)[people[0].pk]
    assert (found.judgments, found.reliability) == (2, Share(1, 1))


def test_sides_are_compared_as_stored(project, people):
    item = make_item(project)
    say(item, people[0], side("left"), order=[0, 1])
    say(item, people[1], side("right"), order=[1, 0])
    assert figures(project)[people[0].pk].reliability == Share(1, 1)


def test_steps_agree_on_the_first_error_and_rankings_on_their_order(project, people):
    steps = make_item(project, kind="steps", steps=("a", "b"))
    everybody(steps, people, {"labels": [1, -1]}, {"labels": [0, -1]}, {"labels": [-1, None]})
    ranking = make_item(project, kind="ranking", contents=("a", "b", "c"))
    straight, reverse = {"tiers": [[0], [1], [2]]}, {"tiers": [[2], [1], [0]]}
    everybody(ranking, people, straight, straight, reverse, straight)
    found = figures(project)
    assert found[people[2].pk].reliability == Share(0, 2)
    assert found[people[3].pk].reliability == Share(1, 1)


def test_ratings_agree_within_a_quarter_of_the_scale_of_the_others_mean(project, people):
    item = make_item(project, kind="rating")
    everybody(item, people, *({"ratings": {"helpfulness": [value]}} for value in (1, 2, 3, 5)))
    found = figures(project)
    marks = [found[person.pk].reliability.hits for person in people]
    assert marks == [0, 1, 1, 0]  # the others' means are 3.33, 3, 2.67 and 2


def test_ratings_on_another_scale_are_not_compared(project, people):
    item = make_item(project, kind="rating")
    say(item, people[0], {"ratings": {"helpfulness": [1]}}, scale="1..5")
    say(item, people[1], {"ratings": {"helpfulness": [90]}}, scale="0..100")
    assert figures(project)[people[0].pk].reliability == Share(0, 0)


def test_imported_ratings_are_on_the_scale_of_the_project(project, people):
    project.rating_min, project.rating_max = 0, 1
    project.save()
    item = make_item(project, kind="rating")
    for person, value in zip(people, (0, 0, 1), strict=False):
        say(item, person, {"ratings": {"label": [value]}}, scale="llama2", purpose="import")
    found = figures(project)
    assert [found[person.pk].reliability.hits for person in people[:3]] == [1, 1, 0]


def test_gold_is_what_was_asked_as_a_check_or_is_marked_gold(project, people):
    plain = make_item(project, known=side("left"))
    marked = make_item(project, known=side("left"))
    marked.known.is_gold = True
    marked.known.save()
    say(plain, people[0], side("left"))
    say(marked, people[0], side("right"), order=[1, 0])
    say(plain, people[1], side("right"), purpose="gold")
    say(plain, people[2], side("left", 3), purpose="qualification")
    found = figures(project)
    assert [found[person.pk].gold for person in people[:3]] == [
        Share(1, 1),
        Share(0, 1),
        Share(1, 1),
    ]
    assert found[people[1].pk].reliability == Share(0, 0)


def test_left_is_the_left_of_the_screen_where_that_is_known(project, people):
    for order, choice in (([0, 1], "left"), ([1, 0], "left"), ([1, 0], "right")):
        say(make_item(project), people[0], side(choice), order=order)
    say(make_item(project), people[0], side("tie"))
    say(make_item(project), people[0], side("left"), is_order_known=False, purpose="import")
    assert figures(project)[people[0].pk].left == Share(2, 3)


def test_longer_is_by_the_characters_of_the_responses(project, people):
    say(make_item(project, contents=("a longer one", "short")), people[0], side("left"))
    shown = make_item(project, contents=("a longer one", "short"))
    say(shown, people[0], side("left"), order=[1, 0])
    say(make_item(project, contents=("same", "size")), people[0], side("left"))
    assert figures(project)[people[0].pk].longer == Share(1, 2)


def test_ties_are_a_share_of_the_comparisons_that_were_judged(project, people):
    for choice in ("tie", "both_bad", "left", "cannot_judge"):
        say(make_item(project), people[0], side(choice))
    say(make_item(project, kind="outcome"), people[0], {"correct": True})
    assert figures(project)[people[0].pk].ties == Share(2, 3)


def test_pace_is_the_median_of_the_known_times(project, people):
    for seconds in (4, 100, 6, None):
        say(make_item(project), people[0], side("left"), seconds=seconds)
    assert figures(project)[people[0].pk].seconds == 6


def test_ids_that_only_number_a_rows_raters_are_left_out(project):
    named = UserFactory(kind="imported", source="set", external_id="w7")
    numbered = UserFactory(kind="imported", source="set", external_id="0", is_positional=True)
    item = make_item(project)
    say(item, named, side("left"), purpose="import")
    say(item, numbered, side("left"), purpose="import")
    found = figures(project)
    assert list(found) == [named.pk]
    assert found[named.pk].reliability == Share(1, 1)


def test_drift_shows_in_blocks_of_consecutive_judgments(project, people):
    kinds = [True] * 20 + [False] * 20
    for k, is_good in enumerate(kinds):
        item = make_item(project, known=side("left"))
        judgment = say(item, people[0], side("left" if is_good else "right"), purpose="gold")
        Judgment.objects.filter(pk=judgment.pk).update(created_at=START + timedelta(hours=k))
    (one,) = project_annotators(project_judgments(project))
    assert [block.figures.gold for block in one.blocks] == [
        Share(10, 10),
        Share(10, 10),
        Share(0, 10),
        Share(0, 10),
    ]
    assert one.blocks[0].start == START
    assert one.blocks[-1].end == START + timedelta(hours=39)


def test_blocks_are_at_most_twelve_and_cover_everything(project, people):
    item = make_item(project)
    for k in range(157):
        say(item, people[0], side("left"), purpose="gold", replicate=k)
    (one,) = project_annotators(project_judgments(project))
    assert len(one.blocks) <= 12
    assert sum(block.figures.judgments for block in one.blocks) == 157
    few = random.Random(0).choice(people[1:])
    say(item, few, side("left"))
    assert project_annotators(project_judgments(project))[1].blocks == ()


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilsons_interval(hits, n, low, high):
    """The last is the example of Newcombe (1998), 81 of 263."""
    assert Share(hits, n).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_is_unknown():
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)
