"""Every rule that the database states, with a row that breaks it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotate import models
from tests.factories import (
    MembershipFactory,
    ProjectFactory,
    PromptFactory,
    ResponseFactory,
    UserFactory,
    make_item,
)

Status = models.Assignment.Status
NOW = timezone.now()


def user_twice():
    for name in "ab":
        UserFactory(username=name, kind="imported", source="s", external_id="1")


def membership_twice():
    first = MembershipFactory()
    MembershipFactory(project=first.project, user=first.user)


def workday_twice():
    member = MembershipFactory()
    for _ in range(2):
        models.WorkDay.objects.create(project=member.project, user=member.user, day=NOW.date())


def make_invitation(**kwargs):
    values = {"project": ProjectFactory(), "digest": "d", "expires_at": NOW} | kwargs
    return models.Invitation.objects.create(**values)


def invitation_twice():
    make_invitation()
    make_invitation()


def guideline_twice():
    project = ProjectFactory()
    for _ in range(2):
        models.GuidelineVersion.objects.create(project=project, number=1, text="x")


def prompt_twice():
    for content in "ab":
        messages = [{"role": "user", "content": content}]
        models.Prompt.objects.create(digest="d", messages=messages, split="train")


def response_twice():
    prompt = PromptFactory()
    for content in "ab":
        ResponseFactory(prompt=prompt, content=content, digest="d")


def response_source_twice():
    response = ResponseFactory()
    for _ in range(2):
        models.ResponseSource.objects.create(response=response, name="model")


def item_twice():
    first = make_item()
    models.Item.objects.create(
        project=first.project, prompt=first.prompt, kind=first.kind, digest=first.digest
    )


def item_response_twice():
    item = make_item()
    models.ItemResponse.objects.create(item=item, response=ResponseFactory(), position=0)


def known_answer_twice():
    item = make_item(known={"choice": "left", "strength": 1})
    models.KnownAnswer.objects.create(item=item, answer={})


def make_round(project=None, **values):
    return models.Round.objects.create(
        project=project or ProjectFactory(), **{"number": 1} | values
    )


def round_twice():
    project = ProjectFactory()
    make_round(project)
    make_round(project)


def two_open_rounds():
    project = ProjectFactory()
    make_round(project, status="open")
    make_round(project, status="open", number=2)


def make_entry(round_, item=None, **values):
    return models.RoundItem.objects.create(
        round=round_, item=item or make_item(round_.project), **{"position": 0} | values
    )


def round_item_twice():
    round_ = make_round()
    item = make_item(round_.project)
    make_entry(round_, item)
    make_entry(round_, item, position=1)


def round_position_twice():
    round_ = make_round()
    make_entry(round_)
    make_entry(round_)


def cursor_twice():
    round_, user = make_round(), UserFactory()
    for _ in range(2):
        models.RoundCursor.objects.create(round=round_, user=user)


def make_slot(item=None, **values):
    return models.Assignment.objects.create(item=item or make_item(), **values)


def twice_the_same_person():
    item, user = make_item(), UserFactory()
    for slot in range(2):
        make_slot(item, annotator=user, status="submitted", slot=slot)


def slot_taken_twice():
    item = make_item()
    make_slot(item)
    make_slot(item, status="submitted", annotator=UserFactory())


def slot_position_twice():
    round_ = make_round()
    for _ in range(2):
        make_slot(round=round_, position=7)


def make_judgment(**values):
    slot = make_slot(status="submitted", annotator=UserFactory())
    return models.Judgment.objects.create(
        **{"assignment": slot, "scale": "llama2", "display_order": [0, 1]} | values
    )


def judged_twice():
    make_judgment(assignment=make_judgment().assignment)


def imported_twice():
    make_judgment(import_key="k")
    make_judgment(import_key="k")


def revision_twice():
    judgment = make_judgment()
    for _ in range(2):
        models.JudgmentRevision.objects.create(
            judgment=judgment, number=1, answer={}, author=UserFactory()
        )


def make_run(**values):
    return models.ImportRun.objects.create(project=ProjectFactory(), filename="f", **values)


def make_verification(**values):
    values = {"project": ProjectFactory(), "verifier": "exact"} | values
    return models.VerificationRun.objects.create(**values)


BREACHES: dict[str, list[Callable[[], object]]] = {
    "user_unique_external_id": [user_twice],
    "user_kind_known": [lambda: UserFactory(kind="robot")],
    "project_scale_known": [lambda: ProjectFactory(scale="ten")],
    "project_overlap_positive": [lambda: ProjectFactory(overlap=0)],
    "project_gold_rate": [
        lambda: ProjectFactory(gold_rate=-0.1),
        lambda: ProjectFactory(gold_rate=1.1),
    ],
    "project_random_share": [
        lambda: ProjectFactory(loop_random_share=-0.1),
        lambda: ProjectFactory(loop_random_share=1.1),
    ],
    "project_rating_range": [lambda: ProjectFactory(rating_min=5, rating_max=5)],
    "guideline_unique": [guideline_twice],
    "membership_unique": [membership_twice],
    "membership_role_known": [lambda: MembershipFactory(role="king")],
    "prompt_split_known": [lambda: PromptFactory(split="dev")],
    "response_unique": [response_twice],
    "response_source_unique": [response_source_twice],
    "item_unique": [item_twice],
    "item_kind_known": [lambda: make_item(kind="essay")],
    "item_overlap": [lambda: make_item(overlap=0)],
    "item_response_position": [item_response_twice],
    "round_number_unique": [round_twice],
    "round_one_open": [two_open_rounds],
    "round_status_known": [lambda: make_round(status="paused")],
    "round_item_unique": [round_item_twice],
    "round_item_position": [round_position_twice],
    "round_item_arm_known": [lambda: make_entry(make_round(), arm="left")],
    "round_item_probability": [
        lambda: make_entry(make_round(), probability=0.0),
        lambda: make_entry(make_round(), probability=1.1),
    ],
    "round_cursor_unique": [cursor_twice],
    "workday_unique": [workday_twice],
    "invitation_role_known": [lambda: make_invitation(role="king")],
    "invitation_uses": [lambda: make_invitation(uses=2, max_uses=1)],
    "project_qualification_pass": [lambda: ProjectFactory(qualification_pass=1.1)],
    "project_similarity_ceiling": [lambda: ProjectFactory(similarity_ceiling=1.1)],
    "project_step_points": [lambda: ProjectFactory(step_points=1)],
    "assignment_once_per_person": [twice_the_same_person],
    "assignment_slot_taken_once": [slot_taken_twice],
    "assignment_position_unique": [slot_position_twice],
    "assignment_taken_has_annotator": [
        lambda: make_slot(status="leased", expires_at=NOW),
        lambda: make_slot(status="submitted"),
        lambda: make_slot(status="expired"),
        lambda: make_slot(status="skipped"),
    ],
    "assignment_free_has_no_annotator": [lambda: make_slot(annotator=UserFactory())],
    "assignment_lease_ends": [lambda: make_slot(status="leased", annotator=UserFactory())],
    "assignment_status_known": [lambda: make_slot(status="lost", annotator=UserFactory())],
    "assignment_purpose_known": [lambda: make_slot(purpose="fun")],
    "judgment_imported_once": [imported_twice],
    "judgment_active_seconds": [
        lambda: make_judgment(active_seconds=-1.0),
        lambda: make_judgment(active_seconds=1e6),
    ],
    "revision_number_unique": [revision_twice],
    "importrun_status_known": [lambda: make_run(status="lost")],
    "importrun_progress": [lambda: make_run(progress=1.1), lambda: make_run(progress=-0.1)],
    "importrun_running_has_lease": [lambda: make_run(status="running")],
    "verificationrun_status_known": [lambda: make_verification(status="lost")],
    "verificationrun_progress": [
        lambda: make_verification(progress=1.1),
        lambda: make_verification(progress=-0.1),
    ],
    "verificationrun_running_has_lease": [lambda: make_verification(status="running")],
    "verificationrun_verifier_known": [lambda: make_verification(verifier="oracle")],
}
UNIQUE_FIELDS = {
    "Prompt.digest": prompt_twice,
    "Project.slug": lambda: [ProjectFactory(slug="one") for _ in range(2)],
    "KnownAnswer.item": known_answer_twice,
    "Judgment.assignment": judged_twice,
    "Invitation.digest": invitation_twice,
}


def named_constraints() -> set[str]:
    return {
        constraint.name
        for model in apps.get_app_config("annotate").get_models()
        for constraint in model._meta.constraints
    }


def test_every_constraint_of_the_models_is_broken_below():
    assert set(BREACHES) == named_constraints()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "breach"),
    [(name, breach) for name, breaches in BREACHES.items() for breach in breaches],
)
def test_the_database_refuses(name, breach):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        breach()
    assert speaks_of(str(refusal.value), name)


@pytest.mark.django_db
@pytest.mark.parametrize("breach", UNIQUE_FIELDS.values(), ids=UNIQUE_FIELDS)
def test_the_database_refuses_a_second(breach):
    with pytest.raises(IntegrityError), transaction.atomic():
        breach()


def speaks_of(message: str, name: str) -> bool:
    """SQLite names a unique constraint by its columns, and PostgreSQL by its name."""
    if name in message:
        return True
    for model in apps.get_app_config("annotate").get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                columns = [model._meta.get_field(f).column for f in constraint.fields]
                return all(f"{model._meta.db_table}.{column}" in message for column in columns)
    return False


@pytest.mark.django_db
def test_what_is_allowed_stays_allowed():
    item, user = make_item(), UserFactory()
    make_slot(item, status="submitted", annotator=user)
    make_slot(item, status="submitted", annotator=UserFactory(), is_surplus=True)
    make_slot(item, status="expired", annotator=UserFactory())
    make_slot(item, status="withdrawn")
    make_slot(item, purpose="import", status="submitted", annotator=user)
    make_slot(item, purpose="machine", status="submitted", annotator=user)
    for name in "ab":
        UserFactory(username=name, source="", external_id="")
        make_judgment(import_key="", active_seconds=0)
    assert item.assignments.count() == 6


@pytest.mark.django_db
def test_revisions_and_audit_events_are_written_once():
    revision = models.JudgmentRevision.objects.create(
        judgment=make_judgment(), answer={}, author=UserFactory()
    )
    event = models.AuditEvent.objects.create(action="x")
    for row in (revision, event):
        with pytest.raises(TypeError):
            row.save()
