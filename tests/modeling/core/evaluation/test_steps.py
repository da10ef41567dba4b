import numpy as np
import pytest

from modeling.core.metrics import at_chosen_threshold, choose_threshold, evaluate_steps, locate
from tests.modeling.core.evaluation.examples import solution


def slow_f1(examples, scores, threshold):
    """Walk through each solution until a step is called wrong."""
    hits = {True: [], False: []}
    for example, values in zip(examples, scores, strict=True):
        called = next((k for k, value in enumerate(values) if value < threshold), -1)
        hits[example.first_error >= 0].append(called == example.first_error)
    found, cleared = np.mean(hits[True]), np.mean(hits[False])
    return 2 * found * cleared / (found + cleared) if found + cleared else 0.0


def drawn(count, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    examples, scores = [], []
    for number in range(count):
        labels = [True] * int(rng.integers(1, 5)) + [False] * int(rng.integers(0, 2))
        examples.append(solution(number, labels, category="ab"[number % 2]))
        scores.append(rng.normal(size=len(labels)) + np.where(labels, 1.0, -1.0) + shift)
    return examples, scores


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.7])
def test_first_errors_are_found_as_by_walking(threshold):
    examples, scores = drawn(60)
    assert locate(examples, scores, threshold).f1 == pytest.approx(
        slow_f1(examples, scores, threshold)
    )


def test_the_chosen_threshold_is_the_best_of_all():
    examples, scores = drawn(60)
    best = choose_threshold(examples, scores)
    reached = slow_f1(examples, scores, best)
    ends = np.unique(np.concatenate(scores))
    tried = [slow_f1(examples, scores, t) for t in [*(ends[1:] + ends[:-1]) / 2, 0.0]]
    assert reached == pytest.approx(max(tried))


def test_a_model_that_is_too_kind_is_put_right_by_its_threshold():
    validation, kind = drawn(80, shift=3.0)
    test, told = drawn(80, seed=1, shift=3.0)
    found = at_chosen_threshold(validation, kind, test, told)
    assert found["threshold"] > 1
    assert found["first_error_f1"] > locate(test, told).f1
    assert found["first_error_f1"] == pytest.approx(slow_f1(test, told, found["threshold"]))
    assert set(found["f1_by_subset"]) == {"a", "b"}


def test_solutions_of_one_sort_choose_no_threshold():
    right = [solution(0, [True, True])]
    assert choose_threshold(right, [np.array([1.0, 1.0])]) is None
    assert at_chosen_threshold([], [], right, [np.ones(2)]) is None


def test_subsets_have_an_f1_each_and_their_mean():
    examples = [
        solution(0, [True, False], category="a"),
        solution(1, [True, True], category="a"),
        solution(2, [False], category="b"),
        solution(3, [True], category="b"),
    ]
    scores = [np.array([1.0, -1.0]), np.array([1.0, 1.0]), np.array([1.0]), np.array([1.0])]
    found = evaluate_steps(examples, scores)
    assert {name: part.f1 for name, part in found.f1_by_subset.items()} == {"a": 1.0, "b": 0.0}
    assert found.first_error_f1_mean == 0.5
    assert found.first_error_f1 == pytest.approx(2 * 0.5 / 1.5)
    assert found.step_f1 == pytest.approx(2 * 1 / (1 + 2))


def test_an_error_that_was_not_read_is_not_found():
    examples = [solution(0, [True, True, False]), solution(1, [True])]
    scores = [np.array([1.0, 1.0]), np.array([1.0])]
    assert locate(examples, scores).found == 0.0


def test_a_subset_without_errors_leaves_the_mean_unknown():
    examples = [solution(0, [True], category="a"), solution(1, [False], category="a")]
    examples.append(solution(2, [True], category="b"))
    found = evaluate_steps(examples, [np.ones(1), -np.ones(1), np.ones(1)])
    assert found.f1_by_subset["b"].f1 is None
    assert found.first_error_f1_mean is None
