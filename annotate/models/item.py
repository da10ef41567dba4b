"""Items: the things to judge."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace

from django.db import models

from annotate.answers import KINDS, Answer, ItemShape, parse_answer
from annotate.models.project import Project
from annotate.models.prompt import Prompt, Response


class ItemQuerySet(models.QuerySet["Item"]):
    """Items with what is shown of them."""

    def askable(self) -> ItemQuerySet:
        """Those that a round may ask: put aside ones and gold ones are no work."""
        gold = models.Q(known__is_gold=True) | models.Q(known__is_qualification=True)
        return self.filter(is_queueable=True).exclude(gold)

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
    priority = models.SmallIntegerField(default=0, help_text="Larger is asked earlier")
    similarity = models.FloatField(
        null=True, blank=True, help_text="Of the two most alike responses, 0 to 1"
    )
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
        indexes = [
            models.Index(fields=["project", "kind"], name="item_project_kind"),
            models.Index(fields=["project", "priority"], name="item_priority"),
            models.Index(
                fields=["project", "similarity"],
                condition=models.Q(similarity__isnull=False),
                name="item_similarity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def ordered_responses(self) -> list[Response]:
        """The responses in stored order."""
        return [link.response for link in self.links.all()]

    def links_at_hand(self, links: models.QuerySet[ItemResponse]) -> None:
        """Take the item's links from this query instead of asking for them again."""
        models.prefetch_related_objects([self], models.Prefetch("links", queryset=links))

    def shape(self) -> ItemShape:
        """What an answer to this item is checked against."""
        return self.shape_on(self.project.protocol(self.kind))

    def shape_on(self, protocol: str, *, n_responses: int | None = None) -> ItemShape:
        """The same for a protocol that a judgment or assignment stored.

        Who knows the number of responses gives it, so that they need not be read.
        """
        project = self.project
        shape = ItemShape(
            kind=self.kind,
            n_responses=len(self.links.all()) if n_responses is None else n_responses,
            n_steps=self._n_steps(),
            scale=project.scale,
            aspects=self._aspects(),
            rating_range=(project.rating_min, project.rating_max),
            step_points=project.step_points,
            all_steps=project.steps_mode == Project.StepsMode.ALL,
            best_worst=project.ranking_mode == Project.RankingMode.BEST_WORST,
        )
        return shape.on(protocol)

    def _n_steps(self) -> int:
        if self.kind != self.Kind.STEPS:
            return 0
        return sum(len(response.judged_parts()) for response in self.ordered_responses()[:1])

    def _aspects(self) -> tuple[str, ...]:
        if self.kind == self.Kind.RATING:
            return tuple(self.project.aspects)
        if self.kind == self.Kind.COMPARISON and self.project.asks_aspects:
            return tuple(self.project.comparison_aspects)
        return ()


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
    is_qualification = models.BooleanField(
        default=False, help_text="Asked of newcomers before real work"
    )
    explanation = models.TextField(
        blank=True, help_text="Shown with immediate feedback: why this is the answer"
    )

    def __str__(self) -> str:
        return f"known answer of {self.item_id}"

    def parsed(self) -> Answer:
        """The answer in stored order; it may use aspects and values that the project does not."""
        shape = replace(self.item.shape(), scale="llama2", all_steps=False)
        match self.item.kind:
            case Item.Kind.STEPS:
                shape = replace(shape, step_points=0)
            case Item.Kind.RATING:
                values = [value for row in self.answer["ratings"].values() for value in row]
                low, high = shape.rating_range
                spread = (min(low, math.floor(min(values))), max(high, math.ceil(max(values))))
                shape = replace(shape, aspects=(), rating_range=spread)
            case Item.Kind.COMPARISON:
                shape = replace(shape, aspects=())
        return parse_answer(self.answer, shape)


class Verdict(models.Model):
    """What a verifier says of an outcome item: right, wrong, or None where it cannot tell."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="verdict")
    verifier = models.CharField(max_length=40)
    correct = models.BooleanField(null=True)
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.verifier} on {self.item_id}"
