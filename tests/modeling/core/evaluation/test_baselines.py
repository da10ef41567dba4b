import numpy as np
import pytest
from scipy.sparse import csr_array

from modeling.core.evaluation.baselines import baselines
from modeling.core.evaluation.rows import labelled_of, preferences_of
from modeling.core.evaluation.words import fit_logistic, fit_vocabulary, words_of
from tests.modeling.core.evaluation.examples import outcome, pair, ranking, solution


def slow_loss(features, targets, weights, vector, l2):
    total = 0.0
    for row, target, weight in zip(features, targets, weights, strict=True):
        chance = 1 / (1 + np.exp(-row @ vector))
        total -= weight * (target * np.log(chance) + (1 - target) * np.log(1 - chance))
    return total / sum(weights) + l2 / 2 * sum(vector**2)


def test_words_are_lower_case_and_signs_count():
    assert words_of("Yes, I do!") == ["yes", ",", "i", "do", "!"]


def test_the_vocabulary_has_words_of_two_texts_and_counts_by_logarithm():
    vocabulary = fit_vocabulary(["a b b", "b c", "c c once"])
    assert vocabulary.columns == {"b": 0, "c": 1}
    expected = np.log1p([[2, 0], [0, 1]])
    assert vocabulary.vectors(["b b new", "c"]).toarray() == pytest.approx(expected)


def test_the_fit_has_the_least_loss():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(40, 3)), rng.choice([0.0, 0.6, 1.0], 40)
    weights = rng.random(40)
    best = fit_logistic(csr_array(features), targets, weights, l2=0.1)
    least = slow_loss(features, targets, weights, best, 0.1)
    for _ in range(20):
        other = best + rng.normal(scale=0.05, size=3)
        assert slow_loss(features, targets, weights, other, 0.1) >= least - 1e-9


def pairs_by_word(count, start=0):
    """The better answer says "good", and neither is longer."""
    return [
        pair(k, chosen=f"good word {k}", rejected=f"evil word {k}")
        for k in range(start, start + count)
    ]


def test_a_bag_of_words_finds_the_word_and_length_does_not():
    found = baselines("preference", pairs_by_word(40), pairs_by_word(10, 40), pairs_by_word(20, 50))
    assert found["bag_of_words"]["accuracy"] == 1.0
    assert found["length"]["accuracy"] == 0.5
    assert found["bag_of_words"]["gain"] is None


def test_length_prefers_what_was_right_in_training():
    train = [pair(k, chosen="a", rejected="longer") for k in range(5)]
    test = [pair(9, chosen="aa", rejected="a"), pair(10, chosen="a", rejected="aa")]
    found = baselines("preference", train, [], [*test, *test[1:]])["length"]
    assert (found["prefers"], found["accuracy"]) == ("shorter", 2 / 3)


def test_the_gain_is_paired():
    test = pairs_by_word(20, 50)
    right = np.array([1.0] * 15 + [0.0] * 5)
    found = baselines("preference", pairs_by_word(40), [], test, right)
    assert found["bag_of_words"]["gain"] == pytest.approx(-0.25)
    low, high = found["bag_of_words"]["gain_interval"]
    assert low < -0.25 < high < 0
    assert found["length"]["gain"] == pytest.approx(0.25)


def test_credit_of_other_rows_gives_no_gain():
    found = baselines("preference", pairs_by_word(9), [], pairs_by_word(5, 9), np.ones(4))
    assert found["length"]["gain"] is None


def test_rankings_count_by_their_pairs():
    def ranked(k):
        return ranking(k, [f"evil {k}", f"good {k}", "so so"], [[1], [0, 2]])

    examples = [ranked(k) for k in range(12)]
    found = baselines("ranking", examples[:8], [], examples[8:])
    assert found["bag_of_words"]["accuracy"] == 1.0
    assert preferences_of(examples).places[:2] == [(0, 1, 0), (0, 1, 2)]


def test_labels_and_steps_have_baselines_too():
    rows = [outcome(k, "good answer" if k % 2 else "bad", bool(k % 2)) for k in range(40)]
    found = baselines("outcome", rows[:30], [], rows[30:])
    assert found["bag_of_words"]["accuracy"] == found["length"]["accuracy"] == 1.0
    assert found["length"]["prefers"] == "longer"
    solved = [solution(k, [True, k % 3 > 0]) for k in range(30)]
    assert baselines("stepwise", solved[:20], [], solved[20:])["bag_of_words"]["accuracy"] > 0.7
    assert labelled_of(solved[:2]).labels.tolist() == [True, False, True, True]


def test_one_label_teaches_nothing():
    rows = [outcome(k, f"answer {k}", True) for k in range(4)]
    assert baselines("outcome", rows, [], rows) == {"length": None, "bag_of_words": None}


def test_other_kinds_and_no_test_rows_have_none():
    assert baselines("rating", [], [], [1]) is None
    assert baselines("preference", pairs_by_word(3), [], []) is None


def test_pairs_without_a_shared_word_teach_the_bag_nothing():
    train = [pair(0, chosen="one", rejected="two")]
    assert baselines("preference", train, [], pairs_by_word(3))["bag_of_words"] is None
    assert baselines("preference", [], [], pairs_by_word(3))["length"] is None
