"""From reward differences to probabilities that can be trusted, without torch.

Everything is fitted on validation rows, reported on test rows and kept in the manifest under
"calibration". Every map is symmetric: P(A over B) = 1 − P(B over A), whichever is named first.
"""

from modeling.core.calibration.calibration import Calibration, calibrated
from modeling.core.calibration.conformal import OUTCOMES, Conformal, fit_conformal
from modeling.core.calibration.fitting import fit_calibration
from modeling.core.calibration.maps import (
    Isotonic,
    fit_category_temperatures,
    fit_isotonic,
    fit_temperature,
)
from modeling.core.calibration.measures import Measures, ReliabilityBin, measured, reliability
from modeling.core.calibration.report import report
from modeling.core.calibration.thresholds import Threshold, fit_threshold

__all__ = [
    "OUTCOMES",
    "Calibration",
    "Conformal",
    "Isotonic",
    "Measures",
    "ReliabilityBin",
    "Threshold",
    "calibrated",
    "fit_calibration",
    "fit_category_temperatures",
    "fit_conformal",
    "fit_isotonic",
    "fit_temperature",
    "fit_threshold",
    "measured",
    "reliability",
    "report",
]
