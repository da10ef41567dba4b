"""A small full run and what interrupts it."""

from modeling.core.config import RewardConfig
from modeling.core.progress import Progress


def full(backbone, **changes):
    """Eight steps over sixteen pairs, each logged."""
    settings = {
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 1e-2,
        "logging_steps": 1,
        "save_steps": 2,
        "eval_steps": 2,
    }
    return RewardConfig(backbone=str(backbone), frozen=False, max_length=128, **settings | changes)


def stop_after(steps):
    """Ask to stop once so many steps were taken."""
    asked = iter(range(10_000))
    return Progress(should_stop=lambda: next(asked) >= steps - 1)
