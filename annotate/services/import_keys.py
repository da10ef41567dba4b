"""The content hashes that tell whether a record is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotate.importers.records import ItemRecord
from annotate.texts import item_digest, prompt_digest, response_digest


@dataclass(frozen=True)
class Keys:
    """The content hashes of a record, worked out once because many rows hang on them."""

    messages: list[dict[str, Any]]
    prompt: str
    responses: list[str]
    item: str

    @classmethod
    def of(cls, row: ItemRecord) -> Keys:
        """Those of one record; ``messages`` is the prompt's conversation as it is stored."""
        messages = [{"role": m.role, "content": m.content} for m in row.prompt.messages]
        prompt = prompt_digest(messages, row.prompt.reference)
        responses = [response_digest(r.content, r.parts) for r in row.responses]
        return cls(messages, prompt, responses, item_digest(row.kind, prompt, responses))
