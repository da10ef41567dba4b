"""Measuring a checkpoint on a file of judged rows, whatever kind they and it are of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modeling.core.calibration import calibrated, measured
from modeling.core.checkpoint import load_checkpoint, load_predictor, read_manifest
from modeling.core.config import OBJECTIVE_KINDS, PAIR_OBJECTIVES
from modeling.core.data import Example, OutcomeExample, RankingExample, RatingExample
from modeling.core.errors import DataError
from modeling.core.evaluate import decided_rows, evaluate_examples
from modeling.core.evaluation.basics import (
    Doubles,
    bootstrap_interval,
    credit,
    mean,
)
from modeling.core.evaluation.best_of import best_of_curve
from modeling.core.evaluation.disagreement import rank_correlation
from modeling.core.evaluation.files import JudgedFile, read_judged
from modeling.core.evaluation.probes import run_probes
from modeling.core.evaluation.rewardbench import read_rewardbench, score_rewardbench
from modeling.core.files import plain
from modeling.core.metrics import area_under_curve, evaluate_rankings
from modeling.core.progress import Progress

if TYPE_CHECKING:
    from modeling.core.scoring import Scorer, ScoringInput

Figures = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What to measure: `data`, as RewardBench of a version, with probes, against a gold model.

    `gold` is the directory of another checkpoint whose rewards stand for the truth in the
    best-of-N curve; without it the labels of the file do.
    """

    data: Path
    rewardbench: int | None = None
    probes: bool = False
    gold: Path | None = None
    cache: Path | None = None


def evaluate_checkpoint(checkpoint: Path, wish: Wish, progress: Progress) -> Figures:
    """The fitting figures as plain JSON, with "n" and, where rows can be right, "accuracy".

    Models that give rewards are measured on pairs, rankings, outcomes and ratings, others on the
    kind that they were trained on. Raises DataError or CheckpointError with what to do.
    """
    if wish.rewardbench is not None:
        return _rewardbench(load_checkpoint(checkpoint), wish, progress)
    found = read_judged(wish.data)
    objective = str(read_manifest(checkpoint).get("config", {}).get("objective", "bradley_terry"))
    if objective in PAIR_OBJECTIVES or found.kind in ("preference", "ranking"):
        figures = _by_reward(load_checkpoint(checkpoint), found, wish, progress)
    else:
        _check_kind(objective, found.kind)
        figures = _by_predictor(checkpoint, found, wish, progress)
    counts = {"kind": found.kind, "ties": found.ties, "unlabelled": found.unlabelled}
    values: Figures = plain({**figures, **counts})
    return values


def _check_kind(objective: str, kind: str) -> None:
    if kind not in OBJECTIVE_KINDS.get(objective, ()):
        wanted = " or ".join(OBJECTIVE_KINDS.get(objective, ()))
        raise DataError(
            f"This model was trained as {objective}, on rows of kind {wanted}; it cannot be "
            f"measured on a file of kind {kind}."
        )


def _by_predictor(checkpoint: Path, found: JudgedFile, wish: Wish, progress: Progress) -> Figures:
    predictor = load_predictor(checkpoint)
    names = predictor.objective.outputs
    if found.kind == "classification":
        _check_classes(found.examples, names)
    read = predictor.predict(found.examples, progress=progress)
    figures = predictor.objective.evaluate(found.examples, read.outputs, seed=0).to_dict()
    if found.kind == "outcome":
        odds = np.array([values[-1, 0] for values in read.outputs], dtype=np.float64)
        inputs = [(example.prompt, example.completion) for example in found.examples]
        gold = _gold(wish, inputs, _gold_labels(found.examples))
        figures["best_of"] = _best_of(found.examples, odds, gold)
    return {**figures, "truncated": read.truncated, "cut": read.cut}


def _check_classes(examples: Sequence[Any], names: Sequence[str]) -> None:
    unknown = sorted({example.label for example in examples} - set(names))
    if unknown:
        raise DataError(
            f"The file has the class {unknown[0]}, which this model does not know: it tells "
            f"{', '.join(names)}."
        )


def _by_reward(scorer: "Scorer", found: JudgedFile, wish: Wish, progress: Progress) -> Figures:
    if found.kind not in _BY_REWARD:
        _check_kind(str(scorer.manifest["config"]["objective"]), found.kind)
    return _BY_REWARD[found.kind](scorer, found.examples, wish, progress)


def _pairs(scorer: "Scorer", examples: Sequence[Any], wish: Wish, progress: Progress) -> Figures:
    first, later = progress.stage(0.0, 0.4 if wish.probes else 1.0), progress.stage(0.4, 1.0)
    rewards = scorer.score_examples(examples, cache_dir=wish.cache, progress=first)
    figures = evaluate_examples(examples, rewards.chosen, rewards.rejected).to_dict()
    figures["truncated"] = int(rewards.truncated.sum())
    figures["calibrated"] = _calibrated(scorer, examples, rewards.chosen - rewards.rejected)
    if wish.probes:
        score = _scoring(scorer, wish.cache, later)
        fresh = _scoring(scorer, None, later)
        report = run_probes(score, examples, prior=_prior(scorer), fresh=fresh)
        figures["probes"] = report.to_dict()
    return figures


def _calibrated(scorer: "Scorer", examples: Sequence[Any], margins: Doubles) -> Figures:
    """NLL, Brier score and ECE under the calibration of the checkpoint."""
    calibration, rows = calibrated(scorer.manifest), decided_rows(examples)
    own = [examples[row] for row in rows]
    logits = calibration.logits(margins[rows], [example.category for example in own])
    shares = np.array([example.chosen_probability for example in own])
    found = measured(logits, shares, [example.opening() for example in own])
    return {"method": calibration.method, "reason": calibration.reason, **asdict(found)}


