"""Full fine-tuning, resumable after a kill: from examples to a tuned backbone and its head."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import set_seed

from modeling.core.adapters import with_adapters, without_adapters
from modeling.core.backbones import (
    Backbone,
    LoadedBackbone,
    local_backbone,
    resolve_backbone,
)
from modeling.core.collators import Collator, Item
from modeling.core.config import RewardConfig
from modeling.core.data import Dataset, Example
from modeling.core.embeddings import Encoder
from modeling.core.errors import TrainingError
from modeling.core.generative import language_reward_model, load_for
from modeling.core.heads import LinearHead
from modeling.core.model import RewardModel
from modeling.core.objectives import Objective, fitted_objective
from modeling.core.packing import (
    PackingCollator,
    packed_size,
    reads_packed_rows,
    saves_tokens,
    separate_size,
)
from modeling.core.progress import Progress
from modeling.core.residual import KnownRewards
from modeling.core.reward_trainer import HeldOutRows, Trained, run_trainer
from modeling.core.samplers import (
    BatchPlan,
    Size,
    clearness_of,
    padding_share,
    plan_batches,
    sized_batches,
)
from modeling.core.tokens import TextTokenizer


@dataclass(frozen=True)
class FineTuned:
    """A tuned backbone saved in the work directory, its head, and how training went.

    `objective` holds what it learned along with them. `truncated` counts training rows with a
    text that was cut, `cut` the labels lost with it; `facts` is what a manifest tells of training.
    """

    backbone: Backbone
    head: LinearHead
    objective: Objective
    pooling: str
    truncated: int
    cut: int
    facts: dict[str, Any]


@dataclass(frozen=True)
class _Reading:
    """How rows become batches: the collator, each row's size, and whether prompts are shared."""

    collator: Collator
    sizes: list[Size]
    shared: bool


@dataclass(frozen=True)
class Tuned:
    """A tuned model in memory, what it read, and what its objective learned."""

    model: RewardModel
    loaded: LoadedBackbone
    pooling: str
    objective: Objective
    items: Sequence[Item]
    facts: dict[str, Any]


def fine_tune(
    dataset: Dataset,
    config: RewardConfig,
    work: Path,
    progress: Progress,
    *,
    known: KnownRewards | None = None,
) -> FineTuned:
    """`tune`, and save the backbone in the work directory."""
    tuned = tune(dataset, config, work, progress, known=known)
    return FineTuned(
        backbone=_stage(tuned, work / "backbone", config.backbone),
        head=tuned.objective.in_units(_head(tuned.model, tuned.objective)),
        objective=tuned.objective,
        pooling=tuned.pooling,
        truncated=sum(item.truncated for item in tuned.items),
        cut=sum(item.cut for item in tuned.items),
        facts=tuned.facts,
    )


def tune(
    dataset: Dataset,
    config: RewardConfig,
    work: Path,
    progress: Progress,
    *,
    known: KnownRewards | None = None,
) -> Tuned:
    """Tune a backbone and a head together, resuming from the last whole state in `work`.

    The seed decides the head's start, the order of the rows and dropout; validation rows are
    looked at on the way, with what is `known` of them added. Raises TrainingError for a loss or
    weights that are not finite, InterruptionError after saving when asked to stop.
    """
    started = time.monotonic()
    set_seed(config.seed)
    objective = fitted_objective(dataset, config)
    examples = dataset.splits["train"]
    clearness = clearness_of(examples, config.sampling)
    source = resolve_backbone(config.backbone)
    encoder = Encoder(source, max_length=config.max_length, pooling=config.pooling)
    loaded = load_for(objective, source)
    tokenizer = TextTokenizer(loaded.tokenizer, max_length=config.max_length)
    items = objective.items(examples, tokenizer, causal=encoder.shape.causal)
    reading = _reading(items, loaded, encoder, objective, tokenizer.pad_id, config)
    plan = plan_batches(reading.sizes, config, clearness=clearness)
    added = None if known is None else known.rewards["validation"]
    held_out = _held_out(dataset.splits["validation"], objective, tokenizer, encoder, config, added)
    model = _built_model(loaded, encoder, objective, config)
    trained = run_trainer(
        model, items, plan, reading.collator, objective, config, work, progress, held_out=held_out
    )
    if trained.weights is not None:
        model = _built_model(load_for(objective, source), encoder, objective, config)
        # What the further processes have here goes nowhere: the first one alone gets weights.
        model.load_state_dict(trained.weights, strict=bool(trained.weights))
    model.backbone = without_adapters(model.backbone)
    own = {name: values.detach().cpu().numpy() for name, values in model.own.items()}
    return Tuned(
        model=model,
        loaded=loaded,
        pooling=encoder.pooling,
        objective=objective.with_parameters(own),
        items=items,
        facts=_facts(trained, plan, reading, items, seconds=time.monotonic() - started),
    )


