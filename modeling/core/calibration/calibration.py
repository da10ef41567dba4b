"""A fitted calibration, as manifests keep it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modeling.core.calibration.conformal import OUTCOMES, Conformal
from modeling.core.calibration.maps import Isotonic
from modeling.core.calibration.thresholds import Threshold
from modeling.core.errors import CheckpointError
from modeling.core.evaluation.basics import Doubles

METHODS = ("raw", "temperature", "categories", "isotonic")
_UNKNOWN = "This checkpoint holds no calibration; train it again."


@dataclass(frozen=True)
class Calibration:
    """What turns reward differences of one model into probabilities.

    Fitted on `n` validation pairs of `groups` prompts. `method` is the map in use; where nothing
    was fitted it is "raw", and `reason` says why. `category_temperatures` hold for pairs of a
    known category, `temperature` for all others.
    """

    n: int = 0
    groups: int = 0
    method: str = "raw"
    reason: str = ""
    temperature: float = 1.0
    category_temperatures: Mapping[str, float] = field(default_factory=dict)
    isotonic: Isotonic | None = None
    conformal: Conformal | None = None
    thresholds: tuple[Threshold, ...] = ()

    @property
    def fitted(self) -> bool:
        """Whether there were enough validation rows."""
        return not self.reason

    def logits(
        self,
        margins: Sequence[float] | Doubles,
        categories: Sequence[str] | None = None,
        *,
        method: str | None = None,
    ) -> Doubles:
        """Calibrated log-odds (n,) that the first response is preferred.

        `margins` (n,) are its reward minus the second's, `categories` those of the pairs where
        known, `method` one of METHODS in place of the own.
        """
        given, method = np.asarray(margins, dtype=np.float64), method or self.method
        if method == "raw":
            return given
        if method == "isotonic" and self.isotonic is not None:
            return self.isotonic.logits(given)
        if method == "categories" and categories is not None:
            found = [self.category_temperatures.get(name, self.temperature) for name in categories]
            return given / np.array(found, dtype=np.float64)
        return given / self.temperature

    def probabilities(
        self, margins: Sequence[float] | Doubles, categories: Sequence[str] | None = None
    ) -> Doubles:
        """Calibrated probabilities (n,) that the first response is preferred; see `logits`."""
        chances: Doubles = expit(self.logits(margins, categories))
        return chances

    def sets(self, margins: Sequence[float] | Doubles) -> list[tuple[str, ...]]:
        """The answers that cannot be ruled out, parts of OUTCOMES; all where nothing was fitted."""
        if self.conformal is None:
            return [OUTCOMES] * len(margins)
        held = self.conformal.contains(np.asarray(margins, dtype=np.float64))
        return [tuple(np.array(OUTCOMES)[row].tolist()) for row in held]

    def accepted(
        self, margins: Sequence[float] | Doubles, target: float = 0.95
    ) -> NDArray[np.bool_]:
        """Which answers (n,) are sure enough to do without people; none without a threshold."""
        sizes = np.abs(np.asarray(margins, dtype=np.float64))
        for threshold in self.thresholds:
            if threshold.target == target and threshold.margin is not None:
                return sizes >= threshold.margin
        return np.zeros(len(sizes), dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives the same calibration back."""
        return {
            "fitted": self.fitted,
            "n": self.n,
            "groups": self.groups,
            "method": self.method,
            "reason": self.reason,
            "temperature": self.temperature,
            "category_temperatures": dict(self.category_temperatures),
            "isotonic": None if self.isotonic is None else self.isotonic.to_dict(),
            "conformal": None if self.conformal is None else self.conformal.to_dict(),
            "thresholds": [threshold.to_dict() for threshold in self.thresholds],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` gave; other keys, such as the report on test rows, are ignored."""
        plain = ("n", "groups", "method", "reason", "temperature", "category_temperatures")
        isotonic, conformal = values.get("isotonic"), values.get("conformal")
        return cls(
            **{name: values[name] for name in plain if name in values},
            isotonic=None if isotonic is None else Isotonic.from_dict(isotonic),
            conformal=None if conformal is None else Conformal.from_dict(conformal),
            thresholds=tuple(Threshold.from_dict(row) for row in values.get("thresholds", ())),
        )


def calibrated(manifest: Mapping[str, Any]) -> Calibration:
    """The calibration of a checkpoint; without one, rewards as they are, with the reason.

    Raises CheckpointError where the manifest's cannot be read.
    """
    values = manifest.get("calibration")
    if not values:
        return Calibration(reason=_UNKNOWN)
    try:
        return Calibration.from_dict(values)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"The calibration in the manifest cannot be read ({error}); train again."
        ) from error
