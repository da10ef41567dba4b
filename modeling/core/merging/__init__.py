"""One reward model out of several that were trained on different people's judgments."""

from modeling.core.merging.merge import merge_checkpoints

__all__ = ["merge_checkpoints"]
