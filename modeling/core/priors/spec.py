"""What a config may say of a prior; read without loading anything."""

import sys
from collections.abc import Mapping
from typing import Any

from modeling.core.errors import ConfigError

_SETTINGS: dict[str, dict[str, Any]] = {
    "length": {"unit": ("characters", "words", "tokens")},
    "log_probability": {"model": str, "reduce": ("mean", "sum")},
    "checkpoint": {"path": str},
    "custom": {"name": str},
}
KINDS = tuple(_SETTINGS)
_DEFAULTS: dict[str, Any] = {"unit": "characters", "reduce": "mean"}


def checked_spec(spec: Any) -> dict[str, Any]:
    """A prior's settings with defaults filled in; ConfigError says what is wrong.

    {"kind": "length", "coefficient": -0.001, "unit": "characters" | "words" | "tokens"},
    {"kind": "log_probability", "model": NAME_OR_PATH, "reduce": "mean" | "sum"},
    {"kind": "checkpoint", "path": DIRECTORY} or {"kind": "custom", "name": REGISTERED}. All but
    the first may leave out the coefficient, which is 1.
    """
    if not isinstance(spec, Mapping) or spec.get("kind") not in KINDS:
        raise ConfigError(f'prior must be an object whose "kind" is one of {", ".join(KINDS)}.')
    kind = spec["kind"]
    settings = _SETTINGS[kind]
    unknown = sorted(set(spec) - {"kind", "coefficient", *settings})
    if unknown:
        raise ConfigError(f'A prior of kind {kind} has no setting "{unknown[0]}"; remove it.')
    named = {name: _setting(spec, name, allowed) for name, allowed in settings.items()}
    return {"kind": kind, "coefficient": _coefficient(spec), **named}


def _setting(spec: Mapping[str, Any], name: str, allowed: Any) -> str:
    value = spec.get(name, _DEFAULTS.get(name))
    if allowed is not str and value not in allowed:
        raise ConfigError(f"{name} of the prior must be one of {', '.join(allowed)}.")
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f'A prior of kind {spec["kind"]} must name "{name}".')
    return value


def _coefficient(spec: Mapping[str, Any]) -> float:
    value = spec.get("coefficient", None if spec["kind"] == "length" else 1.0)
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise ConfigError(
            'The "coefficient" of the prior must be a finite number: logits for each unit.'
        )
    return float(value)
