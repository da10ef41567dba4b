"""One sequence for all responses to a prompt, which the model then reads once.

The texts of an item begin alike. A packed row holds that beginning once and then each text's own
rest; a rest sees the beginning and itself, and its positions go on where the beginning ends. A
model that only looks back then gives every token the hidden state that it has in the text alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from modeling.core.collators import Collator, Item, pad_sequences
from modeling.core.samplers import Size

SHARED = 0  # segment of the beginning; a text's own rest is its number from 1
PADDING = -1
_TOLERANCE = 1e-3
_WORTHWHILE = 1.1  # tokens of separate texts over tokens of packed rows
_PROBE = ((5, 6, 7, 8, 9), (5, 6, 7, 10), (5, 6, 7, 11, 12, 13))


@dataclass(frozen=True, slots=True)
class PackedRow:
    """An item as one sequence: ids, their segments and positions, and where outputs are read."""

    ids: tuple[int, ...]
    segments: tuple[int, ...]
    positions: tuple[int, ...]
    readouts: tuple[int, ...]


def pack(item: Item) -> PackedRow:
    """Put an item's texts into one row; without readouts each text is read at its last token."""
    shared = _shared_length(item.texts)
    ids, segments = list(item.texts[0][:shared]), [SHARED] * shared
    positions, starts = list(range(shared)), []
    for number, text in enumerate(item.texts, start=1):
        starts.append(len(ids))
        ids.extend(text[shared:])
        segments.extend([number] * (len(text) - shared))
        positions.extend(range(shared, len(text)))
    wanted = item.readouts or [(text, len(ids) - 1) for text, ids in enumerate(item.texts)]
    readouts = tuple(
        place if place < shared else starts[text] + place - shared for text, place in wanted
    )
    return PackedRow(tuple(ids), tuple(segments), tuple(positions), readouts)


def _shared_length(texts: Sequence[tuple[int, ...]]) -> int:
    """Tokens that all texts begin with, sparing each text's last one, where it is read."""
    first, last = min(texts), max(texts)  # in the order of a dictionary: they share the least
    parted = (place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return min(next(parted, len(first)), min(map(len, texts)) - 1)


def packed_size(item: Item) -> Size:
    """What a packed item takes."""
    shared = _shared_length(item.texts)
    length = shared + sum(len(text) - shared for text in item.texts)
    return Size(1, length, length)


def separate_size(item: Item) -> Size:
    """What an item takes whose texts are read apart."""
    lengths = [len(text) for text in item.texts]
    return Size(len(lengths), max(lengths), sum(lengths))


def saves_tokens(items: Sequence[Item]) -> bool:
    """Whether packing these items is worth its mask."""
    separate = sum(separate_size(item).tokens for item in items)
    return separate >= _WORTHWHILE * sum(packed_size(item).tokens for item in items)


@dataclass(frozen=True)
class PackingCollator(Collator):
    """A Collator whose rows are packed items.

    It adds `segments` and `position_ids` (items, length), and always `readouts`, in the order of
    the outputs that a Collator's batch would give.
    """

    def __call__(self, items: Sequence[Item]) -> dict[str, Tensor]:
        """One batch."""
        weights = torch.tensor([item.weight for item in items], dtype=torch.float32)
        rows = [pack(item) for item in items]
        return {**packed_batch(rows, self.pad_id), "weights": weights, **self.targets(items)}


def packed_batch(rows: Sequence[PackedRow], pad_id: int) -> dict[str, Tensor]:
    """The model's inputs for packed rows."""
    ids, mask = pad_sequences([row.ids for row in rows], pad_id)
    segments, _ = pad_sequences([row.segments for row in rows], PADDING)
    positions, _ = pad_sequences([row.positions for row in rows], 0)
    readouts = [(number, place) for number, row in enumerate(rows) for place in row.readouts]
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "segments": segments,
        "position_ids": positions,
        "readouts": torch.tensor(readouts, dtype=torch.int64),
    }


def packed_mask(segments: Tensor, dtype: torch.dtype) -> Tensor:
    """What each token may look at, as numbers to add to attention scores.

    From `segments` (rows, length) to (rows, 1, length, length): 0 where a token sees another,
    the least number of `dtype` where it does not. A token of padding sees itself, so that no
    softmax is over nothing.
    """
    length = segments.shape[1]
    earlier = torch.ones(length, length, dtype=torch.bool, device=segments.device).tril()
    query, key = segments[:, :, None], segments[:, None, :]
    seen = earlier & ((key == query) | (key == SHARED)) & (key != PADDING)
    seen = seen | torch.eye(length, dtype=torch.bool, device=segments.device)
    mask = torch.zeros(seen.shape, dtype=dtype, device=segments.device)
    return mask.masked_fill(~seen, torch.finfo(dtype).min)[:, None]


def reads_packed_rows(backbone: nn.Module, *, max_length: int) -> bool:
    """Whether the backbone gives packed rows the hidden states of their texts.

    Tried on a few tokens, since a model may count positions of its own, look through a window or
    remember by other means than attention.
    """
    if _windowed(backbone.config, max_length):
        return False
    item = Item(_PROBE)
    try:
        packed = _last_states(backbone, packed_batch([pack(item)], 0))
        apart = torch.cat([_alone(backbone, text) for text in item.texts])
    except (TypeError, ValueError, RuntimeError, IndexError):
        return False  # it takes no positions, or no mask of this shape
    return bool(torch.allclose(packed, apart, atol=_TOLERANCE * float(apart.abs().max())))


def _windowed(config: Any, max_length: int) -> bool:
    text = config.get_text_config()
    window = getattr(text, "sliding_window", None) or getattr(text, "attention_chunk_size", None)
    used = getattr(text, "use_sliding_window", True)
    return bool(window and used and window < max_length)


@torch.no_grad()
def _last_states(backbone: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    from modeling.core.model import read

    device = next(backbone.parameters()).device
    inputs = {name: values.to(device) for name, values in batch.items()}
    return read(backbone, pooling="last", **inputs)


def _alone(backbone: nn.Module, text: tuple[int, ...]) -> Tensor:
    ids, mask = pad_sequences([text], 0)
    return _last_states(backbone, {"input_ids": ids, "attention_mask": mask})
