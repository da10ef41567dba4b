"""Each further objective trains, measures, resumes, and comes back from its checkpoint."""

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from modeling.core.checkpoint import load_checkpoint, load_predictor
from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.data import read_dataset
from modeling.core.errors import CheckpointError, InterruptionError
from modeling.core.objective_rules import TIE_OBJECTIVES
from modeling.core.train import TrainingResult, train_reward_model
from tests.modeling.core.conftest import preference_row, write_jsonl
from tests.modeling.core.rows import tied_row, write_kind
from tests.modeling.core.test_train import stop_after

CASES = {
    "davidson": ("preference", {"objective": "davidson"}),
    "rao_kupper": ("preference", {"objective": "rao_kupper"}),
    "cumulative_logit": ("preference", {"objective": "cumulative_logit"}),
    "hinge": ("preference", {"pair_loss": "hinge", "hinge_anneal": 0.5, "hinge_margin": 2.0}),
    "scaled": ("preference", {"pair_loss": "scaled"}),
    "flips": ("preference", {"flip_rate": 0.1, "learn_flip_rates": True}),
    "penalties": (
        "preference",
        {"center_rewards": 0.01, "readout_l2": 0.01, "length_decorrelation": 0.1},
    ),
    "ranking_pairs": ("ranking", {"objective": "ranking_pairs"}),
    "per_token": ("outcome", {"objective": "outcome", "per_token": True}),
    "value_of_outcomes": ("outcome", {"objective": "value"}),
    "value_of_ratings": ("rating", {"objective": "value"}),
    "turns": ("stepwise", {"objective": "prm", "unit": "turn"}),
}
OWN = {
    "davidson": "log_nu",
    "rao_kupper": "log_eta",
    "cumulative_logit": "log_gaps",
    "flips": "flip_logits",
}


def write_case(directory: Path, kind: str) -> Path:
    """A dataset; of pairs with strengths, ties and annotators."""
    write_kind(directory, kind)
    if kind != "preference":
        return directory
    decided = [
        preference_row(n, good=("yes please", "maybe")[n % 2])
        | {"id": f"p{n}", "target_margin": 3.0 - 2 * (n % 2)}
        for n in range(8)
    ]
    tied = [tied_row(n) for n in range(8, 12)]
    for name in ("train", "test"):
        write_jsonl(directory / f"{name}.jsonl", [*decided, *tied])
    named = [{"id": f"p{n}", "annotators": [f"a{n % 3}"], "is_even": False} for n in range(8)]
    pq.write_table(pa.Table.from_pylist(named), directory / "canonical.parquet")
    return directory


def config_for(backbone, changes, **more):
    settings = {
        "backbone": str(backbone),
        "frozen": False,
        "max_length": 128,
        "epochs": 6,
        "batch_size": 12,
        "learning_rate": 1e-2,
        "parameter_learning_rate": 5e-2,
        "logging_steps": 1,
        "save_steps": 1000,
    }
    return RewardConfig(**settings | changes | more)


@dataclass(frozen=True)
class Trained:
    """A small model of a case, after a few steps."""

    name: str
    kind: str
    config: RewardConfig
    directory: Path
    result: TrainingResult

    def examples(self):
        ties = self.config.objective in TIE_OBJECTIVES
        return read_dataset(self.directory, ties=ties).splits["test"]


@pytest.fixture(scope="module", params=CASES)
def trained(request, calm_bert_dir, tmp_path_factory):
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    kind, changes = CASES[name]
    directory, config = write_case(folder / "d", kind), config_for(calm_bert_dir, changes)
    result = train_reward_model(directory, folder / "out", config)
    return Trained(name, kind, config, directory, result)


def test_steps_lower_the_loss(trained):
    losses = [entry["loss"] for entry in trained.result.manifest["training"]["history"]]
    if trained.name == "hinge":  # whose margin grows meanwhile
        assert trained.result.metrics["test"]["accuracy"] == 1.0
    else:
        assert losses[-1] < losses[0]
    json.dumps(trained.result.manifest, allow_nan=False)


