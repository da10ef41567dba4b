"""The prompt of a row, in whichever of the usual forms it comes, as messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from annotate.importers.clean import describe
from annotate.importers.fields import Row, text
from annotate.importers.records import Message, PromptRecord, RowError

ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "chatbot", "model"), "assistant"),
}
SPEAKERS = {"Human": "user", "Assistant": "assistant"}
_MARKER = re.compile(r"^(Human|Assistant):", re.MULTILINE)
_LEADING_HUMAN = re.compile(r"[\r\n]*Human:")


def prompt_record(row: Row, *, system_column: str = "system") -> PromptRecord:
    """What the row shows before the responses: system text, prompt and reference answer."""
    value = row.get("prompt") if row.get("prompt") is not None else row.get("messages")
    if value is None:
        raise RowError("The row has no prompt; give it as text or as a list of messages.")
    messages = (*system_message(row.get(system_column)), *parse_prompt(value))
    if not any(message.content.strip() for message in messages):
        raise RowError("The prompt is empty; there would be nothing to respond to.")
    return PromptRecord(messages, reference_of(row))


def reference_of(row: Row) -> str:
    """The reference answer; empty where there is none."""
    value = row.get("reference")
    if value is None:
        return ""
    return str(value) if isinstance(value, (int, float)) else text(value, "reference")


def system_message(value: object) -> tuple[Message, ...]:
    """The system column as a message; none where it is null or empty."""
    if value is None or value == "":
        return ()
    return (Message("system", text(value, "system")),)


def parse_prompt(value: object) -> tuple[Message, ...]:
    """The messages of a plain text, a transcript of turns, or a list of messages."""
    if not isinstance(value, str):
        return parse_messages(value, "prompt")
    if not is_transcript(value):
        return (Message("user", value),)
    turns = parse_transcript(value)
    awaits_reply = turns[-1] == Message("assistant", "")
    return turns[:-1] if awaits_reply else turns


def is_transcript(value: object) -> bool:
    """Whether a text starts with a "Human:" turn; one further inside is just text."""
    return isinstance(value, str) and _LEADING_HUMAN.match(value) is not None


def parse_transcript(transcript: str) -> tuple[Message, ...]:
    """The turns of "Human: … Assistant: …", each without the white space around it.

    Turns are set apart by blank lines; only where none is, a plain line start begins a turn.
    """
    plain = transcript.replace("\r\n", "\n")
    marks = _turn_marks(plain)
    ends = [mark.start() for mark in marks[1:]] + [len(plain)]
    return tuple(
        Message(SPEAKERS[mark[1]], plain[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    )


def render_turns(messages: Sequence[Message]) -> str:
    """Several turns as one text, the speaker of the first left out; one turn is its content."""
    names = {role: speaker for speaker, role in SPEAKERS.items()}
    rest = [f"{names.get(turn.role, 'System')}: {turn.content}" for turn in messages[1:]]
    return "\n\n".join([messages[0].content, *rest])


def parse_messages(value: object, name: str) -> tuple[Message, ...]:
    """A list of {role, content} objects, or of {from, value} as some chat formats have it."""
    if not isinstance(value, list) or not value:
        raise RowError(f"{name} must be text or a list of messages, not {_found(value)}.")
    return tuple(_message(entry, name) for entry in value)


def _message(entry: object, name: str) -> Message:
    if not isinstance(entry, dict):
        raise RowError(f"Each message of {name} must be an object with role and content.")
    role = entry.get("role", entry.get("from"))
    if not isinstance(role, str) or role.lower() not in ROLES:
        raise RowError(f"A message of {name} needs the role system, user or assistant.")
    content = entry.get("content", entry.get("value"))
    return Message(ROLES[role.lower()], _content(content, name))


def _content(content: object, name: str) -> str:
    """Text, or the joined text parts of a message that could also hold images."""
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in parts):
        raise RowError(f"A message of {name} holds something else than text.")
    label = f"The content of each message of {name}"
    return "".join(text(part.get("text"), label) for part in parts)


def _turn_marks(transcript: str) -> list[re.Match[str]]:
    marks = list(_MARKER.finditer(transcript))
    apart = [mark for mark in marks[1:] if transcript[mark.start() - 2 : mark.start()] == "\n\n"]
    return [marks[0], *apart] if apart else marks


def _found(value: object) -> str:
    return "an empty list" if value == [] else describe(value)
