"""What comparisons can tell, against reachability by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate import connectivity as module
from curation.core.aggregate.connectivity import connectivity

N = 6
wins = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=12)


def reached(pairs):
    reach = np.eye(N, dtype=bool)
    for better, worse in pairs:
        reach[better, worse] = True
    for middle in range(N):
        reach |= reach[:, [middle]] & reach[[middle]]
    return reach


def described(pairs):
    better, worse = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return connectivity(better, worse, N)


@given(wins)
def test_components_and_determination_equal_reachability(pairs):
    found = described(pairs)
    both = reached(pairs + [(worse, better) for better, worse in pairs])
    np.testing.assert_array_equal(found.component[:, None] == found.component, both)
    assert found.determined == bool(reached(pairs).all())
    assert found.n_components == len(np.unique(found.component))


@given(wins)
def test_many_items_are_described_alike(pairs):
    with pytest.MonkeyPatch.context() as patched:
        plain = described(pairs)
        patched.setattr(module, "DENSE_ITEMS", 0)
        other = described(pairs)
    np.testing.assert_array_equal(plain.component, other.component)
    assert plain.determined == other.determined


def test_the_note_says_what_is_missing():
    assert described([(k, (k + 1) % N) for k in range(N)]).note.startswith("All items are compared")
    note = described([(0, 1), (1, 0), (2, 3)]).note
    assert "4 unconnected groups" in note
    assert "1 never lost" in note
    assert "1 never won" in note
    layered = [(k, k + 1) for k in range(N - 1)] + [(1, 0), (N - 1, N - 2)]
    assert "some only ever lose to" in described(layered).note
