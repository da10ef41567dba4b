"""Models of labels as their definitions read, one loop at a time; and simulated annotators.

`python -m tests.curation.core.aggregate.label_twins` prints the golden file.
"""

import json
from collections import Counter, defaultdict
from math import exp, log

import numpy as np
from scipy.special import digamma

GOLDEN_VOTES = [
    (item, annotator, label)
    for annotator, said in enumerate(
        ["00112200112", "00112200110", "0011220011", "0111210112", "00000000000", "21021021021"]
    )
    for item, label in enumerate(map(int, said))
    if (item + annotator) % 4
]
GOLDEN_KNOWN = {3: 1, 6: 0}
ROUNDS = 5


def weights_of(votes):
    """Each distinct (item, annotator, label) and its share of what they said of the item."""
    said = defaultdict(Counter)
    for item, annotator, label in votes:
        said[item, annotator][label] += 1
    return {
        (item, annotator, label): n / sum(labels.values())
        for (item, annotator), labels in said.items()
        for label, n in labels.items()
    }


def settled(weights, known, item):
    """Weights of an item's classes as probabilities, a known answer certain."""
    if item in known:
        return [float(k == known[item]) for k in range(len(weights))]
    return [weight / sum(weights) for weight in weights]


def from_logs(logs, known, item):
    return settled([exp(value - max(logs)) for value in logs], known, item)


def majority_shares(weights, n_classes, known):
    tally = defaultdict(lambda: [0.0] * n_classes)
    for (item, _, label), weight in weights.items():
        tally[item][label] += weight
    return {item: settled(row, known, item) for item, row in tally.items()}


def telling_items(weights, known):
    voters = defaultdict(set)
    for item, annotator, _ in weights:
        voters[item].add(annotator)
    return {item for item, people in voters.items() if len(people) > 1 or item in known}


def slow_step(rows, strength):
    """One step of Minka's fixed point; rows are (counts, expected rates)."""
    gain = sum(
        rate * (digamma(n + strength * rate) - digamma(strength * rate))
        for counts, rates in rows
        for n, rate in zip(counts, rates, strict=True)
    )
    loss = sum(digamma(sum(counts) + strength) - digamma(strength) for counts, _ in rows)
    return (strength * gain + 2) / (loss + 0.5)


def improved_strength(rows, strength):
    once = slow_step(rows, strength)
    twice = slow_step(rows, once)
    first, second = log(once / strength), log(twice / once)
    ratio = min(max(second / first, 0), 0.99) if first else 0
    return strength * exp(min(max(first / (1 - ratio), -log(4)), log(4)))


def slow_one_coin(votes, *, n_classes, known, rounds, shared=False):
    """Posterior by item, accuracy by annotator, and the log-likelihood."""
    weights = weights_of(votes)
    telling = telling_items(weights, known)
    posterior = majority_shares(weights, n_classes, known)
    strength = 4.0
    for _ in range(rounds):
        right, total = defaultdict(float), defaultdict(float)
        for (item, annotator, label), weight in weights.items():
            right[annotator] += weight * posterior[item][label] * (item in telling)
            total[annotator] += weight * (item in telling)
        pooled = (sum(right.values()) + 4) / (sum(total.values()) + 5)
        if not shared:
            rows = [([right[a], total[a] - right[a]], [pooled, 1 - pooled]) for a in total]
            strength = improved_strength(rows, strength)
        accuracy = {
            a: pooled if shared else (right[a] + strength * pooled) / (total[a] + strength)
            for a in total
        }
        logs = defaultdict(lambda: [log(1 / n_classes)] * n_classes)
        for (item, annotator, label), weight in weights.items():
            p = accuracy[annotator]
            wrong = (1 - p) / max(n_classes - 1, 1)
            logs[item] = [
                value + weight * log(p if k == label else wrong)
                for k, value in enumerate(logs[item])
            ]
        posterior = {item: from_logs(row, known, item) for item, row in logs.items()}
    return posterior, accuracy, evidence(logs, known)


def slow_dawid_skene(votes, *, n_classes, known, rounds):
    """Posterior by item, matrix[class][label] by annotator, shares, and the log-likelihood."""
    weights = weights_of(votes)
    telling = telling_items(weights, known)
    posterior = majority_shares(weights, n_classes, known)
    classes = range(n_classes)
    strength = 4.0
    for _ in range(rounds):
        counts = {a: np.zeros((n_classes, n_classes)) for _, a, _ in weights}
        for (item, annotator, label), weight in weights.items():
            for k in classes:
                counts[annotator][k, label] += weight * posterior[item][k] * (item in telling)
        expected = expected_rates(counts, n_classes)
        rows = [(counts[a][k], expected[a][k]) for a in counts for k in classes]
        strength = improved_strength(rows, strength)
        matrix = {}
        for a in counts:
            smoothed = counts[a] + strength * expected[a]
            matrix[a] = smoothed / smoothed.sum(axis=1, keepdims=True)
        open_items = [item for item in posterior if item in telling and item not in known]
        shares = [sum(posterior[item][k] for item in open_items) + 1 for k in classes]
        shares = [share / sum(shares) for share in shares]
        votes_given = defaultdict(lambda: [0.0] * n_classes)
        for (item, annotator, label), weight in weights.items():
            votes_given[item] = [
                value + weight * log(matrix[annotator][k, label])
                for k, value in enumerate(votes_given[item])
            ]
        logs = {
            item: [value + log(share) for value, share in zip(row, shares, strict=True)]
            for item, row in votes_given.items()
        }
        posterior = {item: from_logs(row, known, item) for item, row in logs.items()}
    reported = {
        item: from_logs(
            [value + log(share) / 2 for value, share in zip(row, shares, strict=True)], known, item
        )
        for item, row in votes_given.items()
    }
    return reported, matrix, shares, evidence(logs, known)


