"""Mathematics: compares the final results of two texts with math-verify.

Run as ``python -m annotate.verifiers.math``: reads JSON lines ``{id, reference, response}`` and
writes one line ``{id, correct, detail}`` for each, in order. Parsing may hang on what a model
wrote; math-verify bounds it with a signal, which works in a main thread only, and whoever started
the process bounds the whole of it. A question that breaks the parser has no verdict, and says why,
so that the ones behind it get theirs.
"""

from __future__ import annotations

import json
import sys

SECONDS = 3


def main() -> None:
    """Answer the questions on standard input until it ends."""
    import math_verify  # noqa: F401 - heavy, and its absence is no fault of a question

    for line in sys.stdin:
        question = json.loads(line)
        try:
            correct, detail = compare(question["reference"], question["response"])
        except Exception as error:  # whatever symbolic algebra makes of a model's text
            correct, detail = None, f"it could not be compared: {type(error).__name__}"
        reply = {"id": question["id"], "correct": correct, "detail": detail}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def compare(reference: str, response: str) -> tuple[bool | None, str]:
    """Whether the two end in the same result, and what was compared; None without a result."""
    from math_verify import parse, verify

    known = parse(reference, parsing_timeout=SECONDS)
    given = parse(response, parsing_timeout=SECONDS)
    if not known or not given:
        return None, f"no result found in the {'response' if known else 'reference'}"
    same = verify(known, given, timeout_seconds=SECONDS)
    return bool(same), f"{given[-1]} against {known[-1]}"[:300]


if __name__ == "__main__":
    main()
