"""What training keeps of its held-out rows, and checkpoints measured on files."""

import json

import numpy as np
import pytest

from modeling.core import jobs
from modeling.core.calibration import calibrated
from modeling.core.checkpoint import load_checkpoint, read_manifest
from modeling.core.config import RewardConfig
from modeling.core.data import read_dataset
from modeling.core.evaluation.comparing import compare
from modeling.core.evaluation.predictions import FILE, read_predictions
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl
from tests.modeling.core.rows import OBJECTIVES, ROWS, write_kind

KINDS = ("ranking", "stepwise", "outcome", "rating", "classification")


@pytest.fixture(scope="module")
def frozen(bert_dir, tmp_path_factory):
    """A frozen Bradley–Terry model with validation rows enough to be calibrated."""
    folder = tmp_path_factory.mktemp("frozen")
    dataset = write_dataset(folder / "data", train=20, validation=24, test=12)
    config = RewardConfig(backbone=str(bert_dir), max_length=64)
    return dataset, train_reward_model(dataset, folder / "out", config)


@pytest.fixture(scope="module", params=KINDS)
def full(request, bert_dir, tmp_path_factory):
    """A model of each other kind after one epoch, and its dataset."""
    folder = tmp_path_factory.mktemp(request.param)
    dataset = write_kind(folder / "data", request.param)
    config = RewardConfig(
        backbone=str(bert_dir),
        frozen=False,
        objective=OBJECTIVES[request.param],
        max_length=64,
        learning_rate=1e-2,
    )
    return request.param, dataset, train_reward_model(dataset, folder / "out", config)


def evaluated(folder, checkpoint, rows, **values):
    """The result or the error of an evaluate job on these rows."""
    folder.mkdir()
    data = write_jsonl(folder / "rows.jsonl", rows)
    job = {"checkpoint": str(checkpoint), "data": str(data)} | values
    (folder / "job.json").write_text(json.dumps(job))
    status = jobs.run_job("evaluate", folder, lambda: False)
    return json.loads((folder / ("error.json" if status else "result.json")).read_text())


def test_a_frozen_model_is_calibrated_and_reported_on_test_rows(frozen):
    _, result = frozen
    kept = read_manifest(result.checkpoint)["calibration"]
    assert (kept["fitted"], kept["n"], kept["groups"]) == (True, 24, 24)
    assert kept["test"]["n"] == 12
    assert set(kept["test"]["methods"]) >= {"raw", "temperature"}
    assert calibrated(result.manifest).temperature == kept["temperature"]


def test_predictions_lie_in_the_checkpoint_and_repeat_its_accuracy(frozen):
    dataset, result = frozen
    rows = read_predictions(result.checkpoint)
    assert FILE in result.manifest["files"]
    assert np.mean([row.correct for row in rows]) == result.metrics["test"]["accuracy"]
    scorer = load_checkpoint(result.checkpoint)
    rewards = scorer.score_examples(read_dataset(dataset).splits["test"])
    margins = rewards.chosen - rewards.rejected
    assert [row.margin for row in rows] == pytest.approx(margins.tolist(), abs=1e-4)
    expected = calibrated(result.manifest).probabilities(margins, [row.category for row in rows])
    assert [row.probability for row in rows] == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_file_of_ties_alone_has_nothing_to_measure(frozen, tmp_path):
    row = {"prompt": "Question?"}
    pair = row | {"response_a": "a", "response_b": "b", "majority": "tie"}
    ranking = row | {"responses": ["a", "b"], "ranking": [[0, 1]]}
    checkpoint = frozen[1].checkpoint
    for name, given, count in (("pairs", pair, "ties"), ("rankings", ranking, "unlabelled")):
        found = evaluated(tmp_path / name, checkpoint, [given])
        assert (found["n"], found["accuracy"], found[count]) == (0, None, 1)


def test_changed_predictions_are_noticed(frozen, tmp_path):
    import shutil

    from modeling.core.errors import CheckpointError

    copy = shutil.copytree(frozen[1].checkpoint, tmp_path / "copy")
    (copy / FILE).write_text("")
    with pytest.raises(CheckpointError, match="changed after training"):
        load_checkpoint(copy)


def test_a_model_stands_beside_its_baselines(frozen):
    test = frozen[1].metrics["test"]
    assert test["accuracy"] == test["baselines"]["bag_of_words"]["accuracy"] == 1.0
    assert test["baselines"]["length"]["prefers"] == "longer"
    assert test["baselines"]["bag_of_words"]["gain"] == 0.0
    assert test["by_category"]["odd"]["interval"] == [1.0, 1.0]
    json.dumps(frozen[1].manifest, allow_nan=False)


def test_every_kind_keeps_a_prediction_for_each_test_row(full):
    kind, dataset, result = full
    rows, test = read_predictions(result.checkpoint), result.metrics["test"]
    count = test["pairs"] if kind == "ranking" else len(read_dataset(dataset).splits["test"])
    assert len(rows) == count
    assert len({row.key for row in rows}) == count
    if kind in ("ranking", "outcome", "classification"):
        assert np.mean([row.correct for row in rows]) == pytest.approx(test["accuracy"])
    if kind in ("outcome", "classification"):
        assert np.mean([row.loss for row in rows]) == pytest.approx(test["nll"], abs=1e-6)
    assert compare(result.checkpoint, result.checkpoint).nll.difference == 0.0


def test_only_preferences_are_calibrated_and_few_prompts_say_so(full):
    kind, _, result = full
    if kind != "ranking":
        assert result.manifest["calibration"] is None
        return
    found = calibrated(result.manifest)
    assert "4 prompts" in found.reason
    assert found.method == "raw"


