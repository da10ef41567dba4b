"""Each thing that is wrong ends a run with a sentence that says what to do."""

import json
import shutil

import pytest
import torch

from modeling.core.errors import TrainingError
from modeling.core.reward_trainer import RewardTrainer
from modeling.core.train import train_reward_model
from modeling.core.trainer_arguments import training_arguments
from tests.modeling.core.conftest import write_dataset, write_jsonl
from tests.modeling.core.rows import write_kind
from tests.modeling.core.training import full


def test_fsdp_without_a_gpu_says_so(dataset_dir, tmp_path, bert_dir):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(TrainingError, match="set fsdp to false"):
        train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir, fsdp=True))


def test_fsdp_for_one_process_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(TrainingError, match="set processes to the number of GPUs"):
        training_arguments(full("any", fsdp=True), tmp_path, looks=False)


@pytest.mark.parametrize(("held_out", "broken"), [(0, "nan"), (4, "nan"), (4, "1e30")])
def test_a_last_step_that_breaks_the_weights_says_so(
    tmp_path, calm_bert_dir, monkeypatch, held_out, broken
):
    def step(optimizer, closure=None):
        with torch.no_grad():
            for group in optimizer.param_groups:
                for values in group["params"]:
                    values.fill_(float(broken))

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    directory = write_dataset(tmp_path / "d", validation=held_out, test=held_out)
    config = full(calm_bert_dir, epochs=1, batch_size=16, eval_steps=0)
    with pytest.raises(TrainingError, match="not finite numbers; lower learning_rate"):
        train_reward_model(directory, tmp_path / "out", config)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_too_little_memory_says_what_takes_less(
    dataset_dir, tmp_path, bert_dir, monkeypatch, error
):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(RewardTrainer, "compute_loss", fail)
    with pytest.raises(TrainingError, match="ran out of memory; lower batch_size"):
        train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir))


def test_another_error_while_training_is_not_called_a_lack_of_memory(
    dataset_dir, tmp_path, bert_dir, monkeypatch
):
    def fail(*args, **kwargs):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(RewardTrainer, "compute_loss", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train_reward_model(dataset_dir, tmp_path / "out", full(bert_dir))


def test_an_empty_dataset_says_what_to_collect(tmp_path, bert_dir):
    directory = write_dataset(tmp_path / "d", train=0, validation=0, test=0)
    with pytest.raises(TrainingError, match=r"has 0 training pairs.*Collect more"):
        train_reward_model(directory, tmp_path / "out", full(bert_dir))


@pytest.mark.parametrize(
    ("kind", "objective", "changes"),
    [
        ("outcome", "outcome", {"label": True}),
        ("classification", "classification", {"label": "unsafe"}),
        ("stepwise", "prm", {"labels": [True, True, True], "soft_labels": [1.0, 1.0, 1.0]}),
    ],
)
def test_rows_of_one_class_say_what_to_collect(tmp_path, bert_dir, kind, objective, changes):
    directory = write_kind(tmp_path / "d", kind)
    path = directory / "train.jsonl"
    rows = [json.loads(line) | changes for line in path.read_text().splitlines()]
    write_jsonl(path, rows)
    with pytest.raises(TrainingError, match="collect judgments"):
        train_reward_model(directory, tmp_path / "out", full(bert_dir, objective=objective))


def test_a_pickled_backbone_is_refused(dataset_dir, tmp_path, bert_dir):
    directory = tmp_path / "pickled"
    shutil.copytree(bert_dir, directory)
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")
    with pytest.raises(TrainingError, match=r"no \.safetensors weights; convert it"):
        train_reward_model(dataset_dir, tmp_path / "out", full(directory))


def test_an_output_that_is_a_file_is_refused(dataset_dir, tmp_path, bert_dir):
    output = tmp_path / "model.pt"
    torch.save({"weights": torch.ones(2)}, output)
    with pytest.raises(TrainingError, match=r"model\.pt is a file; choose another"):
        train_reward_model(dataset_dir, output, full(bert_dir))
