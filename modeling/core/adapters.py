"""Low-rank adapters: few weights to tune beside a backbone that stays as it is.

The adapters are added to the backbone's own weights before it is saved. A checkpoint is then an
ordinary model, which scores as fast as any, loads without peft and needs no other files; what is
given up is the space that a backbone takes in every checkpoint. Hu et al., arXiv:2106.09685.
"""

import warnings
from typing import Any

from modeling.core.config import RewardConfig
from modeling.core.errors import TrainingError

ALL_LINEAR = "all-linear"


def with_adapters(model: Any, config: RewardConfig) -> Any:
    """The model with adapters of `lora_rank` in the layers that `lora_targets` names.

    Only the adapters take gradients. TrainingError where the model has no such layers.
    """
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=_targets(config.lora_targets),
    )
    try:
        with warnings.catch_warnings():  # peft asks the model by a name that is going away
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            return get_peft_model(model, settings)
    except ValueError as error:
        raise TrainingError(
            f'The backbone has no layers "{config.lora_targets}" that take adapters; set '
            f'lora_targets to "{ALL_LINEAR}" or to names of its linear layers.'
        ) from error


def without_adapters(model: Any) -> Any:
    """The plain model with its adapters' work added to its weights; any other as it is."""
    merge = getattr(model, "merge_and_unload", None)
    return model if merge is None else merge()


def _targets(names: str) -> str | list[str]:
    names = names.strip()
    if names == ALL_LINEAR:
        return names
    return [name.strip() for name in names.split(",") if name.strip()]
