"""From a model's outputs to what a caller is told."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp, softmax

from modeling.core.calibration import calibrated
from modeling.core.serving.engine import Doubles, Facts
from modeling.core.serving.rows import Candidate, Input, Options

Told = dict[str, Any]


def answer(
    facts: Facts,
    asked: Input,
    outputs: Sequence[Doubles],
    truncated: Sequence[bool],
    options: Options,
) -> Told:
    """What is told of one input: its `reward` and what stands beside it.

    The reward is a number, or for several responses a list; None where a model has classes and
    no order among them. `outputs` (read, outputs) and `truncated` are the candidates'.
    """
    told = [
        _TOLD[facts.shape](facts, candidate, values, options) | {"truncated": bool(cut)}
        for candidate, values, cut in zip(asked.candidates, outputs, truncated, strict=True)
    ]
    if not asked.many:
        return told[0]
    return _together(facts, told, options)


def _pair(facts: Facts, candidate: Candidate, outputs: Doubles, options: Options) -> Told:
    return {"reward": float(outputs[0, 0])}


def _outcome(facts: Facts, candidate: Candidate, outputs: Doubles, options: Options) -> Told:
    """The log-odds of correct, as they stand at the end where each token was judged."""
    reward = float(outputs[-1, 0])
    return {"reward": reward, "probability": float(expit(reward))}


def _rating(facts: Facts, candidate: Candidate, outputs: Doubles, options: Options) -> Told:
    """Scores by aspect in the ratings' units, as they are at the end; the reward is their mean."""
    scores = outputs[-1]
    aspects = dict(zip(facts.outputs, map(float, scores), strict=True))
    return {"reward": float(scores.mean()), "aspects": aspects}


def _classes(facts: Facts, candidate: Candidate, outputs: Doubles, options: Options) -> Told:
    shares = softmax(outputs[0])
    classes = dict(zip(facts.outputs, map(float, shares), strict=True))
    return {"reward": None, "classes": classes, "label": facts.outputs[int(shares.argmax())]}


def _steps(facts: Facts, candidate: Candidate, outputs: Doubles, options: Options) -> Told:
    """Each step's probability of being good, None where it did not fit or was pruned away."""
    scores = good_probabilities(outputs)
    kept = _kept(scores, options.prune_below)
    pruned = kept < len(scores) or (kept > 0 and _is_low(scores[kept - 1], options.prune_below))
    rest = [None] * (len(candidate.steps) - kept)
    return {
        "reward": reduced(scores[:kept], options.reduce),
        "steps": [*map(float, scores[:kept]), *rest],
        "pruned_at": kept - 1 if pruned else None,
    }


def good_probabilities(outputs: Doubles) -> Doubles:
    """Probability that a step is not wrong (n,), from log-odds (n, 1) or logits of ratings (n, 3).

    Of the ratings, in the order -1, 0, 1, the last two are not wrong.
    """
    if outputs.shape[1] == 1:
        log_odds = outputs[:, 0]
    else:
        log_odds = logsumexp(outputs[:, 1:], axis=1) - outputs[:, 0]
    found: Doubles = expit(log_odds)
    return found


def reduced(scores: Doubles, method: str) -> float:
    """One reward of a solution from its steps' probabilities: their min, product or last."""
    if method == "min":
        return float(scores.min())
    return float(scores.prod()) if method == "product" else float(scores[-1])


def _kept(scores: Doubles, floor: float | None) -> int:
    """How many steps count: all up to and with the first one under `floor`."""
    low = [place for place, score in enumerate(scores) if _is_low(score, floor)]
    return low[0] + 1 if low else len(scores)


def _is_low(score: float, floor: float | None) -> bool:
    return floor is not None and bool(score < floor)


_TOLD = {
    "pairs": _pair,
    "outcome": _outcome,
    "rating": _rating,
    "classes": _classes,
    "steps": _steps,
}


def _together(facts: Facts, told: Sequence[Told], options: Options) -> Told:
    """Several responses to one prompt: best first, and for pairs who beats whom."""
    rewards = [each["reward"] for each in told]
    found: Told = {"reward": rewards, "responses": list(told)}
    if None in rewards:
        return found
    order = sorted(range(len(rewards)), key=lambda place: -rewards[place])  # stable: ties as given
    found |= {"order": order, "best": order[0]}
    if facts.shape == "pairs":
        found["probabilities"] = preferences(facts, np.array(rewards), options).tolist()
    return found


def preferences(facts: Facts, rewards: Doubles, options: Options) -> Doubles:
    """Probability (n, n) that the response of the row is preferred to that of the column."""
    margins = rewards[:, None] - rewards[None, :]
    if not options.calibrated:
        raw: Doubles = expit(margins)
        return raw
    calibration = calibrated(facts.manifest)
    flat = np.asarray(calibration.probabilities(margins.reshape(-1)), dtype=np.float64)
    return flat.reshape(margins.shape)
