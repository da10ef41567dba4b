import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel

from modeling.core.backbones import local_backbone, resolve_backbone
from modeling.core.checkpoint import CheckpointContent, load_checkpoint, save_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import read_pairs
from modeling.core.embeddings import Encoder
from modeling.core.errors import CheckpointError, DataError
from modeling.core.extras import Extras
from modeling.core.features import feature_size
from modeling.core.heads import BradleyTerryHead
from modeling.core.merging import merge_checkpoints
from modeling.core.merging.__main__ import main
from tests.modeling.core.conftest import preference_row, write_dataset, write_jsonl
from tests.modeling.core.rows import write_kind

INPUTS = [("Hi", "yes please 3"), ("Hi", "no"), ("What?", "maybe")]


def save_model(directory, backbone_dir, *, seed=0, loudness=1.0, extras=None, **changes):
    """A checkpoint with random weights in its head; of a full run where `frozen` is false."""
    config = RewardConfig(backbone=str(backbone_dir), max_length=128, **changes)
    encoder = Encoder(resolve_backbone(str(backbone_dir)), max_length=128)
    rng = np.random.default_rng(seed)
    weights = loudness * rng.normal(size=feature_size(encoder, config.feature_kind))
    content = CheckpointContent(
        config=replace(config, backbone="origin") if not config.frozen else config,
        encoder=encoder,
        head=BradleyTerryHead(weights, 0.5, l2=1.0, loss=0.5, n_iter=3, converged=True),
        dataset={"kind": "preference", "content_hash": f"data-{seed}", "rows": {"train": 4}},
        metrics={"n_train": 4, "test": {"accuracy": None}},
        training={},
        backbone_dir=None if config.frozen else backbone_dir,
        extras=extras or Extras(),
    )
    save_checkpoint(directory, content)
    return directory


@pytest.fixture
def pairs(tmp_path):
    return write_jsonl(tmp_path / "pairs.jsonl", [preference_row(n) for n in range(8)])


@pytest.fixture
def tuned(bert_dir, tmp_path):
    """The encoder after some training: every weight a little elsewhere."""
    directory = tmp_path / "tuned"
    shutil.copytree(bert_dir, directory)
    model = AutoModel.from_pretrained(bert_dir, add_pooling_layer=False)
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    model.save_pretrained(directory)
    return directory


def margins(scorer, path):
    found = scorer.score_examples(read_pairs(path).examples)
    return found.chosen - found.rejected


def test_the_loudest_model_does_not_win(bert_dir, pairs, tmp_path):
    quiet = save_model(tmp_path / "quiet", bert_dir, seed=1)
    loud = save_model(tmp_path / "loud", bert_dir, seed=2, loudness=1000.0)
    merge_checkpoints([quiet, loud], tmp_path / "out", reference=pairs)
    normal = save_model(tmp_path / "normal", bert_dir, seed=2)
    merge_checkpoints([quiet, normal], tmp_path / "again", reference=pairs)
    found = margins(load_checkpoint(tmp_path / "out"), pairs)
    again = margins(load_checkpoint(tmp_path / "again"), pairs)
    assert np.corrcoef(found, again)[0, 1] == pytest.approx(1.0)
    heads = load_checkpoint(tmp_path / "out").score_by_head(INPUTS)
    assert np.diff(heads["loud"]).std() < 100 * np.diff(heads["quiet"]).std()


