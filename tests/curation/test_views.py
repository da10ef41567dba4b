"""The pages of datasets: who sees them, what they say, and what can be taken from them."""

import pytest
from django.urls import reverse

from annotate.answers import ComparisonAnswer
from annotate.models import Assignment, AuditEvent
from annotate.services import claim_assignment, create_round, open_round, submit_judgment
from annotate.services.rounds import Pick
from annotate.services.runs import perform
from curation.models import CurationRun, DatasetVersion
from curation.recipe import Recipe
from curation.services import build, request_dataset
from tests.factories import ProjectFactory, make_annotator, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer", kinds=["comparison"])


@pytest.fixture
def manager(project):
    return make_annotator(project, "manager")


def judge(project, contents):
    """One person's judgments of fresh training pairs, the left response always better."""
    items = [make_item(project, contents=pair, split="train") for pair in contents]
    picks = [Pick(item) for item in items]
    open_round(create_round(project, picks=picks, by=None), by=None)
    person = make_annotator(project)
    for k in range(len(items)):
        assignment = claim_assignment(project, by=person)
        submit_judgment(
            assignment,
            answer=ComparisonAnswer("left", 1),
            by=person,
            fence=assignment.fence,
            idempotency_key=f"key-{k}",
        )
    assert Assignment.objects.filter(status="submitted").count() == len(items)


def built(project, **recipe):
    run = request_dataset(project, recipe=Recipe(kind="preference", **recipe), by=None)
    perform(run, build)
    run.refresh_from_db()
    return run.dataset


@pytest.fixture
def dataset(project):
    judge(project, [("A <script>alert(1)</script> answer.", "No."), ("Yes.", "Never.")])
    return built(project)


def detail(dataset):
    return reverse("curation:dataset-detail", args=[dataset.public_id])


def file_url(dataset, name):
    return reverse("curation:dataset-file", args=[dataset.public_id, name])


def test_a_reviewer_sees_a_dataset_and_its_rows_escaped(client, project, dataset):
    client.force_login(make_annotator(project, "reviewer"))
    response = client.get(detail(dataset))
    page = response.content.decode()
    assert response.status_code == 200
    assert dataset.content_hash in page
    assert "A &lt;script&gt;alert(1)&lt;/script&gt; answer." in page
    assert "<script>alert" not in page
    assert "train.parquet" in page
    assert "&quot;test&quot;: &quot;test.parquet&quot;" not in page  # it has no rows to load
    assert "includes simulated judgments" not in page
    assert "Train on this" not in page


def test_a_manager_may_train_on_it(client, dataset, manager):
    client.force_login(manager)
    assert "Train on this" in client.get(detail(dataset)).content.decode()


@pytest.mark.parametrize("url", ["detail", "file"])
def test_a_dataset_of_others_does_not_exist(client, dataset, url):
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    address = detail(dataset) if url == "detail" else file_url(dataset, "train.jsonl")
    assert client.get(address).status_code == 404


def test_an_annotator_may_not_look(client, project, dataset):
    client.force_login(make_annotator(project))
    assert client.get(detail(dataset)).status_code == 403


def test_who_is_not_signed_in_is_sent_to_sign_in(client, dataset):
    response = client.get(detail(dataset))
    assert response.status_code == 302
    assert reverse("account_login") in response.url


def test_simulated_judgments_are_marked(client, project, manager):
    judge(project, [("Yes.", "No.")])
    client.force_login(manager)
    page = client.get(detail(built(project, include_simulated=True))).content.decode()
    assert "includes simulated judgments" in page


def test_a_dataset_whose_files_are_gone_still_has_a_page(client, dataset, manager):
    client.force_login(manager)
    for path in dataset.directory.iterdir():
        path.unlink()
    assert "not on this machine" in client.get(detail(dataset)).content.decode()
    assert client.get(file_url(dataset, "train.jsonl")).status_code == 404


def test_a_file_comes_as_an_attachment(client, dataset, manager):
    client.force_login(manager)
    response = client.get(file_url(dataset, "train.jsonl"))
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert b"".join(response.streaming_content) == (dataset.directory / "train.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["../train.jsonl", "other.txt", "/etc/passwd"])
def test_only_listed_files_can_be_taken(client, dataset, manager, name):
    client.force_login(manager)
    assert client.get(file_url(dataset, name)).status_code == 404


def test_the_page_reads_few_rows(client, dataset, manager, django_assert_max_num_queries):
    client.force_login(manager)
    with django_assert_max_num_queries(10):
        client.get(detail(dataset))


def test_a_manager_asks_for_a_dataset(client, project, manager):
    client.force_login(manager)
    response = client.post(
        reverse("curation:dataset-create", args=["cheer"]),
        {"kind": "ranking", "include_simulated": "on"},
    )
    run = CurationRun.objects.get()
    assert response.url == reverse("annotate:run-detail", args=[run.public_id])
    assert run.requested_by == manager
    assert run.recipe["kind"] == "ranking"
    assert run.recipe["include_simulated"] is True
    assert AuditEvent.objects.filter(action="dataset.request", actor=manager).exists()


def test_an_unknown_kind_is_explained(client, project, manager):
    client.force_login(manager)
    response = client.post(reverse("curation:dataset-create", args=["cheer"]), {"kind": "odd"})
    assert response.status_code == 400
    assert "odd" in response.content.decode()
    assert not CurationRun.objects.exists()


@pytest.mark.parametrize("role", ["annotator", "reviewer"])
def test_only_managers_ask_for_datasets(client, project, role):
    client.force_login(make_annotator(project, role))
    response = client.post(
        reverse("curation:dataset-create", args=["cheer"]), {"kind": "preference"}
    )
    assert response.status_code == 403


def test_asking_takes_a_post(client, project, manager):
    client.force_login(manager)
    assert client.get(reverse("curation:dataset-create", args=["cheer"])).status_code == 405


@pytest.mark.parametrize("kind", ["ranking", "stepwise", "outcome", "rating"])
def test_every_kind_of_row_can_be_read(client, project, manager, kind):
    rows = {
        "ranking": '{"prompt": [{"role": "user", "content": "Q"}], "completions": ["a", "b"]}',
        "stepwise": '{"prompt": "Q", "completions": ["one", "two"], "labels": [true, false]}',
        "outcome": '{"prompt": [], "completion": [{"role": "assistant", "content": "b"}]}',
        "rating": '{"prompt": [], "completion": [], "scores": [1.5]}',
    }
    dataset = DatasetVersion.objects.create(
        project=project,
        number=1,
        kind=kind,
        recipe={"kind": kind},
        content_hash="0" * 64,
        path="x",
        row_counts={"train": 1},
        statistics={},
    )
    dataset.directory.mkdir(parents=True)
    (dataset.directory / "train.jsonl").write_text(rows[kind] + "\n")
    client.force_login(manager)
    assert client.get(detail(dataset)).status_code == 200
