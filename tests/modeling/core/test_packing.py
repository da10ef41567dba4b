"""Responses after one prompt give what they give alone."""

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    BloomConfig,
    BloomModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    MistralConfig,
    MistralModel,
    Qwen2Config,
    Qwen2Model,
)

from modeling.core.collators import Collator, Item
from modeling.core.model import INPUTS, RewardModel
from modeling.core.packing import (
    PackingCollator,
    pack,
    packed_mask,
    packed_size,
    reads_packed_rows,
    saves_tokens,
    separate_size,
)

COMMON = {
    "vocab_size": 64,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "initializer_range": 0.5,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT2 = {
    "vocab_size": 64,
    "n_embd": 16,
    "n_layer": 2,
    "n_head": 2,
    "n_positions": 64,
    "initializer_range": 0.5,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
DECODERS = {
    "llama": lambda **more: LlamaModel(LlamaConfig(**COMMON, **more)),
    "qwen2": lambda **more: Qwen2Model(Qwen2Config(**COMMON, num_key_value_heads=2, **more)),
    "gpt2": lambda **more: GPT2Model(GPT2Config(**GPT2, **more)),
}
EOS = 2
ITEMS = [
    Item(((1, 5, 6, 7, 8, 9, EOS), (1, 5, 6, 7, 10, EOS)), target={}),
    Item(((1, 5, EOS), (1, 20, 21, 22, 23, 24, 25, EOS), (1, 5, EOS), (1, EOS))),
    Item(((1, 30, 31, EOS),)),
    Item(((1, 40, 41, 42, EOS),), readouts=((0, 1), (0, 3), (0, 4))),
]
PAIRS = ITEMS[:2]


def model(decoder, *, attention="sdpa"):
    torch.manual_seed(0)
    backbone = DECODERS[decoder](attn_implementation=attention).eval()
    return RewardModel(backbone, pooling="last", hidden_size=16).eval()


def rewards(reward_model, batch):
    return reward_model(**{name: batch[name] for name in INPUTS if name in batch})


def no_targets(items):
    return {}


@pytest.mark.parametrize("pad_id", [0, EOS])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_packed_rewards_and_gradients_are_those_of_separate_texts(decoder, attention, pad_id):
    found = {}
    for name, kind in (("apart", Collator), ("packed", PackingCollator)):
        reward_model = model(decoder, attention=attention)
        outputs = rewards(reward_model, kind(pad_id, no_targets)(PAIRS))
        (outputs * torch.arange(1.0, 7.0)[:, None]).sum().backward()
        grads = [values.grad for values in reward_model.parameters() if values.grad is not None]
        found[name] = outputs.detach(), torch.cat([grad.flatten() for grad in grads])
    assert torch.allclose(found["packed"][0], found["apart"][0], atol=1e-5)
    scale = found["apart"][1].abs().max()
    assert torch.allclose(found["packed"][1] / scale, found["apart"][1] / scale, atol=1e-5)


def test_a_row_alone_gives_what_it_gives_in_company():
    reward_model, collate = model("llama"), PackingCollator(EOS, no_targets)
    together = rewards(reward_model, collate(PAIRS))
    alone = torch.cat([rewards(reward_model, collate([item])) for item in PAIRS])
    assert torch.allclose(together, alone, atol=1e-5)


def test_readouts_point_at_the_same_tokens():
    reward_model = model("llama")
    packed = rewards(reward_model, PackingCollator(0, no_targets)(ITEMS[3:]))
    apart = rewards(reward_model, Collator(0, no_targets)(ITEMS[3:]))
    assert packed.shape == (3, 1)
    assert torch.allclose(packed, apart, atol=1e-5)


def test_a_row_by_hand():
    row = pack(ITEMS[0])
    assert row.ids == (1, 5, 6, 7, 8, 9, EOS, 10, EOS)
    assert row.segments == (0, 0, 0, 0, 1, 1, 1, 2, 2)
    assert row.positions == (0, 1, 2, 3, 4, 5, 6, 4, 5)
    assert row.readouts == (6, 8)
    assert packed_size(ITEMS[0]).tokens == 9
    assert separate_size(ITEMS[0]).tokens == 13


def test_equal_texts_and_one_within_another_keep_a_token_of_their_own():
    row = pack(ITEMS[1])
    assert row.ids[:1] == (1,)
    assert [row.ids[place] for place in row.readouts] == [EOS] * 4
    assert len(set(row.readouts)) == 4


def test_a_token_sees_the_prompt_and_its_own_text_alone():
    segments = torch.tensor([[0, 0, 1, 1, 2, -1]])
    seen = packed_mask(segments, torch.float32)[0, 0] == 0
    assert seen.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [1, 1, 0, 0, 0, 1],
    ]


def test_packing_pays_where_a_prompt_is_long():
    long = Item(((*range(3, 40), EOS), (*range(3, 40), 50, EOS)))
    assert saves_tokens([long])
    assert not saves_tokens([Item(((3, EOS), (4, EOS))), ITEMS[2]])


@pytest.mark.parametrize("decoder", DECODERS)
def test_decoders_with_full_attention_read_packed_rows(decoder):
    assert reads_packed_rows(model(decoder).backbone, max_length=64)


@pytest.mark.parametrize(
    "backbone",
    [
        BertModel(BertConfig(**COMMON)),
        MistralModel(MistralConfig(**COMMON, num_key_value_heads=2, sliding_window=32)),
        BloomModel(BloomConfig(vocab_size=64, hidden_size=16, n_layer=2, n_head=2)),
    ],
    ids=["sees what follows", "looks through a window", "counts positions itself"],
)
def test_other_backbones_do_not(backbone):
    assert not reads_packed_rows(backbone.eval(), max_length=64)