def test_merged_rewards_are_the_mean_of_equally_wide_ones(bert_dir, pairs, tmp_path):
    paths = [save_model(tmp_path / str(n), bert_dir, seed=n, loudness=n) for n in (1, 2)]
    shares = [3.0, 1.0]
    manifest = merge_checkpoints(paths, tmp_path / "out", reference=pairs, shares=shares)
    scorers = [load_checkpoint(path) for path in paths]
    spreads = [np.sqrt(np.mean(margins(scorer, pairs) ** 2)) for scorer in scorers]
    target = 0.75 * spreads[0] + 0.25 * spreads[1]
    first, second = (
        scorer.score(INPUTS) * target / spread
        for scorer, spread in zip(scorers, spreads, strict=True)
    )
    merged = load_checkpoint(tmp_path / "out")
    assert merged.score(INPUTS) == pytest.approx(0.75 * first + 0.25 * second, rel=1e-5)
    apart = merged.score_by_head(INPUTS)
    assert apart["1"] == pytest.approx(first, rel=1e-5)
    assert [parent["share"] for parent in manifest["parents"]] == [0.75, 0.25]
    assert manifest["parents"][1]["scale"] == pytest.approx(target / spreads[1], rel=1e-5)
    assert manifest["parents"][0]["content_hash"] == "data-1"


def test_the_table_tells_every_model_on_every_cohort(bert_dir, pairs, tmp_path):
    paths = [save_model(tmp_path / name, bert_dir, seed=n) for n, name in enumerate("ab")]
    north, south = write_dataset(tmp_path / "north", test=6), pairs
    cohorts = {"north": north, "south": south}
    manifest = merge_checkpoints(paths, tmp_path / "out", reference=pairs, cohorts=cohorts)
    table = manifest["metrics"]["by_cohort"]
    assert list(table) == ["a", "b", "merged"]
    assert {name: row["n"] for name, row in table["merged"].items()} == {"north": 6, "south": 8}
    accuracy = float((margins(load_checkpoint(paths[0]), pairs) > 0).mean())
    assert table["a"]["south"]["accuracy"] == pytest.approx(accuracy)
    assert manifest["metrics"]["test"]["n"] == 14
    assert manifest["metrics"]["n_train"] == 8


def test_the_weights_of_tuned_models_are_averaged(bert_dir, tuned, pairs, tmp_path):
    one = save_model(tmp_path / "one", bert_dir, seed=1, frozen=False)
    two = save_model(tmp_path / "two", tuned, seed=1, frozen=False)
    merge_checkpoints([one, two], tmp_path / "out", reference=pairs, shares=[1.0, 3.0])
    name = "backbone/model.safetensors"
    first, second, found = (load_file(path / name) for path in (one, two, tmp_path / "out"))
    for key, tensor in found.items():
        assert torch.allclose(tensor, 0.25 * first[key] + 0.75 * second[key], atol=1e-6)
    merged = load_checkpoint(tmp_path / "out")
    assert np.isfinite(merged.score(INPUTS)).all()
    assert "heads" not in merged.manifest


def test_equal_models_merge_to_themselves(bert_dir, pairs, tmp_path):
    one = save_model(tmp_path / "one", bert_dir, seed=1, frozen=False)
    two = save_model(tmp_path / "two", bert_dir, seed=1, frozen=False)
    merge_checkpoints([one, two], tmp_path / "out", reference=pairs)
    expected = load_checkpoint(one).score(INPUTS)
    assert load_checkpoint(tmp_path / "out").score(INPUTS) == pytest.approx(expected, abs=1e-5)


def test_models_of_one_name_are_told_apart(bert_dir, pairs, tmp_path):
    paths = [save_model(tmp_path / name / "model", bert_dir) for name in "ab"]
    manifest = merge_checkpoints(paths, tmp_path / "out", reference=pairs)
    assert [parent["name"] for parent in manifest["parents"]] == ["1 model", "2 model"]


def test_a_merged_model_can_be_merged_again(bert_dir, pairs, tmp_path):
    paths = [save_model(tmp_path / name, bert_dir) for name in ("one", "merged")]
    manifest = merge_checkpoints(paths, tmp_path / "out", reference=pairs)
    assert list(manifest["metrics"]["by_cohort"]) == ["1 one", "2 merged", "merged"]


