"""Two-layer backbones with a byte tokenizer, made from a config, and small datasets."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
)

WIDTH = 16
torch.set_num_threads(1)  # models this small only lose time to threads
SPECIALS = ("<pad>", "<s>", "</s>")


def byte_tokenizer(*, pad: str = "<pad>") -> PreTrainedTokenizerFast:
    """One token for each byte, framed by <s> and </s>."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIALS, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    # A trap that published tokenizers hold: a short truncation and fixed padding of their own.
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, bos_token="<s>", eos_token="</s>"
    )


def tiny_bert(*, dropout: float = 0.1) -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=259,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return BertModel(config, add_pooling_layer=False).eval()


def tiny_llama_config() -> LlamaConfig:
    return LlamaConfig(
        vocab_size=259,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,
        pad_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
    )


def tiny_llama() -> LlamaModel:
    torch.manual_seed(0)
    return LlamaModel(tiny_llama_config()).eval()


@pytest.fixture(scope="session")
def bert_dir(tmp_path_factory) -> Path:
    """A saved two-layer encoder."""
    directory = tmp_path_factory.mktemp("bert")
    tiny_bert().save_pretrained(directory)
    byte_tokenizer().save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def calm_bert_dir(tmp_path_factory) -> Path:
    """The same encoder without dropout, which fits as far as it can."""
    directory = tmp_path_factory.mktemp("calm-bert")
    tiny_bert(dropout=0.0).save_pretrained(directory)
    byte_tokenizer().save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def llama_dir(tmp_path_factory) -> Path:
    """A saved two-layer decoder whose pad token is its end-of-sequence token."""
    directory = tmp_path_factory.mktemp("llama")
    tiny_llama().save_pretrained(directory)
    byte_tokenizer(pad="</s>").save_pretrained(directory)
    return directory


def preference_row(number: int, *, good: str = "yes please", bad: str = "no") -> dict:
    return {
        "prompt": [{"role": "user", "content": f"Question {number}?"}],
        "chosen": [{"role": "assistant", "content": f"{good} {number}"}],
        "rejected": [{"role": "assistant", "content": f"{bad} {number}"}],
        "chosen_probability": 1.0,
        "target_margin": None,
        "weight": 1.0,
        "group": f"g{number}",
        "item": f"i{number}",
        "category": "even" if number % 2 == 0 else "odd",
    }


def write_jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_dataset(directory: Path, *, train: int = 16, validation: int = 4, test: int = 6) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    start = 0
    for name, count in (("train", train), ("validation", validation), ("test", test)):
        rows = [preference_row(number) for number in range(start, start + count)]
        write_jsonl(directory / f"{name}.jsonl", rows)
        start += count
    manifest = {"kind": "preference", "content_hash": f"hash-{train}-{validation}-{test}"}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


@pytest.fixture
def dataset_dir(tmp_path) -> Path:
    return write_dataset(tmp_path / "dataset")
