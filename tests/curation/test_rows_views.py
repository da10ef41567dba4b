"""The pages of a version's rows: all of them, one, what was left out, and two versions compared."""

import shutil

import pytest
from django.urls import reverse

from annotate.models import Item
from curation.recipe import FilterRows, FilterTexts, SelectJudgments
from curation.views.row_words import (
    change_words,
    excerpt,
    row_answer,
    row_certainty,
    row_opening,
    row_votes,
)
from tests.annotate.views.conftest import browser, text_of
from tests.curation.building import ask, judged, row_ids, version
from tests.curation.datasets import make_dataset
from tests.curation.exports.versions import MAKE, canonical
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
ODD = "<script>alert(1)</script>"


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


@pytest.fixture
def reviewer(project):
    return browser(make_annotator(project, "reviewer"))


def url(name, dataset, *more, **query):
    address = reverse(f"curation:{name}", args=[dataset.public_id, *more])
    return address + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def test_all_rows_are_listed_a_page_at_a_time(project, reviewer, monkeypatch):
    monkeypatch.setattr("curation.views.rows.SHOWN", 2)
    for question in ("Dogs?", "Cats?", "Cows?"):
        judged(project, question, "left", "left", "right")
    judged(project, "Bats?", "left", split="test")
    dataset = version(project)
    ids = row_ids(dataset)
    first = text_of(reviewer.get(url("dataset-rows", dataset)))
    second = text_of(reviewer.get(url("dataset-rows", dataset, split="train", page=2)))
    assert [f"/rows/{name}/" in first for name in ids] == [True, True, False]
    assert [f"/rows/{name}/" in second for name in ids] == [False, False, True]
    assert "2 : 1 : 0" in first
    assert "Page 1 of 2" in first
    test_rows = text_of(reviewer.get(url("dataset-rows", dataset, split="test")))
    assert "Bats?" in test_rows
    assert "Dogs?" not in test_rows


def test_a_split_without_rows_says_so(project, reviewer):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    page = text_of(reviewer.get(url("dataset-rows", dataset, split="validation")))
    assert "This split has no rows." in page
    odd = text_of(reviewer.get(url("dataset-rows", dataset, split="holiday", page="x")))
    assert "Dogs?" in odd


def test_a_row_is_found_by_its_id(project, reviewer):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    (name,) = row_ids(dataset)
    reply = reviewer.get(url("dataset-rows", dataset, id=f"%20{name}"))
    assert reply.url == url("dataset-row", dataset, name)
    page = text_of(reviewer.get(url("dataset-rows", dataset, id="<b>x")))
    assert "This version has no row &lt;b&gt;x." in page


def test_a_row_shows_who_said_what_in_its_letters(project, reviewer):
    people = [make_annotator(project, username=name) for name in ("ann", "bob")]
    item = judged(
        project, "Dogs?", "right", "right", people=people, contents=("No.", f"Yes. {ODD}")
    )
    judged(project, "Dogs? ", "left", contents=(f"Yes. {ODD}", "No. "))
    dataset = version(project)
    (name,) = row_ids(dataset)
    page = text_of(reviewer.get(url("dataset-row", dataset, name)))
    assert page.count("A barely better") == 3
    assert "A is the chosen response" in page
    assert "ann" in page
    assert reverse("annotate:item-detail", args=[item.public_id]) in page
    assert ODD not in page


def test_a_reason_is_shown_beside_the_judgment(project, reviewer):
    item = ask(project, "Dogs?")
    say(item, make_annotator(project), side("left") | {"rationale": f"Clearer. {ODD}"})
    dataset = version(project)
    page = text_of(reviewer.get(url("dataset-row", dataset, *row_ids(dataset))))
    assert "Clearer. &lt;script&gt;" in page


@pytest.mark.parametrize(
    ("kind", "item", "answer", "said"),
    [
        ("ranking", {"contents": ("a", "b", "c")}, {"tiers": [[1], [0, 2]]}, "B &gt; A = C"),
        ("outcome", {"contents": ("4",)}, {"correct": True}, "right"),
        ("rating", {"contents": ("a",)}, {"ratings": {"helpful": [4]}}, "helpful 4"),
    ],
)
def test_every_kind_of_row_is_traced(project, reviewer, kind, item, answer, said):
    found = ask(project, "Dogs?", kind=kind, **item)
    say(found, make_annotator(project), answer, scale="1..5" if kind == "rating" else "")
    methods = {"ranking": "mean_rank", "rating": "mean", "outcome": "majority"}
    dataset = version(project, kind, aggregate=methods[kind])
    page = text_of(reviewer.get(url("dataset-row", dataset, *row_ids(dataset))))
    assert said in page


