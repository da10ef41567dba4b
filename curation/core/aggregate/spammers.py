"""Who answers without regard to the question."""

from __future__ import annotations

import numpy as np

from curation.core.aggregate.newton import Floats


def spammer_scores(confusion: Floats) -> Floats:
    """How much annotators' labels depend on the class, in 0...1, shape (n_annotators,).

    0 for whoever gives the same mixture of labels to every class, be it always one label or any
    at random; 1 for whoever tells all classes apart, be it by the wrong names. `confusion`
    (n_annotators, n_classes, n_classes) has a row for each class. With a single class nobody can
    show anything, and scores are NaN. Raykar & Yu (2012), Eliminating spammers and ranking
    annotators, equation 11.
    """
    n_classes = confusion.shape[1]
    if n_classes < 2:
        return np.full(len(confusion), np.nan)
    centred = confusion - confusion.mean(axis=1, keepdims=True)
    return (centred**2).sum(axis=(1, 2)) / (n_classes - 1)
