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


def steps(context, *parts, max_length):
    tokenizer = TextTokenizer(byte_tokenizer(), max_length=max_length)
    (found,) = tokenizer.steps([(context, parts)])
    return tokenizer, found


def texts_up_to_ends(found):
    return [byte_tokenizer().decode(list(found.ids[: end + 1])) for end in found.ends]


def test_steps_end_where_they_end():
    _, found = steps("Q?", " one\n", "two\n", "\n", max_length=100)
    assert texts_up_to_ends(found) == ["Q? one\n", "Q? one\ntwo\n", "Q? one\ntwo\n\n"]
    assert (found.cut, found.truncated) == (0, False)


def test_framed_steps_stand_between_special_tokens():
    tokenizer, found = steps("Q?", " one\n", max_length=100)
    ids = tokenizer.framed(found.ids)
    assert (ids[0], ids[-1]) == (BEFORE, AFTER)
    assert ids[tokenizer.offset :][: len(found.ids)] == found.ids


def test_of_steps_the_oldest_context_goes_first():
    _, found = steps("0123456789", "ab\n", "cd\n", max_length=2 + 6 + 2)
    assert texts_up_to_ends(found) == ["89ab\n", "89ab\ncd\n"]
    assert (found.cut, found.truncated) == (0, True)


def test_steps_that_do_not_fit_go_whole_and_are_counted():
    _, found = steps("0123", "ab\n", "cd\n", "efgh\n", "i\n", max_length=2 + 9)
    assert texts_up_to_ends(found) == ["123ab\n", "123ab\ncd\n"]
    assert (found.cut, found.truncated) == (2, True)


def test_a_first_step_too_long_loses_its_end():
    _, found = steps("0123", "abcdefgh\n", "i\n", max_length=2 + 6)
    assert texts_up_to_ends(found) == ["abcdef"]
    assert (found.cut, found.truncated) == (1, True)


def test_an_exact_fit_of_steps_is_not_truncated():
    _, found = steps("0123", "ab\n", "cd\n", max_length=2 + 10)
    assert (found.cut, found.truncated) == (0, False)


def test_long_and_odd_steps_keep_to_the_limit():
    odd = "\0\u202eשלום\u0301 \U0001f600"
    _, found = steps("x" * 200_000, " " + odd, "y" * 200_000, max_length=128)
    assert len(found.ids) == 126
    assert (found.cut, found.truncated, len(found.ends)) == (1, True, 1)
