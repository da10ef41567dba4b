"""Agreement as the definitions read, one loop at a time."""

from itertools import combinations, permutations
from math import isnan, nan, sqrt

import numpy as np


def last_ratings(items, annotators, values):
    """{item: {annotator: value}}, the last of several, missing ones left out."""
    found = {}
    for item, annotator, value in zip(items, annotators, values, strict=True):
        if value is not None and value == value:
            found.setdefault(item, {})[annotator] = value
    return found


def pairable(items, values):
    """The ratings of each item with two or more, missing ones left out."""
    found = {}
    for item, value in zip(items, values, strict=True):
        if value is not None and value == value:
            found.setdefault(item, []).append(value)
    return [said for said in found.values() if len(said) > 1]


def coincidences(units):
    """Krippendorff's coincidence matrix as {(c, k): count}."""
    table = {}
    for values in units:
        for c, k in permutations(values, 2):
            table[c, k] = table.get((c, k), 0) + 1 / (len(values) - 1)
    return table


def squared_difference(level, marginals, c, k):
    if level == "nominal":
        return float(c != k)
    if level == "interval":
        return float(c - k) ** 2
    low, high = min(c, k), max(c, k)
    between = sum(n for value, n in marginals.items() if low <= value <= high)
    return (between - (marginals[c] + marginals[k]) / 2) ** 2


def slow_alpha(items, annotators, values, *, level):
    table = coincidences(pairable(items, values))
    marginals = {}
    for (c, _), count in table.items():
        marginals[c] = marginals.get(c, 0) + count
    if len(marginals) < 2:
        return nan
    n = sum(marginals.values())
    metric = {
        (c, k): squared_difference(level, marginals, c, k) for c in marginals for k in marginals
    }
    observed = sum(count * metric[pair] for pair, count in table.items()) / n
    expected = sum(marginals[c] * marginals[k] * metric[c, k] for c, k in metric) / (n * (n - 1))
    return 1 - observed / expected


def slow_cohen(pairs):
    """Kappa of (first, second) pairs."""
    if not pairs:
        return nan
    observed = sum(a == b for a, b in pairs) / len(pairs)
    firsts, seconds = [a for a, _ in pairs], [b for _, b in pairs]
    by_chance = sum(firsts.count(c) * seconds.count(c) for c in set(firsts)) / len(pairs) ** 2
    return nan if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


def slow_pairwise(items, annotators, values):
    said = last_ratings(items, annotators, values)
    total, shared = 0.0, 0
    for a, b in combinations(sorted(set(annotators)), 2):
        pairs = [(of[a], of[b]) for of in said.values() if a in of and b in of]
        kappa = slow_cohen(pairs)
        if not isnan(kappa):
            total, shared = total + kappa * len(pairs), shared + len(pairs)
    return total / shared if shared else nan


def slow_fleiss(items, annotators, values):
    units = pairable(items, values)
    flat = [value for unit in units for value in unit]
    if len(set(flat)) < 2:
        return nan
    observed = np.mean([np.mean([a == b for a, b in permutations(unit, 2)]) for unit in units])
    by_chance = sum((flat.count(c) / len(flat)) ** 2 for c in set(flat))
    return (observed - by_chance) / (1 - by_chance)


def slow_share(items, annotators, values):
    pairs = [a == b for unit in pairable(items, values) for a, b in combinations(unit, 2)]
    return sum(pairs) / len(pairs) if pairs else nan


def slow_tau(first, second):
    """(concordant − discordant) / sqrt of the pairs untied in each."""
    score = untied_first = untied_second = 0
    for i, j in combinations(range(len(first)), 2):
        a, b = np.sign(first[i] - first[j]), np.sign(second[i] - second[j])
        score, untied_first, untied_second = (
            score + a * b,
            untied_first + a**2,
            untied_second + b**2,
        )
    return score / sqrt(untied_first * untied_second) if untied_first * untied_second else nan


def slow_w(rankings):
    """12 S / (m² (k³ − k) − m ΣT), with T the sum of t³ − t over a ranking's ties."""
    m, k = len(rankings), len(rankings[0])
    if m < 2:
        return nan
    ranks = [
        [1 + sum(b < a for b in row) + (row.count(a) - 1) / 2 for a in row] for row in rankings
    ]
    sums = [sum(row[j] for row in ranks) for j in range(k)]
    spread = sum((total - sum(sums) / k) ** 2 for total in sums)
    ties = sum(row.count(a) ** 3 - row.count(a) for row in rankings for a in set(row))
    most = m**2 * (k**3 - k) - m * ties
    return 12 * spread / most if most else nan
