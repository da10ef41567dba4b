"""Conversations and the template that renders a response to one as a text."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeling.core.errors import DataError

_ROLE_NAMES = {"system": "System", "user": "Human", "assistant": "Assistant"}
_NAME_ROLES = {name: role for role, name in _ROLE_NAMES.items()}
_TURN = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant|System):(?=\s|\Z) ?")

TEMPLATE: dict[str, Any] = {
    "name": "turns",
    "version": 1,
    "turn": "{Role}: {content}",
    "separator": "\n\n",
    "roles": _ROLE_NAMES,
    "response": "Assistant: {response}",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is user, assistant, system or another lower-case word."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class TextParts:
    """A rendered text in two parts, so that truncation can spare the response."""

    context: str
    response: str

    @property
    def text(self) -> str:
        """What `render` returns."""
        return self.context + self.response


def render(prompt: Sequence[Message], response: str) -> str:
    """The one text a backbone reads for a response: turns by name, a blank line between them.

    "Human: Hello\\n\\nAssistant: Hi" for a user turn "Hello" and the response "Hi". The rules
    are `TEMPLATE`, which every checkpoint stores.
    """
    return render_parts(prompt, response).text


def render_parts(prompt: Sequence[Message], response: str) -> TextParts:
    """`render` in two parts: everything up to "Assistant:", and the response after it."""
    turns = [f"{_role_name(message.role)}: {message.content}\n\n" for message in prompt]
    return TextParts("".join(turns) + "Assistant:", f" {response}")


def _role_name(role: str) -> str:
    return _ROLE_NAMES.get(role, role.capitalize())


def parse_prompt(value: Any) -> tuple[Message, ...]:
    """Read a prompt: a list of messages, a "Human: … Assistant: …" dialogue or plain text.

    An empty last assistant turn ("\\n\\nAssistant:") only asks for the response and is dropped.
    """
    messages = parse_turns(value) if isinstance(value, str) else parse_messages(value)
    if messages and messages[-1] == Message("assistant", ""):
        messages = messages[:-1]
    return messages


def parse_turns(text: str) -> tuple[Message, ...]:
    """Split a dialogue at its turn names; text that does not begin with one is a user turn."""
    found = list(_TURN.finditer(text))
    if not found or text[: found[0].start()].strip():
        return (Message("user", text),)
    ends = [match.start() for match in found[1:]] + [len(text)]
    return tuple(
        Message(_NAME_ROLES[match[1]], text[match.end() : end].rstrip("\n"))
        for match, end in zip(found, ends, strict=True)
    )


def parse_messages(value: Any) -> tuple[Message, ...]:
    """Read a list of {"role", "content"} objects."""
    if not isinstance(value, list):
        raise DataError("a conversation must be a text or a list of messages")
    return tuple(_message(item) for item in value)


def _message(item: Any) -> Message:
    if not isinstance(item, Mapping):
        raise DataError('a message must be an object with "role" and "content"')
    role, content = item.get("role"), item.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise DataError('a message needs a text "role" and a text "content"')
    return Message(role, content)


def as_response(turns: Sequence[Message]) -> str:
    """The assistant's turn as text; turns that follow it stay inside, each under its name."""
    if not turns or turns[0].role != "assistant":
        raise DataError("each response must begin with an assistant turn after the prompt")
    later = [f"{_role_name(turn.role)}: {turn.content}" for turn in turns[1:]]
    return "\n\n".join([turns[0].content, *later])


def as_turns(turns: Sequence[Message]) -> str:
    """Turns as text, each under its name; a first turn of the assistant goes without."""
    if not turns:
        raise DataError("messages must hold at least one turn")
    if turns[0].role == "assistant":
        return as_response(turns)
    return "\n\n".join(f"{_role_name(turn.role)}: {turn.content}" for turn in turns)


def render_turn(text: str) -> str:
    """What a later turn adds to a rendered text: the assistant's, unless it begins with a name."""
    return f"\n\n{text}" if _TURN.match(text) else f"\n\nAssistant: {text}"


def parse_response(value: Any) -> str:
    """Read a response: a text, or messages that begin with the assistant's."""
    return value if isinstance(value, str) else as_response(parse_messages(value))


def group_of(prompt: Sequence[Message]) -> str:
    """A prompt's default group: the hash of its first user turn (of all of it without one)."""
    first = next((turn.content for turn in prompt if turn.role == "user"), render(prompt, ""))
    return hashlib.sha256(" ".join(first.split()).encode()).hexdigest()[:16]
