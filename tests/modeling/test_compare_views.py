"""Models side by side, and the playground."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from annotate.errors import NotReady
from modeling.comparison import texts_of
from modeling.core.data import Example, Message
from modeling.core.evaluation.rows import text_key
from modeling.pages.playground import steps_of
from tests.factories import ProjectFactory, make_annotator
from tests.modeling.factories import make_dataset
from tests.modeling.gallery import make_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


@pytest.fixture
def reviewer(project):
    return make_annotator(project, "reviewer")


@pytest.fixture
def folders(settings, tmp_path):
    """Where checkpoints and datasets lie in this test."""
    settings.CHECKPOINT_DIR, settings.DATASET_DIR = tmp_path / "models", tmp_path / "data"
    return tmp_path


def compare(client, *numbers, **more):
    return client.get(
        reverse("modeling:checkpoint-compare", args=["cheer"]), {"model": numbers, **more}
    )


def text(response):
    return response.content.decode()


def with_predictions(model, folders, margins):
    """Let a model have been right on the rows whose margin is above zero."""
    model.path = f"cheer/{model.number}"
    model.save()
    directory = folders / "models" / model.path
    directory.mkdir(parents=True)
    lines = [
        {
            "key": f"row-{k}",
            "item": f"item-{k}",
            "group": f"g{k}",
            "category": "coding",
            "correct": float(margin > 0),
            "loss": 0.6 - margin / 10,
            "margin": margin,
            "share": 1.0,
            "probability": 0.5 + margin / 10,
        }
        for k, margin in enumerate(margins)
    ]
    (directory / "predictions.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return model


def with_texts(dataset, folders, n):
    """Test rows of a dataset version on disk."""
    directory = folders / "data" / dataset.path
    directory.mkdir(parents=True)
    rows = [
        {
            "id": f"row-{k}",
            "item": f"item-{k}",
            "prompt": [{"role": "user", "content": f"Question {k}?"}],
            "chosen": [{"role": "assistant", "content": f"Good <b>{k}</b>"}],
            "rejected": [{"role": "assistant", "content": f"Bad {k}"}],
        }
        for k in range(n)
    ]
    pq.write_table(pa.Table.from_pylist(rows), directory / "test.parquet")


# --- comparing ------------------------------------------------------------------------------


def test_models_are_chosen_first(client, project, reviewer):
    client.force_login(reviewer)
    assert "No reward model yet." in text(compare(client))
    make_model(project)
    page = text(compare(client, 1, 99))
    assert "Choose two or more" in page
    assert " checked" in page


@pytest.mark.parametrize("numbers", [("x", "1"), ("-1",), ("9" * 30,), ("²",)])
def test_nonsense_numbers_choose_nothing(client, project, reviewer, numbers):
    client.force_login(reviewer)
    assert compare(client, *numbers).status_code == 200


def test_figures_and_settings_stand_side_by_side(client, project, reviewer):
    make_model(project)
    make_model(project, "outcome")
    client.force_login(reviewer)
    response = compare(client, 2, 1)
    page = text(response)
    assert [one.number for one in response.context["chosen"]] == [1, 2]
    figures = dict(response.context["figures"])
    assert figures["accuracy"] == ["71.0 %", "71.0 %"]
    assert figures["Brier score"] == ["0.210", "–"]
    settings = dict(response.context["settings"])
    assert settings["objective"] == ["bradley_terry", "outcome"]
    assert "epochs" not in settings
    assert "different kinds of rows" in page


def test_models_without_files_here_are_compared_by_figures_alone(client, project, reviewer):
    make_model(project)
    make_model(project)
    client.force_login(reviewer)
    assert "are not on this machine" in text(compare(client, 1, 2))


def test_models_from_before_predictions_were_kept_say_so(client, project, reviewer, folders):
    for number in (1, 2):
        model = make_model(project)
        model.path = f"cheer/{number}"
        model.save()
        (folders / "models" / model.path).mkdir(parents=True)
    client.force_login(reviewer)
    (paired,) = compare(client, 1, 2).context["paired"]
    assert paired.difference.error


def test_paired_differences_and_flips_with_texts(client, project, reviewer, folders):
    dataset = make_dataset(project)
    with_texts(dataset, folders, 40)
    old = make_model(project, dataset=dataset)
    with_predictions(old, folders, [1.0] * 30 + [-1.0] * 10)
    with_predictions(make_model(project, dataset=dataset), folders, [1.0] * 36 + [-1.0] * 4)
    client.force_login(reviewer)
    response = compare(client, 1, 2)
    page = text(response)
    assert "40 rows that both were tested on, of 40 conversations." in page
    assert "6 won, 0 lost" in page
    assert "+15.0 points" in page
    assert len(response.context["flips"]) == 6
    assert "Question 30?" in page
    assert "Good &lt;b&gt;30&lt;/b&gt;" in page


def test_a_third_model_is_held_against_the_first(client, project, reviewer, folders):
    for shift in range(3):
        margins = [1.0] * (10 + shift) + [-1.0] * (10 - shift)
        with_predictions(make_model(project), folders, margins)
    client.force_login(reviewer)
    response = compare(client, 1, 2, 3, flips=2)
    assert [one.checkpoint.number for one in response.context["paired"]] == [2, 3]
    assert len(response.context["flips"]) == 1
    assert "Its texts are not on this machine." in text(response)
    assert len(compare(client, 1, 2, 3).context["flips"]) == 2


def test_the_gate_passes_a_better_model(client, project, folders):
    make = [make_model(project) for _ in range(2)]
    with_predictions(make[0], folders, [1.0] * 60 + [-1.0] * 60)
    with_predictions(make[1], folders, [1.0] * 110 + [-1.0] * 10)
    make[0].is_promoted = True
    make[0].save()
    client.force_login(make_annotator(project, "manager"))
    better = client.get(reverse("modeling:checkpoint-promote", args=[make[1].public_id]))
    assert better.context["verdict"].passed is True
    assert better.context["verdict"].reasons


def test_the_gate_refuses_a_worse_model(client, project, folders):
    worse, in_force = make_model(project), make_model(project, is_promoted=True)
    with_predictions(worse, folders, [1.0] * 40 + [-1.0] * 80)
    with_predictions(in_force, folders, [1.0] * 110 + [-1.0] * 10)
    client.force_login(make_annotator(project, "manager"))
    address = reverse("modeling:checkpoint-promote", args=[worse.public_id])
    assert client.get(address).context["verdict"].passed is False
    assert client.post(address, {}).status_code == 400


# --- the playground -------------------------------------------------------------------------


def playground(number=1):
    return reverse("modeling:playground", args=["cheer", number])


@pytest.fixture
def scorer(monkeypatch):
    """A scorer that gives each response its length, and each step a half."""
    asked = []

    def score(checkpoint, inputs, **options):
        asked.extend(inputs)
        (one,) = inputs
        if "steps" in one:
            steps = [0.5] * len(one["steps"])
            return {"rewards": [0.5], "details": [{"steps": steps, "truncated": True}]}
        told = [{"reward": float(len(text)), "truncated": False} for text in one["responses"]]
        if options.get("rationales"):
            told = [{**each, "rationale": "It is <brief>."} for each in told]
        best = max(range(len(told)), key=lambda k: told[k]["reward"])
        return {"rewards": [], "details": [{"responses": told, "best": best}]}

    monkeypatch.setattr("modeling.pages.playground.score_inputs", score)
    return asked


@pytest.mark.parametrize("kind", ["preference", "stepwise", "rating"])
def test_the_playground_asks_for_what_the_model_reads(client, project, reviewer, kind):
    model = make_model(project, kind)
    client.force_login(reviewer)
    page = text(client.get(playground()))
    assert reverse("modeling-api:checkpoint-score", args=[model.public_id]) in page
    assert ("a step in each paragraph" in page) == (kind == "stepwise")
    assert ("Response 2" in page) == (kind != "stepwise")
    assert ("data-prefers" in page) == (kind == "preference")


def test_responses_are_scored_without_scripts_too(client, project, reviewer, scorer):
    make_model(project)
    client.force_login(reviewer)
    data = {"prompt": "Why?", "response": ["Because.", "", "It is <so>."]}
    page = text(client.post(playground(), data))
    assert scorer == [{"prompt": "Why?", "responses": ["Because.", "It is <so>."]}]
    assert "8.000" in page
    assert "It is &lt;so&gt;." in page
    assert page.count("Best of them") == 1


def test_a_single_response_is_not_called_the_best(client, project, reviewer, scorer):
    make_model(project)
    client.force_login(reviewer)
    page = text(client.post(playground(), {"prompt": "Why?", "response": ["Because."]}))
    assert "8.000" in page
    assert "Best of them" not in page


def test_a_model_that_reasons_says_why(client, project, reviewer, scorer):
    make_model(project, objective="reasoning")
    client.force_login(reviewer)
    assert "data-rationales" in text(client.get(playground()))
    page = text(client.post(playground(), {"prompt": "Why?", "response": ["Because."]}))
    assert "It is &lt;brief&gt;." in page


def test_steps_are_scored_one_by_one(client, project, reviewer, scorer):
    make_model(project, "stepwise")
    client.force_login(reviewer)
    solution = "First.\r\nstill first.\r\n\r\nSecond."
    page = text(client.post(playground(), {"prompt": "2 + 2?", "response": [solution]}))
    assert scorer == [{"prompt": "2 + 2?", "steps": ["First.\nstill first.", "Second."]}]
    assert page.count("50.0 %") == 3
    assert "only part of it was read" in page


def test_a_scorer_that_is_down_is_explained_and_nothing_typed_is_lost(
    client, project, reviewer, monkeypatch
):
    def down(*_given, **_options):
        raise NotReady("The scorer is starting.", wait=2)

    monkeypatch.setattr("modeling.pages.playground.score_inputs", down)
    make_model(project)
    client.force_login(reviewer)
    page = text(client.post(playground(), {"prompt": "Why?", "response": ["Because."]}))
    assert "The scorer is starting." in page
    assert ">Why?</textarea>" in page
    assert ">Because.</textarea>" in page


def test_a_model_of_others_cannot_be_tried(client, project):
    make_model(project)
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(playground()).status_code == 404
    client.force_login(make_annotator(project))
    assert client.get(playground()).status_code == 403


def test_an_unknown_model_cannot_be_tried(client, project, reviewer):
    client.force_login(reviewer)
    assert client.get(playground(7)).status_code == 404


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("One.\nTwo.\n", ["One.", "Two."]),
        ("One.\nmore\n\n\nTwo.", ["One.\nmore", "Two."]),
        ("  \n ", []),
    ],
)
def test_steps_are_paragraphs_or_else_lines(text, steps):
    assert steps_of(text) == steps


def test_pairs_of_one_item_are_told_apart_by_their_texts(project, folders):
    model = make_model(project)
    texts = [("Good", "Bad"), ("Fair", "Bad"), ("Good", "Fair")]
    prompt = [{"role": "user", "content": "Which?"}]
    rows = [
        {
            "item": "ranked",
            "prompt": prompt,
            "chosen": [{"role": "assistant", "content": better}],
            "rejected": [{"role": "assistant", "content": worse}],
        }
        for better, worse in texts
    ]
    directory = folders / "data" / model.run.dataset.path
    directory.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), directory / "test.parquet")
    example = Example(prompt=(Message("user", "Which?"),), group="")
    flips = [("ranked", text_key(example, *pair)) for pair in texts]
    found = texts_of(model, [*flips, ("ranked", "gone")])
    shown = [(found[f]["chosen"][0]["content"], found[f]["rejected"][0]["content"]) for f in flips]
    assert shown == texts
    assert set(found) == set(flips)
