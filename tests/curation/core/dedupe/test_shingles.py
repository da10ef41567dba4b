"""Words and shingles: hashed as the definitions say, a block of texts at a time."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.dedupe import shingles
from curation.core.dedupe.shingles import ShingleSize, shingle
from curation.core.dedupe.words import hash_words, text_blocks
from tests.curation.core.dedupe.twins import slow_shingles, slow_words

TEXTS = st.lists(
    st.text(st.sampled_from("ab AB.,é 日本ไทย\u0301\u200d\ud800\0\1x²ﬁ😀İ\n123"), max_size=40),
    max_size=8,
)


def names(hashes, words):
    """Which word each hash stands for; fails where two words share one or one has two."""
    found = dict(zip(hashes, words, strict=True))
    assert len(found) == len(set(words))
    return found


@settings(deadline=None)
@given(TEXTS.filter(bool))
def test_words_are_those_of_the_definition(texts):
    found = hash_words(texts)
    words = [slow_words(text) for text in texts]
    flat = [word for text in words for word, _ in text]
    assert np.diff(found.bounds).tolist() == [len(text) for text in words]
    names(found.hashes.tolist(), flat)
    if found.unspaced is not None:
        assert found.unspaced.tolist() == [mark for text in words for _, mark in text]
    else:
        assert not any(mark for text in words for _, mark in text)


@settings(deadline=None)
@given(TEXTS, st.sampled_from([ShingleSize(), ShingleSize(1, 1), ShingleSize(4, 2)]))
def test_shingles_are_those_of_the_definition(texts, size):
    found = shingle(texts, size)
    sets = [slow_shingles(text, size.words, size.characters) for text in texts]
    cut = np.split(found.hashes, found.bounds[1:-1]) if texts else []
    assert [len(set(part.tolist())) for part in cut] == [len(grams) for grams in sets]
    for one, grams in zip(cut, sets, strict=True):
        for other, others in zip(cut, sets, strict=True):
            assert len(set(one.tolist()) & set(other.tolist())) == len(grams & others)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 60))
def test_blocks_do_not_show(texts, size):
    whole = shingle(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingles, "text_blocks", partial(text_blocks, size=size))
        cut = shingle(texts)
    assert cut.hashes.tolist() == whole.hashes.tolist()
    assert cut.counts.tolist() == whole.counts.tolist()


def test_blocks_are_about_as_long_as_asked():
    assert list(text_blocks(["abc"] * 5, size=8)) == [["abc"], ["abc", "abc"], ["abc", "abc"]]
    assert list(text_blocks(["b", "a" * 100, "c"], size=8)) == [["b"], ["a" * 100], ["c"]]
    assert list(text_blocks([])) == []


def test_long_words_are_told_apart_by_every_letter():
    words = ["x" * 40] + ["x" * k + "y" + "x" * (39 - k) for k in range(40)]
    words += ["x" * k for k in range(1, 40)]
    assert len(set(hash_words(words).hashes.tolist())) == len(words)


def test_the_same_word_has_one_hash_in_every_company():
    for text in ("straße", "STRASSE und 日本", "strasse"):
        assert hash_words([text]).hashes[0] == hash_words(["strasse"]).hashes[0]
