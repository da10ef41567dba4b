"""From a row back to the judgments behind it, in the row's own words."""

import shutil

import pytest
from django.utils import timezone

from annotate.answers import ComparisonAnswer, RankingAnswer, RatingAnswer
from annotate.models import Judgment, User
from annotate.services import revise_judgment
from curation.aligning import aligned, places_of
from curation.stored_rows import RowsMissing, find_rows, rows_between
from curation.tracing import judgment_values, trace_row
from tests.curation.building import ask, judged, row_ids, version
from tests.curation.datasets import make_dataset
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


def only_trace(dataset, name="train"):
    (row,) = row_ids(dataset, name)
    return trace_row(dataset, row)


def test_a_row_leads_to_its_judgments_and_to_no_others(project):
    item = judged(project, "Dogs?", "left", "left", "right")
    judged(project, "Cats?", "left")
    dataset = version(project)
    judgments = set(Judgment.objects.filter(assignment__item=item))
    traces = [trace_row(dataset, row) for row in row_ids(dataset)]
    (trace,) = [one for one in traces if len(one.judgments) == 3]
    assert {said.revision.judgment for said in trace.judgments} == judgments
    assert trace.split == "train"
    assert trace.missing == ()
    assert trace.row["item"] == item.digest


def test_answers_speak_of_the_chosen_response_first(project):
    """Two of three preferred the stored second one, which is the chosen one then."""
    judged(project, "Dogs?", "right", "right", "left")
    trace = only_trace(version(project))
    assert [said.answer.choice for said in trace.judgments] == ["left", "left", "right"]


def test_an_answer_shown_the_other_way_round_is_told_as_the_row_has_it(project):
    item = ask(project, "Dogs?")
    say(item, make_annotator(project), side("left"), order=[1, 0])  # so the stored second one
    trace = only_trace(version(project))
    assert trace.row["chosen"][0]["content"] == "No."
    assert trace.judgments[0].answer.choice == "left"


def test_the_answers_of_a_twin_are_told_in_the_words_of_the_row(project):
    """The same is asked twice, once with the responses in the other order."""
    judged(project, "Dogs?", "left")
    judged(project, "Dogs? ", "right", contents=("No. ", "Yes."))
    dataset = version(project)
    trace = only_trace(dataset)
    assert trace.row["chosen"][0]["content"].strip() == "Yes."
    assert len({said.item.pk for said in trace.judgments}) == 2
    assert [said.answer.choice for said in trace.judgments] == ["left", "left"]


def test_a_row_knows_the_revision_it_was_made_from(project):
    person = make_annotator(project)
    item = judged(project, "Dogs?", "left", people=[person])
    judgment = Judgment.objects.get(assignment__item=item)
    before = version(project)
    moment = timezone.now()
    revise_judgment(judgment, answer=ComparisonAnswer("right", 1), by=person)
    after, then = version(project), version(project, until=moment)
    assert [said.revision.number for said in only_trace(after).judgments] == [2]
    assert [said.revision.number for said in only_trace(before).judgments] == [1]
    assert then == before


def test_a_decision_stands_alone_and_is_marked(project):
    item = judged(project, "Dogs?", "left", "left")
    say(item, make_annotator(project, "reviewer"), side("right"), purpose="adjudication")
    trace = only_trace(version(project))
    assert [said.is_decision for said in trace.judgments] == [True]


def test_an_even_pair_is_a_row_of_the_canonical_file(project):
    judged(project, "Dogs?", "left")
    item = judged(project, "Cats?", "left", "right")
    dataset = version(project)
    (even,) = set(row_ids(dataset, "canonical")) - set(row_ids(dataset))
    trace = trace_row(dataset, even)
    assert trace.row["is_even"]
    assert trace.row["item"] == item.digest
    assert len(trace.judgments) == 2


def test_a_rating_is_told_of_the_rows_response_alone(project):
    project.aspects = ["helpful"]
    project.save()
    item = ask(project, "Dogs?", ("Yes.",), kind="rating")
    say(item, make_annotator(project), {"ratings": {"helpful": [4]}})
    trace = only_trace(version(project, "rating", aggregate="mean"))
    assert trace.judgments[0].answer == RatingAnswer({"helpful": (4,)})
    assert trace.judgments[0].places == (0,)


def test_pairs_of_a_ranking_tell_their_two_responses_first(project):
    item = ask(project, "Dogs?", ("a", "b", "c"), kind="ranking")
    say(item, make_annotator(project), {"tiers": [[2], [0], [1]]})
    dataset = version(project, sources=("ranking",))
    for row in row_ids(dataset):
        (said,) = trace_row(dataset, row).judgments
        order = [place for tier in said.answer.tiers for place in tier]
        assert order.index(0) < order.index(1)


def test_a_judgment_that_is_gone_is_named(project):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    name = f"{Judgment.objects.get().public_id}.1"
    Judgment.objects.all().delete()
    trace = only_trace(dataset)
    assert (trace.judgments, trace.missing) == ((), (name,))


def test_an_unknown_row_is_none(project):
    judged(project, "Dogs?", "left")
    assert trace_row(version(project), "0" * 24) is None


def test_without_files_nothing_can_be_traced(project):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    shutil.rmtree(dataset.directory)
    with pytest.raises(RowsMissing, match="Build it again"):
        trace_row(dataset, "0" * 24)


def test_a_version_of_an_earlier_release_has_no_ids(project):
    dataset = make_dataset(project, rows={"train": [], "validation": [], "test": []})
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"group": ["g"]}), dataset.directory / "train.parquet")
    with pytest.raises(RowsMissing, match="have no ids"):
        find_rows(dataset, ["x"])


def test_a_judgment_in_plain_values_hides_whom_the_reader_may_not_see(project):
    judged(project, "Dogs?", "left")
    (said,) = only_trace(version(project)).judgments
    annotator = User.objects.get(assignments__isnull=False)
    told = judgment_values(said, {annotator.pk: "Annotator 4711"})
    assert told["annotator"] == "Annotator 4711"
    assert told["answer"] == {"choice": "left", "strength": 1}
    assert annotator.username not in str(told)


@pytest.mark.parametrize("bounds", [(0, 3), (1, 4), (3, 4), (0, 9), (4, 4), (7, 9)])
def test_a_slice_of_rows_is_read_across_row_groups(project, monkeypatch, bounds):
    monkeypatch.setattr("curation.exports.writing.ROWS_PER_GROUP", 2)
    for animal in ("Dogs?", "Cats?", "Cows?", "Bats?", "Ants?"):
        judged(project, animal, "left")
    dataset = version(project)
    ids = row_ids(dataset)
    assert [row["id"] for row in rows_between(dataset, "train", *bounds)] == ids[slice(*bounds)]
    assert set(find_rows(dataset, ids[::2])) == set(ids[::2])


def test_texts_are_found_as_datasets_take_them_for_the_same():
    assert places_of(["b", "a  \r\n"], ["a", "b", "c"]) == [1, 0, None]
    assert places_of(["a", "a"], ["a", "a", "a"]) == [0, 1, None]
    assert places_of(["nul \x00", "\ud800"], ["\ufffd", "nul \ufffd"]) == [1, 0]


def test_what_is_not_asked_for_comes_last():
    ranked = RankingAnswer(((0,), (1,), (2,)))
    assert aligned(ranked, [2, None]).tiers == ((1,), (2,), (0,))
    assert aligned(ranked, [None]) == ranked
