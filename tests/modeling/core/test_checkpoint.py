import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import (
    CheckpointContent,
    load_checkpoint,
    load_predictor,
    save_checkpoint,
)
from modeling.core.config import RewardConfig
from modeling.core.data import Message
from modeling.core.embeddings import Encoder
from modeling.core.errors import CheckpointError
from modeling.core.features import feature_size
from modeling.core.heads import BradleyTerryHead, LinearHead
from modeling.core.scoring import Scorer

INPUTS = [
    ([Message("user", "Hi")], "Hello there"),
    ([Message("user", "A much longer question than the other one?")], "No."),
    ([Message("user", "Hi")], ""),
    ([Message("user", "Say something long")], "word " * 20),
]


def content(bert_dir, **changes):
    config = RewardConfig(backbone=str(bert_dir), max_length=128, **changes)
    encoder = Encoder(resolve_backbone(str(bert_dir)), max_length=128)
    rng = np.random.default_rng(0)
    weights = rng.normal(size=feature_size(encoder, config.feature_kind))
    return CheckpointContent(
        config=config,
        encoder=encoder,
        head=BradleyTerryHead(weights, 0.25, l2=1.0, loss=0.5, n_iter=3, converged=True),
        dataset={"content_hash": "abc", "rows": {"train": 2}},
        metrics={"accuracy": None, "nll": float("nan")},
        training={"seconds": 1.5},
        backbone_dir=None if config.frozen else bert_dir,
    )


@pytest.fixture(params=[True, False], ids=["frozen", "full"])
def checkpoint(request, bert_dir, tmp_path):
    directory = tmp_path / "checkpoint"
    save_checkpoint(directory, content(bert_dir, frozen=request.param))
    return directory


def test_a_loaded_checkpoint_scores_like_the_one_saved(bert_dir, checkpoint):
    scorer = load_checkpoint(checkpoint)
    saved = content(bert_dir, frozen=scorer.manifest["kind"] == "frozen")
    original = Scorer(saved.encoder, saved.config.feature_kind, saved.head, {})
    assert scorer.score(INPUTS) == pytest.approx(original.score(INPUTS), abs=1e-9)


def test_scores_do_not_depend_on_the_batch_or_the_cache(checkpoint, tmp_path):
    scorer = load_checkpoint(checkpoint)
    together = scorer.score(INPUTS)
    alone = np.concatenate([scorer.score([row]) for row in INPUTS])
    assert alone == pytest.approx(together, abs=1e-5)
    assert scorer.score(INPUTS[::-1])[::-1] == pytest.approx(together, abs=1e-5)
    assert scorer.score(INPUTS, cache_dir=tmp_path / "c") == pytest.approx(together, abs=1e-9)
    assert scorer.score(INPUTS, cache_dir=tmp_path / "c") == pytest.approx(together, abs=1e-9)


def test_prompts_may_be_texts_or_plain_messages(checkpoint):
    scorer = load_checkpoint(checkpoint)
    forms = ["Hi", "\n\nHuman: Hi\n\nAssistant:", [{"role": "user", "content": "Hi"}], INPUTS[0][0]]
    scores = scorer.score([(form, "Hello there") for form in forms])
    assert scores == pytest.approx(np.full(4, scores[0]), abs=1e-6)


def test_nothing_to_score_gives_nothing(checkpoint):
    assert load_checkpoint(checkpoint).score([]).shape == (0,)


def test_a_reward_is_linear_in_the_features(checkpoint):
    scorer = load_checkpoint(checkpoint)
    rewards = scorer.features(INPUTS) @ scorer.head.weights + scorer.head.bias
    assert scorer.score(INPUTS) == pytest.approx(rewards)


def test_the_manifest_tells_where_a_checkpoint_comes_from(checkpoint):
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    assert manifest["dataset"]["content_hash"] == "abc"
    assert manifest["metrics"] == {"accuracy": None, "nll": None}
    assert RewardConfig.from_dict(manifest["config"]).max_length == 128
    assert {"torch", "transformers", "python"} <= set(manifest["packages"])
    assert manifest["backbone"]["weights"]
    assert manifest["template"]["name"] == "turns"


