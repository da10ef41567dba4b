"""What a judge needs of a language model: one answer to a short conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from modeling.core.errors import JudgeError


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: `role` is system, user or assistant."""

    role: str
    content: str

    def to_dict(self) -> dict[str, str]:
        """As chat interfaces take it."""
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said; token counts are None where nobody counted.

    `cut` marks a reply that ended at the limit of tokens.
    """

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cut: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "text": self.text,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cut": self.cut,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Reply":
        """Inverse of `to_dict`. Raises KeyError or TypeError for anything else."""
        return cls(
            str(values["text"]),
            _count(values["input_tokens"]),
            _count(values["output_tokens"]),
            bool(values["cut"]),
        )


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


class RequestRefused(JudgeError):
    """One request that the model does not take, such as a text that is too long for it.

    Other requests may go well.
    """


class ChatModel(Protocol):
    """A language model that answers deterministically, at temperature 0.

    `name` is what people call it. `identity` stands for it in the cache: two models with the same
    identity give the same replies. Several threads may ask at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str: ...

    def reply(self, messages: Sequence[Message], *, max_tokens: int) -> Reply:
        """Raises RequestRefused for this request alone, JudgeError where nothing will go well."""
        ...
