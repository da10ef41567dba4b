"""What the training measurements share: small models made from a config, and datasets by prompt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from modeling.core.data import Example, group_of, parse_prompt
from modeling.core.files import read_jsonl

Row = dict[str, Any]
PAD, BEGIN, END, UNKNOWN = "<pad>", "<s>", "</s>", "<unk>"
SPECIALS = (PAD, BEGIN, END, UNKNOWN)
SHARES = (("train", 0.7), ("validation", 0.85), ("test", 1.0))  # where each split ends


def save_tokenizer(directory: Path, texts: Iterable[str], *, vocabulary: int) -> int:
    """Learn byte pairs from texts; returns how many tokens there are."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, 1), (END, 2)]
    )
    names = {"pad_token": PAD, "bos_token": BEGIN, "eos_token": END, "unk_token": UNKNOWN}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(directory)
    return int(tokenizer.get_vocab_size())


def save_decoder(
    directory: Path, texts: Iterable[str], *, width: int, layers: int, length: int
) -> None:
    """A decoder with random weights and a tokenizer of the texts."""
    import torch
    from transformers import LlamaConfig, LlamaModel

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=save_tokenizer(directory, texts, vocabulary=4096),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=max(2, width // 64),
        max_position_embeddings=length,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaModel(config).save_pretrained(directory)


def save_encoder(directory: Path, texts: Iterable[str], *, length: int) -> None:
    """An encoder of BERT-tiny's size (two layers, 128 wide) with random weights."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=save_tokenizer(directory, texts, vocabulary=30522),
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=length,
        pad_token_id=0,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(directory)


def rows_of(data: Path, name: str) -> list[Row]:
    """The rows of a set in the data folder."""
    return [row for _, row in read_jsonl(data / f"{name}.jsonl.gz")]


def group(row: Row) -> str:
    """What ties a row to others on the same prompt."""
    return group_of(parse_prompt(row["prompt"]))


def by_split(rows: Iterable[Row], *, seed: int = 0) -> dict[str, list[Row]]:
    """Rows by split; those on one prompt stay together."""
    found: dict[str, list[Row]] = {name: [] for name, _ in SHARES}
    for row in rows:
        digest = sha256(f"{seed}:{group(row)}".encode()).digest()
        place = int.from_bytes(digest[:8]) / 2**64
        found[next(name for name, end in SHARES if place < end)].append(row)
    return found


def write_dataset(directory: Path, kind: str, splits: Mapping[str, Sequence[Row]]) -> Path:
    """A dataset directory as `read_dataset` takes it."""
    directory.mkdir(parents=True)
    for name, rows in splits.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (directory / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (directory / "manifest.json").write_text(json.dumps({"kind": kind}), encoding="utf-8")
    return directory


def texts_of(examples: Iterable[Example]) -> Iterator[str]:
    """The rendered texts of pairs or rankings."""
    for example in examples:
        parts: Any = example.sides() if hasattr(example, "sides") else example.texts()  # type: ignore[attr-defined]
        yield from (part.text for part in parts)