def test_names_are_hidden_from_reviewers_where_the_project_hides_them(project, reviewer):
    project.hide_names = True
    project.save()
    people = [make_annotator(project, username="very-secret-name")]
    judged(project, "Dogs?", "left", people=people)
    judged(project, "Cats?", "left", people=people)
    dataset = version(project, select=SelectJudgments(max_per_annotator=1))
    for address in (
        url("dataset-row", dataset, *row_ids(dataset)),
        url("dataset-left-out", dataset),
    ):
        page = text_of(reviewer.get(address))
        assert "very-secret-name" not in page
        assert "Annotator " in page


def test_what_was_left_out_is_listed_by_reason(project, reviewer, monkeypatch):
    monkeypatch.setattr("curation.views.left_out.SHOWN", 2)
    short = [judged(project, f"{name}?", "left", contents=("Y", "N")) for name in ("A", "B", "C")]
    judged(project, "Dogs?", "left", "right", contents=("Dogs bark.", f"Dogs bite. {ODD}"))
    judged(project, "Cats?", "left", contents=("Cats purr.", "Cats bark."))
    dataset = version(project, texts=FilterTexts(min_chars=3))
    first = text_of(reviewer.get(url("dataset-left-out", dataset)))
    second = text_of(reviewer.get(url("dataset-left-out", dataset, why="texts.too_short", page=2)))
    shown = [
        sum(reverse("annotate:item-detail", args=[item.public_id]) in page for item in short)
        for page in (first, second)
    ]
    assert shown == [2, 1]
    ties = text_of(reviewer.get(url("dataset-left-out", dataset, why="aggregate.tie")))
    assert "Dogs bite." in ties
    assert ODD not in ties
    assert "Cats?" not in ties


@pytest.mark.parametrize("why", ["texts.too_long", "x", "aggregate.", "<b>"])
def test_an_unknown_reason_is_not_found(project, reviewer, why):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    assert reviewer.get(url("dataset-left-out", dataset, why=why)).status_code == 404


def test_where_nothing_was_left_out_the_page_says_so(project, reviewer):
    judged(project, "Dogs?", "left")
    assert "Nothing was left out." in text_of(
        reviewer.get(url("dataset-left-out", version(project)))
    )


def test_things_that_are_gone_keep_their_names(project, reviewer):
    item = judged(project, "Dogs?", "left", contents=("Y", "N"))
    judged(project, "Cats?", "left", contents=("Cats purr.", "Cats bark."))
    dataset = version(project, texts=FilterTexts(min_chars=3))
    Item.objects.filter(pk=item.pk).update(digest="0" * 64)
    assert item.digest[:12] in text_of(reviewer.get(url("dataset-left-out", dataset)))


def two(project):
    """Versions between which one row went, one changed its answer and two stayed."""
    judged(project, "Dogs?", "left")
    judged(project, "Cats?", "left")
    judged(project, "A much longer question about cows and all that they eat?", "left")
    bats = judged(project, f"Bats? {ODD}", "left", contents=("They are.", "They are not."))
    before = version(project)
    for _ in range(2):
        say(bats, make_annotator(project), side("right"))
    return before, version(project, texts=FilterTexts(max_prompt_chars=45))


def test_two_versions_stand_side_by_side(project, reviewer):
    before, after = two(project)
    page = text_of(reviewer.get(url("dataset-compare", after, **{"with": before.public_id})))
    assert "2 rows are the same." in page
    assert "Removed 1" in page
    assert "Another answer 1" in page
    answers = text_of(
        reviewer.get(
            url("dataset-compare", after, **{"with": before.public_id, "change": "answer"})
        )
    )
    assert answers.index("They are.<") < answers.index("They are not.<")
    assert "Characters of the prompt at most" in page
    assert ODD not in page + answers


def test_a_removed_row_leads_to_the_earlier_version(project, reviewer):
    judged(project, "Dogs?", "left")
    judged(project, "Cats?", "left", "left")
    before = version(project)
    after = version(project, rows=FilterRows(min_votes=2))
    page = text_of(reviewer.get(url("dataset-compare", after, **{"with": before.public_id})))
    (gone,) = set(row_ids(before)) - set(row_ids(after))
    assert url("dataset-row", before, gone) in page
    back = text_of(reviewer.get(url("dataset-compare", before, **{"with": after.public_id})))
    assert "Added 1" in back