def test_a_frozen_checkpoint_stores_only_the_head(bert_dir, tmp_path):
    save_checkpoint(tmp_path / "c", content(bert_dir))
    names = sorted(path.name for path in (tmp_path / "c").iterdir())
    assert names == ["head.safetensors", "manifest.json"]


def test_a_failed_save_leaves_nothing_behind(bert_dir, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("modeling.core.checkpoint.write_json", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(tmp_path / "c", content(bert_dir))
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_never_overwritten(bert_dir, checkpoint):
    with pytest.raises(CheckpointError, match="not empty"):
        save_checkpoint(checkpoint, content(bert_dir))


def change_weights(directory):
    path = directory / "head.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


def change_manifest(name, value):
    def change(directory):
        path = directory / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))

    return change


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (change_weights, "changed after training"),
        (lambda directory: (directory / "head.safetensors").unlink(), "manifest lists"),
        (lambda directory: (directory / "extra.txt").write_text("x"), "manifest lists"),
        (lambda directory: (directory / "m.pt").write_bytes(pickle.dumps(1)), "pickle"),
        (lambda directory: (directory / "manifest.json").unlink(), "no manifest"),
        (change_manifest("format", 99), "format 99"),
        (change_manifest("template", {"name": "other"}), "template"),
        (change_manifest("files", {}), "manifest lists"),
        (change_manifest("backbone", {"fingerprint": "0"}), "not the one"),
    ],
)
def test_a_damaged_checkpoint_is_refused(checkpoint, damage, words):
    damage(checkpoint)
    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(checkpoint)


def test_a_single_pickle_is_refused(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"weights": [1.0]}))
    with pytest.raises(CheckpointError, match="Pickled models are refused"):
        load_checkpoint(path)


def test_a_frozen_checkpoint_names_a_missing_backbone(bert_dir, tmp_path):
    save_checkpoint(tmp_path / "c", content(bert_dir))
    path = tmp_path / "c" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["config"]["backbone"] = "/no/such/model"
    path.write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="no directory"):
        load_checkpoint(tmp_path / "c")


def test_a_checkpoint_from_before_there_were_objectives_still_scores(checkpoint):
    expected = load_checkpoint(checkpoint).score(INPUTS)
    path = checkpoint / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in ("use_soft_labels", "step_classes"):
        del manifest["config"][name]
    del manifest["head"]["outputs"]
    path.write_text(json.dumps(manifest))
    scorer = load_checkpoint(checkpoint)
    assert scorer.score(INPUTS) == pytest.approx(expected)
    assert (scorer.head.l2, scorer.head.n_iter) == (1.0, 3)


@pytest.mark.parametrize("name", ["config", "head", "backbone"])
def test_a_manifest_that_lacks_something_is_refused(checkpoint, name):
    path = checkpoint / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[name]
    path.write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=f"lacks '{name}'"):
        load_checkpoint(checkpoint)


def test_a_head_of_several_outputs_keeps_their_names(bert_dir, tmp_path):
    made = content(bert_dir, frozen=False, objective="regression")
    weights = np.random.default_rng(1).normal(size=(2, made.encoder.shape.hidden_size))
    head = LinearHead(weights, np.array([1.0, 2.0]), ("help", "harm"))
    save_checkpoint(tmp_path / "c", replace(made, head=head))
    predictor = load_predictor(tmp_path / "c")
    assert predictor.head.names == predictor.objective.outputs == ("help", "harm")
    assert predictor.head.weights == pytest.approx(weights)
    assert predictor.head.bias.tolist() == [1.0, 2.0]


def test_a_head_that_does_not_fit_is_refused(bert_dir, tmp_path):
    made = content(bert_dir, frozen=False, objective="regression")
    head = LinearHead(np.ones((2, 3)), np.zeros(2), ("help", "harm"))
    save_checkpoint(tmp_path / "c", replace(made, head=head))
    with pytest.raises(CheckpointError, match="does not fit its backbone"):
        load_predictor(tmp_path / "c")
