import pytest
import torch

from modeling.core.collators import PairCollator, TokenizedPair, pad_sequences
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


def test_a_batch_of_pairs_has_the_chosen_side_first():
    pairs = [
        TokenizedPair((5, 6), (7,), weight=2.0),
        TokenizedPair((8,), (9, 10, 11), target_probability=0.75, margin=0.5),
    ]
    batch = PairCollator(pad_id=0)(pairs)
    assert batch["input_ids"].tolist() == [[5, 6, 0], [8, 0, 0], [7, 0, 0], [9, 10, 11]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [2, 1, 1, 3]
    assert batch["weights"].tolist() == [2.0, 1.0]
    assert batch["target_probability"].tolist() == [1.0, 0.75]
    assert batch["margin"].tolist() == [0.0, 0.5]
