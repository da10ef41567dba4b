"""Agreement of a project's annotators: what is compared, per kind and by difficulty."""

import math

import pytest

from annotate.models import JudgmentRevision, KnownAnswer
from annotate.services import create_round
from annotate.services.rounds import Pick
from curation.core.agreement import krippendorff_alpha
from curation.quality.agreement import project_agreement
from curation.quality.judgments import project_judgments
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory()


@pytest.fixture
def people(project):
    return [make_annotator(project) for _ in range(3)]


def found(project):
    return {(one.kind, one.aspect): one for one in project_agreement(project_judgments(project))}


def compare(project, people, *choices, **kwargs):
    """One pair, a choice a person."""
    item = make_item(project, **kwargs)
    for person, choice in zip(people, choices, strict=False):
        say(item, person, side(choice))
    return item


def test_comparisons_are_compared_in_stored_order(project, people):
    for winner, mirrored in (("left", "right"), ("right", "left")):
        item = make_item(project)
        say(item, people[0], side(winner), order=[0, 1])
        say(item, people[1], side(mirrored), order=[1, 0])
    one = found(project)["comparison", ""]
    assert one.measures["nominal"].value == 1
    assert one.measures["pairs"].value == 1
    assert (one.judgments, one.items) == (4, 2)


def test_strength_counts_for_ordinal_and_interval_alpha(project, people):
    said = [("left", 4, "left", 1), ("right", 1, "right", 2), ("tie", 0, "left", 1)]
    values = []
    for first, strong, second, weak in said:
        item = make_item(project)
        say(item, people[0], side(first, strong))
        say(item, people[1], side(second, weak))
        sign = {"left": -1, "right": 1, "tie": 0}
        values += [sign[first] * strong, sign[second] * weak]
    one = found(project)["comparison", ""]
    for level in ("ordinal", "interval"):
        alone = krippendorff_alpha([0, 0, 1, 1, 2, 2], [0, 1] * 3, values, level=level)
        assert one.measures[level].value == pytest.approx(alone.value)


def test_scales_are_brought_to_one_length(project, people):
    for winner in ("left", "right"):
        item = make_item(project)
        say(item, people[0], side(winner, 4), scale="llama2")
        say(item, people[1], side(winner, 3), scale="signed3")
    assert found(project)["comparison", ""].measures["interval"].value == 1


def test_kinds_of_tie_are_one_and_abstentions_are_left_out(project, people):
    compare(project, people, "both_good", "both_bad", "cannot_judge")
    compare(project, people, "left", "left", "left")
    one = found(project)["comparison", ""]
    assert one.measures["nominal"].value == 1
    assert one.measures["nominal"].n == 5


def test_aspects_are_told_apart(project, people):
    for choice in ("left", "right"):
        item = make_item(project)
        for person in people[:2]:
            say(item, person, side("left") | {"aspects": {"truthful": choice}})
    kinds = found(project)
    assert kinds["comparison", "truthful"].measures["nominal"].value == 1
    assert math.isnan(kinds["comparison", ""].measures["nominal"].value)
    assert "ordinal" not in kinds["comparison", "truthful"].measures


def test_gold_reviewers_and_items_put_aside_are_left_out(project, people):
    first = compare(project, people, "left", "left")
    compare(project, people, "right", "right")
    say(first, people[2], side("right"), purpose="adjudication")
    for purpose in ("gold", "qualification"):
        say(first, UserFactory(), side("right"), purpose=purpose)
    one = found(project)["comparison", ""]
    assert (one.judgments, one.measures["pairs"].value) == (4, 1)


def test_surplus_counts_and_the_latest_revision_is_taken(project, people):
    item = compare(project, people, "left", "left")
    late = say(item, people[2], side("right"))
    late.assignment.is_surplus = True
    late.assignment.save()
    JudgmentRevision.objects.create(
        judgment=late, number=2, answer=side("left"), author=people[2], reason="slip"
    )
    one = found(project)["comparison", ""]
    assert (one.judgments, one.measures["pairs"].value) == (3, 1)


def test_of_two_judgments_of_an_item_by_one_person_the_last_counts(project, people):
    item = compare(project, people, "left", "right")
    say(item, people[1], side("left"), purpose="import")
    one = found(project)["comparison", ""]
    assert (one.judgments, one.measures["pairs"].n, one.measures["pairs"].value) == (2, 1, 1)


