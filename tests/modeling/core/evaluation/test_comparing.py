import math

import numpy as np
import pytest

from modeling.core.errors import CheckpointError
from modeling.core.evaluation.comparing import binomial_p, compare, compare_predictions
from modeling.core.evaluation.gate import gate, judge
from modeling.core.evaluation.predictions import (
    FILE,
    ItemPrediction,
    of_pairs,
    read_predictions,
    write_predictions,
)
from modeling.core.evaluation.rows import preferences_of
from tests.modeling.core.evaluation.examples import pair


def predicted(margins, *, groups=None, category="", scale=1.0):
    """Pairs with these margins; probabilities are σ(scale · margin)."""
    names = [f"g{k}" for k in range(len(margins))] if groups is None else groups
    return [
        ItemPrediction(
            key=f"k{row}",
            item=f"i{row}",
            group=names[row],
            category=category,
            correct=(math.copysign(1, margin) + 1) / 2,
            loss=math.log1p(math.exp(-scale * margin)),
            margin=float(margin),
            share=1.0,
            probability=1 / (1 + math.exp(-scale * margin)),
        )
        for row, margin in enumerate(margins)
    ]


def drawn(count, chance, seed):
    """Margins with this chance of being right, each as sure as it should be."""
    rng = np.random.default_rng(seed)
    size = math.log(chance / (1 - chance))
    return np.where(rng.random(count) < chance, size, -size)


def test_a_comparison_by_hand():
    old, new = predicted([1.0, -1.0, 2.0, -3.0]), predicted([1.0, 1.0, -2.0, 0.5])
    found = compare_predictions(old, new)
    assert (found.n, found.groups, found.old_only, found.new_only) == (4, 4, 0, 0)
    assert (found.accuracy.old, found.accuracy.new, found.accuracy.difference) == (0.5, 0.75, 0.25)
    assert (found.mcnemar.gained, found.mcnemar.lost, found.mcnemar.p) == (2, 1, 1.0)
    losses = [
        np.mean([math.log1p(math.exp(-m)) for m in ms]) for ms in ([1, -1, 2, -3], [1, 1, -2, 0.5])
    ]
    assert found.nll.difference == pytest.approx(losses[1] - losses[0])
    assert [flip.item for flip in found.flips] == ["i2", "i3", "i1"]
    assert found.n_flips == 3


def test_rows_are_matched_by_their_texts():
    old, new = predicted([1.0, 1.0, 1.0]), predicted([-1.0, -1.0, -1.0])[1:][::-1]
    found = compare_predictions(old, new)
    assert (found.n, found.old_only, found.new_only) == (2, 1, 0)
    assert found.accuracy.difference == -1.0


def test_a_model_equals_itself():
    rows = predicted(drawn(200, 0.7, 0), category="c")
    found = compare_predictions(rows, rows)
    assert found.accuracy.interval == found.nll.interval == found.ece.interval == (0.0, 0.0)
    assert found.by_category["c"].difference == 0.0
    assert found.flips == ()


def test_a_paired_interval_is_narrower_than_chance_between_rows():
    margins = drawn(400, 0.7, 0)
    better = margins.copy()
    better[np.flatnonzero(margins < 0)[:20]] *= -1
    found = compare_predictions(predicted(margins), predicted(better))
    assert found.accuracy.difference == pytest.approx(0.05)
    assert 0.02 < found.accuracy.interval[0] < 0.05 < found.accuracy.interval[1] < 0.08


def test_few_prompts_widen_the_interval():
    margins, better = drawn(200, 0.7, 0), drawn(200, 0.8, 1)
    one = compare_predictions(predicted(margins), predicted(better))
    names = [f"g{k // 20}" for k in range(200)]
    few = compare_predictions(predicted(margins, groups=names), predicted(better, groups=names))
    assert few.groups == 10
    assert few.accuracy.difference == one.accuracy.difference


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 3), (0, 5), (2, 9), (10, 1)])
def test_mcnemars_p_equals_the_binomial_sum(first, second):
    total, fewer = first + second, min(first, second)
    tail = sum(math.comb(total, k) for k in range(fewer + 1)) / 2**total
    assert binomial_p(first, second) == pytest.approx(min(1.0, 2 * tail))


