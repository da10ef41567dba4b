"""Mathematics: compares the final results of two texts with math-verify.

Run as ``python -m annotate.verifiers.math``: reads JSON lines ``{id, reference, response}`` and
writes one line ``{id, correct, detail}`` for each, in order. Parsing may hang on what a model
wrote; math-verify bounds it with a signal, which works in a main thread only, and whoever started
the process bounds the whole of it.
"""

from __future__ import annotations

import json
import sys

SECONDS = 3


def main() -> None:
    """Answer the questions on standard input until it ends."""
    from math_verify import parse, verify  # heavy: symbolic algebra

    for line in sys.stdin:
        question = json.loads(line)
        known = parse(question["reference"], parsing_timeout=SECONDS)
        given = parse(question["response"], parsing_timeout=SECONDS)
        if not known or not given:
            where = "reference" if not known else "response"
            reply: dict[str, object] = {
                "correct": None,
                "detail": f"no result found in the {where}",
            }
        else:
            same = verify(known, given, timeout_seconds=SECONDS)
            reply = {"correct": bool(same), "detail": f"{given[-1]} against {known[-1]}"[:300]}
        sys.stdout.write(json.dumps({"id": question["id"]} | reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
