"""What one training run was asked to do."""

import sys
from dataclasses import asdict, dataclass, fields
from typing import Any

from modeling.core.errors import ConfigError
from modeling.core.objective_rules import (
    FROZEN_OBJECTIVES,
    LOSS_CHOICES,
    OBJECTIVE_KINDS,
    PAIR_OBJECTIVES,
    TIE_OBJECTIVES,
    check_losses,
    default_objective,
    objectives_for,
)
from modeling.core.priors.spec import checked_spec

__all__ = [
    "CHOICES",
    "OBJECTIVE_KINDS",
    "PAIR_OBJECTIVES",
    "RewardConfig",
    "check_kind",
    "default_objective",
    "objectives_for",
]

CHOICES: dict[str, tuple[str, ...]] = {
    "objective": tuple(OBJECTIVE_KINDS),
    **LOSS_CHOICES,
    "features": ("auto", "joint", "response", "joint_response"),
    "pooling": ("auto", "mean", "last", "cls"),
    "precision": ("fp32", "bf16"),
    "schedule": ("linear", "cosine", "constant"),
    "sampling": ("shuffled", "curriculum", "margin_weighted"),
    "share_prompts": ("auto", "always", "never"),
}
_AT_LEAST_ONE = (
    "epochs",
    "batch_size",
    "scoring_batch_size",
    "save_steps",
    "logging_steps",
    "gradient_accumulation_steps",
    "processes",
    "ensemble",
)
_NOT_NEGATIVE = (
    *("warmup_steps", "weight_decay", "seed", "token_budget", "lora_rank", "lora_dropout"),
    *("eval_steps", "eval_rows", "early_stop_patience"),
)
_POSITIVE = ("learning_rate", "max_grad_norm", "l2", "lora_alpha")


