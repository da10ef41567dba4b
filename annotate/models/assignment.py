"""Assignments: one person's slot on one item."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotate.answers import ItemShape
from annotate.models.item import Item
from annotate.models.project import GuidelineVersion
from annotate.models.round import Round

LIVE = ["free", "leased", "submitted"]


class Assignment(models.Model):
    """A slot: ``free → leased → submitted · skipped · expired · withdrawn``.

    A slot never changes hands. Skip or expiry ends it and a fresh one with the same ``slot``
    number is inserted at the round's tail. The partial unique constraint on (item, slot) is what
    keeps leased + submitted − surplus within the item's overlap. What programs judge has the
    purpose ``machine``: it is nobody's work, no opinion that counts, and a verifier that can no
    longer tell withdraws it.
    """

    class Status(models.TextChoices):
        FREE = "free", "free"
        LEASED = "leased", "leased"
        SUBMITTED = "submitted", "submitted"
        SKIPPED = "skipped", "skipped"
        EXPIRED = "expired", "expired"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Purpose(models.TextChoices):
        WORK = "work", "work"
        GOLD = "gold", "gold"
        QUALIFICATION = "qualification", "qualification"
        ADJUDICATION = "adjudication", "adjudication"
        IMPORT = "import", "import"
        MACHINE = "machine", "machine"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="assignments")
    round = models.ForeignKey(
        Round, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
    )
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.WORK)
    replicate = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.FREE)
    slot = models.PositiveIntegerField(default=0)
    position = models.BigIntegerField(null=True, blank=True)
    is_surplus = models.BooleanField(default=False)
    display_order = models.JSONField(null=True, blank=True)
    scale = models.CharField(
        max_length=16, blank=True, help_text="The protocol as it was shown, see Project.protocol"
    )
    guideline = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    fence = models.PositiveIntegerField(default=0)
    leased_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=200, blank=True)
    draft = models.JSONField(null=True, blank=True)
    draft_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "annotator", "purpose", "replicate"],
                name="assignment_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["item", "slot"],
                condition=models.Q(purpose="work", status__in=LIVE, is_surplus=False),
                name="assignment_slot_taken_once",
            ),
            models.UniqueConstraint(
                fields=["round", "position"],
                condition=models.Q(position__isnull=False),
                name="assignment_position_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(status="free")
                | models.Q(status="withdrawn")
                | models.Q(annotator__isnull=False),
                name="assignment_taken_has_annotator",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="free") | models.Q(annotator__isnull=True),
                name="assignment_free_has_no_annotator",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="leased") | models.Q(expires_at__isnull=False),
                name="assignment_lease_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[*LIVE, "skipped", "expired", "withdrawn"]),
                name="assignment_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    purpose__in=[
                        "work",
                        "gold",
                        "qualification",
                        "adjudication",
                        "import",
                        "machine",
                    ]
                ),
                name="assignment_purpose_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["round", "position"],
                condition=models.Q(status="free"),
                name="assignment_free",
            ),
            models.Index(
                fields=["expires_at"], condition=models.Q(status="leased"), name="assignment_lease"
            ),
            models.Index(fields=["annotator", "status"], name="assignment_annotator"),
            models.Index(
                fields=["annotator", "-ended_at"],
                condition=models.Q(status="submitted"),
                name="assignment_latest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} slot {self.slot} of item {self.item_id}"

    def shape(self) -> ItemShape:
        """What an answer is checked against: the item, on the scale that was shown."""
        protocol = self.scale or self.item.project.protocol(self.item.kind)
        shown = len(self.display_order) if self.display_order else None
        return self.item.shape_on(protocol, n_responses=shown)
