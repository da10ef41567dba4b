"""A judge's verdicts as answers of an annotator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotate.answers import (
    Answer,
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
)
from annotate.answers.values import MAX_TEXT
from modeling.core.judge import Judge, PairVerdict, RubricVerdict
from modeling.core.judge.parsing import without_marks
from modeling.judging.questions import Kind, Question

_CHOICES = {"first": "left", "second": "right", "tie": "tie"}
_NO_TEXT = re.compile(r"[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Answered:
    """A judge's answer to a question, in stored order; None with a ``failure`` that says why.

    ``pairs`` are the verdicts on pairs that were asked in both orders, for what they tell of the
    judge's fondness of a place.
    """

    question: Question
    answer: Answer | None
    scale: str
    failure: str = ""
    pairs: tuple[PairVerdict, ...] = ()

    @property
    def orders(self) -> str:
        """What both orders said of the one pair, for the judgment's reason; empty for others."""
        if len(self.pairs) != 1:
            return ""
        return " and ".join(reading.value for reading in self.pairs[0].readings if reading.value)


def answered(judge: Judge, question: Question) -> Answered:
    """Ask the judge. Raises JudgeError where it cannot be asked at all."""
    match question.kind:
        case Kind.COMPARISON:
            return _compared(judge, question)
        case Kind.RANKING:
            return _ranked(judge, question)
        case Kind.RATING:
            return _rated(judge, question)
    return _checked(judge, question)


def _compared(judge: Judge, question: Question) -> Answered:
    """On the binary scale: a judge is asked which is better, not by how much."""
    if question.form != "pairwise":
        scores, failure, words = _scores(judge, question)
        choice: str | None = _better(*scores) if scores else None
        return _comparison(question, choice, failure, words)
    verdict = judge.compare(question.prompt, *question.responses, reference=question.reference)
    words = verdict.readings[0].text
    return _comparison(question, verdict.choice, verdict.failure, words, (verdict,))


def _better(first: float, second: float) -> str:
    return "tie" if first == second else "first" if first > second else "second"


def _comparison(
    question: Question,
    choice: str | None,
    failure: str,
    words: str,
    pairs: tuple[PairVerdict, ...] = (),
) -> Answered:
    if choice is None:
        return Answered(question, None, "binary", failure, pairs)
    side = _CHOICES[choice]
    strength = None if side == "tie" else 1
    answer = ComparisonAnswer(side, strength, rationale=_rationale(words))
    return Answered(question, answer, "binary", "", pairs)


def _ranked(judge: Judge, question: Question) -> Answered:
    if question.form != "pairwise":
        scores, failure, words = _scores(judge, question)
        answer = RankingAnswer(_tiers(scores), rationale=_rationale(words)) if scores else None
        return Answered(question, answer, "order", failure)
    verdict = judge.rank(question.prompt, question.responses, reference=question.reference)
    ranking = None if verdict.tiers is None else RankingAnswer(verdict.tiers)
    return Answered(question, ranking, "order", verdict.failure, tuple(verdict.pairs.values()))


def _tiers(scores: Sequence[float]) -> tuple[tuple[int, ...], ...]:
    """Positions by score, best first, equal ones together."""
    return tuple(
        tuple(k for k, score in enumerate(scores) if score == level)
        for level in sorted(set(scores), reverse=True)
    )


def _scores(judge: Judge, question: Question) -> tuple[list[float], str, str]:
    """A number for each response, and the words; none, and why, where one is missing."""
    scores, words = [], []
    for text in question.responses:
        score, failure, said = _score(judge, question, text)
        if score is None:
            return [], failure, ""
        scores.append(score)
        words.append(said)
    return scores, "", "\n\n".join(words)


def _score(judge: Judge, question: Question, text: str) -> tuple[float | None, str, str]:
    """A response's grade, or the mean of its criteria; with the failure and the words."""
    if question.form == "single":
        grade = judge.grade(question.prompt, text, reference=question.reference)
        return grade.score, grade.failure, grade.reading.text
    rubric = _rubric(judge, question, text)
    return rubric.mean, rubric.failure, rubric.reading.text


def _rubric(judge: Judge, question: Question, text: str) -> RubricVerdict:
    return judge.rate(
        question.prompt,
        text,
        criteria=question.criteria,
        low=question.low,
        high=question.high,
        reference=question.reference,
    )


def _rated(judge: Judge, question: Question) -> Answered:
    scale = f"{question.low}..{question.high}"
    verdicts = []
    for text in question.responses:
        verdict = _rubric(judge, question, text)
        if verdict.scores is None:
            return Answered(question, None, scale, verdict.failure)
        verdicts.append(verdict)
    ratings = {
        one.name: tuple(float((verdict.scores or {})[one.name]) for verdict in verdicts)
        for one in question.criteria
    }
    words = "\n\n".join(verdict.reading.text for verdict in verdicts)
    return Answered(question, RatingAnswer(ratings, _rationale(words)), scale)


def _checked(judge: Judge, question: Question) -> Answered:
    (text,) = question.responses
    verdict = judge.check(question.prompt, text, reference=question.reference)
    if verdict.correct is None:
        return Answered(question, None, "judge", verdict.failure)
    answer = OutcomeAnswer(verdict.correct, _rationale(verdict.reading.text))
    return Answered(question, answer, "judge")


def _rationale(words: str) -> str:
    """The explanation without the verdict, as an answer may hold it."""
    return _NO_TEXT.sub("\ufffd", without_marks(words))[:MAX_TEXT].strip()
