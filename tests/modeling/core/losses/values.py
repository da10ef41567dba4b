"""Numbers for tests of losses, in double precision."""

import torch
from torch import Tensor


def double(values) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def random(*shape: int, seed: int = 0) -> Tensor:
    """Scores between −2 and 2."""
    generator = torch.Generator().manual_seed(seed)
    return 4 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 2


def shares(rows: int, answers: int, *, seed: int = 1) -> Tensor:
    """Probabilities (rows, answers)."""
    return torch.softmax(random(rows, answers, seed=seed), dim=1)