def test_models_that_do_not_go_together_are_refused(bert_dir, llama_dir, tuned, pairs, tmp_path):
    plain = save_model(tmp_path / "plain", bert_dir)
    other = save_model(tmp_path / "other", llama_dir)
    joint = save_model(tmp_path / "joint", bert_dir, features="joint")
    full = save_model(tmp_path / "full", bert_dir, frozen=False)
    for partner, words in ((other, "backbone"), (joint, "feature_kind"), (full, "frozen")):
        with pytest.raises(CheckpointError, match=words):
            merge_checkpoints([plain, partner], tmp_path / "out", reference=pairs)
    with pytest.raises(CheckpointError, match="at least two"):
        merge_checkpoints([plain], tmp_path / "out", reference=pairs)
    grown = save_model(tmp_path / "grown", llama_dir, frozen=False)
    with pytest.raises(CheckpointError, match="one origin"):
        merge_checkpoints([full, grown], tmp_path / "out", reference=pairs)


def test_weights_of_one_shape_but_other_settings_are_no_mean(bert_dir, pairs, tmp_path):
    """As many heads of attention as one likes fit the same matrices."""
    other = shutil.copytree(bert_dir, tmp_path / "heads")
    settings = json.loads((other / "config.json").read_text())
    settings["num_attention_heads"] //= 2
    (other / "config.json").write_text(json.dumps(settings))
    paths = [
        save_model(tmp_path / name, backbone, frozen=False)
        for name, backbone in (("one", bert_dir), ("two", other))
    ]
    with pytest.raises(CheckpointError, match=r"differ in config\.json"):
        merge_checkpoints(paths, tmp_path / "out", reference=pairs)


def test_what_cannot_be_scaled_is_refused(bert_dir, pairs, tmp_path):
    plain = save_model(tmp_path / "plain", bert_dir)
    spec = {"kind": "length", "coefficient": -1.0, "unit": "words", "fingerprint": None}
    residual = save_model(tmp_path / "residual", bert_dir, extras=Extras(prior=spec))
    with pytest.raises(CheckpointError, match="prior"):
        merge_checkpoints([plain, residual], tmp_path / "out", reference=pairs)
    silent = save_model(tmp_path / "silent", bert_dir, loudness=0.0)
    with pytest.raises(CheckpointError, match="silent tells the sides of no pair apart"):
        merge_checkpoints([plain, silent], tmp_path / "out", reference=pairs)
    for shares in ([1.0], [1.0, 0.0]):
        with pytest.raises(CheckpointError, match="one share above zero"):
            merge_checkpoints([plain, plain], tmp_path / "out", reference=pairs, shares=shares)


def test_without_pairs_nothing_is_merged(bert_dir, tmp_path):
    plain = save_model(tmp_path / "plain", bert_dir)
    ratings = write_kind(tmp_path / "ratings", "rating")
    with pytest.raises(DataError, match="kind rating"):
        merge_checkpoints([plain, plain], tmp_path / "out", reference=ratings)
    empty = write_dataset(tmp_path / "empty", test=0)
    with pytest.raises(DataError, match="no held-out pairs"):
        merge_checkpoints([plain, plain], tmp_path / "out", reference=empty)


def test_the_command_merges_and_tells(bert_dir, pairs, tmp_path, capsys):
    paths = [str(save_model(tmp_path / name, bert_dir, seed=n)) for n, name in enumerate("ab")]
    options = ["--out", str(tmp_path / "out"), "--reference", str(pairs)]
    assert main([*paths, *options, f"--cohort=north={pairs}", "--share=1", "--share=2"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(told["by_cohort"]["merged"]) == {"north"}
    assert main([*paths, *options]) == 1
    assert "not empty" in capsys.readouterr().err


def test_a_merged_backbone_is_a_plain_one(bert_dir, tuned, pairs, tmp_path):
    one = save_model(tmp_path / "one", bert_dir, frozen=False)
    two = save_model(tmp_path / "two", tuned, frozen=False)
    merge_checkpoints([one, two], tmp_path / "out", reference=pairs)
    merged = local_backbone(tmp_path / "out" / "backbone", name="merged")
    assert set(merged.files) == set(local_backbone(one / "backbone", name="one").files)