def test_ratings_compare_by_their_losses_alone():
    def rated(losses):
        return [
            ItemPrediction(key=str(k), item="", group=str(k), category="", correct=None, loss=loss)
            for k, loss in enumerate(losses)
        ]

    found = compare_predictions(rated([1.0, 2.0]), rated([0.5, 1.0]))
    assert found.nll.difference == pytest.approx(-0.75)
    assert found.accuracy is found.ece is found.mcnemar is None


def test_predictions_come_back_as_they_were(tmp_path):
    pairs = preferences_of([pair(1, category="c", item="i"), pair(2, chosen_probability=0.75)])
    rows = of_pairs(pairs, np.array([1.0, -2.0]), np.array([0.5, -1.0]))
    write_predictions(tmp_path / FILE, rows)
    assert read_predictions(tmp_path) == rows
    assert (rows[0].correct, rows[1].correct, rows[0].item, rows[1].share) == (1.0, 0.0, "i", 0.75)
    assert rows[0].probability == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert "Question" not in (tmp_path / FILE).read_text()


def test_a_pair_whose_majority_changed_is_another_row():
    one, other = pair(1, chosen="a", rejected="b"), pair(1, chosen="b", rejected="a")
    assert preferences_of([one]).keys() != preferences_of([other]).keys()
    assert preferences_of([one]).keys() == preferences_of([one]).keys()


def written(directory, rows):
    directory.mkdir()
    write_predictions(directory / FILE, rows)
    return directory


def test_checkpoints_are_compared_by_their_files(tmp_path):
    margins = drawn(50, 0.7, 0)
    old, new = (
        written(tmp_path / "a", predicted(margins)),
        written(tmp_path / "b", predicted(-margins)),
    )
    assert compare(old, new).n == 50
    assert gate(old, new).passed is False
    assert gate(new, old).passed is True


def test_a_checkpoint_without_predictions_cannot_be_compared(tmp_path):
    new = written(tmp_path / "new", predicted([1.0]))
    with pytest.raises(CheckpointError, match="holds no predictions"):
        compare(tmp_path, new)
    verdict = gate(tmp_path, new)
    assert verdict.passed is None
    assert verdict.reasons[0].code == "no_predictions"


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / FILE).write_text('{"key": 1, "colour": "red"}\n')
    with pytest.raises(CheckpointError, match="Cannot read"):
        read_predictions(tmp_path)


def test_the_gate_refuses_a_model_that_is_worse():
    old = predicted(np.full(200, 1.0))
    verdict = judge(old, predicted(drawn(200, 0.7, 0)))
    codes = {reason.figure: reason.code for reason in verdict.reasons}
    assert verdict.passed is False
    assert codes["accuracy"] == codes["nll"] == "regressed"
    assert "accuracy went from 1.000 to" in verdict.reasons[0].message


def test_the_gate_refuses_what_has_become_too_sure():
    margins = drawn(600, 0.7, 0)
    verdict = judge(predicted(margins), predicted(margins, scale=6.0))
    codes = {reason.figure: reason.code for reason in verdict.reasons}
    assert codes == {"accuracy": "kept", "nll": "regressed", "ece": "regressed"}


def test_the_gate_lets_chance_pass():
    """Equal models: the chance of a refusal is small however the rows fall."""
    refused = sum(
        judge(predicted(drawn(150, 0.7, seed)), predicted(drawn(150, 0.7, 1000 + seed))).passed
        is False
        for seed in range(20)
    )
    assert refused <= 2


def test_the_gate_does_not_know_with_few_prompts():
    verdict = judge(predicted([1.0] * 29), predicted([-1.0] * 29))
    assert (verdict.passed, verdict.reasons[0].code) == (None, "too_few")
    apart = judge(
        predicted([1.0]),
        [ItemPrediction(key="x", item="", group="", category="", correct=1.0, loss=0.0)],
    )
    assert (apart.passed, apart.reasons[0].code) == (None, "no_common")


def test_a_verdict_is_plain_json():
    found = judge(predicted(drawn(40, 0.7, 0)), predicted(drawn(40, 0.7, 1))).to_dict()
    assert found["comparison"]["n"] == 40
    assert {reason["figure"] for reason in found["reasons"]} == {"accuracy", "nll", "ece"}
