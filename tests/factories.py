"""One factory per row, with the smallest rows that make sense."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from annotate import models
from annotate.texts import item_digest, prompt_digest, response_digest, split_of


class UserFactory(DjangoModelFactory):
    class Meta:
        model = models.User

    username = factory.Sequence(lambda n: f"user-{n}")


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = models.Project

    slug = factory.Sequence(lambda n: f"project-{n}")
    name = factory.SelfAttribute("slug")
    kinds = ["comparison", "ranking", "rating", "steps", "outcome"]
    scale = "llama2"


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = models.Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = "annotator"


class PromptFactory(DjangoModelFactory):
    class Meta:
        model = models.Prompt
        django_get_or_create = ("digest",)  # prompts are shared, also between processes

    messages = factory.Sequence(lambda n: [{"role": "user", "content": f"Question {n}?"}])
    digest = factory.LazyAttribute(lambda o: prompt_digest(o.messages))
    split = factory.LazyAttribute(lambda o: split_of(o.messages))


class ResponseFactory(DjangoModelFactory):
    class Meta:
        model = models.Response

    prompt = factory.SubFactory(PromptFactory)
    content = factory.Sequence(lambda n: f"Answer {n}.")
    steps = None
    digest = factory.LazyAttribute(lambda o: response_digest(o.content, o.steps))


def make_item(
    project=None,
    *,
    kind="comparison",
    contents=("Yes.", "No."),
    steps=None,
    prompt=None,
    overlap=1,
    known=None,
    gap=None,
    split=None,
    category="",
):
    """An item with its responses in stored order, and its known answer where one is given."""
    project = project or ProjectFactory()
    prompt = prompt or (PromptFactory(split=split) if split else PromptFactory())
    if kind in ("rating", "steps", "outcome"):
        contents = contents[:1]
    responses = [
        models.Response.objects.get_or_create(
            prompt=prompt,
            digest=response_digest(content, steps),
            defaults={"content": content, "steps": list(steps) if steps else None},
        )[0]
        for content in contents
    ]
    item = models.Item.objects.create(
        project=project,
        prompt=prompt,
        kind=kind,
        overlap=overlap,
        category=category,
        digest=item_digest(kind, prompt.digest, [r.digest for r in responses]),
        is_queueable=len(set(contents)) == len(contents),
    )
    for position, response in enumerate(responses):
        models.ItemResponse.objects.create(item=item, response=response, position=position)
    if known is not None:
        models.KnownAnswer.objects.create(item=item, answer=known, gap=gap)
    return item


def make_open_round(project, items):
    """An open round over these items, in this order."""
    from annotate.services import create_round, open_round
    from annotate.services.rounds import Pick

    picks = [Pick(item, probability=1.0) for item in items]
    return open_round(create_round(project, picks=picks, by=None), by=None)


def make_annotator(project, role="annotator", **kwargs):
    """A person with a role in the project."""
    return MembershipFactory(project=project, role=role, user=UserFactory(**kwargs)).user
