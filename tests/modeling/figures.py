"""Metrics as a training leaves them, and models and datasets that carry them."""

from __future__ import annotations

from curation.models import CurationRun
from modeling.models import TrainingRun
from tests.modeling.factories import make_checkpoint, make_dataset

UNMEASURED = {
    "n_train": 3,
    "truncated": {"train": 1, "validation": 0, "test": 0},
    "l2": 1.0,
    "l2_path": [[1.0, None]],
    "validation": {"n": 0, "accuracy": None, "nll": None},
    "test": {
        "n": 0,
        "groups": 0,
        "accuracy": None,
        "interval": None,
        "nll": None,
        "ece": None,
        "length_accuracy": None,
        "by_category": {},
        "margins": {"edges": [], "right": [], "wrong": []},
        "near_failures": [],
        "sure_failures": [],
        "undecided": 0,
    },
}


def failure(margin, prompt="Human: Why?"):
    """A pair in the wrong order."""
    return {
        "row": 0,
        "margin": margin,
        "reward_chosen": 0.1,
        "reward_rejected": 0.1 - margin,
        "group": "g",
        "category": "",
        "text": {"item": "i", "prompt": prompt, "chosen": "Good <b>", "rejected": "Bad"},
    }


def measured():
    """The metrics of a model that is right on 71 % of nine held-out pairs."""
    test = {
        **UNMEASURED["test"],
        "n": 9,
        "groups": 8,
        "accuracy": 0.71,
        "interval": [0.6, 0.8],
        "nll": 0.62,
        "ece": 0.09,
        "length_accuracy": 0.55,
        "by_category": {"coding": {"n": 4, "accuracy": 0.75}},
        "margins": {"edges": [0.0, 0.5, 1.0], "right": [3, 3], "wrong": [2, 1]},
        "near_failures": [failure(-0.011)],
        "sure_failures": [failure(-1.25)],
    }
    validation = {"n": 5, "accuracy": 0.6, "nll": 0.65}
    path = [[0.1, 0.7], [1.0, 0.65]]
    return {**UNMEASURED, "test": test, "validation": validation, "l2_path": path}


def make_trained(project, *, dataset=None, metrics=None, curve=()):
    """A promoted checkpoint with these metrics, measured unless told otherwise."""
    checkpoint = make_checkpoint(
        project,
        dataset=dataset,
        metrics=measured() if metrics is None else metrics,
        manifest={"format": 1},
    )
    TrainingRun.objects.filter(pk=checkpoint.run_id).update(
        config={"frozen": True, "backbone": "minilm"}, curve=list(curve)
    )
    return checkpoint


def make_dataset_after(round_, **values):
    """The dataset that the close of a round led to."""
    dataset = make_dataset(round_.project, **values)
    CurationRun.objects.create(
        project=round_.project,
        recipe={"kind": "preference"},
        after_round=round_,
        dataset=dataset,
        status="succeeded",
    )
    return dataset
