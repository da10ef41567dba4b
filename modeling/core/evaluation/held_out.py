"""What training adds to a checkpoint from its held-out rows, for every objective alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeling.core.calibration import Calibration, fit_calibration, report
from modeling.core.config import PAIR_OBJECTIVES
from modeling.core.data import Dataset
from modeling.core.evaluation import predictions
from modeling.core.evaluation.baselines import LABEL_KINDS, PAIR_KINDS, baselines
from modeling.core.evaluation.basics import Doubles, credit
from modeling.core.evaluation.predictions import ItemPrediction
from modeling.core.evaluation.rows import Preferences, labelled_of, preferences_of
from modeling.core.metrics import at_chosen_threshold, good_log_odds

Outputs = Sequence[Doubles]


@dataclass(frozen=True)
class HeldOut:
    """Calibration with its report (None for objectives without preferences), one prediction for
    each test row, and what joins the figures of the test split.
    """

    calibration: dict[str, Any] | None
    predictions: list[ItemPrediction]
    figures: dict[str, Any]


def measure_held_out(
    dataset: Dataset,
    objective: str,
    outputs: Mapping[str, Outputs],
    *,
    names: Sequence[str] = (),
    seed: int = 0,
) -> HeldOut:
    """Calibrate on validation, and measure the test rows one by one and beside the baselines.

    `outputs` holds, for "validation" and "test", each example's outputs (read, outputs); of pairs
    those of the chosen, then of the rejected response. `names` are the head's outputs.
    """
    if objective in PAIR_OBJECTIVES and dataset.kind in PAIR_KINDS:
        return _of_preferences(dataset, outputs, seed)
    test, found = dataset.splits["test"], outputs["test"]
    figures: dict[str, Any] = {}
    if dataset.kind in LABEL_KINDS:
        figures["baselines"] = _baselines(dataset, _labels_right(dataset.kind, test, found), seed)
    if dataset.kind == "stepwise":
        figures["at_threshold"] = at_chosen_threshold(
            dataset.splits["validation"], _odds(outputs["validation"]), test, _odds(found)
        )
    return HeldOut(None, _of_rows(dataset.kind, test, found, names), figures)


def _of_preferences(dataset: Dataset, outputs: Mapping[str, Outputs], seed: int) -> HeldOut:
    validation, test = (preferences_of(dataset.splits[name]) for name in ("validation", "test"))
    calibration = fit_calibration(
        validation.margins(outputs["validation"]),
        validation.shares,
        validation.openings,
        validation.categories,
    )
    margins = test.margins(outputs["test"])
    told = report(calibration, margins, test.shares, test.openings, test.categories, seed=seed)
    decided = test.decided()
    own = decided.margins(outputs["test"])
    return HeldOut(
        calibration={**calibration.to_dict(), "test": told},
        predictions=_of_decided(decided, own, calibration),
        figures={"baselines": _baselines(dataset, credit(own), seed)},
    )


def _of_decided(
    pairs: Preferences, margins: Doubles, calibration: Calibration
) -> list[ItemPrediction]:
    return predictions.of_pairs(pairs, margins, calibration.logits(margins, pairs.categories))


def _baselines(dataset: Dataset, right: Doubles | None, seed: int) -> dict[str, Any] | None:
    splits = dataset.splits
    return baselines(
        dataset.kind, splits["train"], splits["validation"], splits["test"], right, seed=seed
    )


def _labels_right(kind: str, test: Sequence[Any], outputs: Outputs) -> Doubles | None:
    """Credit for each label, None where some were cut and rows would not match."""
    found = [good_log_odds(values) if kind == "stepwise" else values[-1:, 0] for values in outputs]
    labels = labelled_of(test).labels
    odds = np.concatenate([np.zeros(0), *found])
    return credit(np.where(labels, odds, -odds)) if len(odds) == len(labels) else None


def _odds(outputs: Outputs) -> list[Doubles]:
    return [good_log_odds(values) for values in outputs]


def _of_rows(
    kind: str, test: Sequence[Any], outputs: Outputs, names: Sequence[str]
) -> list[ItemPrediction]:
    if kind == "stepwise":
        return predictions.of_steps(test, outputs)
    if kind == "outcome":
        return predictions.of_outcomes(test, outputs)
    if kind == "rating":
        return predictions.of_ratings(test, outputs, names)
    if kind == "classification":
        return predictions.of_classes(test, outputs, names)
    return []
