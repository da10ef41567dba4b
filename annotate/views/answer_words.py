"""An answer in a few words, as its author gave it: responses are A, B, C in the order shown."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from django.utils.translation import gettext as _

from annotate.answers import (
    Answer,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)
from annotate.views.kinds.comparison import ASPECT_CHOICES, OTHER_CHOICES, grades


def answer_words(answer: Answer, shape: ItemShape) -> str:
    """Such as "A much better", "B > A = C", "helpfulness 4 · 2" or "+1 +1 -1 ·".

    Beside a step's label stand the rollouts that it was made from: "+1 (3/8) -1 (0/8)".
    """
    match answer:
        case ComparisonAnswer():
            return _comparison(answer, shape)
        case RankingAnswer():
            return _ranking(answer)
        case RatingAnswer():
            rows = (f"{name} {_values(values)}" for name, values in answer.ratings.items())
            return "; ".join(rows)
        case StepsAnswer():
            return _steps(answer, shape)
        case OutcomeAnswer():
            return _("right") if answer.correct else _("wrong")


def _comparison(answer: ComparisonAnswer, shape: ItemShape) -> str:
    labels = {grade.value: grade.label for grade in grades(shape.scale, "")}
    labels |= {value: label for value, label, _key in OTHER_CHOICES}
    on_aspect = labels | {value: label for value, label, _key in ASPECT_CHOICES}
    overall = f"{answer.choice}-{answer.strength}" if answer.strength else answer.choice
    aspects = (f"{name}: {on_aspect[choice]}" for name, choice in answer.aspects.items())
    return "; ".join([str(labels.get(overall, overall)), *aspects])


def _ranking(answer: RankingAnswer) -> str:
    if answer.best_worst:
        ends = {"best": _letter(answer.tiers[0][0]), "worst": _letter(answer.tiers[-1][0])}
        return _("best %(best)s, worst %(worst)s") % ends
    return " > ".join(" = ".join(map(_letter, tier)) for tier in answer.tiers)


def _steps(answer: StepsAnswer, shape: ItemShape) -> str:
    if answer.give_up:
        return _("given up: %(why)s") % {"why": answer.give_up}
    if answer.bad_problem:
        return _("bad problem: %(why)s") % {"why": answer.bad_problem}
    form = "d" if shape.step_points else "+d"
    labels = ["·" if label is None else f"{label:{form}}" for label in answer.labels]
    if answer.soft:
        labels = list(map(_with_rollouts, labels, answer.soft, answer.trials))
    return " ".join(labels)


def _with_rollouts(label: str, share: float | None, trials: int) -> str:
    if share is None:
        return label
    return f"{label} ({round(share * trials)}/{trials})" if trials else f"{label} ({share:.2g})"


def _values(values: Sequence[float]) -> str:
    return " · ".join(f"{value:g}" for value in values)


def _letter(position: int) -> str:
    return ascii_uppercase[position % 26]