@pytest.mark.parametrize("other", ["", "x", "0" * 32])
def test_an_unknown_other_version_is_not_found(project, reviewer, other):
    judged(project, "Dogs?", "left")
    address = url("dataset-compare", version(project), **{"with": other})
    assert reviewer.get(address).status_code == 404


def test_versions_of_different_kinds_are_not_compared(project, reviewer):
    one, other = make_dataset(project), make_dataset(project, kind="ranking", number=4)
    reply = reviewer.get(url("dataset-compare", one, **{"with": other.public_id}))
    assert reply.status_code == 400
    assert "one kind and project" in text_of(reply)


def test_a_version_of_a_project_one_is_not_in_is_not_compared(project, reviewer):
    judged(project, "Dogs?", "left")
    dataset = version(project)
    other = ProjectFactory()
    judged(other, "Dogs?", "left")
    address = url("dataset-compare", dataset, **{"with": version(other).public_id})
    assert reviewer.get(address).status_code == 404


def test_the_page_of_a_version_leads_everywhere(project, reviewer):
    before, after = two(project)
    page = text_of(reviewer.get(url("dataset-detail", after)))
    assert url("dataset-rows", after) in page
    assert url("dataset-left-out", after) in page
    assert url("dataset-compare", after) in page
    assert str(before.public_id) in page
    assert url("dataset-left-out", after) + "?why=texts.prompt_too_long" in page
    assert "Goes on from" in page
    assert "&quot;max_prompt_chars&quot;: 45" in page


def test_without_its_files_a_version_says_so(project, reviewer):
    before, after = two(project)
    row = row_ids(after)[0]
    shutil.rmtree(after.directory)
    for address in (
        url("dataset-rows", after),
        url("dataset-row", after, row),
        url("dataset-left-out", after),
        url("dataset-compare", after, **{"with": before.public_id}),
    ):
        reply = reviewer.get(address)
        assert reply.status_code == 404
        assert "Build it again" in text_of(reply)


@pytest.mark.parametrize("name", ["0" * 24, "x", "a-b_c"])
def test_a_row_that_is_not_there_is_not_found(project, reviewer, name):
    judged(project, "Dogs?", "left")
    assert reviewer.get(url("dataset-row", version(project), name)).status_code == 404


def test_who_may_look(project, client):
    before, after = two(project)
    addresses = [
        url("dataset-rows", after),
        url("dataset-row", after, row_ids(after)[0]),
        url("dataset-left-out", after),
        url("dataset-compare", after, **{"with": before.public_id}),
    ]
    people = {
        role: browser(make_annotator(project, role))
        for role in ("annotator", "reviewer", "manager")
    }
    people |= {"outsider": browser(UserFactory()), "anonymous": client}
    statuses = {
        name: {each.get(address).status_code for address in addresses}
        for name, each in people.items()
    }
    assert statuses == {
        "annotator": {403},
        "reviewer": {200},
        "manager": {200},
        "outsider": {404},
        "anonymous": {302},
    }
    assert {people["manager"].post(address).status_code for address in addresses} == {405}


@pytest.mark.parametrize(
    ("kind", "answer", "votes", "certainty"),
    [
        ("preference", "Answer a. Quotes", "2 : 0 : 2", "0.750"),
        ("ranking", "3 > 1 = 2", "3", "-2.5 -2.5 -1"),
        ("stepwise", "+1 0 −1", "4 4 4", "1 0.75 0.25"),
        ("outcome", "right", "10", "0.900"),
        ("rating", "helpfulness 4; honesty 2.5", "2 2", "0.5 –"),
        ("classification", "unacceptable", "4", "0.25 0.75"),
    ],
)
def test_a_row_in_words(kind, answer, votes, certainty):
    row = MAKE[kind]("1")
    assert row_answer(row).startswith(answer)
    assert (row_votes(row), row_certainty(row)) == (votes, certainty)
    assert row_opening(row) == "Question 1?"
    assert change_words("weight", row) in ("1", "1 1 1")
    assert change_words("details", row).startswith("poetry, web")
    assert change_words("moved", row | {"split": "test"}) == "test"
    assert change_words("answer", None) == ""


def test_an_even_pair_in_words():
    assert row_answer(canonical("1")) == "even, 2 votes"


def test_long_texts_are_shortened_on_one_line():
    assert excerpt("a\n\nb  c") == "a b c"
    assert len(excerpt("x" * 200_000)) == 80
    assert row_opening({"prompt": []}) == ""
