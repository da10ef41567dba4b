"""What one training run was asked to do."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from modeling.core.errors import ConfigError

OBJECTIVE_KINDS: dict[str, str] = {
    "bradley_terry": "preference",
    "plackett_luce": "ranking",
    "prm": "stepwise",
    "outcome": "outcome",
    "regression": "rating",
    "classification": "classification",
}
"""The kind of dataset that each objective trains on; a kind's first objective is its default."""

PAIR_OBJECTIVES = ("bradley_terry", "plackett_luce")
"""Objectives whose models give one reward, in logits: σ of a difference is a preference."""

CHOICES: dict[str, tuple[str, ...]] = {
    "objective": tuple(OBJECTIVE_KINDS),
    "features": ("auto", "joint", "response", "joint_response"),
    "pooling": ("auto", "mean", "last", "cls"),
    "precision": ("fp32", "bf16"),
}
_AT_LEAST_ONE = (
    "epochs",
    "batch_size",
    "scoring_batch_size",
    "save_steps",
    "logging_steps",
)
_NOT_NEGATIVE = ("warmup_steps", "weight_decay", "seed")
_POSITIVE = ("learning_rate", "max_grad_norm", "l2")


@dataclass(frozen=True)
class RewardConfig:
    """Everything that decides a reward model besides its data. Saved in the checkpoint.

    A frozen run embeds each text once with an untouched backbone and fits a linear head; it
    uses `features` and `l2`. A full run fine-tunes the backbone and the head together; it uses
    the fields from `epochs` to `logging_steps`, and `features` can only be "joint". Only
    Bradley–Terry heads are fitted to a frozen backbone.
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
    step_classes: int = 2  # prm: 2 (wrong or not), or 3 (-1, 0, 1)
    l2: float | None = None  # None: the value of l2_grid with the least validation loss
    l2_grid: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    epochs: int = 1
    learning_rate: float = 2e-5
    batch_size: int = 16  # rows in one optimiser step
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    warmup_steps: int = 0
    save_steps: int = 200
    logging_steps: int = 10
    scoring_batch_size: int = 32  # texts in one forward pass without gradients
    seed: int = 0

    def __post_init__(self) -> None:
        _check_types(self)
        _check_choices(self)
        _check_ranges(self)
        if self.frozen and self.objective != "bradley_terry":
            raise ConfigError(
                f"A frozen backbone takes a bradley_terry head only; set frozen to false for "
                f"{self.objective}."
            )
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
        defaults = {"objective": objective, "frozen": objective == "bradley_terry"}
        config = cls.from_dict(defaults | values)
        check_kind(config, kind)
        return config


def default_objective(kind: str) -> str:
    """The objective that a dataset of this kind is made for; ConfigError where there is none."""
    for objective, trained_on in OBJECTIVE_KINDS.items():
        if trained_on == kind:
            return objective
    raise ConfigError(f"No objective trains on a dataset of kind {kind}.")


def check_kind(config: RewardConfig, kind: str) -> None:
    """Raise ConfigError unless the objective trains on datasets of this kind."""
    wanted = OBJECTIVE_KINDS[config.objective]
    if wanted != kind:
        raise ConfigError(
            f"The objective {config.objective} trains on a dataset of kind {wanted}, not on "
            f"{kind}; set objective to {default_objective(kind)} or choose another dataset."
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
    if hint == tuple[float, ...]:
        return isinstance(value, tuple) and all(map(_is_number, value))
    if hint is float:
        return _is_number(value)
    return type(value) is hint


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _words(hint: Any) -> str:
    names = {
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        float: "a finite number",
        float | None: "a finite number or null",
        tuple[float, ...]: "a list of finite numbers",
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


def _check_bound(config: RewardConfig, names: tuple[str, ...], holds: Any, words: str) -> None:
    for name in names:
        value = getattr(config, name)
        if value is not None and not holds(value):
            raise ConfigError(f"{name} must be {words}; it is {value}.")
