"""The settings of transformers' Trainer that a config comes to."""

from pathlib import Path

import torch
from transformers import TrainingArguments

from modeling.core.config import RewardConfig
from modeling.core.errors import TrainingError

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def training_arguments(config: RewardConfig, work: Path, *, looks: bool) -> TrainingArguments:
    """The Trainer's settings; all epochs are one to it, see samplers.py.

    TrainingError where `fsdp` is set without GPUs to share between.
    """
    on_gpu = torch.cuda.is_available()
    if config.fsdp and not on_gpu:
        raise TrainingError(
            "fsdp shares weights out between GPUs and this machine has none; set fsdp to false."
        )
    if config.fsdp and config.processes < 2:
        raise TrainingError(
            "fsdp shares weights out between processes; set processes to the number of GPUs, or "
            "fsdp to false."
        )
    arguments = TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        num_train_epochs=1,
        learning_rate=config.learning_rate,
        lr_scheduler_type=_SCHEDULES[config.schedule],
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        warmup_steps=config.warmup_steps,
        bf16=config.precision == "bf16",
        torch_compile=config.torch_compile,
        seed=config.seed,
        eval_strategy="steps" if looks else "no",
        eval_steps=config.eval_steps if looks else None,
        metric_for_best_model="loss" if looks else None,
        greater_is_better=False if looks else None,
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=2,
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        use_cpu=not on_gpu,
        ddp_backend=("nccl" if on_gpu else "gloo") if config.processes > 1 else None,
        fsdp="full_shard auto_wrap" if config.fsdp else None,
        disable_tqdm=True,
        report_to="none",
    )
    # One process drives one GPU: the Trainer would part a batch's tensors among all it sees.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments
