"""Full fine-tuning on transformers' Trainer, resumable after a kill.

The Trainer keeps optimiser and random state in its own work directory with torch's format, which
it reads back in weights-only mode. A finished model leaves that directory as safetensors.
"""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from modeling.core.backbones import (
    Backbone,
    LoadedBackbone,
    load_backbone,
    local_backbone,
    resolve_backbone,
)
from modeling.core.collators import Collator, Item
from modeling.core.config import RewardConfig
from modeling.core.data import Example
from modeling.core.embeddings import Encoder
from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.heads import LinearHead
from modeling.core.model import RewardModel
from modeling.core.objectives import Objective
from modeling.core.progress import Progress
from modeling.core.tokens import TextTokenizer

_STATE_FILE = "trainer_state.json"


@dataclass(frozen=True)
class FineTuned:
    """A tuned backbone saved in the work directory, its head, and how training went.

    `truncated` counts training rows with a text that was cut, `cut` the labels lost with it;
    `history` holds step and loss.
    """

    backbone: Backbone
    head: LinearHead
    pooling: str
    truncated: int
    cut: int
    history: list[dict[str, float]]
    seconds: float


class RewardTrainer(Trainer):
    """A Trainer whose batches are a Collator's and whose loss is the objective's."""

    def __init__(self, objective: Objective, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.objective: Objective = objective

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor | Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Loss of the batch; TrainingError when it is not finite."""
        outputs = model(inputs["input_ids"], inputs["attention_mask"], inputs.get("readouts"))
        loss = self.objective.loss(outputs, inputs)
        if not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"The loss is not a finite number after step {self.state.global_step}; "
                "lower learning_rate, or use fp32 precision."
            )
        return (loss, {"outputs": outputs}) if return_outputs else loss


class _Reporter(TrainerCallback):
    """Passes log steps on, and saves and stops when asked to."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if logs and "loss" in logs:
            message = f"Step {state.global_step} of {state.max_steps}"
            metrics = {"loss": logs["loss"], "learning_rate": logs["learning_rate"]}
            self._progress.update(state.global_step / state.max_steps, message, metrics)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._progress.should_stop():
            control.should_save = True
            control.should_training_stop = True


def fine_tune(
    examples: Sequence[Example],
    objective: Objective,
    config: RewardConfig,
    work: Path,
    progress: Progress,
) -> FineTuned:
    """Tune a backbone and a head together, resuming from the last whole state in `work`.

    The seed decides the head's start, the order of the rows and dropout. Raises TrainingError
    for a loss that is not finite, InterruptionError after saving when asked to stop.
    """
    started = time.monotonic()
    set_seed(config.seed)
    source = resolve_backbone(config.backbone)
    encoder = Encoder(source, max_length=config.max_length, pooling=config.pooling)
    loaded = load_backbone(source)
    tokenizer = TextTokenizer(loaded.tokenizer, max_length=config.max_length)
    items = objective.items(examples, tokenizer, causal=encoder.shape.causal)
    model = RewardModel(
        loaded.model,
        pooling=encoder.pooling,
        hidden_size=encoder.shape.hidden_size,
        outputs=len(objective.outputs),
        bias=objective.has_bias,
    )
    collator = Collator(tokenizer.pad_id, objective.targets)
    history = _run_trainer(model, items, collator, objective, config, work, progress)
    return FineTuned(
        backbone=_stage(loaded, work / "backbone", config.backbone),
        head=objective.in_units(_head(model, objective)),
        pooling=encoder.pooling,
        truncated=sum(item.truncated for item in items),
        cut=sum(item.cut for item in items),
        history=history,
        seconds=time.monotonic() - started,
    )


def _run_trainer(
    model: RewardModel,
    items: list[Item],
    collator: Collator,
    objective: Objective,
    config: RewardConfig,
    work: Path,
    progress: Progress,
) -> list[dict[str, float]]:
    """Train in place; returns the loss curve."""
    trainer = RewardTrainer(
        objective,
        model=model,
        args=_arguments(config, work),
        train_dataset=items,
        data_collator=collator,
        callbacks=[_Reporter(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    saved = last_whole_state(work)
    trainer.train(resume_from_checkpoint=str(saved) if saved else None)
    if trainer.state.global_step < trainer.state.max_steps:
        raise InterruptionError(
            f"Training stopped at step {trainer.state.global_step} of "
            f"{trainer.state.max_steps}; start it again to go on from there."
        )
    logs = [entry for entry in trainer.state.log_history if "loss" in entry]
    return [{"step": entry["step"], "loss": entry["loss"]} for entry in logs]


def _arguments(config: RewardConfig, work: Path) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=config.batch_size,
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        warmup_steps=config.warmup_steps,
        bf16=config.precision == "bf16",
        seed=config.seed,
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=2,
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        use_cpu=not on_gpu,
        disable_tqdm=True,
        report_to="none",
    )


def last_whole_state(work: Path) -> Path | None:
    """The newest trainer checkpoint whose state file, which is written last, can be read."""
    found = sorted(work.glob(f"{PREFIX_CHECKPOINT_DIR}-*"), key=_step, reverse=True)
    return next((path for path in found if _is_whole(path)), None)


def _step(path: Path) -> int:
    number = path.name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-")
    return int(number) if number.isdigit() else -1


def _is_whole(path: Path) -> bool:
    try:
        state = json.loads((path / _STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(state, dict) and state.get("global_step") == _step(path)


def _stage(loaded: LoadedBackbone, directory: Path, name: str) -> Backbone:
    """Save the tuned backbone and its tokenizer as an ordinary model directory."""
    shutil.rmtree(directory, ignore_errors=True)
    loaded.model.save_pretrained(directory)
    loaded.tokenizer.save_pretrained(directory)
    return local_backbone(directory, name=name)


def _head(model: RewardModel, objective: Objective) -> LinearHead:
    weights = model.head.weight.detach().cpu().numpy().astype(np.float64)
    bias = np.zeros(len(weights)) if model.head.bias is None else model.head.bias.detach().cpu()
    return LinearHead(weights, np.asarray(bias, dtype=np.float64), objective.outputs)
