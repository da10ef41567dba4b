"""Everyone who judges: people, and the imported, simulated and machine annotators beside them."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """An account. Only people sign in; the other kinds own judgments and nothing else."""

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        IMPORTED = "imported", "imported"
        SIMULATED = "simulated", "simulated"
        MACHINE = "machine", "machine"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PERSON)
    source = models.CharField(
        max_length=200, blank=True, help_text="The namespace of an imported or simulated id."
    )
    external_id = models.CharField(
        max_length=200, blank=True, help_text="The id within the source."
    )
    is_positional = models.BooleanField(
        default=False,
        help_text="The id only numbers the raters of a row, so it says nothing of reliability.",
    )
    preferences = models.JSONField(
        default=dict, blank=True, help_text="Language and keys, as the person set them"
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "external_id"],
                condition=~models.Q(kind="person"),
                name="user_unique_external_id",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["person", "imported", "simulated", "machine"]),
                name="user_kind_known",
            ),
        ]

    @property
    def is_person(self) -> bool:
        """Whether a human being of this installation stands behind the account."""
        return self.kind == self.Kind.PERSON
