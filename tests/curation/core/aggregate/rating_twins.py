"""Models of ratings one loop at a time, and simulated annotators.

`python -m tests.curation.core.aggregate.rating_twins` prints the golden file.
"""

import json
from math import exp, log, pi, sqrt
from statistics import fmean, pstdev

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma
from scipy.stats import multivariate_normal

GOLDEN_RATINGS = [
    (item, annotator, float(said))
    for annotator, row in enumerate(["44231502", "55342513", "33233323", "51052540"])
    for item, said in enumerate(row)
    if (item + 2 * annotator) % 5
]


def slow_weighted(ratings, *, scale=True, noise=True, rounds=20_000):
    """EM for normal ratings with each annotator's bias, scale and noise, as `rating_model` has it.

    Returns scores by item, and bias, scale and noise by annotator.
    """
    state, quality, unsure = started(ratings), {}, {}
    for _ in range(rounds):
        before, (quality, unsure) = quality, qualities(ratings, state)
        if before and max(abs(quality[item] - before[item]) for item in quality) < 1e-9:
            break
        state = improved(ratings, state, quality, unsure, scale=scale, noise=noise)
    people = sorted(state["bias"])
    return {
        "scores": [state["mean"] + state["common"] * quality[item] for item in sorted(quality)],
        "bias": [state["bias"][p] for p in people],
        "scale": [state["width"][p] / state["common"] for p in people],
        "noise": [sqrt(state["variance"][p]) for p in people],
    }


def started(ratings):
    """Everybody alike; half of the spread is that of the items."""
    people = sorted({who for _, who, _ in ratings})
    spread = pstdev(value for _, _, value in ratings)
    share = spread / sqrt(2)
    return {
        "mean": fmean(value for _, _, value in ratings),
        "common": share,
        "bias": dict.fromkeys(people, 0.0),
        "width": dict.fromkeys(people, share),
        "variance": dict.fromkeys(people, share**2),
        "bias_sd": 0.3 * spread,
        "scale_sd": 0.4 * share,
    }


def qualities(ratings, state):
    """Posterior means and variances of the items' qualities."""
    width, variance = state["width"], state["variance"]
    quality, unsure = {}, {}
    for item in sorted({item for item, _, _ in ratings}):
        own = [(who, value) for of, who, value in ratings if of == item]
        precision = 1 + sum(width[who] ** 2 / variance[who] for who, _ in own)
        pull = sum(
            width[who] / variance[who] * (value - state["mean"] - state["bias"][who])
            for who, value in own
        )
        quality[item], unsure[item] = pull / precision, 1 / precision
    return quality, unsure


def improved(ratings, state, quality, unsure, *, scale, noise):
    """Everything but the qualities once more."""
    rows = {p: [(i, v) for i, who, v in ratings if who == p] for p in state["bias"]}
    habits = habits_of(rows, state, quality, unsure, scale=scale)
    precision = sum(len(rows[p]) / state["variance"][p] for p in rows)
    mean = (
        state["mean"]
        + sum(
            (v - state["mean"] - habits[p]["bias"] - habits[p]["scale"] * quality[i])
            / state["variance"][p]
            for p in rows
            for i, v in rows[p]
        )
        / precision
    )
    variance = variances(rows, habits, mean, quality, unsure, noise=noise)
    total = sum(map(len, rows.values()))
    common = sum(habits[p]["scale"] * len(rows[p]) for p in rows) / total
    least = 0.02 * fmean(map(sqrt, variance.values())) ** 2
    biases = sum(habits[p]["bias"] ** 2 + habits[p]["bias_var"] for p in rows)
    scales = sum((habits[p]["scale"] - common) ** 2 + habits[p]["scale_var"] for p in rows)
    return {
        "mean": mean,
        "common": common,
        "bias": {p: habits[p]["bias"] for p in rows},
        "width": {p: habits[p]["scale"] for p in rows},
        "variance": variance,
        "bias_sd": sqrt((biases + least) / (len(rows) + 1)),
        "scale_sd": sqrt((scales + 20 * (0.4 * common) ** 2) / (len(rows) + 20)),
    }