def test_rankings_have_tau_w_and_alpha_of_their_ranks(project, people):
    for _ in range(2):
        item = make_item(project, kind="ranking", contents=("a", "b", "c"))
        say(item, people[0], {"tiers": [[0], [1], [2]]})
        say(item, people[1], {"tiers": [[2], [1], [0]]}, order=[2, 1, 0])
    measures = found(project)["ranking", ""].measures
    assert list(measures) == ["tau", "w", "ordinal"]
    assert [measure.value for measure in measures.values()] == pytest.approx([1, 1, 1])


def test_ratings_are_measured_for_each_aspect(project, people):
    project.aspects = ["helpfulness", "tone"]
    project.save()
    for value in (1, 5):
        item = make_item(project, kind="rating")
        say(item, people[0], {"ratings": {"helpfulness": [value], "tone": [value]}})
        say(item, people[1], {"ratings": {"helpfulness": [value], "tone": [6 - value]}})
    kinds = found(project)
    assert kinds["rating", "helpfulness"].found.value == 1
    assert kinds["rating", "tone"].found.value < 0
    assert list(kinds["rating", "tone"].measures) == ["nominal", "ordinal", "interval"]


def test_steps_have_alpha_on_labels_and_on_the_first_error(project, people):
    for labels, others in (([1, -1, None], [1, -1, None]), ([1, 1, 1], [1, 0, -1])):
        item = make_item(project, kind="steps", steps=("a", "b", "c"))
        say(item, people[0], {"labels": labels})
        say(item, people[1], {"labels": others})
        say(item, people[2], {"give_up": "too hard"})
    kinds = found(project)
    assert kinds["steps", ""].measures["nominal"].n == 10
    first = kinds["steps", "first error"]
    assert (first.measures["pairs"].value, first.measures["pairs"].n) == (0.5, 2)
    assert first.measures["nominal"].n == 4


def test_likert_labels_of_steps_are_read_on_their_own_scale(project, people):
    item = make_item(project, kind="steps", steps=("a", "b"))
    say(item, people[0], {"labels": [5, 1]}, scale="points-5")
    say(item, people[1], {"labels": [1, -1]}, scale="signs")
    kinds = found(project)
    assert kinds["steps", ""].measures["interval"].value == 1
    assert kinds["steps", "first error"].measures["pairs"].value == 1


def test_outcomes_have_kappas_too(project, people):
    for verdicts in ((True, True), (False, False), (True, False)):
        item = make_item(project, kind="outcome")
        for person, correct in zip(people, verdicts, strict=False):
            say(item, person, {"correct": correct})
    measures = found(project)["outcome", ""].measures
    assert list(measures) == ["nominal", "fleiss", "cohen", "pairs"]
    assert measures["pairs"].value == pytest.approx(2 / 3)
    assert measures["cohen"].n == 3


def test_raters_who_are_only_numbers_of_a_row_are_not_paired(project):
    raters = [
        UserFactory(kind="imported", source="set", external_id=str(k), is_positional=True)
        for k in range(2)
    ]
    compare(project, raters, "left", "right")
    compare(project, raters, "left", "left")
    measures = found(project)["comparison", ""].measures
    assert "cohen" not in measures
    assert measures["nominal"].n == 4


def test_difficulty_goes_by_the_known_gap_in_thirds(project, people):
    known = side("left")
    for gap in range(6):
        choices = ("left", "right") if gap < 2 else ("left", "left")
        compare(project, people, *choices, known=known, gap=float(gap))
    compare(project, people, "right", "right")
    one = found(project)["comparison", ""]
    assert one.by == "gap"
    assert [(band.place, band.low, band.high, band.items) for band in one.bands] == [
        (0, 0, 1, 2),
        (1, 2, 3, 2),
        (2, 4, 5, 2),
    ]
    assert one.bands[0].found.value < 0


def test_without_gaps_difficulty_goes_by_the_last_predicted_margin(project, people):
    items = [compare(project, people, "left", "left") for _ in range(3)]
    for margins in ((9, 9, 9), (-3, 0.5, 1)):
        picks = [Pick(item, margin=m) for item, m in zip(items, margins, strict=True)]
        create_round(project, picks=picks, by=None)
    one = found(project)["comparison", ""]
    assert one.by == "margin"
    assert [band.high for band in one.bands] == [0.5, 1, 3]


def test_items_of_one_difficulty_are_not_split(project, people):
    for _ in range(4):
        compare(project, people, "left", "left", known=side("left"), gap=1.0)
    assert found(project)["comparison", ""].bands == ()


def test_the_number_of_queries_does_not_grow(project, people, django_assert_num_queries):
    for count in (2, 12):
        for _ in range(count):
            compare(project, people, "left", "right", "left", known=side("left"), gap=1.0)
        KnownAnswer.objects.update(is_gold=True)
        with django_assert_num_queries(6):
            project_judgments(project)
