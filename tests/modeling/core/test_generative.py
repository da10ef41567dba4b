"""Decoders that also write: they learn reasons, keep their head, and write the same each time."""

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from modeling.core.checkpoint import load_checkpoint, load_predictor, load_writer
from modeling.core.config import RewardConfig
from modeling.core.data import TextParts, read_dataset
from modeling.core.errors import CheckpointError, TrainingError
from modeling.core.generative import LanguageRewardModel, RationaleWriter, outputs_of
from modeling.core.objectives import fitted_objective
from modeling.core.objectives.reasoning import RATIONALE_LEAD
from modeling.core.tokens import TextTokenizer
from modeling.core.train import train_reward_model
from tests.modeling.core.conftest import WIDTH, byte_tokenizer, preference_row, write_jsonl
from tests.modeling.core.rows import write_kind

END = 2
REASON = "it says yes"


def language_model(*, tied: bool) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=259,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=256,
        initializer_range=0.5,
        pad_token_id=END,
        bos_token_id=1,
        eos_token_id=END,
        tie_word_embeddings=tied,
    )
    return LlamaForCausalLM(config).eval()


def saved(directory: Path, *, tied: bool) -> Path:
    language_model(tied=tied).save_pretrained(directory)
    byte_tokenizer(pad="</s>").save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def writer_dir(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("language"), tied=False)


def config(backbone, **changes):
    settings = {
        "backbone": str(backbone),
        "frozen": False,
        "objective": "reasoning",
        "lm_coefficient": 0.5,
        "max_length": 160,
        "epochs": 30,
        "batch_size": 12,
        "learning_rate": 1e-2,
        "logging_steps": 1,
    }
    return RewardConfig(**settings | changes)


def reasons(directory: Path) -> Path:
    """Pairs with a reason, but for one."""
    write_kind(directory, "preference")
    rows = [preference_row(n) | {"rationales": [REASON] if n else []} for n in range(12)]
    write_jsonl(directory / "train.jsonl", rows)
    return directory


@pytest.fixture(scope="module")
def reasoning(tmp_path_factory, writer_dir):
    folder = tmp_path_factory.mktemp("reasoning")
    return train_reward_model(reasons(folder / "d"), folder / "out", config(writer_dir))


INPUTS = [("Question 3?", "yes please 3"), ("Question 5?", "no 5")]


def test_a_reward_and_its_reason_are_learned_together(reasoning):
    losses = [entry["loss"] for entry in reasoning.manifest["training"]["history"]]
    assert losses[-1] < losses[0] / 10
    assert reasoning.metrics["test"]["accuracy"] == 1.0
    rewards = load_checkpoint(reasoning.checkpoint).score(INPUTS)
    assert rewards[0] > rewards[1]
    said = load_writer(reasoning.checkpoint).generate_rationale(INPUTS[:1])
    assert said == [REASON]


def test_words_depend_on_no_other_input_and_are_always_the_same(reasoning):
    writer = load_writer(reasoning.checkpoint)
    together = writer.generate_rationale(INPUTS, max_new_tokens=12)
    backwards = writer.generate_rationale(INPUTS[::-1], max_new_tokens=12)
    assert together == backwards[::-1]
    assert together == [writer.generate_rationale([one], max_new_tokens=12)[0] for one in INPUTS]
    assert writer.generate_rationale([]) == []


def test_a_score_is_that_of_any_reward_model(reasoning, tmp_path):
    examples = read_dataset(reasons(tmp_path / "d")).splits["train"][:2]
    found = load_predictor(reasoning.checkpoint).predict(examples).outputs
    scores = load_checkpoint(reasoning.checkpoint).score(
        [
            (example.prompt, side)
            for example in examples
            for side in (example.chosen, example.rejected)
        ]
    )
    assert [values.shape for values in found] == [(2, 1), (2, 1)]
    assert scores == pytest.approx([float(v) for values in found for v in values[:, 0]], abs=1e-5)


def test_stock_transformers_load_the_language_model(reasoning):
    model = AutoModelForCausalLM.from_pretrained(reasoning.checkpoint / "backbone")
    own = load_writer(reasoning.checkpoint).model
    ids = torch.tensor([[1, 50, 60]])
    assert torch.equal(model(input_ids=ids).logits, own(input_ids=ids).logits)


def model_of(*, tied: bool) -> LanguageRewardModel:
    inner = language_model(tied=tied)
    return LanguageRewardModel(inner, inner.base_model, pooling="last", hidden_size=WIDTH)


@pytest.mark.parametrize("tied", [False, True])
def test_each_weight_is_counted_once_and_words_reach_the_head(tied):
    model = model_of(tied=tied)
    names = [name for name, _ in model.named_parameters()]
    assert any(name.startswith("writer") for name in names) is not tied
    assert set(names) == set(model.state_dict())
    ids = torch.tensor([[1, 40, 50, 60]])
    language = torch.tensor([[0, 1, 50], [0, 2, 60]])
    outputs, logits = outputs_of(model(ids, torch.ones_like(ids), language=language))
    expected = model.pretrained()(input_ids=ids).logits[0, 1:3]
    assert torch.allclose(logits, expected, atol=1e-5)
    assert outputs.shape == (1, 1)
    logits.sum().backward()
    assert model.pretrained().get_output_embeddings().weight.grad is not None


