"""Runs: the list, the form that starts one, and a training to watch."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from modeling.models import EvaluationRun, TrainingRun
from tests.factories import ProjectFactory, make_annotator
from tests.modeling.factories import make_dataset
from tests.modeling.gallery import curve, make_gallery, make_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", seed=7)


@pytest.fixture
def manager(project):
    return make_annotator(project, "manager")


@pytest.fixture
def reviewer(project):
    return make_annotator(project, "reviewer")


def url(name, *args):
    return reverse(f"modeling:{name}", args=args or ["cheer"])


def text(response):
    return response.content.decode()


def running(project, **values):
    defaults = {
        "dataset": make_dataset(project, kind="stepwise"),
        "status": "running",
        "progress": 0.4,
        "message": "Step 90 of 200",
        "lease_until": timezone.now(),
        "config": {"objective": "prm", "frozen": False},
    }
    return TrainingRun.objects.create(project=project, **defaults | values)


# --- the list -------------------------------------------------------------------------------


def test_an_empty_list_says_so(client, reviewer):
    client.force_login(reviewer)
    page = text(client.get(url("run-list")))
    assert "Nothing has run yet." in page
    assert "No reward model yet." in page
    assert "Start a training" not in page


def test_models_of_all_objectives_stand_with_their_own_measure(client, project, manager):
    make_gallery(project)
    client.force_login(manager)
    page = text(client.get(url("run-list")))
    for words in ("first-error F1", "64.3 %", "correlation with ratings", "Plackett–Luce"):
        assert words in page
    assert page.count('name="model"') == 6
    assert "Start a training" in page


def test_a_run_that_runs_is_looked_at_again(client, project, reviewer):
    running(project)
    client.force_login(reviewer)
    page = text(client.get(url("run-list"), {"kind": "training", "status": "running"}))
    assert "running 40 %" in page
    assert 'hx-trigger="every 3s"' in page
    assert "kind=training&amp;status=running" in page


def test_htmx_gets_the_table_alone(client, project, reviewer):
    make_model(project)
    client.force_login(reviewer)
    fragment = text(client.get(url("run-list"), headers=HTMX)).strip()
    assert fragment.startswith('<div id="run-table"')
    assert "hx-trigger" not in fragment


def test_the_list_is_narrowed_by_kind_and_status(client, project, manager):
    model = make_model(project)
    EvaluationRun.objects.create(project=project, checkpoint=model, status="succeeded")
    running(project)
    client.force_login(manager)

    def shown(**asked):
        rows = client.get(url("run-list"), asked).context["rows"]
        return sorted((row.run.label, row.run.status) for row in rows)

    assert shown(kind="evaluation") == [("Evaluation", "succeeded")]
    assert shown(status="running") == [("Training", "running")]
    assert shown(kind="training", status="failed") == []
    assert shown(kind="nonsense") == []
    assert len(shown()) == 3


def test_why_a_run_failed_stands_in_the_list(client, project, reviewer):
    running(project, status="failed", error="The loss is not finite; lower learning_rate.")
    client.force_login(reviewer)
    assert "lower learning_rate" in text(client.get(url("run-list")))


def test_the_number_of_queries_does_not_grow_with_the_runs(
    client, project, manager, django_assert_max_num_queries
):
    for _ in range(4):
        make_gallery(project)
        running(project)
    client.force_login(manager)
    with django_assert_max_num_queries(14):
        client.get(url("run-list"))


@pytest.mark.parametrize("name", ["run-list", "run-create", "checkpoint-compare"])
def test_pages_of_a_project_are_for_its_people(client, project, name):
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(url(name)).status_code == 404
    client.force_login(make_annotator(project))
    assert client.get(url(name)).status_code == 403


# --- watching a training --------------------------------------------------------------------


def test_a_training_is_watched(client, project, reviewer):
    run = running(project, curve=curve())
    client.force_login(reviewer)
    page = text(client.get(url("run-detail", run.public_id)))
    assert url("run-curve", run.public_id) in page
    assert "Step 90 of 200" in page
    assert page.count('<svg class="chart"') == 3
    assert '<th scope="row">190</th>' in page
    assert "Cancel it" not in page


def test_without_points_there_is_nothing_to_draw_yet(client, project, manager):
    run = running(project)
    client.force_login(manager)
    response = client.get(url("run-detail", run.public_id))
    assert "Nothing is logged yet." in text(response)
    assert [is_shown for _plot, is_shown in response.context["plots"]] == [False] * 3
    assert "Cancel it" in text(response)


def test_the_curve_is_asked_for_as_json(client, project, reviewer):
    run = running(project, curve=[*curve()[:2], {"fraction": 0.2, "loss": None}])
    client.force_login(reviewer)
    reply = json.loads(text(client.get(url("run-curve", run.public_id))))
    assert (reply["status"], reply["progress"], reply["is_finished"]) == ("running", 0.4, False)
    loss, accuracy, rate = reply["plots"]
    assert loss["x"] == [10.0, 20.0]
    assert loss["rows"][0] == ["10", "0.6833", "–"]
    assert (loss["isShown"], accuracy["isShown"], rate["isShown"]) == (True, False, True)


def test_a_training_that_ended_leads_to_its_model(client, project, reviewer):
    model = make_model(project, "outcome")
    client.force_login(reviewer)
    page = text(client.get(url("run-detail", model.run.public_id)))
    assert url("checkpoint-detail", model.public_id) in page
    assert "data-curve" not in page
    assert "live-run.js" not in page


def test_a_training_that_failed_says_why_and_can_be_tried_again(client, project, manager):
    run = running(project, status="failed", error="There is too little memory.")
    client.force_login(manager)
    page = text(client.get(url("run-detail", run.public_id)))
    assert "There is too little memory." in page
    assert reverse("annotate:run-retry", args=[run.public_id]) in page


@pytest.mark.parametrize("name", ["run-detail", "run-curve"])
def test_a_training_of_others_does_not_exist(client, project, name):
    run = running(project)
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(url(name, run.public_id)).status_code == 404
    client.force_login(make_annotator(project))
    assert client.get(url(name, run.public_id)).status_code == 403


def test_a_job_leads_to_its_training(client, project, manager):
    run = running(project)
    client.force_login(manager)
    page = text(client.get(reverse("annotate:run-detail", args=[run.public_id])))
    assert url("run-detail", run.public_id) in page


# --- starting one ---------------------------------------------------------------------------


def test_without_a_dataset_there_is_nothing_to_train_on(client, manager):
    client.force_login(manager)
    page = text(client.get(url("run-create")))
    assert "build one first" in page
    assert "<textarea" not in page


def test_the_form_knows_what_fits_which_dataset(client, project, manager):
    dataset = make_dataset(project, kind="ranking")
    make_dataset(project, kind="preference")
    project.loop_config = {"max_length": 64, "l2": 2.5}
    project.save()
    client.force_login(manager)
    page = text(client.get(url("run-create"), {"dataset": str(dataset.public_id)}))
    assert f'value="{dataset.public_id}" selected data-kinds="ranking"' in page
    assert 'value="plackett_luce" data-kinds="ranking"' in page
    assert 'value="64"' in page
    assert "&quot;l2&quot;: 2.5" in page


@pytest.mark.parametrize("kind", ["preference", "ranking", "stepwise", "outcome", "rating"])
def test_a_training_of_any_kind_is_started_with_the_usual_settings(client, project, manager, kind):
    dataset = make_dataset(project, kind=kind)
    client.force_login(manager)
    response = client.post(url("run-create"), {"dataset": str(dataset.public_id)})
    run = TrainingRun.objects.get()
    assert response.url == url("run-detail", run.public_id)
    assert (run.dataset, run.requested_by) == (dataset, manager)
    assert (run.config["seed"], run.config["frozen"]) == (7, kind == "preference")


def test_fields_and_more_settings_come_together(client, project, manager):
    dataset = make_dataset(project, kind="stepwise")
    client.force_login(manager)
    client.post(
        url("run-create"),
        {
            "dataset": str(dataset.public_id),
            "objective": "prm",
            "frozen": "false",
            "backbone": "tiny",
            "epochs": "3",
            "learning_rate": "1e-4",
            "config": '{"step_classes": 3, "epochs": 4}',
        },
    )
    config = TrainingRun.objects.get().config
    assert (config["backbone"], config["learning_rate"]) == ("tiny", 1e-4)
    assert (config["step_classes"], config["epochs"]) == (3, 4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"config": "{seed: 1}"}, "Line 1, column 2 is no JSON"),
        ({"config": "[1]"}, "Write an object of settings"),
        ({"config": "[" * 100_000}, "Write an object of settings"),
        ({"config": '{"seed": ' + "9" * 5_000 + "}"}, "Write an object of settings"),
        ({"config": '{"l2": NaN}'}, "Write an object of settings"),
        ({"config": '{"l2": 1e999}'}, "Write an object of settings"),
        ({"config": r'{"backbone": "a\u0000"}'}, "Write an object of settings"),
        ({"config": r'{"backbone": "a\ud800"}'}, "Write an object of settings"),
        ({"config": '{"colour": 1}'}, "There is no setting &quot;colour&quot;"),
        ({"objective": "prm"}, "prm trains on a dataset of kind stepwise"),
        ({"config": '{"learning_rate": 0}'}, "learning_rate must be greater than zero"),
        ({"dataset": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_form(client, project, manager, values, said):
    dataset = make_dataset(project)
    client.force_login(manager)
    response = client.post(url("run-create"), {"dataset": str(dataset.public_id)} | values)
    assert response.status_code in (400, 422)
    assert said in text(response)
    assert not TrainingRun.objects.exists()


def test_a_dataset_of_others_is_no_choice(client, project, manager):
    make_dataset(project)
    foreign = make_dataset(ProjectFactory())
    client.force_login(manager)
    response = client.post(url("run-create"), {"dataset": str(foreign.public_id)})
    assert response.status_code == 422
    assert not TrainingRun.objects.exists()


def test_a_reviewer_starts_nothing(client, project, reviewer):
    client.force_login(reviewer)
    assert client.get(url("run-create")).status_code == 403
    assert client.post(url("run-create"), {}).status_code == 403
