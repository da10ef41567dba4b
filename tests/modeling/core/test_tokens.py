from modeling.core.data import TextParts
from modeling.core.tokens import TextTokenizer
from tests.modeling.core.conftest import byte_tokenizer

BEFORE, AFTER = 1, 2


def decode(text):
    tokenizer = byte_tokenizer()
    return tokenizer.decode(list(text.ids)[1:-1])


def tokenize(context, response, *, max_length):
    return TextTokenizer(byte_tokenizer(), max_length=max_length)([TextParts(context, response)])[0]


def test_a_text_that_fits_is_whole_and_framed():
    text = tokenize("Human: a long enough question\n\nAssistant:", " yes", max_length=100)
    assert decode(text) == "Human: a long enough question\n\nAssistant: yes"
    assert (text.ids[0], text.ids[-1]) == (BEFORE, AFTER)
    assert not text.truncated


def test_the_oldest_context_goes_first():
    text = tokenize("0123456789", " yes", max_length=2 + 4 + 3)
    assert decode(text) == "789 yes"
    assert text.truncated


def test_only_a_too_long_response_loses_its_end():
    text = tokenize("0123456789", "abcdef", max_length=2 + 4)
    assert decode(text) == "abcd"
    assert text.truncated


def test_an_exact_fit_is_not_truncated():
    assert not tokenize("0123", "abcd", max_length=2 + 8).truncated


def test_no_texts_give_no_ids():
    assert TextTokenizer(byte_tokenizer(), max_length=8)([]) == []
