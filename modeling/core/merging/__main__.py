"""python -m modeling.core.merging CHECKPOINT CHECKPOINT… --out DIR --reference PAIRS."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from modeling.core.arguments import named_path
from modeling.core.errors import ModelingError
from modeling.core.merging.merge import merge_checkpoints


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge, print the parents and the table by cohort as JSON; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        manifest = merge_checkpoints(
            options.checkpoints,
            options.out,
            reference=options.reference,
            cohorts=dict(options.cohort),
            shares=options.share,
            cache_dir=options.cache,
        )
    except ModelingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    told = {"checkpoint": str(options.out), "parents": manifest["parents"]}
    told["by_cohort"] = manifest["metrics"]["by_cohort"]
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m modeling.core.merging")
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument(
        "--reference", required=True, type=Path, help="pairs whose margins are made equally wide"
    )
    parser.add_argument(
        "--cohort",
        action="append",
        default=[],
        type=named_path,
        metavar="NAME=PAIRS",
        help="held-out pairs of a cohort, for the table; again for each",
    )
    parser.add_argument(
        "--share", action="append", type=float, help="a checkpoint's weight, in their order"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where embeddings are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
