"""Prompts and their candidate responses, shared by all projects and hashed by content."""

from __future__ import annotations

from django.db import models


class Prompt(models.Model):
    """The conversation so far and everything else shown.

    ``digest`` is the hash of the exact content. ``split`` comes once from the normalised opening
    of the conversation (see ``annotate.texts``) and never changes.
    """

    class Split(models.TextChoices):
        TRAIN = "train", "train"
        VALIDATION = "validation", "validation"
        TEST = "test", "test"

    digest = models.CharField(max_length=64, unique=True)
    messages = models.JSONField(help_text="A list of {role, content}, oldest first")
    reference = models.TextField(blank=True, help_text="A reference answer shown beside it")
    split = models.CharField(max_length=10, choices=Split)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(split__in=["train", "validation", "test"]),
                name="prompt_split_known",
            )
        ]

    def __str__(self) -> str:
        return str(self.messages[-1]["content"])[:80] if self.messages else f"prompt {self.pk}"


class Response(models.Model):
    """One candidate completion; its steps or turns where it has them."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="responses")
    digest = models.CharField(max_length=64)
    content = models.TextField(blank=True)
    steps = models.JSONField(null=True, blank=True)
    turns = models.JSONField(
        null=True, blank=True, help_text="A list of {role, content} that goes on from the prompt"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prompt", "digest"], name="response_unique")]

    def __str__(self) -> str:
        return self.content[:80]

    def judged_parts(self) -> list[str]:
        """What a steps item labels one by one: the steps, or the assistant's turns."""
        if self.turns:
            return [turn["content"] for turn in self.turns if turn["role"] == "assistant"]
        return list(self.steps or [])


class ResponseSource(models.Model):
    """A generator that produced a response; never shown to annotators."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "name"], name="response_source_unique")
        ]

    def __str__(self) -> str:
        return self.name
