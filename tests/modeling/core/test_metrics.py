"""Figures on rankings, steps, outcomes, ratings and classes, by hand and beside slow twins."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, pearsonr, spearmanr

from modeling.core.data import (
    ClassificationExample,
    Message,
    OutcomeExample,
    RankingExample,
    RatingExample,
    StepwiseExample,
)
from modeling.core.errors import ModelingError
from modeling.core.metrics import (
    area_under_curve,
    class_targets,
    evaluate_classes,
    evaluate_outcomes,
    evaluate_rankings,
    evaluate_ratings,
    evaluate_steps,
    good_log_odds,
)


def base(number=0):
    return {"prompt": (Message("user", f"Question {number}?"),), "group": f"g{number}"}


def ranked(*tiers, completions=("a", "bb", "ccc"), number=0):
    return RankingExample(**base(number), completions=completions, tiers=tiers)


def solved(*labels, number=0, **fields):
    count = len(labels)
    values = {
        "steps": ("step",) * count,
        "labels": labels,
        "soft_labels": tuple(map(float, labels)),
        "step_weights": (1.0,) * count,
    }
    return StepwiseExample(**base(number) | values | fields)


def outcome(label, share=None, number=0):
    share = float(label) if share is None else share
    return OutcomeExample(**base(number), completion="x", label=label, label_probability=share)


def rated(number=0, **scores):
    return RatingExample(**base(number), completion="x", scores=scores)


def of_class(label, number=0, **probabilities):
    return ClassificationExample(
        **base(number), completion="x", label=label, class_probabilities=probabilities or None
    )


def test_rankings_by_hand():
    examples = [ranked((2,), (0, 1)), ranked((0,), (1,), (2,), number=1)]
    found = evaluate_rankings(examples, [np.array([0.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.0])])
    assert (found.n, found.groups, found.pairs) == (2, 2, 5)
    assert found.accuracy == pytest.approx((1 + 0 + 3) / 5)
    assert found.tau == pytest.approx((0.0 + 1.0) / 2)
    assert found.best == pytest.approx((0.0 + 1.0) / 2)
    assert found.length_accuracy == pytest.approx((2 + 0) / 5)
    low, high = found.interval
    assert 0.5 <= low <= found.accuracy <= high <= 1.0


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-3, 3)), min_size=2, max_size=7))
def test_tau_and_accuracy_equal_their_definitions(responses):
    places = [place for place, _ in responses]
    kept = [(place, score) for place, score in responses if place >= 0]
    if len({place for place, _ in kept}) < 2:
        return
    tiers = tuple(
        tuple(index for index, place in enumerate(places) if place == tier)
        for tier in sorted({place for place in places if place >= 0})
    )
    example = ranked(*tiers, completions=("x",) * len(places))
    scores = np.array([float(score) for _, score in responses])
    found = evaluate_rankings([example], [scores])
    tau = kendalltau([-place for place, _ in kept], [score for _, score in kept]).statistic
    assert found.tau == pytest.approx(0.0 if math.isnan(tau) else tau)
    right = [
        0.5 + 0.5 * np.sign((a[1] - b[1]) * (b[0] - a[0]))
        for a, b in combinations(kept, 2)
        if a[0] != b[0]
    ]
    assert found.accuracy == pytest.approx(np.mean(right))


def test_unranked_responses_do_not_count():
    example = ranked((1,), (0,), completions=("a", "b", "c"))
    found = evaluate_rankings([example], [np.array([1.0, 2.0, 9.0])])
    assert (found.pairs, found.accuracy, found.tau, found.best) == (1, 1.0, 1.0, 1.0)


def test_steps_by_hand():
    examples = [
        solved(True, True, False),  # found
        solved(True, False, number=1),  # missed: the first is called wrong
        solved(True, True, number=2),  # cleared
        solved(True, number=3),  # not cleared
    ]
    scores = [np.array(values) for values in ([1.0, 2, -1], [-1.0, -1], [3.0, 1], [-2.0])]
    found = evaluate_steps(examples, scores)
    assert (found.n, found.steps, found.cut, found.wrong) == (4, 8, 0, 2)
    assert found.accuracy == pytest.approx(6 / 8)
    assert found.majority == pytest.approx(6 / 8)
    assert (found.found, found.cleared) == (0.5, 0.5)
    assert found.first_error_f1 == 0.5
    assert found.class_accuracy is None
    flipped = [-s if wrong else s for s, wrong in [(1.0, 0), (2, 0), (-1, 1)]]
    assert evaluate_steps(examples[:1], scores[:1]).nll == pytest.approx(
        np.mean([math.log(1 + math.exp(-value)) for value in flipped])
    )


def test_an_error_beyond_what_was_read_is_not_found():
    found = evaluate_steps([solved(True, True, False)], [np.array([1.0, 1.0])])
    assert (found.steps, found.cut) == (2, 1)
    assert (found.accuracy, found.found) == (1.0, 0.0)


def test_first_error_f1_needs_both_kinds_of_solution():
    found = evaluate_steps([solved(True, False)], [np.array([1.0, -1.0])])
    assert (found.found, found.cleared, found.first_error_f1) == (1.0, None, None)
    neither = evaluate_steps(
        [solved(True, False), solved(True)], [np.array([1.0, 1.0]), np.array([-1.0])]
    )
    assert neither.first_error_f1 == 0.0


def test_the_loss_of_steps_is_measured_against_shares():
    example = solved(True, False, soft_labels=(0.75, 0.25))
    certain = math.log(3)
    found = evaluate_steps([example], [np.array([certain, -certain])])
    assert found.nll == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_three_classes_of_steps():
    logits = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]])
    odds = [(math.exp(1) + math.exp(2)) / 1, 2 / math.exp(3)]
    assert good_log_odds(logits) == pytest.approx(np.log(odds))
    assert good_log_odds(logits[:, :1]) == pytest.approx([0.0, 3.0])
    found = evaluate_steps(
        [solved(True, False, ratings=(0, -1))],
        [good_log_odds(logits)],
        classes=[logits.argmax(axis=1) - 1],
    )
    assert found.class_accuracy == 0.5


def test_outcomes_by_hand():
    examples = [outcome(True), outcome(False, number=1), outcome(True, 0.75, number=2)]
    scores = np.array([1.0, 2.0, 0.0])
    found = evaluate_outcomes(examples, scores)
    assert found.accuracy == pytest.approx((1 + 0 + 0.5) / 3)
    assert found.majority == pytest.approx(2 / 3)
    assert found.auc == 0.0
    losses = [math.log(1 + math.exp(-1)), math.log(1 + math.exp(2)), math.log(2)]
    assert found.nll == pytest.approx(np.mean(losses))
    assert found.n == found.groups == 3


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=12))
def test_the_area_under_the_curve_is_the_chance_of_the_right_order(rows):
    true = [score for label, score in rows if label]
    false = [score for label, score in rows if not label]
    labels = np.array([label for label, _ in rows])
    found = area_under_curve(np.array([float(score) for _, score in rows]), labels)
    if not true or not false:
        assert found is None
    else:
        wins = [(a > b) + 0.5 * (a == b) for a in true for b in false]
        assert found == pytest.approx(np.mean(wins))


def test_ratings_equal_the_usual_figures():
    rng = np.random.default_rng(0)
    given_scores = rng.normal(size=(20, 2)).round(1)
    predictions = given_scores + rng.normal(size=(20, 2))
    examples = [rated(n, a=row[0], b=row[1]) for n, row in enumerate(given_scores)]
    found = evaluate_ratings(examples, predictions, ("a", "b"))
    for column, name in enumerate("ab"):
        fit = found.aspects[name]
        assert fit.n == 20
        assert fit.mse == pytest.approx(((given_scores - predictions)[:, column] ** 2).mean())
        pair = (given_scores[:, column], predictions[:, column])
        assert fit.pearson == pytest.approx(pearsonr(*pair).statistic)
        assert fit.spearman == pytest.approx(spearmanr(*pair).statistic)
    assert found.mse == pytest.approx(np.mean([fit.mse for fit in found.aspects.values()]))


def test_missing_and_unseen_aspects():
    examples = [rated(0, a=1.0), rated(1, a=1.0, b=2.0, c=3.0)]
    found = evaluate_ratings(examples, np.array([[1.0, 9.0], [3.0, 4.0]]), ("a", "b"))
    assert found.unseen == 1
    assert (found.aspects["a"].n, found.aspects["b"].n) == (2, 1)
    assert (found.aspects["a"].mse, found.aspects["b"].mse) == (2.0, 4.0)
    assert found.aspects["a"].pearson is None
    assert found.pearson is None


def test_classes_by_hand():
    classes = ("good", "bad", "odd")
    examples = [of_class("good"), of_class("bad", 1), of_class("bad", 2, good=0.4, bad=0.6)]
    logits = np.array([[2.0, 0, 0], [1.0, 0, 0], [0.0, 1, 0]])
    found = evaluate_classes(examples, logits, classes)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.majority == pytest.approx(2 / 3)
    assert found.recall == {"good": 1.0, "bad": 0.5}
    norms = np.log(np.exp(logits).sum(axis=1))
    losses = [norms[0] - 2, norms[1] - 0, norms[2] - 0.6]
    assert found.nll == pytest.approx(np.mean(losses))


def test_targets_of_classes_follow_their_names():
    examples = [of_class("bad", bad=0.75, good=0.25), of_class("good", 1)]
    assert class_targets(examples, ("good", "bad")).tolist() == [[0.25, 0.75], [1, 0]]
    assert class_targets(examples, ("good", "bad"), soft=False).tolist() == [[0, 1], [1, 0]]


def test_nothing_gives_no_figures():
    empty = np.zeros((0, 2))
    found = [
        evaluate_rankings([], []),
        evaluate_steps([], []),
        evaluate_outcomes([], np.zeros(0)),
        evaluate_ratings([], empty, ("a", "b")),
        evaluate_classes([], empty, ("a", "b")),
    ]
    for evaluation in found:
        values = evaluation.to_dict()
        assert values.pop("n") == 0
        assert not any(values.values()), values


def test_outputs_that_are_no_numbers_are_refused():
    odd = np.array([math.nan])
    for evaluate, arguments in (
        (evaluate_rankings, ([ranked((0,), (1,), completions=("a", "b"))], [odd])),
        (evaluate_steps, ([solved(True)], [odd])),
        (evaluate_outcomes, ([outcome(True)], odd)),
        (evaluate_ratings, ([rated(a=1.0)], odd[:, None], ("a",))),
        (evaluate_classes, ([of_class("a")], odd[:, None], ("a",))),
    ):
        with pytest.raises(ModelingError, match="not finite"):
            evaluate(*arguments)


def test_an_interval_resamples_openings():
    examples = [outcome(number % 2 == 0, number=number // 10) for number in range(20)]
    assert evaluate_outcomes(examples[:10], np.ones(10)).interval is None
    assert evaluate_outcomes(examples, np.ones(20)).interval == (0.5, 0.5)
