"""What a verifier's process does: read questions, one JSON object a line, and answer each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

TOO_LONG = "it took too long"
Compare = Callable[[str, str], tuple[bool | None, str]]


def answer_questions(compare: Compare) -> None:
    """Answer ``{id, reference, response}`` with ``{id, correct, detail}``, in order, to the end.

    A question that breaks the comparison has no verdict, and says why, so that the ones behind it
    get theirs.
    """
    for line in sys.stdin:
        question = json.loads(line)
        try:
            correct, detail = compare(question["reference"], question["response"])
        except Exception as error:  # whatever a library makes of a model's text
            correct, detail = None, f"it could not be compared: {type(error).__name__}"
        reply = {"id": question["id"], "correct": correct, "detail": detail}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