def expected_rates(counts, n_classes):
    """Half what all annotators do, half even errors at one's own rate."""
    off = max(n_classes - 1, 1)
    supposed = np.array(
        [[4.0 if k == label else 1 / off for label in range(n_classes)] for k in range(n_classes)]
    )
    pooled = sum(counts.values()) + supposed
    pooled /= pooled.sum(axis=1, keepdims=True)
    right = {a: table.trace() for a, table in counts.items()}
    total = {a: table.sum() for a, table in counts.items()}
    typical = (sum(right.values()) + 4) / (sum(total.values()) + 5)
    expected = {}
    for a in counts:
        accuracy = (right[a] + 8 * typical) / (total[a] + 8)
        even = np.full((n_classes, n_classes), (1 - accuracy) / off)
        np.fill_diagonal(even, accuracy)
        expected[a] = (pooled + even) / 2
    return expected


def evidence(logs, known):
    return sum(
        row[known[item]] if item in known else log(sum(map(exp, row))) for item, row in logs.items()
    )


def plain_dawid_skene(items, annotators, labels, *, n_classes, rounds=50):
    """Dawid & Skene (1979) without any prior but a trace of smoothing; labels by item."""
    one_hot = np.eye(n_classes)[labels]
    posterior = np.zeros((items.max() + 1, n_classes))
    np.add.at(posterior, items, one_hot)
    posterior /= posterior.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        counts = np.full((annotators.max() + 1, n_classes, n_classes), 0.01)
        np.add.at(counts, (annotators, slice(None), labels), posterior[items])
        rates = np.log(counts / counts.sum(axis=2, keepdims=True))
        logs = np.tile(np.log(posterior.mean(axis=0) + 1e-9), (len(posterior), 1))
        np.add.at(logs, items, rates[annotators, :, labels])
        posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior.argmax(axis=1)


def simulated(confusion, shares, *, n_items, votes_each, seed):
    """Items, annotators, labels and the truth of annotators with these matrices."""
    rng = np.random.default_rng(seed)
    n_annotators, n_classes, _ = confusion.shape
    truth = rng.choice(n_classes, n_items, p=shares)
    who = rng.random((n_items, n_annotators)).argsort(axis=1)[:, :votes_each]
    items, annotators = np.repeat(np.arange(n_items), votes_each), who.ravel()
    chances = confusion[annotators, truth[items]].cumsum(axis=1)
    labels = (rng.random((len(items), 1)) > chances).sum(axis=1).clip(max=n_classes - 1)
    return items, annotators, labels, truth


def even_errors(accuracies, n_classes):
    """Matrices of annotators who err evenly."""
    accuracies = np.asarray(accuracies)[:, None, None]
    off = (1 - accuracies) / (n_classes - 1)
    return off + (accuracies - off) * np.eye(n_classes)


def golden():
    posterior, matrix, shares, likelihood = slow_dawid_skene(
        GOLDEN_VOTES, n_classes=3, known=GOLDEN_KNOWN, rounds=ROUNDS
    )
    coin_posterior, accuracy, coin_likelihood = slow_one_coin(
        GOLDEN_VOTES, n_classes=3, known=GOLDEN_KNOWN, rounds=ROUNDS
    )
    return {
        "votes": GOLDEN_VOTES,
        "known": GOLDEN_KNOWN,
        "rounds": ROUNDS,
        "dawid_skene": {
            "posterior": [rounded(posterior[item]) for item in sorted(posterior)],
            "confusion": [rounded(matrix[a].ravel()) for a in sorted(matrix)],
            "shares": rounded(shares),
            "log_likelihood": round(likelihood, 8),
        },
        "one_coin": {
            "posterior": [rounded(coin_posterior[item]) for item in sorted(coin_posterior)],
            "accuracy": rounded(accuracy[a] for a in sorted(accuracy)),
            "log_likelihood": round(coin_likelihood, 8),
        },
    }


def rounded(values):
    return [round(float(value), 8) for value in values]


if __name__ == "__main__":
    print(json.dumps(golden()))  # noqa: T201
