"""Counts of words as sparse vectors, and linear models on them: what needs no backbone."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit

from modeling.core.evaluation.basics import Doubles

_WORD = re.compile(r"\w+|[^\w\s]")
_LARGEST_VOCABULARY = 20_000
_LEAST_TEXTS = 2
_MAX_ITERATIONS = 60


@dataclass(frozen=True)
class Vocabulary:
    """The words that count, by column."""

    columns: dict[str, int]

    def vectors(self, texts: Sequence[str]) -> csr_array:
        """log(1 + count) of each word in each text, (texts, words)."""
        rows, columns, values = [], [], []
        for row, text in enumerate(texts):
            for word, count in Counter(words_of(text)).items():
                if word in self.columns:
                    rows.append(row)
                    columns.append(self.columns[word])
                    values.append(count)
        shape = (len(texts), len(self.columns))
        counted = np.log1p(np.array(values, dtype=np.float64))
        return csr_array((counted, (np.array(rows, int), np.array(columns, int))), shape=shape)


def words_of(text: str) -> list[str]:
    """Lower-case words and single signs."""
    return _WORD.findall(text.lower())


def fit_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """Words of two texts or more, the commonest 20,000 at most."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(set(words_of(text)))
    common = [word for word, count in seen.items() if count >= _LEAST_TEXTS]
    common.sort(key=lambda word: (-seen[word], word))
    return Vocabulary({word: column for column, word in enumerate(common[:_LARGEST_VOCABULARY])})


def fit_logistic(
    features: csr_array,
    targets: Doubles,
    weights: Doubles,
    *,
    l2: float,
    start: Doubles | None = None,
) -> Doubles:
    """Coefficients (d,) of the least weighted mean log loss plus l2/2 times their squares.

    `targets` (n,) are probabilities of yes. Convex; solved by L-BFGS from `start`.
    """
    share = weights / max(float(weights.sum()), np.finfo(np.float64).tiny)
    turned = features.T.tocsr()

    def loss(vector: Doubles) -> tuple[float, Doubles]:
        logits = features @ vector
        value = share @ (np.logaddexp(0.0, -logits) + (1 - targets) * logits)
        gradient = turned @ (share * (expit(logits) - targets))
        return float(value + l2 / 2 * vector @ vector), gradient + l2 * vector

    first = np.zeros(features.shape[1]) if start is None else start
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": _MAX_ITERATIONS})
    solution: Doubles = found.x
    return solution