def _scoring(
    scorer: "Scorer", cache: Path | None, progress: Progress
) -> Callable[[Sequence["ScoringInput"]], Doubles]:
    def score(inputs: Sequence["ScoringInput"]) -> Doubles:
        progress.checkpoint()
        return scorer.score(inputs, cache_dir=cache)

    return score


def _prior(scorer: "Scorer") -> Callable[[Sequence["ScoringInput"]], Doubles] | None:
    """Rewards by the prior of a residual model alone."""
    from modeling.core.scoring import as_texts

    prior = scorer.prior
    return None if prior is None else lambda inputs: prior.score(as_texts(inputs))


def _rankings(
    scorer: "Scorer", examples: Sequence[RankingExample], wish: Wish, progress: Progress
) -> Figures:
    inputs = [(e.prompt, completion) for e in examples for completion in e.completions]
    rewards = scorer.score(inputs, cache_dir=wish.cache, progress=progress)
    ends = np.cumsum([len(example.completions) for example in examples])[:-1]
    scores = np.split(rewards, ends) if examples else []
    figures = evaluate_rankings(examples, scores).to_dict()
    gold = _gold(wish, inputs, None)
    if gold is not None and examples:
        openings = [example.opening() for example in examples]
        figures["best_of"] = best_of_curve(scores, np.split(gold, ends), openings).to_dict()
    return figures


def _outcomes(
    scorer: "Scorer", examples: Sequence[OutcomeExample], wish: Wish, progress: Progress
) -> Figures:
    """Correct against wrong responses to one prompt, and over all prompts."""
    inputs = [(example.prompt, example.completion) for example in examples]
    rewards = scorer.score(inputs, cache_dir=wish.cache, progress=progress)
    labels = np.array([example.label for example in examples], dtype=bool)
    right, openings = [], []
    for rows in _prompts(examples).values():
        true, false = [r for r in rows if labels[r]], [r for r in rows if not labels[r]]
        margins = (rewards[true][:, None] - rewards[false][None, :]).ravel()
        right.append(credit(margins))
        openings += [examples[rows[0]].opening()] * len(margins)
    order = np.concatenate([np.zeros(0), *right])
    return {
        "n": len(examples),
        "groups": len({example.opening() for example in examples}),
        "pairs": len(order),
        "accuracy": mean(order),
        "interval": bootstrap_interval(order, openings),
        "auc": area_under_curve(rewards, labels),
        "best_of": _best_of(examples, rewards, _gold(wish, inputs, _gold_labels(examples))),
    }


def _ratings(
    scorer: "Scorer", examples: Sequence[RatingExample], wish: Wish, progress: Progress
) -> Figures:
    """Whether rewards rise with the scores: rank correlations by aspect, and of their means."""
    inputs = [(example.prompt, example.completion) for example in examples]
    rewards = scorer.score(inputs, cache_dir=wish.cache, progress=progress)
    means = np.array([np.mean(list(example.scores.values())) for example in examples])
    aspects = sorted({aspect for example in examples for aspect in example.scores})
    return {
        "n": len(examples),
        "groups": len({example.opening() for example in examples}),
        "spearman": rank_correlation(rewards, means),
        "aspects": {aspect: _of_aspect(aspect, examples, rewards) for aspect in aspects},
        "best_of": _best_of(examples, rewards, _gold(wish, inputs, means)),
    }


def _of_aspect(aspect: str, examples: Sequence[RatingExample], rewards: Doubles) -> Figures:
    rows = [row for row, example in enumerate(examples) if aspect in example.scores]
    given = np.array([examples[row].scores[aspect] for row in rows])
    return {"n": len(rows), "spearman": rank_correlation(rewards[rows], given)}


_BY_REWARD: Mapping[str, Callable[..., Figures]] = {
    "preference": _pairs,
    "ranking": _rankings,
    "outcome": _outcomes,
    "rating": _ratings,
}


def _prompts(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Rows by prompt."""
    found: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        found.setdefault(example.group, []).append(row)
    return found


def _gold_labels(examples: Sequence[OutcomeExample]) -> Doubles:
    return np.array([float(example.label) for example in examples])


def _gold(wish: Wish, inputs: Sequence["ScoringInput"], labels: Doubles | None) -> Doubles | None:
    """The truth for each input: the gold model's rewards, else the labels."""
    if wish.gold is None:
        return labels
    return load_checkpoint(wish.gold).score(inputs, cache_dir=wish.cache)


def _best_of(examples: Sequence[Example], proxy: Doubles, gold: Doubles | None) -> Figures | None:
    """The curve over the prompts with two responses or more; None without any."""
    several = [rows for rows in _prompts(examples).values() if len(rows) > 1]
    if not several or gold is None:
        return None
    openings = [examples[rows[0]].opening() for rows in several]
    curve = best_of_curve(
        [proxy[rows] for rows in several], [gold[rows] for rows in several], openings
    )
    return curve.to_dict()


def _rewardbench(scorer: "Scorer", wish: Wish, progress: Progress) -> Figures:
    version = wish.rewardbench or 1
    rows = read_rewardbench(wish.data, version)
    inputs = [item for row in rows for item in row.inputs]
    rewards = scorer.score(inputs, cache_dir=wish.cache, progress=progress)
    parts = np.split(rewards, np.cumsum([len(row.inputs) for row in rows])[:-1])
    score = score_rewardbench(rows, parts, version)
    return {
        "n": len(rows),
        "accuracy": score.score,
        "interval": None,
        "rewardbench": score.to_dict(),
    }