def test_without_words_it_reads_as_any_reward_model():
    model = model_of(tied=False)
    ids = torch.tensor([[1, 40, 50, 60]])
    alone, logits = outputs_of(model(ids, torch.ones_like(ids)))
    beside, _ = outputs_of(model(ids, torch.ones_like(ids), language=torch.tensor([[0, 0, 40]])))
    assert logits is None
    assert torch.allclose(alone, beside)


def test_words_follow_what_they_are_about_and_end(tmp_path):
    tokenizer = TextTokenizer(byte_tokenizer(), max_length=64)
    (text,) = tokenizer.written([(TextParts("Hi:", " yes"), " it is")], lead="\n\nWhy:")
    assert tokenizer.text(text.ids[: text.start]) == "Hi: yes\n\nWhy:"
    assert tokenizer.text(text.ids[text.start :]) == " it is"
    assert (text.ids[0], text.ids[-1], text.truncated) == (1, END, False)
    assert tokenizer.asked([TextParts("Hi:", " yes")], lead="\n\nWhy:") == [text.ids[: text.start]]


def test_words_never_push_out_what_they_are_about():
    tokenizer = TextTokenizer(byte_tokenizer(), max_length=40)
    long = [(TextParts("c" * 50, " yes"), "w" * 50), (TextParts("c", "r" * 50), "w" * 50)]
    first, second = tokenizer.written(long, lead=" Why:")
    for text in (first, second):
        assert len(text.ids) == 40
        assert text.truncated
        assert len(text.ids) - text.start == 38 // 4 + 1  # a quarter, and the end
    assert tokenizer.text(first.ids[: first.start]).endswith("c yes Why:")
    assert tokenizer.text(second.ids[: second.start]).endswith("r Why:")
    asked = tokenizer.asked([parts for parts, _ in long], lead=" Why:")
    assert asked == [first.ids[: first.start], second.ids[: second.start]]


def test_outcomes_with_a_joint_language_model_train(tmp_path):
    backbone = saved(tmp_path / "tied", tied=True)
    directory = write_kind(tmp_path / "d", "outcome")
    settings = {"objective": "outcome", "per_token": True, "epochs": 4}
    both = train_reward_model(directory, tmp_path / "out", config(backbone, **settings))
    losses = [entry["loss"] for entry in both.manifest["training"]["history"]]
    assert losses[-1] < losses[0]
    with pytest.raises(CheckpointError, match="writes no rationales"):
        load_writer(both.checkpoint)


def test_adapters_leave_a_language_model_behind(tmp_path, writer_dir):
    result = train_reward_model(
        reasons(tmp_path / "d"), tmp_path / "out", config(writer_dir, lora_rank=2, epochs=2)
    )
    writer = load_writer(result.checkpoint)
    assert type(writer.model) is LlamaForCausalLM
    assert len(writer.generate_rationale(INPUTS, max_new_tokens=2)) == 2


def test_a_backbone_that_cannot_write_is_refused(tmp_path, bert_dir, llama_dir, writer_dir):
    directory = reasons(tmp_path / "d")
    for backbone, pooling, words in (
        (llama_dir, "auto", "no trained language-modelling head"),
        (bert_dir, "auto", "takes a decoder"),
        (writer_dir, "mean", 'set pooling to "last"'),
    ):
        settings = config(backbone, pooling=pooling, max_length=128)
        with pytest.raises(TrainingError, match=words):
            train_reward_model(directory, tmp_path / "out", settings)


def test_words_end_where_the_model_has_no_more_positions():
    settings = {"vocab_size": 259, "n_embd": WIDTH, "n_layer": 1, "n_head": 2, "n_positions": 32}
    model = GPT2LMHeadModel(GPT2Config(**settings, bos_token_id=1, eos_token_id=END)).eval()
    model.transformer.wte.weight.data[END] = 0
    writer = RationaleWriter(model, TextTokenizer(byte_tokenizer(), max_length=32))
    asked = writer.tokenizer.asked([TextParts("Hi:", " yes")], lead=RATIONALE_LEAD)[0]
    model.transformer.ln_f.bias.data = 9 * model.transformer.wte.weight.data[70]  # it never ends
    assert len(writer._goes_on(asked, 128)) == 32 - len(asked) + 1


def test_prompts_cannot_be_shared_where_words_are_learned(tmp_path, writer_dir):
    settings = config(writer_dir, share_prompts="always")
    with pytest.raises(TrainingError, match="an objective that does not write"):
        train_reward_model(reasons(tmp_path / "d"), tmp_path / "out", settings)


def test_a_model_that_is_done_reads_no_reasons(tmp_path, writer_dir):
    dataset = read_dataset(reasons(tmp_path / "d"))
    objective = fitted_objective(dataset, config(writer_dir))
    tokenizer = TextTokenizer(byte_tokenizer(pad="</s>"), max_length=160)
    examples = dataset.splits["train"]
    learned = objective.items(examples, tokenizer, causal=True)
    assert [len(item.texts) for item in learned] == [2, *[3] * 11]
    read = objective.reading(examples, tokenizer, causal=True)
    assert [item.texts for item in read] == [item.texts[:2] for item in learned]
    assert not any(item.language for item in read)


def test_without_a_reason_there_is_nothing_to_write(tmp_path, writer_dir):
    directory = write_kind(tmp_path / "d", "preference")
    with pytest.raises(TrainingError, match="No training pair has a rationale"):
        train_reward_model(directory, tmp_path / "out", config(writer_dir))
