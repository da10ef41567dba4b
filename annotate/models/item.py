"""Items: the things to judge."""

from __future__ import annotations

import uuid

from django.db import models

from annotate.answers import KINDS, ItemShape
from annotate.models.project import Project
from annotate.models.prompt import Prompt, Response


class ItemQuerySet(models.QuerySet["Item"]):
    """Items with what is shown of them."""

    def with_texts(self) -> ItemQuerySet:
        """Prompts and ordered responses in two queries, however many items there are.

        The responses are joined, not prefetched one level deeper: that lookup becomes one OR term
        an id, and SQLite refuses a thousand of them.
        """
        links = ItemResponse.objects.select_related("response")
        return self.select_related("prompt").prefetch_related(
            models.Prefetch("links", queryset=links)
        )


class Item(models.Model):
    """One thing to judge in a project; its responses are frozen and ordered.

    ``digest`` identifies kind, prompt and responses whatever their order, so the same question
    never stands twice in a project. An item that cannot be asked (a pair of identical responses)
    is stored with ``is_queueable`` false.
    """

    class Kind(models.TextChoices):
        COMPARISON = "comparison", "comparison"
        RANKING = "ranking", "ranking"
        RATING = "rating", "rating"
        STEPS = "steps", "steps"
        OUTCOME = "outcome", "outcome"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="items")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="items")
    responses = models.ManyToManyField(Response, through="ItemResponse", related_name="items")
    kind = models.CharField(max_length=16, choices=Kind)
    digest = models.CharField(max_length=64)
    overlap = models.PositiveSmallIntegerField(default=1)
    is_queueable = models.BooleanField(default=True)
    category = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "digest"], name="item_unique"),
            models.CheckConstraint(
                condition=models.Q(kind__in=list(KINDS)), name="item_kind_known"
            ),
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="item_overlap"),
        ]
        indexes = [models.Index(fields=["project", "kind"], name="item_project_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def ordered_responses(self) -> list[Response]:
        """The responses in stored order."""
        return [link.response for link in self.links.all()]

    def shape(self) -> ItemShape:
        """What an answer to this item is checked against."""
        responses = self.ordered_responses()
        return ItemShape(
            kind=self.kind,
            n_responses=len(responses),
            n_steps=len(responses[0].steps or []) if responses else 0,
            scale=self.project.scale,
            aspects=tuple(self.project.aspects) if self.kind == self.Kind.RATING else (),
            rating_range=(self.project.rating_min, self.project.rating_max),
        )


class ItemResponse(models.Model):
    """The place of a response in an item's stored order."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="links")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="item_response_position")
        ]

    def __str__(self) -> str:
        return f"{self.item_id}[{self.position}]"


class KnownAnswer(models.Model):
    """An item's hidden answer in stored order, for simulation and gold; never sent to a page.

    ``gap`` says how far apart the responses are known to be (larger is easier), in the units of
    the file it came from; None where nothing is known.
    """

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="known")
    answer = models.JSONField()
    gap = models.FloatField(null=True, blank=True)
    is_gold = models.BooleanField(default=False, help_text="Asked again to check annotators")

    def __str__(self) -> str:
        return f"known answer of {self.item_id}"
