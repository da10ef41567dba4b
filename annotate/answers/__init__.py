"""What an annotator said, one frozen dataclass per item kind, parsed once at the border.

Answers arrive in the order in which the responses were *shown*. ``to_stored`` undoes the display
order and ``to_shown`` applies it; nothing else in the program permutes an answer.
"""

from annotate.answers.forms import answer_to_json, as_signs, to_shown, to_stored
from annotate.answers.parsing import parse_answer
from annotate.answers.values import (
    CHOICES,
    COMPARISON_ASPECTS,
    KINDS,
    MAX_NAME,
    MAX_TEXT,
    MAX_TRIALS,
    MIRRORED,
    SCALES,
    STEP_LABELS,
    Answer,
    AnswerError,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
)

__all__ = [
    "CHOICES",
    "COMPARISON_ASPECTS",
    "KINDS",
    "MAX_NAME",
    "MAX_TEXT",
    "MAX_TRIALS",
    "MIRRORED",
    "SCALES",
    "STEP_LABELS",
    "Answer",
    "AnswerError",
    "ComparisonAnswer",
    "ItemShape",
    "OutcomeAnswer",
    "RankingAnswer",
    "RatingAnswer",
    "StepsAnswer",
    "answer_to_json",
    "as_signs",
    "parse_answer",
    "to_shown",
    "to_stored",
]
