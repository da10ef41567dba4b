"""What objectives share that also learn to write."""

from torch import Tensor

from modeling.core.losses import language_loss
from modeling.core.objectives.base import Batch, TrainingState
from modeling.core.tokens import TokenizedText


def written_from(
    text: TokenizedText, start: int, *, number: int = 0
) -> tuple[tuple[int, int, int], ...]:
    """The ids from `start` on, each to be foretold at the one before: (text, position, id).

    `number` is the text's place among those of its item. A first id has nothing before it.
    """
    return tuple(
        (number, place - 1, text.ids[place]) for place in range(max(start, 1), len(text.ids))
    )


def written_loss(batch: Batch, state: TrainingState) -> Tensor:
    """The weighted mean of what rows cost to write: each row the mean over what it had to."""
    weights = batch["weights"]
    if state.language is None:
        return weights.new_zeros(())
    return language_loss(
        state.language,
        batch["language"][:, 2],
        rows=batch["language_rows"],
        count=len(weights),
        weights=weights,
    )