def test_baselines_and_thresholds_stand_beside_what_they_fit(full):
    kind, _, result = full
    test = result.metrics["test"]
    assert ("baselines" in test) == (kind in ("ranking", "outcome", "stepwise"))
    assert ("at_threshold" in test) == (kind == "stepwise")
    if kind == "stepwise":
        assert test["at_threshold"]["first_error_f1"] is not None


def test_every_kind_is_measured_on_a_file_of_its_rows(full, tmp_path):
    kind, _, result = full
    rows = [ROWS[kind](number) for number in range(16, 22)]
    found = evaluated(tmp_path / "job", result.checkpoint, rows)
    told = result.metrics["test"]
    assert (found["kind"], found["n"]) == (kind, 6)
    for name in ("accuracy", "nll", "mse", "tau", "first_error_f1"):
        assert found.get(name) == pytest.approx(told.get(name), abs=1e-5)


def test_a_file_of_another_kind_is_a_sentence(full, tmp_path):
    kind, _, result = full
    other = "outcome" if kind == "stepwise" else "stepwise"
    found = evaluated(tmp_path / "job", result.checkpoint, [ROWS[other](1)])
    assert f"cannot be measured on a file of kind {other}" in found["message"]


def test_pairs_are_measured_with_their_calibration_and_probes(frozen, tmp_path):
    rows = [preference_row(number) for number in range(90, 98)]
    found = evaluated(tmp_path / "job", frozen[1].checkpoint, rows, probes=True)
    assert (found["n"], found["accuracy"]) == (8, 1.0)
    assert found["calibrated"]["method"] == frozen[1].manifest["calibration"]["method"]
    assert found["probes"]["position"]["holds"]
    assert found["probes"]["prior"] is None


def test_rewards_are_measured_on_outcomes_ratings_and_rankings(frozen, tmp_path):
    checkpoint = frozen[1].checkpoint
    outcomes = [
        {"prompt": f"Question {k}?", "response": f"{word} {k}", "correct": word != "no"}
        for k in range(6)
        for word in ("yes please", "no")
    ]
    found = evaluated(tmp_path / "outcomes", checkpoint, outcomes)
    assert (found["n"], found["pairs"], found["accuracy"], found["auc"]) == (12, 6, 1.0, 1.0)
    assert [point["n"] for point in found["best_of"]["points"]] == [1, 2]
    assert [point["gold"] for point in found["best_of"]["points"]] == [0.5, 1.0]
    ratings = [
        {"prompt": "Q", "response": text, "ratings": [{"aspect": "good", "value": value}]}
        for text, value in (("yes please 1", 5), ("no 1", 1), ("yes please 2", 5), ("no 3", 1))
    ]
    assert evaluated(tmp_path / "ratings", checkpoint, ratings)["spearman"] > 0.8
    ranked = evaluated(tmp_path / "ranked", checkpoint, [ROWS["ranking"](1)], gold=str(checkpoint))
    assert ranked["pairs"] == 3
    assert ranked["best_of"]["best_n"] == 3


def test_an_outcome_model_chooses_for_the_gold_model_too(frozen, full, tmp_path):
    kind, _, result = full
    if kind != "outcome":
        return
    texts = ("yes please 1", "no 1")
    rows = [{"prompt": "Q?", "response": text, "correct": text == texts[1]} for text in texts]
    gold = frozen[1].checkpoint
    labelled = evaluated(tmp_path / "labels", result.checkpoint, rows)["best_of"]
    judged = evaluated(tmp_path / "gold", result.checkpoint, rows, gold=str(gold))["best_of"]
    rewards = load_checkpoint(gold).score([("Q?", text) for text in texts])
    assert labelled["points"][0]["gold"] == 0.5
    assert judged["points"][0]["gold"] == pytest.approx(rewards.mean(), abs=1e-5)


def test_rewardbench_is_scored_from_its_file(frozen, tmp_path):
    rows = [
        {
            "id": k,
            "prompt": f"Question {k}?",
            "chosen": f"yes please {k}",
            "rejected": f"no {k}",
            "subset": name,
        }
        for k, name in enumerate(("alpacaeval-easy", "llmbar-natural", "donotanswer", "math-prm"))
    ]
    found = evaluated(tmp_path / "one", frozen[1].checkpoint, rows, rewardbench=1)
    assert (found["n"], found["accuracy"], found["rewardbench"]["score"]) == (4, 1.0, 1.0)
    assert (
        "1 or 2" in evaluated(tmp_path / "x", frozen[1].checkpoint, rows, rewardbench=3)["message"]
    )


def test_a_class_the_model_does_not_know_is_a_sentence(full, tmp_path):
    kind, _, result = full
    if kind == "classification":
        row = ROWS[kind](1) | {"label": "new"}
        found = evaluated(tmp_path / "job", result.checkpoint, [row])
        assert "the class new" in found["message"]


def test_a_residual_model_is_probed_where_its_prior_is_wrong(bert_dir, tmp_path):
    dataset = write_dataset(tmp_path / "data", train=20)
    prior = {"kind": "length", "coefficient": -0.1}
    config = RewardConfig(backbone=str(bert_dir), max_length=64, prior=prior)
    result = train_reward_model(dataset, tmp_path / "out", config)
    rows = [preference_row(number) for number in range(90, 96)]
    found = evaluated(tmp_path / "job", result.checkpoint, rows, probes=True)
    probe = found["probes"]["prior"]
    assert (probe["n"], probe["share"], probe["prior_accuracy"]) == (6, 1.0, 0.0)
    assert probe["accuracy"] == found["accuracy"]
