"""Near-duplicate prompts share a split and are never merged."""

import numpy as np
import pytest

from curation.core.build import build_dataset
from curation.core.embeddings import Embeddings
from curation.core.errors import RecipeError
from curation.core.inputs import Inputs
from curation.core.records import Corpus
from curation.recipe import Balance, Dedupe, Recipe
from tests.curation.core.small import build, comparison, corpus, prompt, response

LONG = " ".join(f"word{n}" for n in range(40))
EDITED = LONG.replace("word39", "other")


def near(split_p: str = "train", split_q: str = "test") -> Corpus:
    return corpus(
        [
            prompt("p", LONG, split=split_p),  # type: ignore[arg-type]
            prompt("q", EDITED, split=split_q),  # type: ignore[arg-type]
            prompt("r", "Quite another question, about bees?"),
        ],
        [response(key) for key in "abcd"],
    )


def judged() -> list:
    return [comparison("left", item=f"i{key}", prompt=key) for key in "pqr"]


def test_no_near_duplicate_prompt_straddles_a_split() -> None:
    built = build("preference", judged(), near())
    assert [row.group for row in built.rows["test"]] == ["p", "q"]
    assert [row.group for row in built.rows["train"]] == ["r"]
    assert built.statistics["prompts_moved"] == 1
    assert built.statistics["near_duplicate_prompts"] == 2
    assert built.clusters["p"] == built.clusters["q"]


def test_near_duplicates_are_not_merged() -> None:
    built = build("preference", judged(), near("train", "train"))
    assert [row.item for row in built.rows["train"]] == ["ip", "iq", "ir"]
    assert built.statistics["merged_duplicates"] == 0


def test_a_recipe_may_turn_the_search_off() -> None:
    built = build("preference", judged(), near(), dedupe=Dedupe(near=0))
    assert [row.group for row in built.rows["test"]] == ["q"]
    assert built.clusters == {}


def test_a_cluster_can_be_capped() -> None:
    capped = Balance(max_per_cluster=1)
    built = build("preference", judged(), near("train", "train"), balance=capped)
    assert built.dropped == {"cluster_cap": 1}
    assert len(built.rows["train"]) == 2


def test_prompts_that_mean_the_same_share_a_split_where_vectors_are_given() -> None:
    matrix = np.array([[1, 0], [0, 1], [1, 0.01]], dtype=np.float32)
    inputs = Inputs(embeddings={"minilm": Embeddings(np.array(["p", "q", "r"], object), matrix)})
    recipe = Recipe("preference", dedupe=Dedupe(near=0, embeddings="minilm"))
    built = build_dataset(near("test", "train"), judged(), recipe, inputs=inputs)
    assert [row.group for row in built.rows["test"]] == ["p", "r"]
    both = Recipe("preference", dedupe=Dedupe(near=0.7, embeddings="minilm"))
    joined = build_dataset(near("test", "train"), judged(), both, inputs=inputs)
    assert [row.group for row in joined.rows["test"]] == ["p", "q", "r"]


def test_vectors_of_other_prompts_are_refused_with_a_sentence() -> None:
    inputs = Inputs(embeddings={"x": Embeddings(np.array(["z"], object), np.ones((1, 2), "f4"))})
    recipe = Recipe("preference", dedupe=Dedupe(embeddings="x"))
    with pytest.raises(RecipeError, match="None of the vectors in 'x'"):
        build_dataset(near(), judged(), recipe, inputs=inputs)
    with pytest.raises(RecipeError, match="no file of embeddings 'y'"):
        build_dataset(near(), judged(), Recipe("preference", dedupe=Dedupe(embeddings="y")))
