"""What happens when memory runs out."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from modeling.core.errors import TrainingError

_SIGNS = ("can't allocate memory", "not enough memory", "out of memory")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turn an allocation that failed inside into a TrainingError that says what takes less."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrainingError(OUT_OF_MEMORY) from error
    except RuntimeError as error:  # how torch says it on a CPU
        if any(sign in str(error) for sign in _SIGNS):
            raise TrainingError(OUT_OF_MEMORY) from error
        raise


OUT_OF_MEMORY = (
    "Training ran out of memory; lower batch_size or token_budget and raise "
    "gradient_accumulation_steps in turn, lower max_length, set lora_rank, or choose a smaller "
    "backbone."
)
