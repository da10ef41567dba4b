"""Importing: what comes in, what stays out, and that a second time adds nothing."""

import json

import pytest

from annotate.models import (
    Assignment,
    Item,
    Judgment,
    KnownAnswer,
    Prompt,
    Response,
    ResponseSource,
    Round,
    User,
)
from annotate.services import close_round, import_file
from annotate.services.imports import project_for_file
from tests.factories import ProjectFactory, make_item

pytestmark = pytest.mark.django_db


def _write(path, *rows):
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    path.write_text(text)
    return path


def _pair(chosen="good", rejected="bad", **more):
    return {"prompt": "Why?", "chosen": chosen, "rejected": rejected, **more}


def _stored_winner(judgment):
    """The text that a stored comparison prefers, with the display order undone."""
    place = {"left": 0, "right": 1}[judgment.latest.answer["choice"]]
    responses = judgment.assignment.item.ordered_responses()
    return responses[judgment.display_order[place]].content


@pytest.fixture
def project():
    return ProjectFactory(kinds=["comparison"])


def test_a_pair_becomes_an_item_and_an_unattributed_judgment(project, tmp_path):
    report = import_file(project, _write(tmp_path / "a.jsonl", _pair()), by=None)
    assert (report.prompts, report.responses, report.items, report.judgments) == (1, 2, 1, 1)
    judgment = Judgment.objects.get()
    assert judgment.assignment.annotator.kind == User.Kind.IMPORTED
    assert judgment.assignment.annotator.is_positional
    assert not judgment.assignment.annotator.is_active
    assert _stored_winner(judgment) == "good"


def test_importing_the_same_file_twice_adds_nothing(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair(), _pair("fine", "poor"))
    import_file(project, path, by=None)
    before = [model.objects.count() for model in (Prompt, Response, Item, Judgment, Assignment)]
    again = import_file(project, path, by=None)
    assert (again.prompts, again.responses, again.items, again.judgments) == (0, 0, 0, 0)
    assert again.duplicates == 2
    after = [model.objects.count() for model in (Prompt, Response, Item, Judgment, Assignment)]
    assert after == before


def test_contradicting_rows_are_one_item_with_two_judgments(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair("x", "y"), _pair("y", "x"), _pair("x", "y"))
    report = import_file(project, path, by=None)
    assert (report.items, report.judgments, report.duplicates) == (1, 2, 2)
    assert sorted(_stored_winner(judgment) for judgment in Judgment.objects.all()) == ["x", "y"]
    assert set(Assignment.objects.values_list("replicate", flat=True)) == {0, 1}


def test_repeated_judgments_in_rows_with_their_own_ids_all_count(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair(id="one"), _pair(id="two"))
    report = import_file(project, path, by=None)
    assert (report.items, report.judgments) == (1, 2)


def test_a_label_on_an_item_stored_the_other_way_round_is_turned(project, tmp_path):
    item = make_item(project, contents=("first", "second"))
    item.prompt.messages = [{"role": "user", "content": "Why?"}]
    for order in (("first", "second"), ("second", "first")):
        row = {
            "prompt": "Why?",
            "response_a": order[0],
            "response_b": order[1],
            "annotations": [{"annotator": "w1", "label": "a"}],
            "majority": "a",
        }
        import_file(project, _write(tmp_path / f"{order[0]}.jsonl", row), by=None)
    winners = [_stored_winner(judgment) for judgment in Judgment.objects.order_by("pk")]
    assert winners == ["first", "second"]
    assert Item.objects.exclude(pk=item.pk).count() == 1


def test_the_order_that_a_file_says_was_shown_is_kept(project, tmp_path):
    row = {
        "prompt": "Why?",
        "response_a": "A",
        "response_b": "B",
        "majority": "b",
        "annotations": [{"annotator": "w1", "label": "b", "strength": 2, "shown_first": "b"}],
    }
    import_file(project, _write(tmp_path / "a.jsonl", row), by=None)
    judgment = Judgment.objects.get()
    shown = judgment.assignment.item.ordered_responses()[judgment.display_order[0]]
    assert shown.content == "B"
    assert judgment.latest.answer == {"choice": "left", "strength": 2}
    assert judgment.assignment.annotator.external_id == "w1"


def test_a_strength_beyond_the_projects_scale_keeps_a_scale_that_has_it(tmp_path):
    project = ProjectFactory(scale="binary")
    row = {
        "prompt": "Why?",
        "response_a": "A",
        "response_b": "B",
        "majority": "a",
        "annotations": [{"annotator": "w1", "label": "a", "strength": 2}],
    }
    import_file(project, _write(tmp_path / "a.jsonl", row), by=None)
    assert Judgment.objects.get().scale == "signed3"


def test_an_oracle_hides_the_labels_as_known_answers(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair(margin=2.5))
    report = import_file(project, path, by=None, oracle=True)
    assert (report.judgments, report.known_answers) == (0, 1)
    known = KnownAnswer.objects.get()
    assert known.gap == 2.5
    responses = known.item.ordered_responses()
    assert responses[known.answer["choice"] == "right"].content == "good"
    assert Judgment.objects.count() == 0


def test_a_bad_row_is_reported_with_its_line_and_the_others_stay(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair(), "{broken", {"colour": "red"}, _pair("c", "d"))
    report = import_file(project, path, by=None)
    assert report.items == 2
    assert [(bad["file"], bad["line"]) for bad in report.errors] == [("a.jsonl", 2), ("a.jsonl", 3)]
    assert all(bad["reason"] for bad in report.errors)


