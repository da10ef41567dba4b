"""Objectives with the items and the batch of a few rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from modeling.core.collators import Collator, Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, Example, read_dataset
from modeling.core.objective_rules import TIE_OBJECTIVES
from modeling.core.objectives import Objective, fitted_objective
from modeling.core.tokens import TextTokenizer
from tests.modeling.core.conftest import byte_tokenizer, write_jsonl
from tests.modeling.core.rows import write_kind


@dataclass(frozen=True)
class Ready:
    """What a trainer would have before the first step."""

    dataset: Dataset
    objective: Any
    items: list[Item]
    batch: dict[str, Tensor]

    @property
    def examples(self) -> tuple[Example, ...]:
        return self.dataset.splits["train"]


def ready(
    folder: Path,
    kind: str,
    objective: str,
    rows: list[dict] | None = None,
    *,
    max_length: int = 128,
    **changes: Any,
) -> Ready:
    """Of a dataset whose training rows are `rows`, or four of this kind."""
    directory = write_kind(folder / kind, kind, train=4)
    if rows is not None:
        write_jsonl(directory / "train.jsonl", rows)
    config = RewardConfig(objective=objective, frozen=False, **changes)
    dataset = read_dataset(directory, ties=objective in TIE_OBJECTIVES)
    made: Objective = fitted_objective(dataset, config)
    tokenizer = TextTokenizer(byte_tokenizer(), max_length=max_length)
    items = made.items(dataset.splits["train"], tokenizer, causal=True)
    return Ready(dataset, made, items, Collator(tokenizer.pad_id, made.targets)(items))


def decoded(ids: tuple[int, ...]) -> str:
    return byte_tokenizer().decode(list(ids), skip_special_tokens=True)
