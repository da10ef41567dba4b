"""Texts on disk: the same as in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.build import build_dataset
from curation.core.records import Message, PromptText, ResponseText
from curation.core.store import CACHED, StoredCorpus
from curation.recipe import Recipe
from tests.curation.core.small import comparison, small_corpus

texts = st.text(alphabet=st.characters(), max_size=30)


@given(texts, texts, st.lists(texts, max_size=3))
def test_every_text_comes_back_as_it_went_in(prompt: str, answer: str, parts: list[str]) -> None:
    asked = PromptText("p", (Message("system", prompt), Message("user", answer)), "test", answer)
    said = ResponseText("a", answer, tuple(parts) or None)
    with StoredCorpus() as stored:
        stored.prompts.add("p", asked)
        stored.responses.add("a", said)
        assert stored.corpus.prompts["p"] == asked
        assert stored.corpus.responses["a"] == said


def test_a_key_keeps_its_first_value_and_many_are_read_by_place() -> None:
    with StoredCorpus() as stored:
        for n in range(3 * CACHED):
            stored.responses.add(f"r{n}", ResponseText(f"r{n}", f"text {n}"))
        stored.responses.add("r0", ResponseText("r0", "another"))
        assert len(stored.responses) == len(list(stored.responses)) == 3 * CACHED
        read = [stored.responses[f"r{n}"].content for n in range(3 * CACHED)]
        assert read == [f"text {n}" for n in range(3 * CACHED)]
        assert "r1" in stored.responses
        assert "x" not in stored.responses
        with pytest.raises(KeyError):
            stored.responses["x"]


def test_a_dataset_from_disk_is_the_dataset_from_memory() -> None:
    small = small_corpus()
    judgments = [comparison("left", revision="r1"), comparison("tie", item="j", right="c")]
    with StoredCorpus() as stored:
        for key, prompt in small.prompts.items():
            stored.prompts.add(key, prompt)
        for key, response in small.responses.items():
            stored.responses.add(key, response)
        from_disk = build_dataset(stored.corpus, judgments, Recipe("preference"))
        in_memory = build_dataset(small, judgments, Recipe("preference"))
        assert from_disk.rows == in_memory.rows
        assert from_disk.statistics == in_memory.statistics
