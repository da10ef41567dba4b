"""First errors one loop at a time, and simulated annotators of solutions.

`python -m tests.curation.core.aggregate.step_twins` prints the golden file.
"""

import json
from math import exp, log

import numpy as np

PRIOR_RATES = (0.05, 0.1, 0.7, 0.3)
GOLDEN_ROWS = [
    ("s", "ann", (1, 1, -1, None)),
    ("s", "bob", (1, 0, -1, None)),
    ("s", "cat", (1, 1, 1, -1)),
    ("t", "ann", (1, 1)),
    ("t", "bob", (1, None)),
    ("t", "cat", (-1, None)),
    ("u", "ann", (None, -1, 1)),
    ("u", "cat", (1, 1, 1)),
    ("v", "bob", (1, -1, -1)),
    ("v", "cat", (0, 0, -1)),
    ("w", "ann", (None, None)),
]


def kind(step, error):
    """Where a step lies: before the first error, just before it, at it, or after it."""
    if step == error:
        return 2
    if step == error - 1:
        return 1
    return 0 if step < error else 3


def read(labels):
    """The steps an annotator read up to their first mark, and whether each was marked."""
    steps = []
    for step, label in enumerate(labels):
        if label is not None:
            steps.append((step, label == -1))
            if label == -1:
                break
    return steps


def row_log_likelihood(labels, error, rates):
    """The log-probability of a row's marks; `error` is None where there is none."""
    total = 0.0
    for step, marked in read(labels):
        rate = rates[0] if error is None else rates[kind(step, error)]
        total += log(rate if marked else 1 - rate)
    return total


def places(length):
    return [*range(length), None]


def solutions_of(rows):
    found = {}
    for solution, who, labels in rows:
        found.setdefault(solution, []).append((who, labels))
    return {solution: found[solution] for solution in sorted(found)}


def log_joint(votes, error, rates, error_rate):
    length = len(votes[0][1])
    prior = error_rate / max(length, 1) if error is not None else 1 - error_rate
    if length == 0:
        prior = 1.0
    return log(prior) + sum(row_log_likelihood(labels, error, rates[who]) for who, labels in votes)


def log_likelihood(rows, rates, error_rate):
    """Of all rows, the first errors summed over."""
    return sum(
        log(sum(exp(log_joint(votes, t, rates, error_rate)) for t in places(len(votes[0][1]))))
        for votes in solutions_of(rows).values()
    )


def slow_first_error(rows, rounds=500, tolerance=1e-10):
    """EM as `first_error` has it; returns posteriors by solution, rates and the error rate."""
    people = sorted({who for _, who, _ in rows})
    rates = {who: list(PRIOR_RATES) for who in people}
    error_rate, posterior = 0.5, {}
    for _ in range(rounds):
        before, posterior = posterior, {}
        for solution, votes in solutions_of(rows).items():
            logs = [log_joint(votes, t, rates, error_rate) for t in places(len(votes[0][1]))]
            weights = [exp(value - max(logs)) for value in logs]
            posterior[solution] = [weight / sum(weights) for weight in weights]
        if (
            before
            and max(
                abs(a - b) for s in posterior for a, b in zip(posterior[s], before[s], strict=True)
            )
            <= tolerance
        ):
            break
        marks = {who: [0.0] * 4 for who in people}
        seen = {who: [0.0] * 4 for who in people}
        for solution, who, labels in rows:
            for step, marked in read(labels):
                for error, chance in zip(places(len(labels)), posterior[solution], strict=True):
                    where = 0 if error is None else kind(step, error)
                    seen[who][where] += chance
                    marks[who][where] += chance * marked
        common = [
            (sum(marks[who][k] for who in people) + 4 * PRIOR_RATES[k])
            / (sum(seen[who][k] for who in people) + 4)
            for k in range(4)
        ]
        rates = {
            who: [(marks[who][k] + 8 * common[k]) / (seen[who][k] + 8) for k in range(4)]
            for who in people
        }
        told = [row for row in posterior.values() if len(row) > 1]
        error_rate = (sum(1 - row[-1] for row in told) + 1) / (len(told) + 2)
    return posterior, rates, common, error_rate


def others_agree(rows, posterior, rates):
    """How probable the others make what each annotator names, on average over shared solutions."""
    found = {}
    grouped = solutions_of(rows)
    for solution, who, labels in rows:
        if len(grouped[solution]) < 2:
            continue
        named = next((step for step, marked in read(labels) if marked), None)
        weights = [
            chance / exp(row_log_likelihood(labels, error, rates[who]))
            for error, chance in zip(places(len(labels)), posterior[solution], strict=True)
        ]
        place = places(len(labels)).index(named)
        found.setdefault(who, []).append(weights[place] / sum(weights))
    return {who: float(np.mean(values)) for who, values in found.items()}


def simulated_steps(rng, *, n_solutions=250, n_annotators=20, per_solution=3, careless=0.2):
    """First errors (a solution's length where there is none), who is careless, rates and rows.

    Annotators stop at the first error that they mark.
    """
    length = rng.integers(3, 11, n_solutions)
    error = np.where(rng.random(n_solutions) < 0.55, rng.integers(0, length), length)
    rates = np.stack(
        [
            rng.uniform(*span, n_annotators)
            for span in [(0, 0.04), (0, 0.1), (0.6, 0.95), (0.2, 0.5)]
        ],
        axis=1,
    )
    spam = np.arange(n_annotators) < careless * n_annotators
    rates[spam] = rng.uniform(0.08, 0.25, (int(spam.sum()), 1))
    rows = []
    for solution in range(n_solutions):
        for who in rng.choice(n_annotators, per_solution, replace=False):
            labels, marked = [], False
            for step in range(length[solution]):
                if not marked and rng.random() < 0.05:
                    labels.append(None)
                    continue
                rate = rates[who, kind(step, error[solution])]
                labels.append(None if marked else -1 if rng.random() < rate else 1)
                marked = marked or labels[-1] == -1
            rows.append((solution, int(who), tuple(labels)))
    return error, spam, rates, rows


def golden():
    posterior, rates, common, error_rate = slow_first_error(GOLDEN_ROWS)
    return {
        "rows": GOLDEN_ROWS,
        "posterior": posterior,
        "rates": rates,
        "common": common,
        "error_rate": error_rate,
        "reliability": others_agree(GOLDEN_ROWS, posterior, rates),
        "log_likelihood": log_likelihood(GOLDEN_ROWS, rates, error_rate),
    }


if __name__ == "__main__":
    print(json.dumps(golden()))  # noqa: T201
