"""TRL reads what is exported for it: a step of its reward trainer, and the types of the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import LlamaConfig, LlamaForSequenceClassification

from curation.exports.source import Source
from curation.exports.write import write_export
from tests.curation.exports.versions import preference, write_version
from tests.modeling.core.conftest import WIDTH, byte_tokenizer

datasets = pytest.importorskip("datasets")
trl = pytest.importorskip("trl")
data_utils = pytest.importorskip("trl.data_utils")

PAD = 2
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n{% endfor %}"


@pytest.fixture(autouse=True)
def _offline_and_quiet(monkeypatch):
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


@pytest.fixture
def load(tmp_path) -> Callable[[Source, str], Any]:
    """A version's training rows in one of TRL's formats, as the datasets library reads them."""

    def load(source: Source, format_name: str) -> Any:
        export = write_export(source, tmp_path / format_name, format_name=format_name)
        files = sorted(map(str, (export.directory / export.tables[0].name).glob("train-*.parquet")))
        return datasets.load_dataset(
            "parquet", data_files={"train": files}, cache_dir=str(tmp_path / "cache")
        )["train"]

    return load


def model() -> LlamaForSequenceClassification:
    config = LlamaConfig(
        vocab_size=259,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
        num_labels=1,
        pad_token_id=PAD,
    )
    return LlamaForSequenceClassification(config)


def tokenizer() -> Any:
    found = byte_tokenizer(pad="</s>")
    found.backend_tokenizer.no_truncation()
    found.backend_tokenizer.no_padding()
    found.chat_template = TEMPLATE
    return found


def one_step(rows: Any, work: Path) -> dict[str, float]:
    """The log of one step of TRL's reward trainer on all rows."""
    trainer = trl.RewardTrainer(
        model=model(),
        args=trl.RewardConfig(
            output_dir=str(work),
            per_device_train_batch_size=len(rows),
            max_steps=1,
            logging_steps=1,
            max_length=512,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
        ),
        train_dataset=rows,
        processing_class=tokenizer(),
    )
    trainer.train()
    return trainer.state.log_history[0]


@pytest.mark.parametrize("format_name", ["trl", "trl-implicit", "trl-standard"])
def test_the_reward_trainer_steps_on_preferences(tmp_path, load, format_name):
    loaded = load(pairs(tmp_path / "v", margin=1.5), format_name)
    log = one_step(loaded, tmp_path / "work")
    assert log["num_tokens"] > 4 * len(loaded)
    assert log["loss"] > 0


def test_margins_reach_the_reward_trainer(tmp_path, load):
    loaded = load(pairs(tmp_path / "v", margin=8.0), "trl")
    wanted = one_step(loaded, tmp_path / "with")["loss"]
    unasked = one_step(loaded.remove_columns("margin"), tmp_path / "without")["loss"]
    assert wanted > unasked + 6


def pairs(directory: Path, *, margin: float) -> Source:
    """A version of four pairs."""
    rows = {"train": [preference(key, target_margin=margin) for key in "1234"]}
    return write_version(directory, "preference", rows)


def test_steps_keep_their_types(tmp_path, load):
    rows = load(write_version(tmp_path / "v", "stepwise"), "trl")
    assert rows.features["prompt"].dtype == "string"
    assert rows.features["completions"].feature.dtype == "string"
    assert rows.features["labels"].feature.dtype == "bool"
    assert rows.features["soft_labels"].feature.dtype == "float64"
    assert not data_utils.is_conversational(rows[0])
    assert [int(label) for label in rows[0]["labels"]] == [1, 1, 0]


def test_outcomes_are_unpaired_preferences(tmp_path, load):
    rows = load(write_version(tmp_path / "v", "outcome"), "trl")
    assert rows.features["label"].dtype == "bool"
    assert data_utils.is_conversational(rows[0])
    applied = data_utils.apply_chat_template(rows[0], tokenizer())
    assert applied == {"prompt": "user: Question 1?\n\n", "completion": "assistant: 42\n\n"} | {
        "label": True
    }


def test_pairs_unpair_to_the_outcomes_columns(tmp_path, load):
    rows = load(write_version(tmp_path / "v", "preference"), "trl")
    unpaired = data_utils.unpair_preference_dataset(rows)
    assert {"prompt", "completion", "label"} <= set(unpaired.column_names)
    assert unpaired["label"] == [True] * len(rows) + [False] * len(rows)
