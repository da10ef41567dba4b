"""Steps that do not depend on how their rows are parted, and looks at rows on the way."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaModel, TrainerCallback

from modeling.core.backbones import load_backbone, resolve_backbone
from modeling.core.checkpoint import load_checkpoint
from modeling.core.collators import Collator
from modeling.core.data import read_dataset
from modeling.core.embeddings import Encoder
from modeling.core.errors import TrainingError
from modeling.core.model import RewardModel
from modeling.core.objectives import fitted_objective
from modeling.core.packing import PackingCollator
from modeling.core.reward_trainer import RewardTrainer
from modeling.core.samplers import BatchPlan
from modeling.core.tokens import TextTokenizer
from modeling.core.train import train_reward_model
from modeling.core.trainer_arguments import training_arguments
from modeling.core.trainer_state import history
from tests.modeling.core.conftest import byte_tokenizer, preference_row, write_dataset, write_jsonl
from tests.modeling.core.rows import write_kind
from tests.modeling.core.training import full


class Gradients(TrainerCallback):
    """Keeps the gradient of each optimiser step."""

    def __init__(self):
        self.steps = []

    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        found = [value.grad.flatten() for value in model.parameters() if value.grad is not None]
        self.steps.append(torch.cat(found).clone())


def gradient(directory, backbone, work, batches, *, accumulation=1, collator=Collator):
    """The first step's gradient, and the loss it logs."""
    config = full(
        backbone, gradient_accumulation_steps=accumulation, max_grad_norm=1e9, save_steps=1000
    )
    dataset = read_dataset(directory)
    objective = fitted_objective(dataset, config)
    loaded = load_backbone(resolve_backbone(str(backbone)))
    encoder = Encoder(resolve_backbone(str(backbone)), max_length=128)
    tokenizer = TextTokenizer(loaded.tokenizer, max_length=128)
    torch.manual_seed(0)
    model = RewardModel(loaded.model, pooling=encoder.pooling, hidden_size=16)
    kept = Gradients()
    trainer = RewardTrainer(
        objective,
        BatchPlan(batches),
        own_rate=0.01,
        model=model,
        args=training_arguments(config, work, looks=False),
        train_dataset=objective.items(
            dataset.splits["train"], tokenizer, causal=encoder.shape.causal
        ),
        data_collator=collator(tokenizer.pad_id, objective.targets),
        callbacks=[kept],
    )
    trainer.train()
    return kept.steps[0], trainer.state.log_history[0]["loss"]


@pytest.fixture
def weighted_dir(tmp_path):
    """Eight pairs of unequal length, weight and share of votes."""
    rows = [
        preference_row(n, good="yes please " * (n % 3 + 1))
        | {"weight": 0.5 + n, "chosen_probability": 1 - n / 20}
        for n in range(8)
    ]
    directory = write_dataset(tmp_path / "weighted")
    write_jsonl(directory / "train.jsonl", rows)
    return directory


@pytest.mark.parametrize(
    "parts", [[[0], [1, 2, 3], [4, 5, 6, 7]], [[7, 0, 3, 5, 1], [2, 4], [6]]], ids=str
)
def test_a_step_is_the_mean_over_its_rows_however_they_are_parted(
    weighted_dir, calm_bert_dir, tmp_path, parts
):
    whole, loss = gradient(weighted_dir, calm_bert_dir, tmp_path / "a", [list(range(8))])
    parted, same = gradient(weighted_dir, calm_bert_dir, tmp_path / "b", parts, accumulation=3)
    assert same == pytest.approx(loss, abs=1e-5)
    assert torch.allclose(parted, whole, atol=1e-6 * float(whole.abs().max()) * 10)


def test_packed_rows_have_the_gradient_of_separate_texts(weighted_dir, llama_dir, tmp_path):
    rows = [list(range(8))]
    apart, _ = gradient(weighted_dir, llama_dir, tmp_path / "a", rows)
    packed, _ = gradient(weighted_dir, llama_dir, tmp_path / "b", rows, collator=PackingCollator)
    assert torch.allclose(packed, apart, atol=1e-5 * float(apart.abs().max()))


def test_a_token_budget_and_accumulation_learn_a_separable_preference(
    dataset_dir, tmp_path, bert_dir
):
    config = full(bert_dir, token_budget=250, gradient_accumulation_steps=2, epochs=20)
    result = train_reward_model(dataset_dir, tmp_path / "out", config)
    assert result.metrics["test"]["accuracy"] == 1.0
    assert 0 <= result.manifest["training"]["padding"] < 0.2


