"""transformers' Trainer with planned batches, the objective's loss, and looks at held-out rows.

The Trainer keeps optimiser and random state in its own work directory with torch's format, which
it reads back in weights-only mode. A finished model leaves that directory as safetensors.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_model
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from modeling.core.collators import Collator, Item
from modeling.core.config import RewardConfig
from modeling.core.data import Example
from modeling.core.errors import InterruptionError, TrainingError
from modeling.core.generative import outputs_of
from modeling.core.heads import LinearHead
from modeling.core.model import INPUTS, split_own_parameters
from modeling.core.objectives import Objective
from modeling.core.objectives.base import TrainingState
from modeling.core.progress import Progress
from modeling.core.samplers import BatchPlan, planned_loader
from modeling.core.trainer_arguments import training_arguments
from modeling.core.trainer_state import (
    history,
    is_best,
    last_whole_state,
    metrics_of,
    ran_out_of_patience,
    saved_logs,
)

_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class HeldOutRows:
    """Validation rows to look at while training, and the batches that read them.

    `known` (rows, 2) is what a prior adds to the rewards of pairs, if there is one.
    """

    examples: Sequence[Example]
    items: Sequence[Item]
    batches: Sequence[Sequence[int]]
    known: NDArray[np.float64] | None = None

    def of(self, rank: int, processes: int) -> Iterator[tuple[Sequence[int], bool]]:
        """One process's batches, as many as any other's; the flag tells that it is a repeat."""
        rounds = -(-len(self.batches) // processes)
        for number in range(rank, rounds * processes, processes):
            repeated = number >= len(self.batches)
            yield self.batches[0 if repeated else number], repeated


@dataclass(frozen=True)
class Trained:
    """How training went: the curves, steps taken, the step whose weights stay, and whether it
    ended before its last step.

    `weights` are the model's where processes shared them out, all of them in the first process
    and none in the others, else None: the model holds them itself.
    """

    history: list[dict[str, float]]
    steps: int
    best_step: int | None
    stopped_early: bool
    weights: dict[str, Tensor] | None


class RewardTrainer(Trainer):
    """A Trainer whose batches are planned, whose collator makes them, and whose loss is the
    objective's.

    The gradient of a step is that of the mean over all its rows, however they were parted into
    batches and among processes; only `length_decorrelation` looks at each batch as a whole.
    """

    loss_is_scaled_for_ga = True  # by `compute_loss`, which knows the step's rows

    def __init__(
        self,
        objective: Objective,
        plan: BatchPlan,
        held_out: HeldOutRows | None = None,
        *,
        own_rate: float,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.objective: Objective = objective
        self.plan = plan
        self.held_out = held_out
        self.own_rate = own_rate

    @property
    def _module(self) -> Any:
        """The model, outside of what the Trainer puts around it to train."""
        return self.model

    @property
    def _collate(self) -> Any:
        return self.data_collator

    def get_train_dataloader(self) -> DataLoader[Any]:
        """This process's batches of all epochs, one after another."""
        return planned_loader(
            self.train_dataset,
            self.plan,
            self.args.process_index,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[dict[str, Tensor]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Tensor]], Tensor]:
        """The batches of one step, and how many rows all processes have in it together."""
        batches = [batch for _, batch in zip(range(num_batches), epoch_iterator, strict=False)]
        rows = torch.tensor(sum(len(batch["weights"]) for batch in batches), device=device)
        return batches, self.accelerator.reduce(rows, reduction="sum")

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor | Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The batch's part of the step's loss; TrainingError when it is not finite.

        A batch counts by its rows. Processes average their gradients, which is undone here.
        """
        outputs, language = outputs_of(model(**_inputs(inputs)))
        loss = self._loss(outputs, inputs, language)
        if not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"The loss is not a finite number after step {self.state.global_step}; "
                "lower learning_rate, or use fp32 precision."
            )
        if num_items_in_batch is not None:
            loss = loss * (len(inputs["weights"]) * self.args.world_size / num_items_in_batch)
        return (loss, {"outputs": outputs}) if return_outputs else loss

    def _loss(self, outputs: Tensor, batch: dict[str, Tensor], language: Tensor | None) -> Tensor:
        """The mean over the batch's rows."""
        return self.objective.loss(outputs, batch, self._training_state(language))

    def _training_state(self, language: Tensor | None) -> TrainingState:
        """What the loss may need besides; without gradients it is only measured."""
        model = self._module
        return TrainingState(
            progress=self.state.global_step / self.state.max_steps if model.training else 1.0,
            readout=model.head.weight,
            parameters=dict(model.own.items()),
            language=language,
        )

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """The Trainer's, with a rate of their own for parameters of the loss."""
        made = self.optimizer is None
        optimizer = super().create_optimizer(model)
        if made:
            split_own_parameters(optimizer, self._module, self.own_rate)
        return optimizer

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Loss and, where the objective has one, accuracy on the held-out rows."""
        metrics = self._look()
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    @torch.no_grad()
    def _look(self) -> dict[str, float]:
        assert self.held_out is not None  # noqa: S101 -- the Trainer only looks where there is one
        self._module.eval()
        rank, processes = self.args.process_index, self.args.world_size
        read: dict[int, Any] = {}
        total = 0.0
        for rows, repeated in self.held_out.of(rank, processes):
            loss, outputs = self._read(rows)
            if not repeated:
                total += loss * len(rows)
                read.update(zip(rows, outputs, strict=True))
        parts = _gathered((total, read), processes)
        loss = sum(part for part, _ in parts) / len(self.held_out.items)
        everything = {row: values for _, part in parts for row, values in part.items()}
        outputs = [everything[row] for row in range(len(everything))]
        return {"eval_loss": loss, **self._accuracy(outputs)}

    def _read(self, rows: Sequence[int]) -> tuple[float, list[Any]]:
        """Mean loss of these held-out rows, and what the head says of each."""
        items = [self.held_out.items[row] for row in rows] if self.held_out else []
        batch = self._prepare_inputs(self._collate(items))
        outputs, language = outputs_of(self._module(**_inputs(batch)))
        loss = float(self._loss(outputs, batch, language))
        ends = np.cumsum([item.outputs for item in items])[:-1]
        return loss, np.split(outputs.float().cpu().numpy().astype(np.float64), ends)

    def _accuracy(self, outputs: Sequence[Any]) -> dict[str, float]:
        assert self.held_out is not None  # noqa: S101
        units = self.objective.in_units(_identity(self.objective.outputs))
        read = [units.outputs(values) for values in outputs]
        if self.held_out.known is not None:
            known = self.held_out.known[:, :, None]
            read = [own + added for own, added in zip(read, known, strict=True)]
        found = self.objective.evaluate(self.held_out.examples, read, seed=self.args.seed)
        accuracy = found.to_dict().get("accuracy")
        return {} if accuracy is None else {"eval_accuracy": accuracy}

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Weights alone, each once where modules share them."""
        if state_dict is not None:  # gathered from processes that share the weights out
            super()._save(output_dir, state_dict)
        elif self.args.should_save:
            folder = Path(output_dir or str(self.args.output_dir))
            folder.mkdir(parents=True, exist_ok=True)
            save_model(self._module, str(folder / _WEIGHTS))

    def load_best(self) -> None:
        """Go back to the weights with the lowest validation loss."""
        if self.state.best_model_checkpoint is not None:
            self._load_best_model()
        self.accelerator.wait_for_everyone()  # before the first one removes what the others read

    def _save_rng_state(self, output_dir: str) -> None:
        """The Trainer's, done by every process before the state file calls a checkpoint whole."""
        super()._save_rng_state(output_dir)
        self.accelerator.wait_for_everyone()


