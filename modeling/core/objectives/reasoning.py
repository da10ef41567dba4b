"""Pairs with people's reasons: a reward, and the words that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from modeling.core.collators import Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.objectives.base import Batch, TrainingState
from modeling.core.objectives.language import written_from, written_loss
from modeling.core.objectives.pairs import BradleyTerry
from modeling.core.tokens import TextTokenizer

RATIONALE_LEAD = "\n\nRationale:"
_BETWEEN = "\n"  # what several people said of one pair


@dataclass(frozen=True)
class Reasoning(BradleyTerry):
    """A reward whose backbone also learns to write why the better response is better.

    The loss is Bradley–Terry's plus `lm_coefficient` times that of writing the rationales after
    the chosen response, as in Ankner et al., arXiv:2408.11791 (there as critiques that the reward
    then reads; here the reward is read before, so that a score does not wait for words).
    """

    @classmethod
    def fitted(cls, dataset: Dataset, config: RewardConfig) -> Self:
        """TrainingError where no training row has a rationale."""
        examples: Sequence[PreferenceExample] = dataset.splits["train"]
        if not any(example.rationales for example in examples):
            raise TrainingError(
                "No training pair has a rationale; collect some, or set objective to bradley_terry."
            )
        return super().fitted(dataset, config)

    @property
    def writes(self) -> bool:
        """Always."""
        return True

    def items(
        self, examples: Sequence[PreferenceExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """Two texts an item, read at their ends, and a third to write where there are reasons."""
        items = super().items(examples, tokenizer, causal=causal)
        told = [row for row, example in enumerate(examples) if example.rationales]
        texts = tokenizer.written(
            [
                (examples[row].sides()[0], f" {_BETWEEN.join(examples[row].rationales)}")
                for row in told
            ],
            lead=RATIONALE_LEAD,
        )
        items = [replace(item, readouts=_ends(item)) for item in items]
        for row, text in zip(told, texts, strict=True):
            items[row] = replace(
                items[row],
                texts=(*items[row].texts, text.ids),
                language=written_from(text, text.start, number=len(items[row].texts)),
                truncated=items[row].truncated or text.truncated,
            )
        return items

    def reading(
        self, examples: Sequence[PreferenceExample], tokenizer: TextTokenizer, *, causal: bool
    ) -> list[Item]:
        """The two texts alone."""
        silent = [replace(example, rationales=()) for example in examples]
        return self.items(silent, tokenizer, causal=causal)

    def pair_loss(
        self, chosen: Tensor, rejected: Tensor, batch: Batch, state: TrainingState
    ) -> Tensor:
        """That of the rewards, and that of the words."""
        judged = super().pair_loss(chosen, rejected, batch, state)
        return judged + self.config.lm_coefficient * written_loss(batch, state)


def _ends(item: Item) -> tuple[tuple[int, int], ...]:
    """The last token of each text, which the pooling "last" reads too."""
    return tuple((number, len(text) - 1) for number, text in enumerate(item.texts))
