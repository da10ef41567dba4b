"""The pages of reward models: how good they are, and which one is in force."""

import pytest
from django.urls import reverse

from annotate.models import AuditEvent
from modeling.comparison import Verdict
from tests.factories import ProjectFactory, make_annotator
from tests.modeling.figures import UNMEASURED, failure, make_trained, measured
from tests.modeling.gallery import held_out_figures, make_model

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


def test_a_reviewer_sees_how_good_a_model_is(client, project):
    losses = [{"fraction": k / 4, "loss": 0.7 - k / 10} for k in range(4)]
    checkpoint = make_trained(project, curve=[*losses, {"fraction": 1.0, "accuracy": 0.71}])
    client.force_login(make_annotator(project, "reviewer"))
    page = text(client.get(url("checkpoint-detail", checkpoint.public_id)))
    for figure in ("71.0 %", "60.0 – 80.0 %", "55.0 %", "0.620", "0.090", "coding", "75.0 %"):
        assert figure in page
    assert "−0.011" in page
    assert "−1.250" in page
    assert "Good &lt;b&gt;" in page
    assert page.count('<svg class="chart"') == 5
    assert "Put in force" not in page


@pytest.mark.parametrize("metrics", [UNMEASURED, {}, {"test": None}])
def test_a_model_that_was_not_measured_says_so(client, project, manager, metrics):
    checkpoint = make_trained(project, metrics=metrics)
    client.force_login(manager)
    response = client.get(url("checkpoint-detail", checkpoint.public_id))
    assert response.status_code == 200
    assert "This model was not measured" in text(response)
    assert 'class="chart"' not in text(response)


def test_a_failure_without_texts_is_still_listed(client, project, manager):
    metrics = measured()
    metrics["test"]["near_failures"] = [{**failure(-0.5), "text": None}]
    checkpoint = make_trained(project, metrics=metrics)
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", checkpoint.public_id)))
    assert "Its texts were not kept." in page


def test_a_model_of_others_does_not_exist(client, project):
    checkpoint = make_trained(project)
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert client.get(url("checkpoint-detail", checkpoint.public_id)).status_code == 404
    assert client.post(url("checkpoint-promote", checkpoint.public_id)).status_code == 404


def test_a_models_page_reads_few_rows(client, project, manager, django_assert_max_num_queries):
    checkpoint = make_trained(project)
    client.force_login(manager)
    with django_assert_max_num_queries(10):
        client.get(url("checkpoint-detail", checkpoint.public_id))


