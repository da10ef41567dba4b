"""What every importer yields, whatever the file looked like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from annotate.answers import Answer


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; ``role`` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class PromptRecord:
    """The conversation so far and the reference answer shown beside it, if any."""

    messages: tuple[Message, ...]
    reference: str = ""


@dataclass(frozen=True)
class ResponseRecord:
    """One candidate completion; ``sources`` name its generators and are never shown.

    ``steps`` or ``turns`` are the parts it came in; the turns of the assistant are judged.
    """

    content: str
    steps: tuple[str, ...] | None = None
    sources: tuple[str, ...] = ()
    turns: tuple[Message, ...] | None = None

    @property
    def parts(self) -> tuple[str, ...] | None:
        """What tells responses of one content but different parts from one another."""
        if self.turns:
            return tuple(f"{turn.role}: {turn.content}" for turn in self.turns)
        return self.steps


@dataclass(frozen=True)
class LabelRecord:
    """One judgment that the file carries, in the file's order of responses.

    ``annotator`` is None for an unattributed label. ``positional`` marks ids that only number the
    raters of one row and name no person. ``shown`` is the display order where the file tells it.
    ``index`` tells labels of one row and one annotator apart. ``machine`` names what sort of
    program made the label, such as ``rollouts``; empty for people's.
    """

    answer: Answer
    annotator: str | None = None
    positional: bool = False
    shown: tuple[int, ...] | None = None
    index: int = 0
    machine: str = ""


@dataclass(frozen=True)
class ItemRecord:
    """One thing to judge, with the labels that came along.

    ``known`` is the file's best answer (gold, else majority, else its only label), kept as the
    hidden known answer under ``--oracle``; ``gap`` is how far apart the responses are known to be,
    larger is easier, None where the file does not say. ``source`` names where rows come from and
    is the namespace of annotator ids. ``line`` is where in its file the row stands, from 1, and
    ``row`` a hash of the whole raw row, which tells repeated labels apart; both are set by
    ``read_items``.
    """

    kind: str
    prompt: PromptRecord
    responses: tuple[ResponseRecord, ...]
    labels: tuple[LabelRecord, ...] = ()
    known: Answer | None = None
    gap: float | None = None
    category: str = ""
    source: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    row: str = ""


@dataclass(frozen=True)
class BadRow:
    """A row that was not imported; ``line`` counts from 1 within its file."""

    file: str
    line: int
    reason: str


class RowError(ValueError):
    """Why one row cannot be imported, as a sentence that says what to do."""
