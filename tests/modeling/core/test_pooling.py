import pytest
import torch

from modeling.core.errors import ConfigError
from modeling.core.pooling import first_positions, last_positions, pool

HIDDEN = torch.arange(2 * 5 * 3, dtype=torch.float32).reshape(2, 5, 3)
RIGHT = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
LEFT = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("mask", "first", "last"), [(RIGHT, [0, 0], [2, 4]), (LEFT, [2, 4], [4, 4])]
)
def test_positions_follow_the_mask(mask, first, last):
    assert first_positions(mask).tolist() == first
    assert last_positions(mask).tolist() == last


@pytest.mark.parametrize("mask", [RIGHT, LEFT])
def test_pooling_reads_real_tokens_only(mask):
    for row in range(2):
        real = HIDDEN[row][mask[row].bool()]
        assert torch.equal(pool(HIDDEN, mask, "last")[row], real[-1])
        assert torch.equal(pool(HIDDEN, mask, "cls")[row], real[0])
        assert torch.allclose(pool(HIDDEN, mask, "mean")[row], real.mean(dim=0))


def test_padding_contents_do_not_matter():
    spoiled = HIDDEN.clone()
    spoiled[0, 3:] = 1e6
    for method in ("mean", "last", "cls"):
        assert torch.equal(pool(spoiled, RIGHT, method), pool(HIDDEN, RIGHT, method))


def test_an_unknown_method_is_refused():
    with pytest.raises(ConfigError, match="pooling"):
        pool(HIDDEN, RIGHT, "max")
