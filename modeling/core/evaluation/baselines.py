"""What a model has to beat: preferring a length, and a bag of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from modeling.core.data import Example
from modeling.core.evaluation.basics import (
    Doubles,
    bootstrap_interval,
    credit,
    log_losses,
    mean,
)
from modeling.core.evaluation.rows import Labelled, Preferences, labelled_of, preferences_of
from modeling.core.evaluation.words import fit_logistic, fit_vocabulary
from modeling.core.files import plain

PAIR_KINDS = ("preference", "ranking")
LABEL_KINDS = ("outcome", "stepwise")
_MOST_ROWS = 10_000
_L2 = 0.003
_L2_GRID = (0.03, 0.01, 0.003, 0.001)  # from the strongest on, each fit starting from the last
_LEAST_VALIDATION = 50


@dataclass(frozen=True)
class Guesses:
    """A baseline's log-odds (n,) for the right answers of the test rows, and how it was made."""

    logits: Doubles
    facts: dict[str, Any]


@dataclass(frozen=True)
class _Design:
    """Rows (n, d) of one split, the probability of yes that each wants, and weights, (n,)."""

    features: csr_array
    targets: Doubles
    weights: Doubles


def baselines(
    kind: str,
    train: Sequence[Any],
    validation: Sequence[Any],
    test: Sequence[Any],
    right: Doubles | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any] | None:
    """Accuracies on test rows that need no language model, as plain JSON by name.

    Each has its 95 % interval over prompts. With the model's credit for the same rows, `right`
    (n,) (ignored where it is of other rows), "gain" is how far the model is ahead and
    "gain_interval" its paired interval. Rows are decided pairs (of rankings, every pair of
    different tiers), responses, or steps. None for other kinds and without test rows; a baseline
    is None where train rows teach it nothing.
    """
    if kind not in (*PAIR_KINDS, *LABEL_KINDS) or not test:
        return None
    guess = _guess_pairs if kind in PAIR_KINDS else _guess_labels
    guesses, openings = guess(_thinned(train), _thinned(validation), test)
    matching = right if right is not None and len(right) == len(openings) else None
    found = {name: _told(guess, openings, matching, seed) for name, guess in guesses.items()}
    values: dict[str, Any] = plain(found)
    return values


def _guess_pairs(
    train: Sequence[Any], validation: Sequence[Any], test: Sequence[Any]
) -> tuple[dict[str, Guesses | None], list[str]]:
    """Guesses by name, and the openings of the test rows."""
    learned, chosen, held = (preferences_of(part).decided() for part in (train, validation, test))
    return {
        "length": length_of_pairs(learned, held),
        "bag_of_words": words_of_pairs(learned, chosen, held),
    }, held.openings


def _guess_labels(
    train: Sequence[Any], validation: Sequence[Any], test: Sequence[Any]
) -> tuple[dict[str, Guesses | None], list[str]]:
    learned, chosen, held = (labelled_of(part) for part in (train, validation, test))
    return {
        "length": length_of_labels(learned, held),
        "bag_of_words": words_of_labels(learned, chosen, held),
    }, held.openings


def _thinned(examples: Sequence[Example]) -> Sequence[Any]:
    """At most 10,000 evenly spaced examples: more teach a bag of words little, and cost minutes."""
    step = -(-len(examples) // _MOST_ROWS) or 1
    return examples[::step]


def _told(
    guess: Guesses | None, openings: Sequence[str], right: Doubles | None, seed: int
) -> dict[str, Any] | None:
    if guess is None:
        return None
    own = credit(guess.logits)
    gain = None if right is None else right - own
    return {
        "accuracy": mean(own),
        "interval": bootstrap_interval(own, openings, seed=seed),
        "gain": None if gain is None else mean(gain),
        "gain_interval": None if gain is None else bootstrap_interval(gain, openings, seed=seed),
        **guess.facts,
    }


def length_of_pairs(train: Preferences, test: Preferences) -> Guesses | None:
    """Prefer the longer text, or the shorter where that was right more often in training."""
    better, worse = train.lengths
    if not len(better):
        return None
    longer = float(train.weights @ (credit(better - worse) - 0.5)) >= 0
    better, worse = test.lengths
    logits = (better - worse).astype(np.float64) * (1.0 if longer else -1.0)
    return Guesses(logits, {"prefers": "longer" if longer else "shorter"})


def words_of_pairs(
    train: Preferences, validation: Preferences, test: Preferences
) -> Guesses | None:
    """Bradley–Terry on differences of log word counts; which side is named first plays no part."""
    vocabulary = fit_vocabulary(train.better + train.worse)
    if not vocabulary.columns:
        return None

    def design(pairs: Preferences) -> _Design:
        features = vocabulary.vectors(pairs.better) - vocabulary.vectors(pairs.worse)
        return _Design(csr_array(features), pairs.shares, pairs.weights)

    return _fitted(design(train), design(validation), design(test).features)


def length_of_labels(train: Labelled, test: Labelled) -> Guesses | None:
    """Logistic regression on the logarithm of the length, which can also say always yes."""
    if len(set(train.labels.tolist())) < 2:
        return None
    design = _Design(_lengths(train.texts), train.labels.astype(np.float64), train.weights)
    vector = fit_logistic(design.features, design.targets, design.weights, l2=1e-6)
    logits = _lengths(test.texts) @ vector
    return Guesses(
        np.where(test.labels, logits, -logits),
        {"prefers": "longer" if vector[0] > 0 else "shorter"},
    )


def _lengths(texts: Sequence[str]) -> csr_array:
    logs = np.log1p(np.array([len(text) for text in texts], dtype=np.float64))
    return csr_array(np.stack([logs, np.ones(len(texts))], axis=1))


def words_of_labels(train: Labelled, validation: Labelled, test: Labelled) -> Guesses | None:
    """Logistic regression on log word counts with a constant."""
    vocabulary = fit_vocabulary(train.texts)
    if len(set(train.labels.tolist())) < 2 or not vocabulary.columns:
        return None

    def design(rows: Labelled) -> _Design:
        constant = csr_array(np.ones((len(rows.texts), 1)))
        features = csr_array(hstack([vocabulary.vectors(rows.texts), constant]))
        return _Design(features, rows.labels.astype(np.float64), rows.weights)

    found = _fitted(design(train), design(validation), design(test).features)
    return Guesses(np.where(test.labels, found.logits, -found.logits), found.facts)


def _fitted(train: _Design, validation: _Design, test: csr_array) -> Guesses:
    """The fit whose penalty has the least validation loss; a fixed one where few rows could say."""
    grid = _L2_GRID if len(validation.targets) >= _LEAST_VALIDATION else (_L2,)
    best: tuple[float, float, NDArray[np.float64]] | None = None
    vector = None
    for l2 in grid:
        vector = fit_logistic(train.features, train.targets, train.weights, l2=l2, start=vector)
        losses = log_losses(validation.features @ vector, validation.targets)
        loss = float(losses.mean()) if len(losses) else 0.0
        if best is None or loss < best[0]:
            best = (loss, l2, vector)
    _, l2, chosen = best or (0.0, _L2, np.zeros(train.features.shape[1]))
    facts = {"words": train.features.shape[1], "rows": train.features.shape[0], "l2": l2}
    return Guesses(test @ chosen, facts)
