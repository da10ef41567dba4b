"""Preferences and labelled texts out of examples of every kind, as arrays that are alike."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from modeling.core.data import (
    Example,
    OutcomeExample,
    PreferenceExample,
    RankingExample,
    StepwiseExample,
    render,
)
from modeling.core.evaluation.basics import Doubles, picked


@dataclass(frozen=True)
class Preferences:
    """Pairs of responses, better first; lists of one length n.

    `places` say which outputs of which example belong to a pair: (example, better, worse).
    `shares` are those of the votes for the better one, 0.5 for a tie.
    """

    better: list[str]
    worse: list[str]
    shares: Doubles
    weights: Doubles
    examples: list[Example]
    places: list[tuple[int, int, int]]

    @property
    def openings(self) -> list[str]:
        """What intervals resample."""
        return [example.opening() for example in self.examples]

    @property
    def categories(self) -> list[str]:
        """The pairs' categories, empty where unknown."""
        return [example.category for example in self.examples]

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Characters of (better, worse), (n,) each."""
        better = np.array([len(text) for text in self.better], dtype=np.int64)
        return better, np.array([len(text) for text in self.worse], dtype=np.int64)

    def margins(self, outputs: Sequence[Doubles]) -> Doubles:
        """Reward differences (n,) from each example's outputs (responses, 1 or more)."""
        found = [outputs[row][i, 0] - outputs[row][j, 0] for row, i, j in self.places]
        return np.array(found, dtype=np.float64)

    def keys(self) -> list[str]:
        """A name for each pair that only its texts decide, and which of them is better."""
        rows = zip(self.examples, self.better, self.worse, strict=True)
        return [text_key(example, better, worse) for example, better, worse in rows]

    def decided(self) -> "Preferences":
        """Without ties."""
        rows = np.flatnonzero(self.shares > 0.5)
        return Preferences(
            better=picked(self.better, rows),
            worse=picked(self.worse, rows),
            shares=self.shares[rows],
            weights=self.weights[rows],
            examples=picked(self.examples, rows),
            places=picked(self.places, rows),
        )


@dataclass(frozen=True)
class Labelled:
    """Texts that are right or not; lists of one length n."""

    texts: list[str]
    labels: NDArray[np.bool_]
    weights: Doubles
    openings: list[str]


def text_key(example: Example, *texts: str) -> str:
    """A short hash of the prompt and these texts."""
    parts = "\x00".join([render(example.prompt, ""), *texts])
    return hashlib.sha256(parts.encode()).hexdigest()[:24]


def preferences_of(examples: Sequence[PreferenceExample | RankingExample]) -> Preferences:
    """Pairs as they are; of rankings every pair of different tiers."""
    better, worse, shares, weights, own, places = [], [], [], [], [], []
    for row, example in enumerate(examples):
        for i, j in _ordered(example):
            texts = _texts(example)
            better.append(texts[i])
            worse.append(texts[j])
            shares.append(_share(example))
            weights.append(example.weight)
            own.append(example)
            places.append((row, i, j))
    return Preferences(better, worse, np.array(shares), np.array(weights), list(own), places)


def _ordered(example: PreferenceExample | RankingExample) -> list[tuple[int, int]]:
    """(better, worse) indices of the example's pairs."""
    if isinstance(example, PreferenceExample):
        return [(0, 1)]
    places = example.places()
    ranked = [index for index, place in enumerate(places) if place >= 0]
    pairs = [(i, j) for i, j in combinations(ranked, 2) if places[i] != places[j]]
    return [(i, j) if places[i] < places[j] else (j, i) for i, j in pairs]


def _texts(example: PreferenceExample | RankingExample) -> tuple[str, ...]:
    if isinstance(example, PreferenceExample):
        return example.chosen, example.rejected
    return example.completions


def _share(example: PreferenceExample | RankingExample) -> float:
    if isinstance(example, RankingExample):
        return 1.0
    return 0.5 if example.tied else example.chosen_probability


def labelled_of(examples: Sequence[OutcomeExample | StepwiseExample]) -> Labelled:
    """Responses and whether they are correct; of solutions every step."""
    rows = [
        (text, label, example.weight * weight, example.opening())
        for example in examples
        for text, label, weight in _judged(example)
    ]
    texts, labels, weights, openings = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Labelled(list(texts), np.array(labels, dtype=bool), np.array(weights), list(openings))


def _judged(example: OutcomeExample | StepwiseExample) -> list[tuple[str, bool, float]]:
    if isinstance(example, OutcomeExample):
        return [(example.completion, example.label, 1.0)]
    return list(zip(example.steps, example.labels, example.step_weights, strict=True))
