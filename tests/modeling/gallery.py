"""Models of every kind with metrics as trainings and evaluations leave them, for pages."""

from __future__ import annotations

from modeling.models import Checkpoint, TrainingRun
from tests.modeling.factories import make_dataset
from tests.modeling.figures import measured

OBJECTIVES = {
    "preference": "bradley_terry",
    "ranking": "plackett_luce",
    "stepwise": "prm",
    "outcome": "outcome",
    "rating": "regression",
    "classification": "classification",
}
BASELINES = {
    "length": {
        "accuracy": 0.55,
        "interval": [0.44, 0.66],
        "prefers": "longer",
        "gain": 0.16,
        "gain_interval": [0.02, 0.3],
    },
    "bag_of_words": {
        "accuracy": 0.6,
        "interval": [0.5, 0.7],
        "words": 812,
        "gain": 0.11,
        "gain_interval": [-0.01, 0.23],
    },
}
CALIBRATION = {
    "fitted": True,
    "reason": "",
    "n": 120,
    "groups": 80,
    "method": "temperature",
    "temperature": 1.31,
    "conformal": {"level": 0.9, "n": 120},
    "thresholds": [
        {"target": 0.9, "margin": 1.2, "share": 0.4, "precision": 0.93, "lower": 0.9, "n": 48},
        {"target": 0.95, "margin": None, "share": 0.0, "precision": None, "lower": None, "n": 0},
    ],
    "test": {
        "n": 90,
        "groups": 60,
        "methods": {
            "raw": {"nll": 0.62, "nll_interval": [0.58, 0.66], "brier": 0.21, "ece": 0.09},
            "temperature": {"nll": 0.6, "nll_interval": None, "brier": 0.2, "ece": 0.04},
        },
        "reliability": {
            "temperature": [
                {"n": 30, "confidence": 0.54, "agreement": 0.5, "interval": [0.33, 0.67]},
                {"n": 30, "confidence": 0.68, "agreement": 0.7, "interval": [0.52, 0.85]},
                {"n": 30, "confidence": 0.86, "agreement": 0.9, "interval": None},
            ]
        },
        "conformal": {
            "n": 90,
            "coverage": 0.91,
            "interval": [0.85, 0.96],
            "sizes": {"1": 40, "2": 35, "3": 15},
        },
        "thresholds": [
            {"target": 0.9, "n": 90, "share": 0.38, "precision": 0.92, "interval": [0.82, 0.98]}
        ],
    },
}


def held_out_figures(kind):
    """What evaluating a model of this kind gives, with everything that can be known."""
    common = {"n": 90, "groups": 60}
    share = {"accuracy": 0.71, "interval": [0.6, 0.8]}
    match kind:
        case "preference":
            votes = {
                "n": 90,
                "rank_correlation": 0.21,
                "bins": [
                    {"low": 0.5, "high": 0.7, "n": 40, "share": 0.6, "margin": 0.4},
                    {"low": 0.7, "high": 1.0, "n": 50, "share": 0.95, "margin": 0.9},
                ],
            }
            control = {
                "accuracy": 0.68,
                "interval": [0.57, 0.78],
                "strata": {"longer": {"n": 50, "accuracy": 0.8, "interval": [0.7, 0.9]}},
            }
            by_category = {"coding": {"n": 40, "accuracy": 0.75, "interval": [0.6, 0.88]}}
            return {
                **measured()["test"],
                **common,
                **share,
                "baselines": BASELINES,
                "votes": votes,
                "length_control": control,
                "by_category": by_category,
                "brier": 0.21,
            }
        case "ranking":
            return {
                **common,
                **share,
                "pairs": 300,
                "tau": 0.4,
                "best": 0.6,
                "length_accuracy": 0.5,
            }
        case "stepwise":
            errors = {"wrong": 40, "found": 0.5, "cleared": 0.9, "first_error_f1": 0.643}
            subsets = {"gsm8k": {"n": 50, "found": 0.6, "cleared": 0.9, "f1": 0.72}}
            return {
                **common,
                **share,
                **errors,
                "steps": 412,
                "cut": 3,
                "nll": 0.4,
                "majority": 0.66,
                "step_f1": 0.55,
                "f1_by_subset": subsets,
            }
        case "outcome":
            return {**common, **share, "nll": 0.5, "ece": 0.07, "auc": 0.77, "majority": 0.58}
        case "rating":
            aspects = {"helpfulness": {"n": 90, "mse": 0.8, "pearson": 0.6, "spearman": None}}
            return {
                **common,
                "mse": 0.8,
                "pearson": 0.6,
                "spearman": None,
                "aspects": aspects,
                "unseen": 2,
            }
        case _:
            recall = {"safe": 0.9, "unsafe": 0.5}
            return {**common, **share, "nll": 0.5, "majority": 0.6, "recall": recall}


def curve():
    """What a full training logs."""
    losses = [
        {
            "fraction": k / 20,
            "step": 10 * k,
            "loss": 0.7 - k / 60,
            "learning_rate": 2e-5 * (1 - k / 20),
        }
        for k in range(1, 20)
    ]
    checks = [
        {
            "fraction": k / 20,
            "step": 10 * k,
            "validation_loss": 0.69 - k / 80,
            "validation_accuracy": 0.5 + k / 100,
        }
        for k in (5, 10, 15)
    ]
    return [*losses, *checks, {"fraction": 1.0, "accuracy": 0.71}]


def make_model(project, kind="preference", *, objective=None, metrics=None, **values):
    """A model of this kind that is not in force, with all figures."""
    dataset = values.pop("dataset", None) or make_dataset(project, kind=kind)
    config = {"objective": objective or OBJECTIVES[kind], "backbone": "minilm"}
    run = TrainingRun.objects.create(
        project=project,
        dataset=dataset,
        status="succeeded",
        config={**config, "frozen": kind == "preference"},
        curve=[] if kind == "preference" else curve(),
    )
    validation = {"n": 60, "accuracy": 0.65}
    counted = {"truncated": {"train": 3, "validation": 0, "test": 1}}
    defaults = {
        "number": Checkpoint.objects.filter(project=project).count() + 1,
        "path": "none",
        "manifest": {"calibration": CALIBRATION} if kind == "preference" else {},
        "metrics": metrics or {"test": held_out_figures(kind), "validation": validation, **counted},
    }
    return Checkpoint.objects.create(project=project, run=run, **defaults | values)


def make_gallery(project):
    """One model of each kind."""
    return {kind: make_model(project, kind) for kind in OBJECTIVES}
