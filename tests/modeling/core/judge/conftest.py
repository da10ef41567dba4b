"""Models that answer by rules, and an endpoint on this machine."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from modeling.core.judge import Judge, Reply
from tests.fake_endpoint import running_endpoint
from tests.modeling.core.conftest import byte_tokenizer


class Scripted:
    """A model that says what a function of the messages gives it, and remembers the messages."""

    def __init__(self, say, *, identity="scripted:1", cut=False):
        self.name, self.identity = "scripted", identity
        self._say, self._cut = say, cut
        self.asked = []

    def reply(self, messages, *, max_tokens):
        self.asked.append(tuple(messages))
        text = self._say(*messages) if callable(self._say) else self._say
        return Reply(text, 100, 20, self._cut)


def scripted(say, **options):
    """A judge over a scripted model, and the model."""
    model = Scripted(say, **{k: v for k, v in options.items() if k in ("identity", "cut")})
    rest = {k: v for k, v in options.items() if k not in ("identity", "cut")}
    return Judge(model, **rest), model


def save_tiny_judge(directory):
    """A two-layer causal language model with a byte tokenizer and no chat template."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=259,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=4096,
        initializer_range=0.5,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(directory)
    byte_tokenizer().save_pretrained(directory)
    return directory


@pytest.fixture
def endpoint():
    with running_endpoint() as running:
        yield running