def test_the_checkpoint_repeats_its_own_figures(trained):
    predictor = load_predictor(trained.result.checkpoint)
    examples = trained.examples()
    outputs = predictor.predict(examples).outputs
    again = predictor.objective.evaluate(examples, outputs, seed=trained.config.seed).to_dict()
    told = trained.result.metrics["test"]
    for name in ("accuracy", "nll", "tau", "mse"):
        if told.get(name) is not None:
            assert again[name] == pytest.approx(told[name], abs=1e-6)
    for name in ("three_way", "strengths"):
        if name in told:
            assert again[name]["nll"] == pytest.approx(told[name]["nll"], abs=1e-6)
    assert ("three_way" in told) == (trained.config.objective in TIE_OBJECTIVES)


def test_parameters_of_the_loss_are_trained_and_kept(trained):
    kept = load_file(trained.result.checkpoint / "head.safetensors")
    own = {name.removeprefix("objective.") for name in kept} - {"weights", "bias"}
    assert own == ({OWN[trained.name]} if trained.name in OWN else set())
    for name in own:
        fresh = RewardConfig.from_dict(trained.result.manifest["config"])
        assert fresh == trained.config
        objective = load_predictor(trained.result.checkpoint).objective
        assert objective.own_parameters()[name] == pytest.approx(kept[f"objective.{name}"])


def test_models_of_one_reward_score_responses(trained):
    if trained.config.objective not in PAIR_OBJECTIVES:
        with pytest.raises(CheckpointError, match="cannot score responses against each other"):
            load_checkpoint(trained.result.checkpoint)
        return
    (example,) = trained.examples()[:1]
    sides = example.completions if trained.kind == "ranking" else (example.chosen, example.rejected)
    scores = load_checkpoint(trained.result.checkpoint).score(
        [(example.prompt, side) for side in sides]
    )
    (outputs,) = load_predictor(trained.result.checkpoint).predict([example]).outputs
    assert scores == pytest.approx(outputs[:, 0], abs=1e-5)


def test_ties_are_told_from_preferences(tmp_path, calm_bert_dir):
    directory = write_case(tmp_path / "d", "preference")
    config = config_for(calm_bert_dir, {"objective": "davidson"}, epochs=20)
    result = train_reward_model(directory, tmp_path / "out", config)
    told = result.metrics["test"]["three_way"]
    assert (told["n"], told["ties"]) == (12, 4)
    assert told["accuracy"] > told["majority"]


@pytest.mark.parametrize("name", ["davidson", pytest.param("flips", marks=pytest.mark.slow)])
def test_a_stopped_run_resumes_to_the_same_parameters(tmp_path, bert_dir, name):
    kind, changes = CASES[name]
    directory = write_case(tmp_path / "d", kind)
    config = config_for(bert_dir, changes, epochs=2, batch_size=4, save_steps=2)
    whole = train_reward_model(directory, tmp_path / "whole", config)
    with pytest.raises(InterruptionError):
        train_reward_model(directory, tmp_path / "out", config, progress=stop_after(2))
    resumed = train_reward_model(directory, tmp_path / "out", config)
    assert resumed.metrics == whole.metrics
    first, second = (load_file(r.checkpoint / "head.safetensors") for r in (whole, resumed))
    assert first[f"objective.{OWN[name]}"].tolist() == second[f"objective.{OWN[name]}"].tolist()


def test_parameters_of_the_loss_have_a_rate_of_their_own(tmp_path, bert_dir):
    directory = write_case(tmp_path / "d", "preference")
    found = {}
    for rate in (1e-4, 1e-1):
        config = config_for(
            bert_dir, {"objective": "davidson"}, epochs=3, parameter_learning_rate=rate
        )
        result = train_reward_model(directory, tmp_path / f"{rate}", config)
        found[rate] = result.manifest["head"]["objective"]["tie_parameter"]
    start = 2 * (1 / 3) / (1 - 1 / 3)
    assert found[1e-4] == pytest.approx(start, abs=1e-3)
    assert abs(found[1e-1] - start) > 1e-2