def habits_of(rows, state, quality, unsure, *, scale):
    """Each annotator's bias and scale; one scale for all unless `scale`."""
    slope = None
    if not scale:
        told = [(p, quality[i], unsure[i], v - state["mean"]) for p in rows for i, v in rows[p]]
        variance, bias = state["variance"], state["bias"]
        slope = sum((v - bias[p]) * q / variance[p] for p, q, _, v in told)
        slope /= sum((q * q + u) / variance[p] for p, q, u, _ in told)
    return {
        p: habit(
            [(quality[i], unsure[i], v - state["mean"]) for i, v in rows[p]],
            state["variance"][p], state["bias_sd"], state["common"], state["scale_sd"], slope,
        )
        for p in rows
    }  # fmt: skip


def variances(rows, habits, mean, quality, unsure, *, noise):
    """Each annotator's noise variance; one for all unless `noise`."""
    counts = {p: len(rows[p]) for p in rows}
    squares = {
        p: sum(expected_square(habits[p], quality[i], unsure[i], v - mean) for i, v in rows[p])
        for p in rows
    }
    pooled = sum(squares.values()) / sum(counts.values())
    if not noise:
        return dict.fromkeys(rows, pooled)
    squares = {p: max(squares[p], 1e-4 * pooled * counts[p]) for p in rows}
    typical, degrees = smyth([squares[p] for p in rows], [counts[p] for p in rows])
    return {p: (squares[p] + degrees * typical) / (counts[p] + degrees) for p in rows}


def habit(rows, variance, bias_sd, common, scale_sd, slope):
    """The posterior of one annotator's bias and scale; `slope` is a scale that is given."""
    n = len(rows)
    quality = sum(q for q, _, _ in rows) / variance
    square = sum(q * q + u for q, u, _ in rows) / variance
    said = sum(v for _, _, v in rows) / variance
    along = sum(q * v for q, _, v in rows) / variance
    level = n / variance + bias_sd**-2
    if slope is not None:
        bias = (said - slope * quality) / level
        return {"bias": bias, "scale": slope, "bias_var": 1 / level, "scale_var": 0.0, "cov": 0.0}
    matrix = np.array([[square + scale_sd**-2, quality], [quality, level]])
    inverse = np.linalg.inv(matrix)
    scale = inverse @ [along + common * scale_sd**-2, said]
    width = max(float(scale[0]), 0.02 * common)
    return {
        "bias": (said - quality * width) / level,
        "scale": width,
        "bias_var": float(inverse[1, 1]),
        "scale_var": float(inverse[0, 0]),
        "cov": float(inverse[0, 1]),
    }


def expected_square(found, quality, unsure, said):
    """The expected square of a rating's noise over quality, bias and scale."""
    rest = said - found["bias"] - found["scale"] * quality
    square = quality**2 + unsure
    return (
        rest**2
        + found["scale"] ** 2 * unsure
        + found["bias_var"]
        + found["scale_var"] * square
        + 2 * found["cov"] * quality
    )


def smyth(squares, counts):
    """The common variance and the degrees of freedom of its inverse chi-square distribution."""
    logs = [log(s / n) - digamma(n / 2) + log(n / 2) for s, n in zip(squares, counts, strict=True)]
    sampling = [polygamma(1, n / 2) for n in counts]
    supposed = polygamma(1, 3.0)
    trust = [1 / (s + supposed) for s in sampling]
    centre = np.average(logs, weights=trust)
    excess = np.average(
        [(value - centre) ** 2 - s for value, s in zip(logs, sampling, strict=True)], weights=trust
    )
    spread = (len(counts) * excess + 20 * supposed) / (len(counts) + 20)
    degrees = 1e6
    if spread > 2e-6:
        degrees = 2 * brentq(lambda at: polygamma(1, at) - spread, 0.05, 1e6, xtol=1e-12)
    return exp(centre + digamma(degrees / 2) - log(degrees / 2)), degrees


