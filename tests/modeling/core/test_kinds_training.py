"""Every kind of dataset trains, measures, resumes and comes back from its checkpoint."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from modeling.core.checkpoint import load_checkpoint, load_predictor
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset
from modeling.core.errors import CheckpointError, InterruptionError, TrainingError
from modeling.core.train import TrainingResult, train_reward_model
from tests.modeling.core.conftest import write_jsonl
from tests.modeling.core.rows import OBJECTIVES, ROWS, stepwise_row, write_kind
from tests.modeling.core.test_train import stop_after

KINDS = [kind for kind in ROWS if kind != "preference"]


def config_for(kind, backbone, **changes):
    settings = {
        "backbone": str(backbone),
        "frozen": False,
        "objective": OBJECTIVES[kind],
        "max_length": 128,
        "epochs": 1,
        "batch_size": 12,
        "learning_rate": 1e-2,
        "logging_steps": 1,
        "save_steps": 1000,
    }
    return RewardConfig(**settings | changes)


def losses(result):
    return [entry["loss"] for entry in result.manifest["training"]["history"]]


@dataclass(frozen=True)
class Trained:
    """A small model of a kind, after a few steps."""

    kind: str
    config: RewardConfig
    directory: Path
    result: TrainingResult

    def examples(self, split="test"):
        return read_dataset(self.directory).splits[split]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def trained_model(kind, backbone, folder):
    directory = write_kind(folder / "d", kind)
    config = config_for(kind, backbone, epochs=4)
    return Trained(kind, config, directory, train_reward_model(directory, folder / "out", config))


@pytest.fixture(scope="module", params=KINDS)
def trained(request, bert_dir, tmp_path_factory):
    return trained_model(request.param, bert_dir, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module", params=["bert_dir", "llama_dir"])
def steps(request, tmp_path_factory):
    """A model of steps, on a backbone that looks both ways and on one that looks back."""
    backbone = request.getfixturevalue(request.param)
    return trained_model("stepwise", backbone, tmp_path_factory.mktemp(request.param))


def test_steps_lower_the_loss_and_held_out_rows_are_measured(trained):
    curve, metrics = losses(trained.result), trained.result.metrics
    assert len(curve) == 4
    assert curve[-1] < curve[0]
    assert metrics["n_train"] == 12
    assert metrics["test"]["n"] == 6
    assert metrics["validation"]["n"] == 4
    assert metrics["truncated"] == {"train": 0, "validation": 0, "test": 0}
    assert trained.result.manifest["dataset"]["kind"] == trained.kind
    json.dumps(metrics, allow_nan=False)


BESIDE = ("baselines", "at_threshold")  # what training adds, which takes other splits


def test_the_checkpoint_repeats_its_own_figures(trained):
    predictor = load_predictor(trained.result.checkpoint)
    outputs = predictor.predict(trained.examples()).outputs
    again = predictor.objective.evaluate(trained.examples(), outputs, seed=trained.config.seed)
    test = trained.result.metrics["test"]
    told = {name: value for name, value in test.items() if name not in BESIDE}
    assert _flat(again.to_dict()) == pytest.approx(_flat(told), abs=1e-6)


def _flat(values):
    """The numbers of nested figures by path."""
    found = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": part for inner, part in _flat(value).items()}
        elif isinstance(value, list | tuple):
            found |= {f"{name}.{index}": part for index, part in enumerate(value)}
        elif value is not None:
            found[name] = value
    return found


def test_outputs_depend_on_neither_order_nor_company(trained):
    _check_company(trained)


def test_steps_depend_on_neither_order_nor_company_on_any_backbone(steps):
    _check_company(steps)


def _check_company(trained):
    predictor = load_predictor(trained.result.checkpoint)
    examples = trained.examples("train")
    together = predictor.predict(examples).outputs
    backwards = predictor.predict(examples[::-1]).outputs[::-1]
    alone = [predictor.predict([example]).outputs[0] for example in examples]
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert one == pytest.approx(two, abs=1e-4)
        assert one == pytest.approx(three, abs=1e-4)


def test_a_step_is_judged_without_what_follows(steps):
    example = steps.examples("train")[1]
    short = replace(
        example,
        steps=example.steps[:2],
        labels=example.labels[:2],
        soft_labels=example.soft_labels[:2],
        step_weights=example.step_weights[:2],
        ratings=example.ratings[:2],
    )
    predictor = load_predictor(steps.result.checkpoint)
    whole, begun = predictor.predict([example, short]).outputs
    assert whole.shape == (3, 1)
    assert whole[:2] == pytest.approx(begun, abs=1e-5)
    assert abs(whole[2] - whole[1]) > 1e-4


def test_only_models_of_pairs_and_rankings_score(trained):
    if trained.kind == "ranking":
        (example,) = trained.examples()[:1]
        inputs = [(example.prompt, completion) for completion in example.completions]
        predictor = load_predictor(trained.result.checkpoint)
        (outputs,) = predictor.predict([example]).outputs
        scores = load_checkpoint(trained.result.checkpoint).score(inputs)
        assert scores == pytest.approx(outputs[:, 0], abs=1e-5)
    else:
        with pytest.raises(CheckpointError, match="cannot score responses against each other"):
            load_checkpoint(trained.result.checkpoint)


FITTED = {
    "ranking": lambda test: test["accuracy"] == 1.0 and test["tau"] == 1.0,
    "stepwise": lambda test: test["accuracy"] == 1.0 and test["first_error_f1"] == 1.0,
    "outcome": lambda test: test["accuracy"] == 1.0 and test["auc"] == 1.0,
    "rating": lambda test: test["pearson"] > 0.99 and test["aspects"]["length"]["mse"] < 1.0,
    "classification": lambda test: test["accuracy"] == 1.0 and test["nll"] < 0.1,
}


@pytest.mark.parametrize(
    "backbone", ["calm_bert_dir", pytest.param("llama_dir", marks=pytest.mark.slow)]
)
def test_twelve_rows_are_overfitted(tmp_path, request, kind, backbone):
    directory = write_kind(tmp_path / "d", kind)
    (directory / "test.jsonl").write_bytes((directory / "train.jsonl").read_bytes())
    config = config_for(kind, request.getfixturevalue(backbone), epochs=40)
    result = train_reward_model(directory, tmp_path / "out", config)
    assert FITTED[kind](result.metrics["test"]), result.metrics["test"]
    assert losses(result)[-1] < losses(result)[0] / 1.5


@pytest.mark.slow
def test_the_same_seed_gives_the_same_losses_and_figures(tmp_path, bert_dir, kind):
    directory = write_kind(tmp_path / "d", kind)
    config = config_for(kind, bert_dir, epochs=2, batch_size=4)
    first, second = (train_reward_model(directory, tmp_path / name, config) for name in ("a", "b"))
    other = train_reward_model(directory, tmp_path / "c", replace(config, seed=1))
    assert losses(first) == losses(second)
    assert first.metrics == second.metrics
    assert losses(first) != losses(other)


@pytest.mark.slow
def test_a_stopped_run_resumes_to_the_same_figures(tmp_path, bert_dir, kind):
    directory = write_kind(tmp_path / "d", kind)
    config = config_for(kind, bert_dir, epochs=2, batch_size=4, save_steps=2)
    whole = train_reward_model(directory, tmp_path / "whole", config)
    with pytest.raises(InterruptionError, match="step 4 of 6"):
        train_reward_model(directory, tmp_path / "out", config, progress=stop_after(4))
    resumed = train_reward_model(directory, tmp_path / "out", config)
    assert resumed.metrics == whole.metrics


def test_three_classes_of_steps_are_learned(tmp_path, calm_bert_dir):
    directory = write_kind(tmp_path / "d", "stepwise")
    (directory / "test.jsonl").write_bytes((directory / "train.jsonl").read_bytes())
    config = config_for("stepwise", calm_bert_dir, step_classes=3, epochs=40)
    result = train_reward_model(directory, tmp_path / "out", config)
    assert result.metrics["test"]["class_accuracy"] == 1.0
    assert result.metrics["test"]["accuracy"] == 1.0
    assert load_predictor(result.checkpoint).head.names == ("-1", "0", "1")


def test_three_classes_need_ratings(tmp_path, bert_dir):
    directory = write_kind(tmp_path / "d", "stepwise")
    write_jsonl(directory / "train.jsonl", [stepwise_row(n) | {"ratings": None} for n in range(4)])
    with pytest.raises(TrainingError, match="set step_classes to 2"):
        train_reward_model(
            directory, tmp_path / "out", config_for("stepwise", bert_dir, step_classes=3)
        )


def test_steps_that_do_not_fit_are_counted(tmp_path, bert_dir):
    directory = write_kind(tmp_path / "d", "stepwise")
    rows = [stepwise_row(number) for number in range(4)]
    rows[1]["completions"][2] = "no " * 60
    write_jsonl(directory / "train.jsonl", rows)
    write_jsonl(directory / "test.jsonl", rows)
    metrics = train_reward_model(
        directory, tmp_path / "out", config_for("stepwise", bert_dir)
    ).metrics
    assert metrics["truncated"] == {"train": 1, "validation": 0, "test": 1}
    assert metrics["cut"] == {"train": 1, "validation": 0, "test": 1}
    assert (metrics["test"]["steps"], metrics["test"]["cut"]) == (11, 1)


@pytest.fixture(scope="module", params=KINDS)
def bare(request, bert_dir, tmp_path_factory):
    """Figures of a model of training rows only, one of which is too long."""
    kind, folder = request.param, tmp_path_factory.mktemp(f"bare-{request.param}")
    directory = write_kind(folder / "d", kind, validation=0, test=0)
    rows = [ROWS[kind](number) for number in range(6)]
    long = "long " * 40
    rows[2]["prompt"] = long if kind == "stepwise" else [{"role": "user", "content": long}]
    write_jsonl(directory / "train.jsonl", rows)
    return train_reward_model(directory, folder / "out", config_for(kind, bert_dir)).metrics


def test_rows_that_are_cut_are_counted_and_kept(bare):
    assert bare["truncated"] == {"train": 1, "validation": 0, "test": 0}
    assert bare["n_train"] == 6


def test_without_held_out_rows_the_figures_are_none(bare):
    assert bare["test"]["n"] == 0
    assert bare["test"].get("accuracy") is None
    assert bare["test"].get("mse") is None


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("stepwise", {"labels": [True] * 3, "ratings": [1] * 3, "soft_labels": [1.0] * 3}),
        ("outcome", {"label": True}),
        ("classification", {"label": "acceptable"}),
    ],
)
def test_one_class_alone_is_refused(tmp_path, bert_dir, kind, same):
    directory = write_kind(tmp_path / "d", kind)
    write_jsonl(directory / "train.jsonl", [ROWS[kind](number) | same for number in range(6)])
    with pytest.raises(TrainingError, match=r"(same label|one class)"):
        train_reward_model(directory, tmp_path / "out", config_for(kind, bert_dir))


def test_one_row_is_too_few(tmp_path, bert_dir, kind):
    directory = write_kind(tmp_path / "d", kind, train=1)
    with pytest.raises(TrainingError, match="at least 2 are needed"):
        train_reward_model(directory, tmp_path / "out", config_for(kind, bert_dir))


def test_a_dataset_of_another_kind_is_refused(tmp_path, bert_dir, kind):
    other = "ranking" if kind != "ranking" else "outcome"
    with pytest.raises(TrainingError, match=f"set objective to {OBJECTIVES[other]}"):
        train_reward_model(
            write_kind(tmp_path / "d", other), tmp_path / "out", config_for(kind, bert_dir)
        )


@pytest.mark.slow
def test_weights_decide_what_is_learned(tmp_path, calm_bert_dir):
    directory = write_kind(tmp_path / "d", "outcome")
    rows = [ROWS["outcome"](number % 2) | {"label": number < 2} for number in range(4)]
    rows = [row | {"label_probability": None} for row in rows]
    found = {}
    for first in (9.0, 1.0):
        weights = [first, first, 10.0 - first, 10.0 - first]
        weighted = [row | {"weight": w} for row, w in zip(rows, weights, strict=True)]
        write_jsonl(directory / "train.jsonl", weighted)
        config = config_for("outcome", calm_bert_dir, epochs=20)
        result = train_reward_model(directory, tmp_path / f"{first}", config)
        examples = read_dataset(directory).splits["train"]
        found[first] = np.mean(load_predictor(result.checkpoint).predict(examples).outputs)
    assert found[9.0] > 1.0
    assert found[1.0] < -1.0


@pytest.mark.slow
def test_soft_labels_count_only_when_wanted(tmp_path, calm_bert_dir):
    directory = write_kind(tmp_path / "d", "outcome")
    rows = [
        ROWS["outcome"](number) | {"label_probability": 0.6 if number % 2 == 0 else 0.4}
        for number in range(12)
    ]
    write_jsonl(directory / "train.jsonl", rows)
    spread = {}
    for soft in (True, False):
        config = config_for("outcome", calm_bert_dir, epochs=40, use_soft_labels=soft)
        result = train_reward_model(directory, tmp_path / f"{soft}", config)
        examples = read_dataset(directory).splits["train"]
        outputs = np.concatenate(load_predictor(result.checkpoint).predict(examples).outputs)
        spread[soft] = outputs[::2].mean() - outputs[1::2].mean()
    assert 0.1 < spread[True] < 1.2  # the log-odds of 0.6 and 0.4 are 0.8 apart
    assert spread[False] > 4


def test_missing_aspects_teach_nothing(tmp_path, bert_dir):
    directory = write_kind(tmp_path / "d", "rating")
    rows = [ROWS["rating"](number) for number in range(6)]
    for row in rows:
        row["aspects"], row["scores"] = row["aspects"][:1], row["scores"][:1]
    rows[0]["aspects"], rows[0]["scores"] = ["length", "helpfulness"], [30.0, 5.0]
    write_jsonl(directory / "train.jsonl", rows)
    result = train_reward_model(directory, tmp_path / "out", config_for("rating", bert_dir))
    assert load_predictor(result.checkpoint).head.names == ("helpfulness", "length")
    outputs = load_predictor(result.checkpoint).predict(read_dataset(directory).splits["train"])
    assert np.concatenate(outputs.outputs)[:, 1] == pytest.approx(30.0, abs=3.0)


def test_a_frozen_model_has_no_predictor(tmp_path, bert_dir):
    config = RewardConfig(backbone=str(bert_dir), max_length=128)
    result = train_reward_model(write_kind(tmp_path / "d", "preference"), tmp_path / "o", config)
    with pytest.raises(CheckpointError, match="frozen backbone"):
        load_predictor(result.checkpoint)
