"""Rankings and comparisons as their definitions read, one loop at a time; and simulated annotators.

`python -m tests.curation.core.aggregate.rank_twins` prints the golden file.
"""

import json
from itertools import combinations, permutations, product
from math import erfc, exp, log, sqrt

import numpy as np
from scipy.optimize import minimize

GOLDEN_RANKINGS = [
    [[0], [1], [2], [3]],
    [[1], [0], [3], [2]],
    [[0, 1], [2], [3]],
    [[4], [0], [2]],
    [[3], [4, 2], [1]],
    [[0], [1, 2, 3, 4]],
    [[4], [3]],
    [[2], [1]],
]
GOLDEN_WEIGHTS = [1.0, 1.0, 2.0, 1.0, 0.5, 1.0, 1.0, 1.0]
GOLDEN_COMPARISONS = [
    [0, 1, 1.0], [1, 2, 1.0], [0, 2, 0.5], [2, 3, 0.0], [3, 0, 0.0], [1, 3, 0.25], [0, 1, 1.0],
    [4, 3, 1.0],
]  # fmt: skip
GOLDEN_PRIOR = 0.5


def order_log_probability(order, strengths):
    """The log-probability of one order's choices."""
    return sum(
        strengths[item] - log(sum(exp(strengths[other]) for other in order[place:]))
        for place, item in enumerate(order)
    )


def log_likelihood(ranking, strengths):
    """The mean over every order that the tiers allow."""
    orders = [sum(parts, ()) for parts in product(*(permutations(tier) for tier in ranking))]
    return sum(order_log_probability(order, strengths) for order in orders) / len(orders)


def posterior(strengths, rankings, prior, weights=None, scale=None):
    """Log-likelihood and normal log-prior; `scale` multiplies the strengths of each ranking."""
    ones = [1.0] * len(rankings)
    rows = zip(rankings, weights or ones, scale or ones, strict=True)
    told = sum(w * log_likelihood(r, [s * k for k in strengths]) for r, w, s in rows)
    return told - prior * sum(s * s for s in strengths) / 2


def fitted(rankings, n_items, prior, weights=None):
    """Climb the posterior without knowing its slope."""
    return minimize(
        lambda at: -posterior(list(at), rankings, prior, weights),
        np.zeros(n_items),
        method="BFGS",
        options={"gtol": 1e-8},
    ).x


def subset_mean(size, value):
    """The mean over orders of a tier of a summed value of what is left to choose from.

    What is left after some choices is any subset of its size, each as often as the others.
    """
    total = 0.0
    for left in range(1, size):
        subsets = list(combinations(range(size), left))
        total += sum(map(value, subsets)) / len(subsets)
    return total


def contradicted(order, rankings, weights):
    """The weight of ordered pairs that an order has the other way round."""
    place = {item: k for k, item in enumerate(order)}
    cost = 0.0
    for ranking, weight in zip(rankings, weights, strict=True):
        for above, below in combinations(ranking, 2):
            cost += weight * sum(place[a] > place[b] for a, b in product(above, below))
    return cost


def best_orders(rankings, n_items, weights):
    """All orders that contradict least, and how much that is."""
    orders = list(permutations(range(n_items)))
    costs = [contradicted(order, rankings, weights) for order in orders]
    best = min(costs)
    return [o for o, cost in zip(orders, costs, strict=True) if cost <= best + 1e-9], best


def mean_places(orders):
    return [
        float(np.mean([order.index(item) for order in orders])) for item in range(len(orders[0]))
    ]


def borda(rankings, n_items):
    """Each item's mean share of others below it."""
    shares = [[] for _ in range(n_items)]
    for ranking in rankings:
        n = sum(map(len, ranking))
        for k, tier in enumerate(ranking):
            below = sum(map(len, ranking[k + 1 :])) + (len(tier) - 1) / 2
            for item in tier:
                shares[item].append(below / (n - 1))
    return [float(np.mean(of)) if of else float("nan") for of in shares]


def normal(x):
    return erfc(-x / sqrt(2)) / 2


def thurstone_posterior(strengths, comparisons, prior, scale=None):
    """Comparisons are (left, right, outcome); `scale` multiplies each one's gap."""
    told = 0.0
    for k, (left, right, outcome) in enumerate(comparisons):
        gap = (1.0 if scale is None else scale[k]) * (strengths[left] - strengths[right])
        told += outcome * log(normal(gap)) + (1 - outcome) * log(normal(-gap))
    return told - prior * sum(s * s for s in strengths) / 2


def thurstone_fitted(comparisons, n_items, prior):
    return minimize(
        lambda at: -thurstone_posterior(list(at), comparisons, prior),
        np.zeros(n_items),
        method="BFGS",
        options={"gtol": 1e-8},
    ).x


def simulated_rankings(rng, skills, n_groups, *, size=4, per_group=3, spread=1.0):
    """Strengths (n_groups, size); and for each ranking its group, annotator and order."""
    strengths = rng.normal(size=(n_groups, size)) * spread
    group = np.repeat(np.arange(n_groups), per_group)
    who = np.concatenate(
        [rng.choice(len(skills), per_group, replace=False) for _ in range(n_groups)]
    )
    noisy = skills[who][:, None] * strengths[group] + rng.gumbel(size=(len(group), size))
    return strengths, group, who, np.argsort(-noisy, axis=1)


def pair_accuracy(scores, truth):
    """The share of pairs of a group's items that scores order as the truth does."""
    left, right = np.triu_indices(truth.shape[1], 1)
    right_way = np.sign(scores[:, left] - scores[:, right])
    true_way = np.sign(truth[:, left] - truth[:, right])
    return float(np.where(right_way == 0, 0.5, right_way == true_way).mean())


def golden():
    orders, cost = best_orders(GOLDEN_RANKINGS, 5, GOLDEN_WEIGHTS)
    return {
        "rankings": GOLDEN_RANKINGS,
        "weights": GOLDEN_WEIGHTS,
        "prior": GOLDEN_PRIOR,
        "strengths": fitted(GOLDEN_RANKINGS, 5, GOLDEN_PRIOR, GOLDEN_WEIGHTS).tolist(),
        "borda": borda(GOLDEN_RANKINGS, 5),
        "kemeny": {"places": mean_places(orders), "cost": cost},
        "comparisons": GOLDEN_COMPARISONS,
        "thurstone": thurstone_fitted(GOLDEN_COMPARISONS, 5, GOLDEN_PRIOR).tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(golden()))  # noqa: T201
