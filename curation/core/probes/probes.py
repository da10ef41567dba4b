"""Probes of pairs, of labels and of scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curation.core.balance.lengths import log_length_ratio
from curation.core.balance.result import effective_rows
from curation.core.columns import Column, Floats, numbers, require_length
from curation.core.errors import CurationError
from curation.core.probes.models import fit_logistic, held_out, leaning, opinion
from curation.core.probes.rows import (
    FEW_CLUSTERS,
    ProbedRows,
    Score,
    area_under_curve,
    midranks,
    rank_correlation,
    weighted_share,
)

DECIMALS = 6
"""Of log-odds; what comes after them is rounding, and no reason to put one row above another."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe rests on: rows with a known feature, what their weights leave, prompts."""

    n: int
    effective_n: float
    clusters: int

    @property
    def too_few(self) -> bool:
        """Whether there are too few prompts for an interval."""
        return self.clusters < FEW_CLUSTERS


@dataclass(frozen=True, slots=True)
class PairProbe(Probed):
    """How well a feature of the two responses tells which one was chosen.

    `rule`: the accuracy of "the one with more of it wins", a draw counting one half.
    `fitted`: of a logistic model of the feature and its cube, learned on other prompts, so that
    "less of it wins" and "only much more of it wins" are found as well; where the model has no
    opinion that it can tell from chance, one half. `log_odds`: what the model of all rows gives to
    the response that has more, at the median difference; below zero where less of it wins.
    """

    rule: Score
    fitted: Score
    log_odds: float


@dataclass(frozen=True, slots=True)
class LabelProbe(Probed):
    """How well one number tells a yes from a no.

    `rule`: area under the curve, the probability that a yes has more of the feature than a no, a
    draw counting one half. `fitted`: the same of a logistic model of the feature's rank and its
    square, learned on other prompts; near one half where the model finds no more than chance.
    `majority`: the accuracy of always saying the commoner.
    """

    rule: Score
    fitted: Score
    majority: float


@dataclass(frozen=True, slots=True)
class ScoreProbe(Probed):
    """Rank correlation (Spearman's rho) of one number with a score, from -1 to 1."""

    correlation: Score


def length_probe(
    chosen_length: Column,
    rejected_length: Column,
    *,
    weights: Column | None = None,
    groups: Column | None = None,
) -> PairProbe:
    """What the lengths of two responses tell of which one was chosen.

    Lengths are in any one unit; `groups` names each row's prompt (None: a prompt a row).

    Raises CurationError for lengths that are unknown or negative, weights not above zero, and
    columns of unequal length.
    """
    ratio = log_length_ratio(chosen_length, rejected_length)
    return pair_probe(ratio, weights=weights, groups=groups)


def position_probe(
    left_won: Column, *, weights: Column | None = None, groups: Column | None = None
) -> PairProbe:
    """What the side tells: `left_won` is 1 or true, 0 or false, 0.5 for a tie, None unknown."""
    return pair_probe(2 * numbers(left_won, "Left won") - 1, weights=weights, groups=groups)


def pair_probe(
    advantage: Column, *, weights: Column | None = None, groups: Column | None = None
) -> PairProbe:
    """What a feature tells of which response was chosen.

    `advantage` (n,) is the chosen response's feature less the rejected one's; rows where it is
    unknown (None, NaN) are left out. Raises like `length_probe`.
    """
    given = numbers(advantage, "Advantage")
    rows = ProbedRows.select(given, ~np.isnan(given), weights, groups)
    typical, won = _typical(rows.feature), np.ones(rows.n)
    features = _odd_features(rows.feature, typical)
    said = held_out(features, won, rows, opinion)
    usual = _odd_features(np.array([typical]), typical)[0]
    return PairProbe(
        *_resting_on(rows),
        rule=weighted_share((np.sign(rows.feature) + 1) / 2, rows),
        fitted=weighted_share((said + 1) / 2, rows),
        log_odds=float(usual @ fit_logistic(features, won, rows.weights)),
    )


def label_probe(
    feature: Column,
    labels: Column,
    *,
    weights: Column | None = None,
    groups: Column | None = None,
) -> LabelProbe:
    """What a number (a length, the place of a step) tells of a yes or no (correct, acceptable).

    `labels` are true or false, 1 or 0; rows whose feature is unknown are left out.

    Raises CurationError for other labels, besides what `length_probe` raises it for.
    """
    given, answers = numbers(feature, "Feature"), numbers(labels, "Labels")
    require_length(len(given), Labels=answers)
    if not np.isin(answers, (0.0, 1.0)).all():
        raise CurationError("Labels for this probe are true or false.")
    known = ~np.isnan(given)
    rows, label = ProbedRows.select(given, known, weights, groups), answers[known]
    said = held_out(_rank_features(rows), label, rows, leaning)
    share = float(np.average(label, weights=rows.weights)) if rows.n else math.nan
    return LabelProbe(
        *_resting_on(rows),
        rule=area_under_curve(rows.feature, label, rows),
        fitted=area_under_curve(np.round(said, DECIMALS), label, rows),
        majority=max(share, 1 - share),
    )


def score_probe(
    feature: Column,
    scores: Column,
    *,
    weights: Column | None = None,
    groups: Column | None = None,
) -> ScoreProbe:
    """What a number (a length) tells of a score (a rating); raises like `length_probe`.

    Rows where either is unknown (None, NaN) are left out.
    """
    given, score = numbers(feature, "Feature"), numbers(scores, "Scores")
    require_length(len(given), Scores=score)
    known = ~(np.isnan(given) | np.isnan(score))
    rows = ProbedRows.select(given, known, weights, groups)
    return ScoreProbe(
        *_resting_on(rows), correlation=rank_correlation(rows.feature, score[known], rows)
    )


def _resting_on(rows: ProbedRows) -> tuple[int, float, int]:
    return rows.n, effective_rows(rows.weights), rows.n_clusters


def _typical(advantage: Floats) -> float:
    """Median size of the differences that are not zero; 1 if there are none."""
    sizes = np.abs(advantage[advantage != 0])
    return float(np.median(sizes)) if len(sizes) else 1.0


def _odd_features(advantage: Floats, typical: float) -> Floats:
    """The advantage squeezed between -1 and 1, a half at the typical size, and its cube.

    Odd functions: exchanging the responses changes their signs alone. Shape (n, 2).
    """
    squeezed = advantage / (np.abs(advantage) + typical)
    return np.stack([squeezed, squeezed**3], axis=1)


def _rank_features(rows: ProbedRows) -> Floats:
    """A column of ones, the rank from -1 to 1, and its square; shape (n, 3)."""
    place = 2 * midranks(rows.feature, rows) - 1
    return np.stack([np.ones(rows.n), place, place**2], axis=1)
