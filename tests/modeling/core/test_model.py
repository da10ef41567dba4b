import pytest
import torch

from modeling.core.collators import Item, pad_sequences, text_batch
from modeling.core.model import RewardModel
from tests.modeling.core.conftest import WIDTH, tiny_bert, tiny_llama

PAD_IS_EOS = 2


def sequences():
    generator = torch.Generator().manual_seed(1)
    lengths = (3, 9, 1, 17, 6, 12)
    rows = [torch.randint(3, 259, (n,), generator=generator).tolist() for n in lengths]
    return [(*row, PAD_IS_EOS) for row in rows]


@pytest.fixture(params=[("bert", "mean"), ("bert", "cls"), ("llama", "last")])
def model(request):
    kind, pooling = request.param
    backbone = tiny_bert() if kind == "bert" else tiny_llama()
    torch.manual_seed(2)
    return RewardModel(backbone, pooling=pooling, hidden_size=WIDTH).eval()


def rewards(model, rows):
    with torch.inference_mode():
        return model(*pad_sequences(rows, PAD_IS_EOS))


def test_half_precision_does_not_round_rewards(model):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = rewards(model, sequences())
    assert not torch.equal(found, found.bfloat16().float())


def test_rewards_do_not_depend_on_the_batch(model):
    rows = sequences()
    alone = torch.cat([rewards(model, [row]) for row in rows])
    assert torch.allclose(rewards(model, rows), alone, atol=1e-5)
    assert torch.allclose(rewards(model, rows[:4]), alone[:4], atol=1e-5)
    assert alone.std() > 1e-3


def test_rewards_follow_their_rows_in_any_order(model):
    rows = sequences()
    assert torch.allclose(rewards(model, rows[::-1]).flip(0), rewards(model, rows), atol=1e-5)


def test_more_padding_changes_nothing(model):
    ids, mask = pad_sequences(sequences(), PAD_IS_EOS)
    more = torch.full((len(ids), 7), PAD_IS_EOS)
    with torch.inference_mode():
        padded = model(torch.cat([ids, more], 1), torch.cat([mask, 0 * more], 1))
        assert torch.allclose(padded, model(ids, mask), atol=1e-5)


def test_readouts_are_hidden_states_at_chosen_tokens(model):
    rows = sequences()
    readouts = torch.tensor([[3, 16], [0, 0], [3, 4]])
    ids, mask = pad_sequences(rows, PAD_IS_EOS)
    with torch.inference_mode():
        found = model(ids, mask, readouts)
        hidden = model.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(found, model.head(hidden[[3, 0, 3], [16, 0, 4]]), atol=1e-6)


def test_a_head_may_have_several_outputs_and_a_bias():
    model = RewardModel(tiny_bert(), pooling="mean", hidden_size=WIDTH, outputs=3, bias=True)
    assert rewards(model, sequences()).shape == (6, 3)
    assert model.head.bias.tolist() == [0.0, 0.0, 0.0]


def test_a_batch_has_all_texts_of_an_item_in_a_row():
    items = [Item(((5, 6), (7,))), Item(((8,), (9, 10, 11)))]
    batch = text_batch(items, pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 0], [7, 0, 0], [8, 0, 0], [9, 10, 11]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [2, 1, 1, 3]
    assert "readouts" not in batch


def test_readouts_of_a_batch_count_the_texts_before_them():
    items = [
        Item(((5, 6), (5, 6, 7)), readouts=((0, 1), (1, 2))),
        Item(((8, 9),), readouts=((0, 0), (0, 1))),
    ]
    assert text_batch(items, pad_id=0)["readouts"].tolist() == [[0, 1], [1, 2], [2, 0], [2, 1]]
    assert [item.outputs for item in items] == [2, 2]
