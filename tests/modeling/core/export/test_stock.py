"""Stock transformers loads what it can express, with the same scores, and nothing else."""

import json
import math

import numpy as np
import pytest
import torch
from transformers import (
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    RobertaConfig,
    RobertaModel,
)

from modeling.core.errors import ExportError
from modeling.core.export import export_checkpoint
from modeling.core.export.agreement import first_outputs
from modeling.core.export.stock import PAD, stock_scores
from modeling.core.serving import open_engine, parse_inputs
from tests.modeling.core.conftest import WIDTH, byte_tokenizer
from tests.modeling.core.serving.models import make_checkpoint, some_inputs

SIZES = {
    "vocab_size": 259,
    "max_position_embeddings": 130,
    "initializer_range": 0.5,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "hidden_size": WIDTH,
    "intermediate_size": 32,
}
DISTIL = {"dim": WIDTH, "hidden_dim": 32, "n_layers": 2, "n_heads": 2, "vocab_size": 259}


def candidates(count=20):
    return [each for row in parse_inputs(some_inputs(count)) for each in row.candidates]


def save(folder, model):
    model.eval().save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def backbone(tmp_path, bert_dir, llama_dir):
    """A saved backbone by its family."""

    def make(family):
        torch.manual_seed(1)
        if family in ("bert", "llama"):
            return {"bert": bert_dir, "llama": llama_dir}[family]
        models = {
            "roberta": lambda: RobertaModel(
                RobertaConfig(**SIZES, pad_token_id=0), add_pooling_layer=False
            ),
            "electra": lambda: ElectraModel(ElectraConfig(**SIZES, embedding_size=WIDTH)),
            "distilbert": lambda: DistilBertModel(
                DistilBertConfig(**DISTIL, max_position_embeddings=130, initializer_range=0.5)
            ),
        }
        return save(tmp_path / family, models[family]())

    return make


def exported(tmp_path, backbone, objective="bradley_terry", **settings):
    settings = {"frozen": False, "features": "joint"} | settings
    folder = make_checkpoint(tmp_path / "checkpoint", backbone, objective, **settings)
    manifest = export_checkpoint(folder, tmp_path / "out", "transformers", rows=candidates())
    return folder, tmp_path / "out", manifest


@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "distilbert"])
def test_the_first_token_of_an_encoder_gives_the_same_scores(tmp_path, backbone, family):
    folder, out, _ = exported(tmp_path, backbone(family), pooling="cls")
    exact = first_outputs(open_engine(folder), candidates())
    np.testing.assert_allclose(stock_scores(out, candidates()), exact, atol=1e-4)


@pytest.mark.parametrize("objective", ["bradley_terry", "plackett_luce"])
def test_the_last_token_of_a_decoder_gives_the_same_scores(tmp_path, backbone, objective):
    folder, out, manifest = exported(tmp_path, backbone("llama"), objective)
    exact = first_outputs(open_engine(folder), candidates())
    found = stock_scores(out, candidates()) + manifest["reward_offset"]
    np.testing.assert_allclose(found, exact, atol=1e-4)


def test_a_pad_token_that_ends_texts_gets_one_of_its_own(tmp_path, backbone):
    _, out, manifest = exported(tmp_path, backbone("llama"))
    config = json.loads((out / "config.json").read_text())
    assert config["pad_token_id"] not in manifest["tokens"]["after"]
    assert PAD in (out / "tokenizer.json").read_text()
    assert manifest["tokens"]["ends_with_eos"]


def test_aspects_of_an_encoder_all_come_through(tmp_path, backbone):
    from transformers import AutoModelForSequenceClassification

    _, out, manifest = exported(tmp_path, backbone("bert"), "regression", pooling="cls")
    model = AutoModelForSequenceClassification.from_pretrained(out)
    assert list(model.config.id2label.values()) == manifest["outputs"] == ["helpfulness", "length"]


def test_the_template_stands_in_the_tokenizer(tmp_path, backbone):
    from transformers import AutoTokenizer

    _, out, _ = exported(tmp_path, backbone("bert"), pooling="cls")
    tokenizer = AutoTokenizer.from_pretrained(out)
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert text == "Human: Hi\n\nAssistant: Hello"
    assert (tokenizer.truncation_side, tokenizer.model_max_length) == ("left", 64)


@pytest.mark.parametrize(
    ("family", "objective", "config", "reason"),
    [
        ("bert", "bradley_terry", {"pooling": "mean"}, "mean of all tokens"),
        ("bert", "bradley_terry", {"frozen": True, "features": "auto"}, "two views"),
        ("bert", "bradley_terry", {"frozen": True, "features": "response"}, "last layer"),
        ("bert", "prm", {"pooling": "cls"}, "single tokens"),
        ("llama", "prm", {}, "single tokens"),
        ("llama", "bradley_terry", {"pooling": "cls"}, "pooling"),
        ("llama", "outcome", {}, "bias"),
    ],
)
def test_what_stock_heads_cannot_express_is_refused(
    tmp_path, backbone, family, objective, config, reason
):
    with pytest.raises(ExportError, match=reason):
        exported(tmp_path, backbone(family), objective, **config)
    assert not (tmp_path / "out").exists()


def test_without_texts_to_be_held_against_nothing_is_written(tmp_path, backbone):
    folder = make_checkpoint(
        tmp_path / "checkpoint", backbone("bert"), frozen=False, pooling="cls", features="joint"
    )
    with pytest.raises(ExportError, match="held against"):
        export_checkpoint(folder, tmp_path / "out", "transformers")


@pytest.mark.parametrize("x", [-30.0, -1.0, 0.0, 1e-3, 4.0, 30.0])
def test_the_activations_become_lines(x):
    tiny = 2.0**-16
    assert math.tanh(tiny * x) / tiny == pytest.approx(x, rel=1e-6)
    gelu = torch.nn.functional.gelu
    value = torch.tensor(x, dtype=torch.float64)
    assert float(gelu(value) - gelu(-value)) == pytest.approx(x, abs=1e-12)
