"""The spammer score against its definition, and on planted spammers."""

from itertools import combinations

import numpy as np

from curation.core.aggregate import aggregate_labels, spammer_scores
from tests.curation.core.aggregate.label_twins import even_errors, simulated


def slow_score(matrix):
    """Raykar & Yu (2012), equation 11: mean squared distance of rows, 1 at its largest."""
    n_classes = len(matrix)
    total = sum(
        (matrix[c][k] - matrix[d][k]) ** 2
        for c, d in combinations(range(n_classes), 2)
        for k in range(n_classes)
    )
    return total / (n_classes * (n_classes - 1))


def test_scores_equal_the_definition():
    matrices = np.random.default_rng(0).dirichlet([0.5, 1, 2, 1], size=(7, 4))
    np.testing.assert_allclose(spammer_scores(matrices), [slow_score(one) for one in matrices])


def test_spammers_score_nothing_and_the_perfect_one():
    always, mixed = np.tile([0, 1, 0], (3, 1)), np.tile([0.5, 0.3, 0.2], (3, 1))
    swapped = np.eye(3)[[1, 2, 0]]
    scores = spammer_scores(np.stack([always, mixed, np.eye(3), swapped]))
    np.testing.assert_allclose(scores, [0, 0, 1, 1], atol=1e-12)


def test_a_single_class_tells_nothing():
    assert np.isnan(spammer_scores(np.ones((2, 1, 1)))).all()


def test_planted_spammers_are_found():
    rng = np.random.default_rng(1)
    confusion = even_errors(rng.uniform(0.65, 0.95, 40), 3)
    confusion[:10] = rng.dirichlet([1, 1, 1], size=10)[:, None, :]
    *columns, _ = simulated(confusion, [0.4, 0.3, 0.3], n_items=800, votes_each=5, seed=2)
    fitted = aggregate_labels(*columns, method="dawid_skene").confusion
    scores = spammer_scores(fitted)
    assert scores[:10].max() < scores[10:].min()