@dataclass(frozen=True)
class RewardConfig:
    """Everything that decides a reward model besides its data. Saved in the checkpoint.

    A frozen run embeds each text once with an untouched backbone and fits a linear head; it
    uses `features` and `l2`. A full run fine-tunes the backbone and the head together; it uses
    the fields from `epochs` to `logging_steps`, and `features` can only be "joint". Only
    heads of pairs are fitted to a frozen backbone, see `FROZEN_OBJECTIVES`. Which settings of
    losses go together is told by objective_rules.py.
    """

    objective: str = "bradley_terry"
    backbone: str = "minilm"  # "minilm", a Hugging Face id or a local directory
    frozen: bool = True
    features: str = "auto"  # what the head sees, see features.py; "auto" is what did best
    pooling: str = "auto"  # "auto": what the backbone was made for
    max_length: int = 512  # tokens of prompt and response together
    precision: str = "fp32"
    use_soft_labels: bool = True  # learn shares of votes where there are some, not the majority
    use_margin: bool = False  # subtract target_margin, in logits; rewards then are not calibrated
    pair_loss: str = "logistic"  # of bradley_terry; "scaled" multiplies by target_margin
    hinge_margin: float = 1.0  # of pair_loss "hinge": what the chosen reward must be ahead
    hinge_anneal: float = 0.0  # share of training over which that margin grows from zero
    flip_rate: float = 0.0  # how often a vote is the opposite of what was meant, below 0.5
    learn_flip_rates: bool = False  # one for each annotator; flip_rate is where they start
    tie_parameter: float | None = None  # Davidson's ν or Rao and Kupper's θ; None: trained
    parameter_learning_rate: float = 1e-2  # of tie parameters, thresholds and flip rates
    ranking_ties: str = "skip"  # ranking_pairs: tied pairs are skipped, or want "half"
    center_rewards: float = 0.0  # pulls the mean of a pair's rewards to zero
    readout_l2: float = 0.0  # on the head's weights
    length_decorrelation: float = 0.0  # on the correlation of rewards with length
    per_token: bool = False  # outcome: judged at every token of the response
    lm_coefficient: float = 0.0  # of the language-modelling loss: outcome per token, reasoning
    unit: str = "step"  # prm: "step", or "turn" of a conversation
    step_separator: str = "\n"  # prm: closes each step
    step_classes: int = 2  # prm: 2 (wrong or not), or 3 (-1, 0, 1)
    l2: float | None = None  # None: the value of l2_grid with the least validation loss
    l2_grid: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    ensemble: int = 1  # heads on draws of the prompts, whose mean is the reward; frozen only
    posterior: bool = True  # keep how certain the head is, see posterior.py; frozen only
    prior: dict[str, Any] | None = None  # a reward the head adds to, see priors/spec.py
    epochs: int = 1
    learning_rate: float = 2e-5
    batch_size: int = 16  # rows in one forward pass of one process
    token_budget: int = 0  # padded tokens in one forward pass instead of batch_size rows; 0: off
    gradient_accumulation_steps: int = 1  # forward passes of each process in one optimiser step
    share_prompts: str = "auto"  # decoders read the prompt of a row once for all its responses
    sampling: str = "shuffled"  # order of the rows, see samplers.py
    schedule: str = "linear"  # how the learning rate falls after the warm-up
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    warmup_steps: int = 0
    save_steps: int = 200
    logging_steps: int = 10
    eval_steps: int = 100  # steps between looks at the validation rows; 0: none while training
    eval_rows: int = 500  # validation rows in such a look, evenly spread; 0: all
    early_stop_patience: int = 0  # looks without a lower validation loss before the end; 0: off
    lora_rank: int = 0  # 0: all weights are tuned
    lora_alpha: int = 16
    lora_dropout: float = 0.0
    lora_targets: str = "all-linear"  # or the names of layers, with commas between
    torch_compile: bool = False
    processes: int = 1  # more than one train together on parts of each step's rows
    fsdp: bool = False  # share the weights out between the processes' GPUs
    scoring_batch_size: int = 32  # texts in one forward pass without gradients
    seed: int = 0

    def __post_init__(self) -> None:
        _check_types(self)
        _check_choices(self)
        _check_ranges(self)
        _check_training(self)
        if self.frozen and self.objective not in FROZEN_OBJECTIVES:
            raise ConfigError(
                f"A frozen backbone takes a head of pairs ({', '.join(FROZEN_OBJECTIVES)}); set "
                f"frozen to false for {self.objective}."
            )
        check_losses(self)
        _check_models(self)
        if not self.frozen and self.feature_kind != "joint":
            raise ConfigError('Full fine-tuning reads one text: set features to "joint".')

    @property
    def feature_kind(self) -> str:
        """`features` with "auto" resolved."""
        if self.features != "auto":
            return self.features
        return "joint_response" if self.frozen else "joint"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives the same config back."""
        return {**asdict(self), "l2_grid": list(self.l2_grid)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RewardConfig":
        """Build a config from JSON values; ConfigError names the first one that is wrong."""
        if not isinstance(values, dict):
            raise ConfigError("The config must be an object of settings.")
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise ConfigError(
                    f'There is no setting "{name}"; remove it or use one of {", ".join(known)}.'
                )
        return cls(**{name: _from_json(name, value) for name, value in values.items()})

    @classmethod
    def for_kind(cls, kind: str, values: dict[str, Any]) -> "RewardConfig":
        """`from_dict` for a dataset of this kind, which decides what `values` leave out.

        That is the objective, and whether the backbone is frozen: only where the objective lets
        it be. ConfigError for an objective that trains on another kind.
        """
        if not isinstance(values, dict):
            raise ConfigError("The config must be an object of settings.")
        objective = values.get("objective", default_objective(kind))
        defaults = {"objective": objective, "frozen": objective in FROZEN_OBJECTIVES}
        config = cls.from_dict(defaults | values)
        check_kind(config, kind)
        return config


def check_kind(config: RewardConfig, kind: str) -> None:
    """Raise ConfigError unless the objective trains on datasets of this kind."""
    wanted = OBJECTIVE_KINDS[config.objective]
    if kind not in wanted:
        raise ConfigError(
            f"The objective {config.objective} trains on a dataset of kind "
            f"{' or '.join(wanted)}, not on {kind}; set objective to {default_objective(kind)} or "
            "choose another dataset."
        )


def _from_json(name: str, value: Any) -> Any:
    if name == "l2_grid" and isinstance(value, list):
        return tuple(value)
    return value


def _check_types(config: RewardConfig) -> None:
    for name, hint in RewardConfig.__annotations__.items():
        value = getattr(config, name)
        if not _has_type(value, hint):
            raise ConfigError(f"{name} must be {_words(hint)}; it is {value!r}.")
        if hint is float and isinstance(value, int):
            object.__setattr__(config, name, float(value))


def _has_type(value: Any, hint: Any) -> bool:
    if hint == float | None:
        return value is None or _is_number(value)
    if hint == dict[str, Any] | None:
        return value is None or isinstance(value, dict)
    if hint == tuple[float, ...]:
        return isinstance(value, tuple) and all(map(_is_number, value))
    if hint is float:
        return _is_number(value)
    return type(value) is hint


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _words(hint: Any) -> str:
    names = {
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        float: "a finite number",
        float | None: "a finite number or null",
        tuple[float, ...]: "a list of finite numbers",
        dict[str, Any] | None: "an object of settings or null",
    }
    return names[hint]


def _check_choices(config: RewardConfig) -> None:
    for name, allowed in CHOICES.items():
        value = getattr(config, name)
        if value not in allowed:
            listed = ", ".join(f'"{choice}"' for choice in allowed)
            raise ConfigError(f'{name} must be one of {listed}; it is "{value}".')


def _check_ranges(config: RewardConfig) -> None:
    _check_bound(config, _AT_LEAST_ONE, lambda value: value >= 1, "at least 1")
    _check_bound(config, _NOT_NEGATIVE, lambda value: value >= 0, "zero or more")
    _check_bound(config, _POSITIVE, lambda value: value > 0, "greater than zero")
    _check_bound(config, ("max_length",), lambda value: value >= 8, "at least 8 tokens")
    if config.step_classes not in (2, 3):
        raise ConfigError(f"step_classes must be 2 or 3; it is {config.step_classes}.")
    if not config.l2_grid or min(config.l2_grid) <= 0:
        raise ConfigError("l2_grid must list at least one number, each greater than zero.")
    if not config.backbone.strip():
        raise ConfigError('backbone must be "minilm", a Hugging Face id or a local directory.')


def _check_models(config: RewardConfig) -> None:
    if config.ensemble > 1 and not config.frozen:
        raise ConfigError("An ensemble is of heads on a frozen backbone; set frozen to true.")
    if config.prior is None:
        return
    if config.objective != "bradley_terry" or config.pair_loss != "logistic":
        raise ConfigError(
            "A prior goes with the objective bradley_terry and the logistic pair_loss; leave one "
            "of them out."
        )
    if not config.frozen and config.sampling != "shuffled":
        raise ConfigError("Sampling by margin knows no priors; set sampling to shuffled.")
    if not config.frozen and config.length_decorrelation:
        raise ConfigError(
            "Full fine-tuning sees only what it adds to a prior, not how whole rewards follow "
            "length; set length_decorrelation to 0, or frozen to true."
        )
    object.__setattr__(config, "prior", checked_spec(config.prior))


def _check_training(config: RewardConfig) -> None:
    if config.early_stop_patience and not config.eval_steps:
        raise ConfigError(
            "early_stop_patience needs looks at the validation rows; set eval_steps to 1 or more."
        )
    if config.lora_dropout >= 1:
        raise ConfigError(f"lora_dropout must be less than 1; it is {config.lora_dropout}.")
    if config.fsdp and config.lora_rank:
        raise ConfigError("fsdp tunes all weights; set lora_rank to 0 or fsdp to false.")
    if config.fsdp and _reads_weights_in_the_loss(config):
        raise ConfigError(
            "fsdp keeps weights from the loss, so it trains no ties, flip rates, readout_l2 or "
            "lm_coefficient; leave those out, set tie_parameter, or set fsdp to false."
        )


def _reads_weights_in_the_loss(config: RewardConfig) -> bool:
    ties = config.objective in TIE_OBJECTIVES and config.tie_parameter is None
    return bool(ties or config.learn_flip_rates or config.readout_l2 or config.lm_coefficient)


def _check_bound(config: RewardConfig, names: tuple[str, ...], holds: Any, words: str) -> None:
    for name in names:
        value = getattr(config, name)
        if value is not None and not holds(value):
            raise ConfigError(f"{name} must be {words}; it is {value}.")
