"""Texts repaired and normalised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.dedupe import normalise_text
from curation.core.text import is_storable, repair_corpus, repair_text
from tests.curation.core.small import corpus, prompt, response

whitespace_and_letters = st.text(alphabet="ab \t\r\n\u00e9e\u0301\u00a0")


@given(st.one_of(st.text(), whitespace_and_letters))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise_text(normalise_text(text)) == normalise_text(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a  \n\n\n\nb\t\n", "a\n\nb"),
        ("\n  a\n", "a"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_spacing_line_ends_and_composition_do_not_tell_texts_apart(one: str, other: str) -> None:
    assert normalise_text(one) == normalise_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("True", "true"),
        ("x\u00b2", "x2"),
        ("if a:\n    b\nc", "if a:\n    b\n    c"),
        ("a b", "a  b"),
        ("a\n\nb", "a\nb"),
    ],
)
def test_what_carries_meaning_tells_texts_apart(one: str, other: str) -> None:
    assert normalise_text(one) != normalise_text(other)


@given(st.text(alphabet=st.characters()))
def test_a_repaired_text_can_be_stored_and_keeps_its_length(text: str) -> None:
    repaired = repair_text(text)
    assert is_storable(repaired)
    assert len(repaired) == len(text)
    assert "\0" not in repaired
    repaired.encode()


def test_nul_and_lone_surrogates_become_replacement_characters() -> None:
    assert repair_text("a\0b\ud800c\U0001f600") == "a\ufffdb\ufffdc\U0001f600"


def test_every_text_of_a_corpus_is_repaired_as_it_is_read_and_counted_once() -> None:
    broken = prompt("p", "\0 and \ud800", reference="\udfff", category="\0")
    stepped = response("s", "fine", steps=("fine", "\0"))
    repaired = repair_corpus(corpus([broken, prompt("q")], [stepped, response("a")]))
    assert repaired.n_repaired == 0
    for _ in range(2):
        prompts, responses = dict(repaired.corpus.prompts), dict(repaired.corpus.responses)
    assert repaired.n_repaired == 2
    assert prompts["p"].messages[0].content == "\ufffd and \ufffd"
    assert prompts["p"].reference == prompts["p"].category == "\ufffd"
    assert responses["s"].steps == ("fine", "\ufffd")
