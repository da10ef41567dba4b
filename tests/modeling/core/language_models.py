"""Two-layer language models with a byte tokenizer, from a config."""

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tests.modeling.core.conftest import WIDTH, byte_tokenizer


def save_language_model(directory: Path, *, seed: int = 0) -> Path:
    """A decoder with its language head; another seed is another model."""
    torch.manual_seed(seed)
    config = LlamaConfig(
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
    LlamaForCausalLM(config).eval().save_pretrained(directory)
    byte_tokenizer(pad="</s>").save_pretrained(directory)
    return directory
