"""Which objectives there are, what they train on, and which settings of losses go together."""

from typing import TYPE_CHECKING

from modeling.core.errors import ConfigError

if TYPE_CHECKING:
    from modeling.core.config import RewardConfig

OBJECTIVE_KINDS: dict[str, tuple[str, ...]] = {
    "bradley_terry": ("preference",),
    "davidson": ("preference",),
    "rao_kupper": ("preference",),
    "cumulative_logit": ("preference",),
    "reasoning": ("preference",),
    "plackett_luce": ("ranking",),
    "ranking_pairs": ("ranking",),
    "prm": ("stepwise",),
    "outcome": ("outcome",),
    "regression": ("rating",),
    "value": ("outcome", "rating"),
    "classification": ("classification",),
}
"""The kinds of dataset that each objective trains on; a kind's first objective is its default."""

TIE_OBJECTIVES = ("davidson", "rao_kupper", "cumulative_logit")
"""Objectives that learn from pairs that came out even, and tell how probable a tie is."""

FROZEN_OBJECTIVES = ("bradley_terry", *TIE_OBJECTIVES)
"""Objectives whose heads are fitted to a frozen backbone."""

WRITING_OBJECTIVES = ("reasoning",)
"""Objectives whose models write a rationale beside the score."""

PAIR_OBJECTIVES = (
    "bradley_terry",
    "plackett_luce",
    "ranking_pairs",
    *TIE_OBJECTIVES,
    "reasoning",
)
"""Objectives whose models give one reward, in logits: σ of a difference is a preference."""

LOSS_CHOICES: dict[str, tuple[str, ...]] = {
    "pair_loss": ("logistic", "hinge", "scaled"),
    "ranking_ties": ("skip", "half"),
    "unit": ("step", "turn"),
}

_OF_PAIRS = ("bradley_terry", "reasoning", *TIE_OBJECTIVES)
_OF_OBJECTIVES: dict[str, tuple[str, ...]] = {
    "pair_loss": ("bradley_terry", "reasoning"),
    "hinge_anneal": ("bradley_terry", "reasoning"),
    "flip_rate": ("bradley_terry", "reasoning"),
    "learn_flip_rates": ("bradley_terry", "reasoning"),
    "tie_parameter": ("davidson", "rao_kupper"),
    "center_rewards": _OF_PAIRS,
    "length_decorrelation": _OF_PAIRS,
    "per_token": ("outcome",),
    "lm_coefficient": ("outcome", "reasoning"),
    "unit": ("prm",),
    "step_separator": ("prm",),
}
"""The objectives that heed a setting; with any other it must stay at its default."""

_ONLY_FULL = ("hinge_anneal", "center_rewards", "readout_l2", "parameter_learning_rate")
_OF_ITS_OWN = ("pair_loss", "flip_rate", "length_decorrelation")
_NOT_NEGATIVE = ("hinge_margin", "center_rewards", "readout_l2", "length_decorrelation")


def objectives_for(kind: str) -> tuple[str, ...]:
    """The objectives that train on a dataset of this kind, its default first."""
    return tuple(name for name, kinds in OBJECTIVE_KINDS.items() if kind in kinds)


def default_objective(kind: str) -> str:
    """The objective that a dataset of this kind is made for; ConfigError where there is none."""
    for objective in objectives_for(kind):
        return objective
    raise ConfigError(f"No objective trains on a dataset of kind {kind}.")


def check_losses(config: "RewardConfig") -> None:
    """Raise ConfigError for values of loss settings, and pairs of them, that make no sense."""
    _check_values(config)
    _check_objective(config)
    _check_pair_loss(config)
    if config.frozen:
        _check_frozen(config)