def _inputs(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: batch[name] for name in INPUTS if name in batch}


def _identity(names: tuple[str, ...]) -> LinearHead:
    """A head that gives back what it is given."""
    return LinearHead(np.eye(len(names)), np.zeros(len(names)), names)


def _gathered(value: Any, processes: int) -> list[Any]:
    """Every process's value, in each of them."""
    if processes == 1:
        return [value]
    found: list[Any] = [None] * processes
    torch.distributed.all_gather_object(found, value)
    return found


class _Reporter(TrainerCallback):
    """Passes on what is logged, and saves and stops when asked to."""

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
        figures = metrics_of(logs or {})
        if figures and state.is_world_process_zero:
            message = f"Step {state.global_step} of {state.max_steps}"
            metrics = {"step": state.global_step, **figures}
            self._progress.update(state.global_step / state.max_steps, message, metrics)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if any(_gathered(self._progress.should_stop(), args.world_size)):
            control.should_save = True
            control.should_training_stop = True


class _EarlyStop(TrainerCallback):
    """Saves each best state, and stops when none has been better for a while.

    All it goes by are the logs, which every saved state holds.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        tired = ran_out_of_patience(state.log_history, self._patience)
        control.should_save = control.should_save or tired or is_best(state.log_history)
        control.should_training_stop = control.should_training_stop or tired


def run_trainer(
    model: nn.Module,
    items: Sequence[Item],
    plan: BatchPlan,
    collator: Collator,
    objective: Objective,
    config: RewardConfig,
    work: Path,
    progress: Progress,
    *,
    held_out: HeldOutRows | None = None,
) -> Trained:
    """Train in place, resuming from the last whole state in `work`.

    With `early_stop_patience` the model ends as it was at its lowest validation loss. Raises
    TrainingError for a loss or weights that are not finite, InterruptionError after saving when
    asked to stop.
    """
    trainer = RewardTrainer(
        objective,
        plan,
        held_out,
        own_rate=config.parameter_learning_rate,
        model=model,
        args=training_arguments(config, work, looks=held_out is not None),
        train_dataset=items,
        eval_dataset=held_out.items if held_out else None,
        data_collator=collator,
        callbacks=[_Reporter(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    patience = config.early_stop_patience
    if patience:
        trainer.add_callback(_EarlyStop(patience))
    _train(trainer, last_whole_state(work), patience)
    tired = ran_out_of_patience(trainer.state.log_history, patience)
    if trainer.state.global_step < trainer.state.max_steps and not tired:
        raise InterruptionError(
            f"Training stopped at step {trainer.state.global_step} of "
            f"{trainer.state.max_steps}; start it again to go on from there."
        )
    if patience:
        trainer.load_best()
    weights = trainer.accelerator.get_state_dict(trainer.model) if config.fsdp else None
    _check_finite(model.parameters() if weights is None else weights.values())
    return Trained(
        history=history(trainer.state.log_history),
        steps=trainer.state.global_step,
        best_step=trainer.state.best_global_step if patience else None,
        stopped_early=trainer.state.global_step < trainer.state.max_steps,
        weights=weights,
    )


def _check_finite(weights: Iterable[Tensor]) -> None:
    """Raise TrainingError for what the last step broke, which no loss was there to tell."""
    if not all(bool(torch.isfinite(values).all()) for values in weights):
        raise TrainingError(
            "Training ended with weights that are not finite numbers; lower learning_rate, or use "
            "fp32 precision."
        )


def _train(trainer: RewardTrainer, saved: Path | None, patience: int) -> None:
    """Go on from `saved`, unless it had stopped for good already."""
    if saved is not None and ran_out_of_patience(saved_logs(saved), patience):
        trainer.state = TrainerState.load_from_json(str(saved / "trainer_state.json"))
        return
    if trainer.args.process_index:  # else dropout would be the same in every process
        torch.manual_seed(trainer.args.seed + trainer.args.process_index)
    trainer.train(resume_from_checkpoint=str(saved) if saved else None)
