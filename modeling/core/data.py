"""Preference data: dataset directories, loose pair files and the template that renders a text."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeling.core.errors import DataError
from modeling.core.files import read_json, read_jsonl, sha256_file, sha256_json

SPLITS = ("train", "validation", "test")
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


@dataclass(frozen=True, slots=True)
class PreferenceExample:
    """One pair: `chosen` was preferred to `rejected` with probability `chosen_probability`.

    `group` names the prompt, `item` the judged item. `weight` is zero or more; `target_margin`
    is a wanted reward difference or None.
    """

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    group: str
    chosen_probability: float = 1.0
    target_margin: float | None = None
    weight: float = 1.0
    item: str = ""
    category: str = ""

    def sides(self) -> tuple[TextParts, TextParts]:
        """The rendered chosen and rejected texts."""
        return render_parts(self.prompt, self.chosen), render_parts(self.prompt, self.rejected)

    def opening(self) -> str:
        """`group_of` the prompt, whatever `group` says: a conversation and its continuations."""
        return group_of(self.prompt)


@dataclass(frozen=True)
class PreferenceDataset:
    """A dataset version: examples by split, its manifest and the hash of its content."""

    splits: Mapping[str, tuple[PreferenceExample, ...]]
    manifest: Mapping[str, Any]
    content_hash: str

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows by split."""
        return {name: len(examples) for name, examples in self.splits.items()}


@dataclass(frozen=True)
class PairFile:
    """A loose file of pairs; `ties` rows had no preferred side and are not in `examples`."""

    examples: tuple[PreferenceExample, ...]
    ties: int


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


def read_dataset(directory: Path) -> PreferenceDataset:
    """Read a dataset version: `manifest.json` and one JSON Lines file for each split.

    A split without a file is empty. The content hash is the manifest's `content_hash`, or else
    the hash of the files' hashes. Raises DataError with file and line of the first bad row.
    """
    manifest = read_json(directory / "manifest.json")
    paths = {name: directory / f"{name}.jsonl" for name in SPLITS}
    if not any(path.is_file() for path in paths.values()):
        raise DataError(f"{directory} holds no train.jsonl; build the dataset again.")
    splits = {name: _read_split(path) for name, path in paths.items()}
    content_hash = manifest.get("content_hash") or _hash_files(paths)
    return PreferenceDataset(splits, manifest, str(content_hash))


def _read_split(path: Path) -> tuple[PreferenceExample, ...]:
    return read_pairs(path).examples if path.is_file() else ()


def _hash_files(paths: Mapping[str, Path]) -> str:
    return sha256_json({name: sha256_file(path) for name, path in paths.items() if path.is_file()})


def read_pairs(path: Path) -> PairFile:
    """Read preference pairs from .jsonl or .jsonl.gz.

    Accepted rows: prompt/chosen/rejected (texts or messages), chosen/rejected alone that begin
    with the same turns, and prompt/response_a/response_b with `majority` a, b or tie. Ties are
    left out and counted. Raises DataError with file and line of the first bad row.
    """
    examples: list[PreferenceExample] = []
    ties = 0
    for number, row in read_jsonl(path):
        try:
            example = _example(row)
        except DataError as error:
            raise DataError(f"Line {number} of {path.name}: {error}.") from error
        if example is None:
            ties += 1
        else:
            examples.append(example)
    return PairFile(tuple(examples), ties)


def _example(row: Mapping[str, Any]) -> PreferenceExample | None:
    sides = _labelled_sides(row)
    if sides is None:
        return None
    prompt, chosen, rejected = sides
    return PreferenceExample(
        prompt=prompt,
        chosen=chosen,
        rejected=rejected,
        group=str(row.get("group") or group_of(prompt)),
        chosen_probability=_number(row, "chosen_probability", 1.0, low=0.5, high=1.0),
        target_margin=_optional_number(row, "target_margin"),
        weight=_number(row, "weight", 1.0, low=0.0, high=math.inf),
        item=str(row.get("item") or row.get("id") or ""),
        category=str(row.get("category") or row.get("subset") or ""),
    )


def group_of(prompt: Sequence[Message]) -> str:
    """A prompt's default group: the hash of its first user turn (of all of it without one)."""
    first = next((turn.content for turn in prompt if turn.role == "user"), render(prompt, ""))
    return hashlib.sha256(" ".join(first.split()).encode()).hexdigest()[:16]


def _labelled_sides(row: Mapping[str, Any]) -> tuple[tuple[Message, ...], str, str] | None:
    if "majority" not in row:
        return _split_sides(row.get("prompt"), row.get("chosen"), row.get("rejected"))
    sides = _split_sides(row.get("prompt"), row.get("response_a"), row.get("response_b"))
    majority = row["majority"]
    if majority not in ("a", "b", "tie"):
        raise DataError(f'majority must be "a", "b" or "tie", not {majority!r}')
    if majority == "tie":
        return None
    prompt, first, second = sides
    return (prompt, first, second) if majority == "a" else (prompt, second, first)


def _split_sides(prompt: Any, chosen: Any, rejected: Any) -> tuple[tuple[Message, ...], str, str]:
    if chosen is None or rejected is None:
        raise DataError("a pair needs both sides (chosen and rejected, or response_a and _b)")
    if prompt is not None and isinstance(chosen, str) and isinstance(rejected, str):
        return parse_prompt(prompt), chosen, rejected
    start = parse_prompt(prompt) if prompt is not None else ()
    turns_chosen, turns_rejected = _turns(chosen), _turns(rejected)
    shared = _shared_turns(turns_chosen, turns_rejected)
    return (
        start + turns_chosen[:shared],
        _as_response(turns_chosen[shared:]),
        _as_response(turns_rejected[shared:]),
    )


def _turns(value: Any) -> tuple[Message, ...]:
    return parse_turns(value) if isinstance(value, str) else parse_messages(value)


def _shared_turns(first: Sequence[Message], second: Sequence[Message]) -> int:
    """Length of the common beginning, leaving each side at least one turn of its own."""
    limit = min(len(first), len(second)) - 1
    shared = 0
    while shared < limit and first[shared] == second[shared]:
        shared += 1
    return shared


def _as_response(turns: Sequence[Message]) -> str:
    """The response; sides that part ways early keep their later turns inside it."""
    if not turns or turns[0].role != "assistant":
        raise DataError("each side must go on with an assistant turn after the shared prompt")
    later = [f"{_role_name(turn.role)}: {turn.content}" for turn in turns[1:]]
    return "\n\n".join([turns[0].content, *later])


def _number(row: Mapping[str, Any], name: str, default: float, *, low: float, high: float) -> float:
    value = _optional_number(row, name)
    value = default if value is None else value
    if not low <= value <= high:
        raise DataError(f"{name} must lie between {low} and {high}, not {value}")
    return value


def _optional_number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        raise DataError(f"{name} must be a finite number, not {value!r}")
    return float(value)
