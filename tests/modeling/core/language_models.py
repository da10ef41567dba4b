"""Two-layer language models with a byte tokenizer, from a config."""

from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from tests.modeling.core.conftest import byte_tokenizer, tiny_llama_config


def save_language_model(directory: Path, *, seed: int = 0) -> Path:
    """A decoder with its language head; another seed is another model."""
    torch.manual_seed(seed)
    LlamaForCausalLM(tiny_llama_config()).eval().save_pretrained(directory)
    byte_tokenizer(pad="</s>").save_pretrained(directory)
    return directory