SHOWN = {
    "preference": ("accuracy", "71.0 %", "longer answer wins", "(0.693 is a coin)"),
    "ranking": ("accuracy over pairs", "Kendall", "best one on top"),
    "stepwise": ("first-error F1", "64.3 %", "Right solutions cleared", "412", "gsm8k"),
    "outcome": ("A right one scores above a wrong one", "77.0 %", "always the commonest"),
    "rating": ("Pearson correlation", "0.600", "mean squared error", "helpfulness"),
    "classification": ("Recall by class", "unsafe", "always the commonest"),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_each_objective_has_figures_of_its_own(client, project, manager, kind):
    model = make_model(project, kind)
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", model.public_id)))
    for words in SHOWN[kind]:
        assert words in page
    assert ("pairs" in page.split("How it was made")[0]) == (kind in ("preference", "ranking"))
    assert ("Put in force" in page) == (kind == "preference")
    assert "Cut to fit, train" in page


def test_a_model_stands_beside_simple_rules(client, project, manager):
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", make_model(project).public_id)))
    assert "bag of words" in page
    assert "+11.0 points (−1.0 to +23.0)" in page
    assert "44.0 % – 66.0 %" in page


def test_calibration_and_thresholds_are_told(client, project, manager):
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", make_model(project).public_id)))
    assert "Temperature 1.310" in page
    assert "0.620 (0.580 – 0.660)" in page
    assert "Taken without asking" in page
    assert "Sets of 2 answers" in page
    assert "Predicted probability and share of votes" in page


def test_a_model_that_was_not_calibrated_says_why(client, project, manager):
    manifest = {"calibration": {"fitted": False, "reason": "It needs 20 prompts."}}
    client.force_login(manager)
    model = make_model(project, manifest=manifest)
    page = text(client.get(url("checkpoint-detail", model.public_id)))
    assert "Not calibrated" in page
    assert "It needs 20 prompts." in page


def test_a_figure_without_a_name_here_is_shown_by_its_own(client, project, manager):
    figures = {**held_out_figures("preference"), "three_way_nll": 0.987}
    model = make_model(project, metrics={"test": figures})
    client.force_login(manager)
    page = text(client.get(url("checkpoint-detail", model.public_id)))
    assert "<code>three way nll</code>" in page
    assert "0.987" in page


def test_what_a_model_is_made_of_is_told(client, project, manager):
    manifest = {
        "heads": {"role": "ensemble", "names": ["a", "b"]},
        "prior": {"kind": "length"},
        "posterior": {"flip_rate": 0.1},
        "parents": [{"name": "cohort-x"}, {"name": "cohort-y"}],
        "training": {"seconds": 12_345.6, "stopped_early": True, "token_saving": 1.8},
    }
    metrics = {"by_cohort": {"merged": {"x": {"n": 9, "accuracy": 0.7}, "y": None}}}
    client.force_login(manager)
    model = make_model(project, manifest=manifest, metrics=metrics)
    page = text(client.get(url("checkpoint-detail", model.public_id)))
    for words in ("a, b", "Prior reward", "Laplace", "cohort-x, cohort-y", "12,346", "× 1.80"):
        assert words in page
    assert "Accuracy of each head on each cohort" in page


def test_models_of_a_kind_are_seen_round_by_round(client, project, manager):
    make_model(project, "outcome")
    one, two = make_model(project), make_model(project)
    client.force_login(manager)
    alone = text(client.get(url("checkpoint-detail", one.public_id)))
    response = client.get(url("checkpoint-detail", two.public_id))
    assert len(response.context["others"]["by_round"].xs) == 2
    assert "Compare with model 2" in text(response)
    assert "Compare with" not in alone


# --- putting in force -----------------------------------------------------------------------


@pytest.fixture
def says(monkeypatch):
    """Let the gate say this of any model."""

    def set_up(passed):
        verdict = Verdict(passed, ("Accuracy fell by 4 points.",))
        monkeypatch.setattr("modeling.pages.promotion.verdict_on", lambda new, old: verdict)

    return set_up


def test_an_earlier_model_is_put_in_force(client, project, manager):
    first, second = make_trained(project), make_trained(project)
    client.force_login(manager)
    assert "Put in force" in text(client.get(url("checkpoint-detail", first.public_id)))
    response = client.post(url("checkpoint-promote", first.public_id), {"reason": ""})
    assert response.url == url("checkpoint-detail", first.public_id)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_promoted, second.is_promoted) == (True, False)
    event = AuditEvent.objects.get(action="checkpoint.promote")
    assert (event.actor, event.subject) == (manager, "cheer-rm-1")
    assert event.detail == {"verdict": None, "reason": ""}


@pytest.mark.parametrize(("passed", "word"), [(True, "passes"), (False, "refused")])
def test_the_gate_speaks_before(client, project, manager, says, passed, word):
    first, second = make_trained(project), make_trained(project)
    says(passed)
    client.force_login(manager)
    page = text(client.get(url("checkpoint-promote", first.public_id)))
    assert word in page
    assert "Accuracy fell by 4 points." in page
    assert f"Held against model {second.number}" in page
    assert ("all the same" in page) == (not passed)


def test_a_refused_model_needs_a_reason(client, project, manager, says):
    first, _second = make_trained(project), make_trained(project)
    says(False)
    client.force_login(manager)
    response = client.post(url("checkpoint-promote", first.public_id), {"reason": " "})
    assert response.status_code == 400
    assert "say why it is to come into force" in text(response)
    first.refresh_from_db()
    assert not first.is_promoted
    client.post(url("checkpoint-promote", first.public_id), {"reason": "The test rows are old."})
    first.refresh_from_db()
    assert first.is_promoted
    event = AuditEvent.objects.get(action="checkpoint.promote")
    assert event.detail == {"verdict": False, "reason": "The test rows are old."}


def test_a_model_of_steps_is_never_put_in_force(client, project, manager):
    model = make_model(project, "stepwise")
    client.force_login(manager)
    page = text(client.get(url("checkpoint-promote", model.public_id)))
    assert "This model picks no rounds" in page
    assert "<form method=" not in page.split('id="main"')[1]
    response = client.post(url("checkpoint-promote", model.public_id), {})
    assert response.status_code == 400
    model.refresh_from_db()
    assert not model.is_promoted


def test_the_model_in_force_is_not_offered_again(client, project, manager):
    model = make_trained(project)
    client.force_login(manager)
    assert "in force already" in text(client.get(url("checkpoint-promote", model.public_id)))


def test_a_reviewer_puts_nothing_in_force(client, project):
    checkpoint = make_trained(project)
    client.force_login(make_annotator(project, "reviewer"))
    assert client.get(url("checkpoint-promote", checkpoint.public_id)).status_code == 403
    assert client.post(url("checkpoint-promote", checkpoint.public_id)).status_code == 403