def test_identical_responses_are_stored_and_never_queued(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair("same", "same"), _pair("x", "y"))
    import_file(project, path, by=None, opens_round=True)
    assert Item.objects.count() == 2
    asked = Round.objects.get().entries.values_list("item__is_queueable", flat=True)
    assert list(asked) == [True]


def test_a_second_file_joins_the_open_round(project, tmp_path):
    import_file(project, _write(tmp_path / "a.jsonl", _pair()), by=None, opens_round=True)
    import_file(project, _write(tmp_path / "b.jsonl", _pair("x", "y")), by=None, opens_round=True)
    round_ = Round.objects.get()
    assert round_.entries.count() == 2
    assert sorted(round_.assignments.values_list("position", flat=True)) == [0, 1]


def test_generators_are_kept_apart_from_the_texts(project, tmp_path):
    row = {
        "prompt": "Why?",
        "responses": ["a", "b"],
        "systems": ["m1", "m2"],
        "ranking": [[0], [1]],
    }
    import_file(project, _write(tmp_path / "a.jsonl", row), by=None)
    assert set(ResponseSource.objects.values_list("name", flat=True)) == {"m1", "m2"}


def test_a_projects_rating_scale_follows_its_first_file(tmp_path):
    row = {
        "prompt": "Q",
        "response": "R",
        "ratings": [
            {"annotator": "a1", "aspect": "overall", "value": -1},
            {"annotator": "a2", "aspect": "overall", "value": 1},
        ],
    }
    path = _write(tmp_path / "ratings.jsonl", row)
    project = project_for_file("rated", path, kind=None, by=None)
    assert (project.kinds, project.aspects) == (["rating"], ["overall"])
    assert (project.rating_min, project.rating_max) == (-1, 1)
    import_file(project, path, by=None)
    assert Judgment.objects.count() == 2


def test_a_conversation_and_its_continuation_share_a_split(project, tmp_path):
    opening = "\n\nHuman: Tell me about tea.\n\nAssistant:"
    longer = opening + " Tea is a plant.\n\nHuman: And coffee?\n\nAssistant:"
    rows = [_pair() | {"prompt": opening}, _pair() | {"prompt": longer}]
    import_file(project, _write(tmp_path / "a.jsonl", *rows), by=None)
    assert Prompt.objects.count() == 2
    assert len(set(Prompt.objects.values_list("split", flat=True))) == 1


def test_an_import_that_broke_off_asks_for_everything_when_tried_again(
    project, tmp_path, monkeypatch
):
    rows = [_pair(f"x{k}", f"y{k}") for k in range(5)]
    path = _write(tmp_path / "a.jsonl", *rows)
    monkeypatch.setattr("annotate.services.imports.CHUNK", 2)

    def crash(rows):
        if rows >= 4:
            raise RuntimeError("the worker dies")

    with pytest.raises(RuntimeError):
        import_file(project, path, by=None, opens_round=True, progress=crash)
    import_file(project, path, by=None, opens_round=True)
    assert Item.objects.count() == 5
    assert Round.objects.get().entries.count() == 5


def test_a_second_import_does_not_ask_again(project, tmp_path):
    path = _write(tmp_path / "a.jsonl", _pair())
    import_file(project, path, by=None, opens_round=True)
    close_round(Round.objects.get(), by=None)
    import_file(project, path, by=None, opens_round=True)
    assert Round.objects.count() == 1


def test_an_upload_keeps_its_own_name_whatever_the_storage_calls_it(project, tmp_path):
    row = {
        "prompt": "Why?",
        "response_a": "A",
        "response_b": "B",
        "majority": "a",
        "annotations": [{"annotator": "alice", "label": "a"}],
    }
    path = _write(tmp_path / "labels_x7Zq.jsonl", row, "{broken")
    report = import_file(project, path, by=None, name="labels.jsonl")
    assert User.objects.get(external_id="alice").source == "labels"
    assert report.errors[0]["file"] == "labels.jsonl"


def test_an_import_says_whether_it_knows_what_was_shown(project, tmp_path):
    annotation = {"annotator": "w1", "label": "a"}
    rows = [
        {"prompt": "P", "response_a": "A", "response_b": "B", "annotations": [annotation]},
        {
            "prompt": "Q",
            "response_a": "A",
            "response_b": "B",
            "annotations": [annotation | {"shown_first": "a"}],
        },
    ]
    import_file(project, _write(tmp_path / "a.jsonl", *rows), by=None)
    known = Judgment.objects.order_by("pk").values_list("is_order_known", flat=True)
    assert list(known) == [False, True]


@pytest.mark.parametrize(("ceiling", "asked"), [(1.0, 1), (0.9, 0)])
def test_near_identical_responses_are_noticed_and_put_aside_where_the_project_says_so(
    tmp_path, ceiling, asked
):
    words = " ".join(f"word{k}" for k in range(100))
    path = tmp_path / "pairs.jsonl"
    row = {"prompt": "p", "chosen": words, "rejected": words + " more"}
    path.write_text(json.dumps(row) + "\n")
    project = ProjectFactory(similarity_ceiling=ceiling)
    report = import_file(project, path, by=None)
    item = Item.objects.get(project=project)
    assert (report.items, report.near_identical, report.to_json()["near_identical"]) == (1, 1, 1)
    assert 0.98 < item.similarity < 1
    assert Item.objects.askable().filter(project=project).count() == asked