def marginal(ratings, fit):
    """The log-likelihood of ratings with the qualities integrated out, plus bias and scale priors.

    `fit` holds mean, bias, scale, noise, common_scale, bias_sd and scale_sd, as `RatingFit` does.
    """
    total = 0.0
    for item in sorted({item for item, _, _ in ratings}):
        own = [(who, value) for of, who, value in ratings if of == item]
        who = [p for p, _ in own]
        spread = np.diag(fit.noise[who] ** 2) + np.outer(fit.scale[who], fit.scale[who])
        total += multivariate_normal(fit.mean + fit.bias[who], spread).logpdf([v for _, v in own])
    total -= sum(fit.bias**2) / (2 * fit.bias_sd**2)
    total -= sum((fit.scale - fit.common_scale) ** 2) / (2 * fit.scale_sd**2)
    return float(total)


def logistic(x):
    return 1 / (1 + exp(-x)) if x > -700 else 0.0


def level_probability(level, thresholds, seen):
    """The probability of a level, given shift + slope * quality."""
    until = logistic(thresholds[level] - seen) if level < len(thresholds) else 1.0
    below = logistic(thresholds[level - 1] - seen) if level > 0 else 0.0
    return until - below


def graded_marginal(ratings, nodes, thresholds, shift, slope):
    """The log-likelihood of levels with qualities summed over standard normal nodes.

    `ratings` are (item, annotator, level).
    """
    weights = [exp(-(node**2) / 2) for node in nodes]
    total = 0.0
    for item in sorted({item for item, _, _ in ratings}):
        own = [(who, level) for of, who, level in ratings if of == item]
        chance = 0.0
        for node, weight in zip(nodes, weights, strict=True):
            product = weight / sum(weights)
            for who, level in own:
                product *= level_probability(level, thresholds, shift[who] + slope[who] * node)
            chance += product
        total += log(chance)
    return total


def graded_scores(ratings, nodes, levels, thresholds, shift, slope, common):
    """What a typical annotator is expected to rate each item, over the posterior of its quality."""
    found = []
    for item in sorted({item for item, _, _ in ratings}):
        weights = []
        for node in nodes:
            weight = exp(-(node**2) / 2) / sqrt(2 * pi)
            for of, who, level in ratings:
                if of == item:
                    weight *= level_probability(level, thresholds, shift[who] + slope[who] * node)
            weights.append(weight)
        rated = [
            sum(
                value * level_probability(k, thresholds, common * node)
                for k, value in enumerate(levels)
            )
            for node in nodes
        ]
        found.append(sum(w * r for w, r in zip(weights, rated, strict=True)) / sum(weights))
    return found


def simulated_ratings(rng, *, n_items=150, n_annotators=30, per_item=5, careless=0.0, levels=5):
    """Qualities, biases, scales, who is careless, and ratings as three arrays."""
    quality = rng.normal(size=n_items)
    item = np.repeat(np.arange(n_items), per_item)
    who = np.concatenate(
        [rng.choice(n_annotators, per_item, replace=False) for _ in range(n_items)]
    )
    bias, scale = 0.5 * rng.normal(size=n_annotators), np.exp(0.3 * rng.normal(size=n_annotators))
    noise = 0.8 * np.exp(0.4 * rng.normal(size=n_annotators))
    spam = np.arange(n_annotators) < careless * n_annotators
    told = scale[who] * quality[item] + noise[who] * rng.normal(size=len(item))
    told = np.where(spam[who], 1.3 * rng.normal(size=len(item)), told) + bias[who]
    middle = (levels + 1) / 2
    values = np.clip(np.round(told + middle), 1, levels) if levels else told + middle
    return {
        "quality": quality, "bias": bias, "scale": scale, "careless": spam,
        "rows": (item, who, values),
    }  # fmt: skip


def golden():
    return {
        "ratings": GOLDEN_RATINGS,
        "weighted": slow_weighted(GOLDEN_RATINGS),
        "standardised": slow_weighted(GOLDEN_RATINGS, noise=False),
        "centred": slow_weighted(GOLDEN_RATINGS, scale=False, noise=False),
    }


if __name__ == "__main__":
    print(json.dumps(golden()))  # noqa: T201
