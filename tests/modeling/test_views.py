"""The overview of a loop and what managers do from it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotate.models import AuditEvent, Judgment, Round, User
from annotate.services import close_round, create_round
from annotate.services.rounds import Pick
from curation.models import CurationRun
from modeling.loop import standing
from modeling.models import ScoringRun, TrainingRun
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item, make_open_round
from tests.modeling.factories import make_dataset
from tests.modeling.figures import UNMEASURED, make_dataset_after, make_trained

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", name="Cheerful answers", loop_round_size=20)


@pytest.fixture
def manager(project):
    return make_annotator(project, "manager")


def url(name, *args):
    return reverse(f"modeling:{name}", args=args or ["cheer"])


def text(response):
    return response.content.decode()


# --- the overview ---------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["reviewer", "manager"])
def test_an_empty_project_says_what_to_do_first(client, project, role):
    client.force_login(make_annotator(project, role))
    page = text(client.get(url("project-overview")))
    assert "import prompts with two or more responses" in page
    assert "There is no reward model yet" in page
    assert ("Turn the loop now" in page) == (role == "manager")
    assert ("Build dataset" in page) == (role == "manager")


def test_an_annotator_may_not_look(client, project):
    client.force_login(make_annotator(project))
    assert client.get(url("project-overview")).status_code == 403


def test_a_project_of_others_does_not_exist(client, project):
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(url("project-overview")).status_code == 404


def test_rounds_datasets_and_models_are_shown(client, project, manager):
    items = [make_item(project, contents=(f"a{k}", f"b{k}")) for k in range(4)]
    picks = [Pick(items[0], probability=0.5, margin=-0.2)]
    picks += [Pick(item, arm="active", margin=0.4) for item in items[1:]]
    round_ = create_round(project, picks=picks, by=None, strategy="low_margin")
    dataset = make_dataset_after(round_, content_hash="0a1b2c3d" * 8)
    make_trained(project, dataset=dataset)
    client.force_login(manager)
    page = text(client.get(url("project-overview")))
    assert "low margin" in page
    assert "25 %" in page  # the random share
    assert "0.350" in page  # the mean |margin|
    assert "71.0 %" in page
    assert "60.0 – 80.0 %" in page
    assert '<svg class="chart"' in page
    assert "in force" in page
    assert 'class="badge simulated"' not in page
    assert ">0a1b2c3d<" in page  # the beginning of the content hash


def test_simulated_judgments_are_marked_wherever_they_count(client, project, manager):
    robot = UserFactory(kind=User.Kind.SIMULATED, source="simulated", external_id="x")
    item = make_item(project)
    round_ = make_open_round(project, [item])
    round_.assignments.update(status="submitted", annotator=robot, display_order=[0, 1])
    slot = round_.assignments.get()
    Judgment.objects.create(assignment=slot, scale="llama2", display_order=[0, 1])
    make_trained(project, dataset=make_dataset(project, has_simulated=True))
    client.force_login(manager)
    response = client.get(url("project-overview"))
    page = text(response)
    assert response.context["origins"] == {"person": 0, "imported": 0, "simulated": 1, "machine": 0}
    assert "includes simulated judgments" in page
    assert "from simulated judgments" in page


def test_a_model_without_figures_is_no_obstacle(client, project, manager):
    make_trained(project, metrics=UNMEASURED)
    make_trained(project, metrics={})
    client.force_login(manager)
    assert "No model was measured" in text(client.get(url("project-overview")))


def test_the_number_of_queries_does_not_grow_with_the_rows(client, project, manager):
    client.force_login(manager)

    def fill(n):
        for _ in range(n):
            round_ = make_open_round(project, [make_item(project)])
            close_round(round_, by=None)
            make_trained(project, dataset=make_dataset_after(round_))

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url("project-overview")).status_code == 200
        return len(captured)

    fill(1)
    few = queries()
    fill(5)
    assert queries() == few
    assert few <= 39


def test_a_draft_round_can_be_opened_and_an_open_one_closed(client, project, manager):
    create_round(project, picks=[Pick(make_item(project))], by=None)
    client.force_login(manager)
    assert "Open round 1" in text(client.get(url("project-overview")))
    assert client.post(url("round-open", "cheer", 1)).url == url("project-overview")
    assert Round.objects.get().status == "open"
    assert "Close round 1" in text(client.get(url("project-overview")))
    client.post(url("round-close", "cheer", 1))
    assert Round.objects.get().status == "closed"
    assert AuditEvent.objects.filter(action="round.close", actor=manager).exists()


def test_a_round_that_is_open_already_is_explained(client, project, manager):
    make_open_round(project, [make_item(project)])
    client.force_login(manager)
    page = text(client.post(url("round-open", "cheer", 1), follow=True))
    assert "Another round is open" in page


@pytest.mark.parametrize("name", ["round-open", "round-close"])
def test_an_unknown_round_does_not_exist(client, project, manager, name):
    client.force_login(manager)
    assert client.post(url(name, "cheer", 7)).status_code == 404


# --- the loop's panel -----------------------------------------------------------------------


def running(project, **values):
    return TrainingRun.objects.create(
        project=project,
        dataset=make_dataset(project),
        status="running",
        progress=0.4,
        lease_until=timezone.now(),
        message="Embedding.",
        **values,
    )


def test_while_work_runs_the_panel_looks_again(client, project, manager):
    running(project)
    client.force_login(manager)
    page = text(client.get(url("project-overview")))
    assert 'hx-trigger="every 3s"' in page
    assert "Embedding." in page


def test_a_loop_that_waits_does_not_look_again(client, project, manager):
    make_open_round(project, [make_item(project)])
    client.force_login(manager)
    page = text(client.get(url("project-overview")))
    assert "hx-trigger" not in page
    assert "waits for 1 judgment." in page


def test_htmx_gets_the_panel_alone_and_a_fresh_page_once_the_loop_moved_on(
    client, project, manager
):
    run = running(project)
    client.force_login(manager)
    seen = client.get(url("project-overview")).context["seen"]
    headers = {"HX-Request": "true"}
    panel = client.get(url("project-overview"), {"seen": seen}, headers=headers)
    assert text(panel).lstrip().startswith("<section")
    assert "HX-Refresh" not in panel
    TrainingRun.objects.filter(pk=run.pk).update(status="failed", error="Out of memory.")
    after = client.get(url("project-overview"), {"seen": seen}, headers=headers)
    assert after["HX-Refresh"] == "true"


def test_a_blocked_loop_offers_to_retry_the_job(client, project, manager):
    round_ = make_open_round(project, [make_item(project)])
    close_round(round_, by=None)
    run = CurationRun.objects.create(
        project=project,
        recipe={"kind": "preference"},
        after_round=round_,
        status="failed",
        error="There are no judgments.",
    )
    client.force_login(manager)
    page = text(client.get(url("project-overview")))
    assert "There are no judgments." in page
    assert reverse("annotate:run-retry", args=[run.public_id]) in page


def test_looking_at_the_loop_changes_nothing(project):
    round_ = make_open_round(project, [make_item(project)])
    round_.assignments.update(
        status="submitted", annotator=make_annotator(project), display_order=[0, 1]
    )
    step = standing(project)
    assert (step.stage, step.action) == ("judge", "close_round")
    assert Round.objects.get().status == "open"


def test_a_manager_turns_the_loop(client, project, manager):
    make_item(project)
    client.force_login(manager)
    page = text(client.post(url("loop-advance"), follow=True))
    run = ScoringRun.objects.get()
    assert run.requested_by == manager
    assert run.strategy == "random"
    assert "Round 1 is next." in page


def test_a_loop_that_cannot_turn_says_why(client, project, manager):
    project.loop_config = {"epochs": 0}
    project.save()
    close_round(make_open_round(project, [make_item(project)]), by=None)
    make_dataset_after(Round.objects.get())
    client.force_login(manager)
    assert "epochs must be at least 1" in text(client.post(url("loop-advance"), follow=True))
    assert not TrainingRun.objects.exists()


# --- by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("loop-advance", ()),
        ("training-create", ()),
        ("round-create", ()),
        ("round-open", ("cheer", 1)),
        ("round-close", ("cheer", 1)),
    ],
)
def test_only_managers_change_anything(client, project, name, args):
    create_round(project, picks=[Pick(make_item(project))], by=None)
    address = url(name, *args)
    client.force_login(make_annotator(project, "reviewer"))
    assert client.post(address).status_code == 403
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.post(address).status_code == 404
    client.force_login(make_annotator(project, "manager"))
    assert client.get(address).status_code == 405


@pytest.mark.parametrize(("mode", "frozen"), [("frozen", True), ("full", False)])
def test_training_takes_the_newest_preference_dataset(client, project, manager, mode, frozen):
    make_dataset(project)
    newest = make_dataset(project)
    make_dataset(project, kind="rating")
    project.loop_config = {"max_length": 64}
    project.save()
    client.force_login(manager)
    response = client.post(url("training-create"), {"mode": mode})
    run = TrainingRun.objects.get()
    assert response.url == url("run-detail", run.public_id)
    assert run.dataset == newest
    assert run.config["frozen"] is frozen
    assert run.config["max_length"] == 64
    assert run.requested_by == manager


def test_training_takes_a_named_dataset_of_the_project_only(client, project, manager):
    older, _ = make_dataset(project), make_dataset(project)
    foreign = make_dataset(ProjectFactory())
    client.force_login(manager)
    client.post(url("training-create"), {"mode": "frozen", "dataset": str(older.public_id)})
    assert TrainingRun.objects.get().dataset == older
    response = client.post(
        url("training-create"), {"mode": "frozen", "dataset": str(foreign.public_id)}
    )
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("data", "said"),
    [({"mode": "frozen"}, "There is no preference dataset yet"), ({"mode": "odd"}, "odd")],
)
def test_training_that_cannot_be_is_explained(client, project, manager, data, said):
    client.force_login(manager)
    assert said in text(client.post(url("training-create"), data, follow=True))
    assert not TrainingRun.objects.exists()


def test_a_round_is_picked_as_asked(client, project, manager):
    client.force_login(manager)
    response = client.post(url("round-create"), {"strategy": "random", "size": "7", "opens": "on"})
    run = ScoringRun.objects.get()
    assert response.url == reverse("annotate:run-detail", args=[run.public_id])
    assert (run.strategy, run.size, run.open_round) == ("random", 7, True)
    assert run.requested_by == manager


def test_a_round_stays_a_draft_unless_told_to_open(client, project, manager):
    client.force_login(manager)
    client.post(url("round-create"), {"strategy": "random", "size": "7"})
    assert ScoringRun.objects.get().open_round is False


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"strategy": "low_margin", "size": "5"}, "There is no reward model yet"),
        ({"strategy": "random", "size": "0"}, "Items"),
    ],
)
def test_a_round_that_cannot_be_is_explained(client, project, manager, data, said):
    client.force_login(manager)
    assert said in text(client.post(url("round-create"), data, follow=True))
    assert not ScoringRun.objects.exists()