def _check_values(config: "RewardConfig") -> None:
    for name in (*_NOT_NEGATIVE, "lm_coefficient"):
        if getattr(config, name) < 0:
            raise ConfigError(f"{name} must be zero or more; it is {getattr(config, name)}.")
    if config.parameter_learning_rate <= 0:
        raise ConfigError("parameter_learning_rate must be greater than zero.")
    if not 0 <= config.hinge_anneal <= 1:
        raise ConfigError(f"hinge_anneal must lie between 0 and 1; it is {config.hinge_anneal}.")
    if not 0 <= config.flip_rate < 0.5:
        raise ConfigError(
            f"flip_rate must be at least 0 and below 0.5, where votes would say nothing; it is "
            f"{config.flip_rate}."
        )
    if not config.step_separator:
        raise ConfigError("step_separator must hold at least one character.")
    _check_tie_parameter(config)


def _check_tie_parameter(config: "RewardConfig") -> None:
    value = config.tie_parameter
    if value is None:
        return
    least = 1.0 if config.objective == "rao_kupper" else 0.0
    if value <= least:
        raise ConfigError(
            f"tie_parameter of {config.objective} must be greater than {least:g}; it is {value}. "
            "Set it to null to have it trained."
        )


def _check_objective(config: "RewardConfig") -> None:
    """Settings that the objective would pass over in silence are refused."""
    for name, objectives in _OF_OBJECTIVES.items():
        if _is_changed(config, name) and config.objective not in objectives:
            raise ConfigError(
                f"The setting {name} is for {' and '.join(objectives)}; leave it out for "
                f"{config.objective}."
            )
    if config.use_margin and config.objective in TIE_OBJECTIVES:
        raise ConfigError(
            f"The objective {config.objective} takes no margin; set use_margin to false, or use "
            "cumulative_logit, which learns from how strong preferences were."
        )
    if config.objective in WRITING_OBJECTIVES and not config.lm_coefficient:
        raise ConfigError(
            f"The objective {config.objective} learns to write rationales; set lm_coefficient "
            "above 0, such as 0.1, or set objective to bradley_terry."
        )
    if config.objective == "outcome" and config.lm_coefficient and not config.per_token:
        raise ConfigError(
            "The language-modelling loss goes with outcomes judged at every token; set per_token "
            "to true or lm_coefficient to 0."
        )


def _check_pair_loss(config: "RewardConfig") -> None:
    if config.pair_loss != "logistic" and (config.flip_rate or config.learn_flip_rates):
        raise ConfigError(
            f"Flip rates are part of the logistic loss; set pair_loss to logistic, or leave them "
            f"out with {config.pair_loss}."
        )
    if config.pair_loss != "logistic" and config.use_margin:
        raise ConfigError(
            f"The loss {config.pair_loss} has its own use of margins; set use_margin to false, or "
            "pair_loss to logistic."
        )
    if config.hinge_anneal and config.pair_loss != "hinge":
        raise ConfigError("hinge_anneal belongs to the hinge; set pair_loss to hinge.")
    if config.learn_flip_rates and not config.flip_rate:
        raise ConfigError("learn_flip_rates needs a flip_rate above 0 to start from, such as 0.1.")


def fits_by_its_loss(config: "RewardConfig") -> bool:
    """Whether a frozen head needs more than Bradley and Terry's plain loss, see loss_heads.py."""
    changed = any(_is_changed(config, name) for name in _OF_ITS_OWN)
    return config.objective in TIE_OBJECTIVES or changed


def _check_frozen(config: "RewardConfig") -> None:
    if config.ensemble > 1 and fits_by_its_loss(config):
        raise ConfigError(
            "An ensemble is of heads with the plain logistic loss of bradley_terry; set ensemble "
            "to 1, or leave the settings of other losses out."
        )
    changed = [name for name in _ONLY_FULL if _is_changed(config, name)]
    if changed:
        raise ConfigError(
            f"The setting {changed[0]} is for full fine-tuning; set frozen to false, or leave it "
            "out."
        )


def _is_changed(config: "RewardConfig", name: str) -> bool:
    default: object = getattr(type(config), name)
    return bool(getattr(config, name) != default)
