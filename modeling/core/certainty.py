"""How certain a model is whose head was trained with its backbone, measured afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import PreferenceExample
from modeling.core.errors import TrainingError
from modeling.core.heads import PairFeatures, feature_moments
from modeling.core.posterior import LastLayerLaplace, information
from modeling.core.progress import Progress
from modeling.core.scoring import Scorer
from modeling.core.votes import VoteModel

Doubles = NDArray[np.float64]
_STEPS = 100
_CLOSE = 1e-6


def posterior_of(
    scorer: Scorer,
    examples: Sequence[PreferenceExample],
    *,
    votes: VoteModel | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> LastLayerLaplace:
    """The last-layer posterior of any reward model, given the pairs it was trained on.

    Such a head has no penalty of its own, so the prior precision is the one under which the
    judgments are most probable (`prior_precision`). Every pair counts once. TrainingError for
    a head of zeros or without pairs.
    """
    votes = votes or VoteModel()
    data = _pair_features(scorer, examples, cache_dir, progress or Progress())
    _, scale = feature_moments(data)
    told = information(data, scorer.head.weights, scale, votes)
    penalty = prior_precision(told, scorer.head.weights * scale)
    head = replace(scorer.head, l2=penalty / len(examples))
    return LastLayerLaplace.fit(data, head, votes=votes)


def prior_precision(information: Doubles, weights: Doubles) -> float:
    """The λ of greatest evidence for weights (d,) with this Fisher information (d, d).

    The fixed point λ|w|² = Σ e/(e + λ) over the eigenvalues e: each direction counts as far as
    the data decide it. MacKay (1992), "The evidence framework applied to classification networks".
    """
    length = float(weights @ weights)
    if length == 0:
        raise TrainingError("This model gives every response one reward; train it again.")
    values = np.linalg.eigvalsh(information).clip(min=0)
    penalty = len(weights) / length
    for _ in range(_STEPS):
        before, penalty = penalty, float((values / (values + penalty)).sum()) / length
        if not penalty or abs(penalty - before) <= _CLOSE * before:
            break
    return max(penalty, np.finfo(np.float64).tiny)


def _pair_features(
    scorer: Scorer,
    examples: Sequence[PreferenceExample],
    cache_dir: Path | None,
    progress: Progress,
) -> PairFeatures:
    sides = [example.sides() for example in examples]
    texts = [chosen for chosen, _ in sides] + [rejected for _, rejected in sides]
    vectors = scorer.read(texts, cache_dir=cache_dir, progress=progress).vectors
    count, known = len(examples), np.zeros(len(texts))
    if scorer.prior is not None:
        known = scorer.prior.score(texts, cache_dir=cache_dir)
    return PairFeatures(
        vectors[:count],
        vectors[count:],
        target_probability=np.array([example.chosen_probability for example in examples]),
        margin=known[count:] - known[:count],
    )
