"""Which judgments take part, and the one reason for each that does not."""

from collections import Counter
from typing import Any

from curation.core.build import Built
from curation.core.rows import annotator_hash
from curation.recipe import Recipe, SelectJudgments
from tests.curation.core.small import (
    build,
    comparison,
    corpus,
    prompt,
    rating,
    response,
    small_corpus,
)


def select(judgments: list[Any], **settings: Any) -> Built:
    return build("preference", judgments, select=SelectJudgments(**settings))


def dropped(built: Built) -> dict[str, int]:
    return dict(built.steps[0].dropped)


def revisions_left_out(built: Built) -> set[str]:
    return {entry.revision for entry in built.left_out if entry.step == "select"}


def test_a_default_recipe_takes_everything() -> None:
    built = select([comparison("left", seconds=0.1, flags=("surplus",))])
    assert (built.steps[0].before, built.steps[0].after, dropped(built)) == (1, 1, {})


def test_time_bounds_leave_unknown_times_alone() -> None:
    judgments = [
        comparison("left", seconds=1.9, revision="fast"),
        comparison("left", seconds=2.0),
        comparison("left", seconds=None),
        comparison("left", seconds=601.0, revision="slow"),
    ]
    built = select(judgments, min_seconds=2, max_seconds=600)
    assert dropped(built) == {"too_fast": 1, "too_slow": 1}
    assert revisions_left_out(built) == {"fast", "slow"}


def test_a_judgment_has_the_first_reason_that_applies() -> None:
    odd = comparison("left", annotator="n", seconds=0.5, flags=("surplus", "edited"))
    built = select(
        [odd, comparison("left")],
        annotators_out=("n",),
        flags_out=("edited", "surplus"),
        min_seconds=1,
    )
    assert dropped(built) == {"annotator_left_out": 1}
    built = select([odd, comparison("left")], flags_out=("edited", "surplus"), min_seconds=1)
    assert dropped(built) == {"edited": 1}


def test_annotators_are_left_out_by_id_or_by_the_hash_in_files() -> None:
    judgments = [comparison("left", annotator=name) for name in ("n", "m", "o")]
    built = select(judgments, annotators_out=("n", annotator_hash("m")))
    assert dropped(built) == {"annotator_left_out": 2}


def test_annotators_with_few_judgments_count_revisions_not_records() -> None:
    several = [
        rating(4, annotator="n", revision="r1", aspect=aspect) for aspect in ("truth", "style")
    ]
    settings = SelectJudgments(min_judgments=2)
    built = build("rating", [*several, rating(3, annotator="n", revision="r2")], select=settings)
    assert dropped(built) == {}
    built = build("rating", several, select=settings)
    assert dropped(built) == {"too_few_judgments": 2}


def test_decisions_of_reviewers_always_take_part() -> None:
    built = select([comparison("left", seconds=0.1, overrides=True)], min_seconds=5)
    assert dropped(built) == {}
    assert len(built.rows["train"]) == 1


def capped(limit: int, seed: int = 0, reverse: bool = False) -> set[str]:
    judgments = [
        comparison("left", item=f"i{n}", left="a", right="bcd"[n % 3], annotator="nm"[n % 2],
                   revision=f"r{n}")
        for n in range(12)
    ]  # fmt: skip
    built = build(
        "preference",
        judgments[::-1] if reverse else judgments,
        small_corpus(),
        seed=seed,
        select=SelectJudgments(max_per_annotator=limit),
    )
    return revisions_left_out(built)


def test_a_cap_is_drawn_by_the_seed_whatever_the_order() -> None:
    out = capped(4)
    assert len(out) == 4
    assert Counter(int(name[1:]) % 2 for name in out) == {0: 2, 1: 2}
    assert capped(4, reverse=True) == out
    assert any(capped(4, seed=seed) != out for seed in range(1, 5))
    assert capped(3) > out


def test_unreliable_annotators_leave_by_what_they_say() -> None:
    texts = corpus(
        [prompt(f"p{n:02d}") for n in range(40)],
        [response(f"{side}{n:02d}", f"{side} answer {n}.") for side in "lr" for n in range(40)],
    )
    judgments = [
        comparison(
            "right" if name == "bad" else "left",
            item=f"i{n:02d}",
            prompt=f"p{n:02d}",
            left=f"l{n:02d}",
            right=f"r{n:02d}",
            annotator=name,
        )
        for n in range(40)
        for name in ("good1", "good2", "good3", "bad")
    ]
    built = build("preference", judgments, texts, select=SelectJudgments(min_reliability=0.5))
    (report,) = [step for step in built.steps if step.step == "reliability"]
    assert dict(report.dropped) == {"unreliable": 40}
    assert annotator_hash("bad") not in built.statistics["reliability"]
    assert {row.votes_rejected for row in built.rows["train"]} == {0}


def test_the_recipe_says_what_was_asked_for() -> None:
    recipe = Recipe("preference", select=SelectJudgments(min_seconds=3))
    assert recipe.to_dict()["select"]["min_seconds"] == 3.0