@pytest.mark.parametrize("kind", ["preference", "ranking"])
def test_shared_prompts_change_no_figure(tmp_path, llama_dir, kind):
    dataset = write_kind(tmp_path / "data", kind)
    objective = {"preference": "bradley_terry", "ranking": "plackett_luce"}[kind]
    found = {}
    for share in ("auto", "never"):
        config = full(llama_dir, objective=objective, share_prompts=share, learning_rate=1e-3)
        found[share] = train_reward_model(dataset, tmp_path / share, config)
    training = {name: result.manifest["training"] for name, result in found.items()}
    assert training["auto"]["shared_prompts"]
    assert training["auto"]["token_saving"] > 1.5
    assert not training["never"]["shared_prompts"]
    for name in ("loss", "validation_loss"):
        curves = [
            [entry[name] for entry in training[share]["history"] if name in entry]
            for share in ("auto", "never")
        ]
        assert curves[0] == pytest.approx(curves[1], abs=1e-4)
    assert found["auto"].metrics["test"]["accuracy"] == found["never"].metrics["test"]["accuracy"]


def test_an_encoder_reads_its_texts_apart(dataset_dir, tmp_path, bert_dir):
    result = train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir))
    assert not result.manifest["training"]["shared_prompts"]
    config = full(bert_dir, share_prompts="always")
    with pytest.raises(TrainingError, match='share_prompts to "auto"'):
        train_reward_model(dataset_dir, tmp_path / "always", config)


def test_a_decoder_without_a_pad_token_trains(dataset_dir, tmp_path):
    torch.manual_seed(0)
    settings = {"vocab_size": 259, "hidden_size": 16, "intermediate_size": 32}
    layers = {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 128}
    LlamaModel(LlamaConfig(**settings, **layers)).save_pretrained(tmp_path / "llama")
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path / "llama")
    assert load_backbone(resolve_backbone(str(tmp_path / "llama"))).tokenizer.pad_token_id is None
    result = train_reward_model(dataset_dir, tmp_path / "out", full(tmp_path / "llama"))
    scorer = load_checkpoint(result.checkpoint)
    rows = [("Hi", "yes"), ("Hi", "a much longer answer than the other")]
    alone = np.concatenate([scorer.score([row]) for row in rows])
    assert scorer.score(rows) == pytest.approx(alone, abs=1e-5)


def test_the_curves_hold_training_and_validation(dataset_dir, tmp_path, bert_dir):
    seen = []
    result = train_reward_model(
        dataset_dir,
        tmp_path / "out",
        full(bert_dir, eval_steps=3),
        progress=lambda fraction, message, metrics: seen.append(dict(metrics)),
    )
    curves = result.manifest["training"]["history"]
    assert [entry["step"] for entry in curves] == list(range(1, 9))
    assert all({"loss", "learning_rate", "grad_norm"} <= set(entry) for entry in curves)
    looks = [entry for entry in curves if "validation_loss" in entry]
    assert [entry["step"] for entry in looks] == [3, 6, 8]
    assert looks[-1]["validation_accuracy"] == result.metrics["validation"]["accuracy"]
    assert looks[-1]["validation_loss"] == pytest.approx(
        result.metrics["validation"]["nll"], abs=1e-5
    )
    told = [entry for entry in seen if "validation_loss" in entry]
    assert [entry["step"] for entry in told] == [3, 6, 8]


def test_a_look_at_some_of_the_validation_rows_is_spread_over_them(tmp_path, bert_dir):
    directory = write_dataset(tmp_path / "d", validation=9)
    config = full(bert_dir, eval_rows=3, eval_steps=8)
    result = train_reward_model(directory, tmp_path / "out", config)
    accuracy = result.manifest["training"]["history"][-1]["validation_accuracy"]
    assert accuracy * 3 == pytest.approx(round(accuracy * 3))
    assert result.metrics["validation"]["n"] == 9


def test_ratings_are_looked_at_in_their_own_units_and_have_no_accuracy(tmp_path, bert_dir):
    dataset = write_kind(tmp_path / "ratings", "rating")
    config = full(bert_dir, objective="regression")
    looks = train_reward_model(dataset, tmp_path / "out", config).manifest["training"]["history"]
    assert "validation_loss" in looks[-1]
    assert "validation_accuracy" not in looks[-1]


def test_a_step_that_is_logged_and_looked_at_is_one_point_of_the_curves():
    logs = [
        {"loss": 0.7, "learning_rate": 0.1, "grad_norm": 2.0, "epoch": 0.5, "step": 1},
        {"eval_loss": 0.6, "eval_accuracy": 0.75, "epoch": 0.5, "step": 1},
        {"eval_loss": 0.5, "step": 2},
        {"train_runtime": 1.0, "train_loss": 0.7, "step": 2},
    ]
    assert history(logs) == [
        {
            "step": 1,
            "loss": 0.7,
            "learning_rate": 0.1,
            "grad_norm": 2.0,
            "validation_loss": 0.6,
            "validation_accuracy": 0.75,
        },
        {"step": 2, "validation_loss": 0.5},
    ]
