"""What predictors score that see lengths or places alone: the proof of a balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from curation.core.probes import (
    LabelProbe,
    PairProbe,
    Score,
    ScoreProbe,
    label_probe,
    length_probe,
    position_probe,
    score_probe,
)
from curation.core.rows import (
    ClassificationRow,
    OutcomeRow,
    PreferenceRow,
    RatingRow,
    Row,
    StepwiseRow,
)


def prove(rows: Sequence[Row], length: Mapping[str, int]) -> dict[str, Any]:
    """Probes of rows of one kind, as plain values; `length` is in characters by response.

    Preference: which response is chosen, by length and by stored place. Outcomes and classes: the
    label by length. Steps: a right step by its place. Ratings: each aspect's score by length.
    """
    match rows[0] if rows else None:
        case PreferenceRow():
            return _pairs([row for row in rows if isinstance(row, PreferenceRow)], length)
        case OutcomeRow():
            outcomes = [row for row in rows if isinstance(row, OutcomeRow)]
            return _labels(outcomes, [row.label for row in outcomes], length)
        case ClassificationRow():
            classes = [row for row in rows if isinstance(row, ClassificationRow)]
            first = classes[0].classes[0]
            return _labels(classes, [row.label == first for row in classes], length)
        case StepwiseRow():
            return _steps([row for row in rows if isinstance(row, StepwiseRow)])
        case RatingRow():
            return _ratings([row for row in rows if isinstance(row, RatingRow)], length)
    return {}


def _pairs(rows: Sequence[PreferenceRow], length: Mapping[str, int]) -> dict[str, Any]:
    weights, groups = [row.weight for row in rows], [row.group for row in rows]
    by_length = length_probe(
        [length[row.chosen_id] for row in rows],
        [length[row.rejected_id] for row in rows],
        weights=weights,
        groups=groups,
    )
    by_place = position_probe([row.chosen_is_first for row in rows], weights=weights, groups=groups)
    return {"length": _plain(by_length), "position": _plain(by_place)}


def _labels(
    rows: Sequence[OutcomeRow | ClassificationRow], labels: list[bool], length: Mapping[str, int]
) -> dict[str, Any]:
    probe = label_probe(
        [length[row.completion_id] for row in rows],
        labels,
        weights=[row.weight for row in rows],
        groups=[row.group for row in rows],
    )
    return {"length": _plain(probe)}


def _steps(rows: Sequence[StepwiseRow]) -> dict[str, Any]:
    probe = label_probe(
        [place for row in rows for place in range(len(row.labels))],
        [label for row in rows for label in row.labels],
        weights=[weight for row in rows for weight in (row.step_weights or (1.0,) * len(row.ends))],
        groups=[row.group for row in rows for _ in row.labels],
    )
    return {"position": _plain(probe)}


def _ratings(rows: Sequence[RatingRow], length: Mapping[str, int]) -> dict[str, Any]:
    aspects = sorted({aspect for row in rows for aspect in row.aspects})
    return {f"length ({aspect})": _plain(_rating_probe(rows, aspect, length)) for aspect in aspects}


def _rating_probe(rows: Sequence[RatingRow], aspect: str, length: Mapping[str, int]) -> ScoreProbe:
    rated = [row for row in rows if aspect in row.aspects]
    return score_probe(
        [length[row.completion_id] for row in rated],
        [row.scores[row.aspects.index(aspect)] for row in rated],
        weights=[row.weight for row in rated],
        groups=[row.group for row in rated],
    )


def _plain(probe: PairProbe | LabelProbe | ScoreProbe) -> dict[str, Any]:
    """A probe for JSON; figures that are not known are None."""
    plain: dict[str, Any] = {
        "n": probe.n,
        "effective_n": _number(probe.effective_n),
        "clusters": probe.clusters,
        "too_few": probe.too_few,
    }
    if isinstance(probe, ScoreProbe):
        return {**plain, "correlation": _score(probe.correlation)}
    plain |= {"rule": _score(probe.rule), "fitted": _score(probe.fitted)}
    if isinstance(probe, LabelProbe):
        plain["majority"] = _number(probe.majority)
    return plain


def _score(score: Score) -> dict[str, Any]:
    return {
        "value": _number(score.value),
        "interval": [_number(end) for end in score.interval],
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if isfinite(value) else None