def _built_model(
    loaded: LoadedBackbone, encoder: Encoder, objective: Objective, config: RewardConfig
) -> RewardModel:
    """The model to train: its backbone, with adapters where they are wanted, and a new head."""
    if objective.writes:
        return language_reward_model(loaded, encoder, objective, config)
    backbone = with_adapters(loaded.model, config) if config.lora_rank else loaded.model
    return RewardModel(
        backbone,
        pooling=encoder.pooling,
        hidden_size=encoder.shape.hidden_size,
        outputs=len(objective.outputs),
        bias=objective.has_bias,
        own=objective.own_parameters(),
    )


def _reading(
    items: Sequence[Item],
    loaded: LoadedBackbone,
    encoder: Encoder,
    objective: Objective,
    pad_id: int,
    config: RewardConfig,
) -> _Reading:
    shared = _shares_prompts(items, loaded, encoder, objective, config)
    collator = (PackingCollator if shared else Collator)(pad_id, objective.targets)
    return _Reading(collator, _sizes(items, shared=shared), shared)


def _sizes(items: Sequence[Item], *, shared: bool) -> list[Size]:
    return [packed_size(item) if shared else separate_size(item) for item in items]


def _shares_prompts(
    items: Sequence[Item],
    loaded: LoadedBackbone,
    encoder: Encoder,
    objective: Objective,
    config: RewardConfig,
) -> bool:
    """Whether to read packed rows; TrainingError where that was asked for and cannot be."""
    if config.share_prompts == "never":
        return False
    reads = encoder.pooling == "last" or all(item.readouts for item in items)
    able = (
        not objective.writes
        and encoder.shape.causal
        and reads
        and reads_packed_rows(loaded.model, max_length=config.max_length)
    )
    if config.share_prompts == "always":
        if not able:
            raise TrainingError(
                f'The backbone "{config.backbone}" cannot read several responses after one '
                'prompt: that takes a decoder with full attention, the pooling "last" and an '
                'objective that does not write. Set share_prompts to "auto".'
            )
        return True
    return able and saves_tokens(items)


def _held_out(
    validation: Sequence[Example],
    objective: Objective,
    tokenizer: TextTokenizer,
    encoder: Encoder,
    config: RewardConfig,
    known: NDArray[np.float64] | None,
) -> HeldOutRows | None:
    """The validation rows to look at; None where there are none or none are wanted."""
    if config.early_stop_patience and not validation:
        raise TrainingError(
            "early_stop_patience needs validation rows and the dataset has none; set it to 0, or "
            "build the dataset again with a validation split."
        )
    if not config.eval_steps or not validation:
        return None
    step = max(1, -(-len(validation) // config.eval_rows)) if config.eval_rows else 1
    examples = validation[::step]
    items = objective.items(examples, tokenizer, causal=encoder.shape.causal)
    batches = sized_batches(_sizes(items, shared=False), config.scoring_batch_size)
    return HeldOutRows(examples, items, batches, None if known is None else known[::step])


def _facts(
    trained: Trained,
    plan: BatchPlan,
    reading: _Reading,
    items: Sequence[Item],
    *,
    seconds: float,
) -> dict[str, Any]:
    """How training went, for the manifest; figures that may differ between two equal runs too."""
    separate = sum(separate_size(item).tokens for item in items)
    return {
        "seconds": seconds,
        "history": trained.history,
        "steps": trained.steps,
        "best_step": trained.best_step,
        "stopped_early": trained.stopped_early,
        "padding": padding_share(plan, reading.sizes),
        "shared_prompts": reading.shared,
        "token_saving": separate / sum(size.tokens for size in reading.sizes),
    }


def _stage(tuned: Tuned, directory: Path, name: str) -> Backbone:
    """Save the tuned backbone and its tokenizer as an ordinary model directory."""
    shutil.rmtree(directory, ignore_errors=True)
    tuned.model.pretrained().save_pretrained(directory)
    tuned.loaded.tokenizer.save_pretrained(directory)
    return local_backbone(directory, name=name)


def _head(model: RewardModel, objective: Objective) -> LinearHead:
    weights = model.head.weight.detach().cpu().numpy().astype(np.float64)
    bias = np.zeros(len(weights)) if model.head.bias is None else model.head.bias.detach().cpu()
    return LinearHead(weights, np.asarray(bias, dtype=np.float64), objective.outputs)
