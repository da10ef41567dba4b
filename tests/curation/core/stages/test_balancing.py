"""Rows evened out by the recipe, and the proof of it."""

import math
from collections import Counter
from typing import Any

import pytest

from curation.core.build import Built, build_dataset
from curation.core.inputs import Inputs
from curation.core.records import Corpus, Judgment
from curation.recipe import Balance, FilterRows, Recipe
from tests.curation.core.small import build, comparison, corpus, outcome, prompt, response, steps

N = 60


def texts() -> Corpus:
    """Pairs of a long and a short answer, one a prompt, their lengths all different."""
    prompts = [prompt(f"p{n:02d}", split="test" if n % 10 == 9 else "train") for n in range(N)]
    longs = [response(f"l{n:02d}", "x" * (200 + 3 * n)) for n in range(N)]
    shorts = [response(f"s{n:02d}", "y" * (100 + n)) for n in range(N)]
    items = {f"i{n:02d}": ("web" if n % 3 else "app") for n in range(N)}
    base = corpus(prompts, [*longs, *shorts])
    return Corpus(base.prompts, base.responses, categories=items, sources=items)


def judged(short_wins: int = 5) -> list[Judgment]:
    """The longer answer wins but for every so-manieth pair."""
    return [
        comparison(
            "right" if n % short_wins == 0 else "left",
            item=f"i{n:02d}",
            prompt=f"p{n:02d}",
            left=f"l{n:02d}",
            right=f"s{n:02d}",
            annotator="n",
            revision=f"r{n:02d}",
        )
        for n in range(N)
    ]


def balanced(**settings: Any) -> Built:
    return build("preference", judged(), texts(), balance=Balance(**settings))


def test_length_balancing_takes_the_signal_away_and_proves_it() -> None:
    built = balanced(lengths="drop", splits=["train", "test"])
    proof = built.statistics["balance"]
    assert proof["before"]["length"]["rule"]["value"] == pytest.approx(0.8)
    assert proof["after"]["length"]["rule"]["value"] == pytest.approx(0.5)
    assert built.dropped == {"length_balance": N - sum(map(len, built.rows.values()))}


def test_weights_do_the_same_without_dropping() -> None:
    built = balanced(lengths="weight")
    weights = [row.weight for row in built.rows["train"]]
    assert len(set(weights)) > 1
    assert math.fsum(weights) / len(weights) == pytest.approx(1)
    assert built.statistics["balance"]["after"]["length"]["rule"]["value"] == pytest.approx(0.5)


def test_only_the_splits_that_are_named_are_evened_out() -> None:
    before = build("preference", judged(), texts())
    built = balanced(lengths="drop")
    assert built.rows["test"] == before.rows["test"]
    assert len(built.rows["train"]) < len(before.rows["train"])


def test_rows_of_each_source_come_out_equally_many() -> None:
    built = balanced(by="source")
    counts = Counter(row.source for row in built.rows["train"])
    assert counts["web"] == counts["app"] > 0
    assert set(built.dropped) == {"source_balance"}


def test_topics_come_from_a_file() -> None:
    given = {f"p{n:02d}": "bees" if n < 12 else "cars" for n in range(N)}
    recipe = Recipe("preference", balance=Balance(by="topic", topics="mine", by_mode="weight"))
    inputs = Inputs(topics={"mine": given})
    built = build_dataset(texts(), judged(), recipe, inputs=inputs)
    mass = Counter()
    for row in built.rows["train"]:
        mass[given[row.group]] += row.weight
    assert mass["bees"] == pytest.approx(mass["cars"])


def test_a_subsample_is_drawn_by_the_seed() -> None:
    built = balanced(subsample=10)
    assert len(built.rows["train"]) == 10
    again = build("preference", judged()[::-1], texts(), balance=Balance(subsample=10))
    ids = [[row.group for row in one.rows["train"]] for one in (built, again)]
    assert ids[0] == ids[1]


def test_prompts_are_capped() -> None:
    one = corpus([prompt("p")], [response(key) for key in "abcd"])
    pairs = [comparison("left", item=f"i{k}", right=k) for k in "bcd"]
    built = build("preference", pairs, one, balance=Balance(max_per_prompt=2))
    assert built.dropped == {"prompt_cap": 1}


def test_outcomes_come_out_with_equal_classes() -> None:
    answers = corpus(
        [prompt(f"p{n}") for n in range(9)], [response(f"a{n}", f"Answer {n}.") for n in range(9)]
    )
    verdicts = [
        outcome(n < 6, item=f"o{n}", prompt=f"p{n}", response=f"a{n}", annotator="n")
        for n in range(9)
    ]
    built = build("outcome", verdicts, answers, balance=Balance(classes="drop"))
    assert Counter(row.label for row in built.rows["train"]) == {True: 3, False: 3}
    assert built.statistics["balance"]["before"]["length"]["majority"] == pytest.approx(2 / 3)


def test_steps_are_weighted_so_that_each_label_has_the_same_mass() -> None:
    solved = corpus([prompt("p"), prompt("q")], [response("s", steps=("one", "two", "three"))])
    labelled = [steps(1, 1, 1), steps(1, 1, -1, item="j", prompt="q")]
    built = build("stepwise", labelled, solved, balance=Balance(classes="weight"))
    mass = Counter()
    for row in built.rows["train"]:
        for label, weight in zip(row.labels, row.step_weights, strict=True):
            mass[label] += weight
    assert mass[True] == pytest.approx(mass[False])


def test_rows_are_filtered_before_they_are_balanced() -> None:
    given = [*judged(), *judged()[:10]]
    built = build("preference", given, texts(), rows=FilterRows(min_votes=2))
    assert sum(map(len, built.rows.values())) == 10
    assert built.dropped == {"too_few_votes": 50}
