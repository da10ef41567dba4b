"""The public libraries that curation is measured beside, each behind one small function.

None of them is a dependency of this project: `bench/curation-peers.txt` lists what was installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import numpy as np

BANDS, ROWS = 32, 4
HASHES = BANDS * ROWS
THRESHOLD = 0.7

Pairs = set[tuple[int, int]]


def near_gaoya(texts: tuple[str, ...]) -> Pairs:
    """MinHash with word 3-grams, the library's own verification by estimated similarity."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        band_size=ROWS,
        analyzer="word",
        lowercase=True,
        ngram_range=(3, 3),
    )
    index.par_bulk_insert_docs(list(range(len(texts))), list(texts))
    found = index.par_bulk_query(list(texts), return_similarity=False)
    return _pairs(enumerate(found))


def near_rensa(texts: tuple[str, ...]) -> Pairs:
    """MinHash signatures and LSH bands; candidates are kept by estimated similarity."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=HASHES, num_bands=BANDS)
    signatures = []
    for row, text in enumerate(texts):
        signature = RMinHash(num_perm=HASHES, seed=0)
        signature.update(_shingles(text))
        signatures.append(signature)
        index.insert(row, signature)
    return {
        (min(row, other), max(row, other))
        for row, signature in enumerate(signatures)
        for other in index.query(signature)
        if other != row and signature.jaccard(signatures[other]) >= THRESHOLD
    }


def near_datasketch(texts: tuple[str, ...]) -> Pairs:
    """MinHash LSH; candidates are kept by estimated similarity."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=HASHES, params=(BANDS, ROWS))
    signatures = []
    for row, text in enumerate(texts):
        signature = MinHash(num_perm=HASHES, seed=1)
        signature.update_batch([shingle.encode() for shingle in _shingles(text)])
        signatures.append(signature)
        index.insert(row, signature)
    return {
        (min(row, other), max(row, other))
        for row, signature in enumerate(signatures)
        for other in index.query(signature)
        if other != row and signature.jaccard(signatures[other]) >= THRESHOLD
    }


def _shingles(text: str) -> list[str]:
    """Normalised word 3-grams; without normalising, punctuation hides most copies."""
    words = "".join(c if c.isalnum() or c.isspace() else " " for c in text.lower()).split()
    return [" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))]


def _pairs(found: Iterable[tuple[int, Iterable[int]]]) -> Pairs:
    return {(min(a, b), max(a, b)) for a, others in found for b in others if a != b}


def labels_crowd_kit(items: Any, annotators: Any, labels: Any) -> np.ndarray:
    """crowd-kit's Dawid–Skene, 100 iterations at most; one label an item, items sorted."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    votes = pd.DataFrame({"task": items, "worker": annotators, "label": labels})
    return DawidSkene(n_iter=100).fit_predict(votes).sort_index().to_numpy()


def strengths_evalica(left: Any, right: Any, outcome: Any, n: int) -> np.ndarray:
    """evalica's Bradley–Terry; ties count half. Log-strengths."""
    import evalica

    winners = [evalica.Winner.X if o == 1 else evalica.Winner.Y for o in outcome.tolist()]
    result = evalica.bradley_terry(left.tolist(), right.tolist(), winners)
    return np.log(result.scores.reindex(range(n)).to_numpy(dtype=float))


def strengths_choix(left: Any, right: Any, outcome: Any, n: int) -> np.ndarray:
    """choix's iterative Luce spectral ranking with a little regularisation. Log-strengths."""
    import choix

    won = np.where((outcome == 1)[:, None], np.c_[left, right], np.c_[right, left])
    pairs: list[list[int]] = np.asarray(won).tolist()
    return np.asarray(choix.ilsr_pairwise(n, pairs, alpha=1e-4))


def strengths_logistic(left: Any, right: Any, outcome: Any, n: int) -> np.ndarray:
    """scikit-learn's logistic regression on sparse differences, unit Gaussian prior."""
    from scipy.sparse import coo_matrix
    from sklearn.linear_model import LogisticRegression

    rows = np.arange(len(left))
    ones = np.ones(len(left))
    design = coo_matrix(
        (np.r_[ones, -ones], (np.r_[rows, rows], np.r_[left, right])), shape=(len(left), n)
    ).tocsr()
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=1_000, tol=1e-8)
    return model.fit(design, outcome.astype(int)).coef_[0]


def rankings_choix(rankings: list[tuple[int, ...]], n: int) -> np.ndarray:
    """choix's iterative Luce spectral ranking for rankings. Log-strengths."""
    import choix

    return np.asarray(choix.ilsr_rankings(n, rankings, alpha=1e-4))


def alpha_krippendorff(table: np.ndarray) -> float:
    """The krippendorff package (GPL, for comparison only), ordinal level, no interval."""
    import krippendorff

    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="ordinal"))


def alpha_evalica(table: np.ndarray) -> float:
    """evalica's alpha, ordinal as it defines it, no interval."""
    import evalica
    import pandas as pd

    result = evalica.alpha(pd.DataFrame(table), distance="ordinal")
    return float(getattr(result, "alpha", result))


def brute_force(texts: tuple[str, ...], rows: Iterable[int]) -> Pairs:
    """True pairs among some rows, by comparing all; a check of what was planted."""
    sets = {row: set(_shingles(texts[row])) for row in rows}
    return {
        (a, b)
        for a, b in combinations(sorted(sets), 2)
        if len(sets[a] & sets[b]) >= THRESHOLD * len(sets[a] | sets[b])
    }


Peer = Callable[..., Any]
