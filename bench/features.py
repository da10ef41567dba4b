"""What should a linear reward head on a frozen sentence encoder see?

Five-fold cross-validation by prompt on public human pairs: the head is fitted on four folds and
measured on the fifth, at one fixed penalty, for each kind of features, beside "longer wins".

    python -m bench.features --data ../shared/data
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import resolve_backbone
from modeling.core.data import PreferenceExample, read_pairs, render_parts
from modeling.core.embeddings import Encoder
from modeling.core.evaluate import evaluate_pairs
from modeling.core.features import VIEWS, extract_features
from modeling.core.heads import DEFAULT_L2, fit_bradley_terry_head

SETS = ("pairs__hh_helpful", "pairs__hh_harmless", "pairs__oasst1_en")
FOLDS = 5
Floats = NDArray[np.floating]


def main() -> None:
    """Print one Markdown row for each set and kind of features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", action="append", choices=SETS, help="one set, repeatable")
    parser.add_argument("--max-length", type=int, default=512)
    arguments = parser.parse_args()
    encoder = Encoder(resolve_backbone("minilm"), max_length=arguments.max_length)
    print("| set | pairs | features | accuracy [95 %] | NLL | longer wins | s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as cache:
        for name in arguments.set or SETS:
            examples = read_pairs(arguments.data / f"{name}.jsonl.gz").examples
            for kind in VIEWS:
                print(_row(name, kind, examples, encoder, Path(cache)), flush=True)


def _row(
    name: str, kind: str, examples: tuple[PreferenceExample, ...], encoder: Encoder, cache: Path
) -> str:
    started = time.monotonic()
    sides = [
        extract_features(
            [render_parts(e.prompt, getattr(e, side)) for e in examples],
            encoder,
            kind,
            cache_dir=cache,
        ).vectors
        for side in ("chosen", "rejected")
    ]
    groups = np.array([example.group for example in examples])
    chosen, rejected = _out_of_fold(sides[0], sides[1], groups)
    lengths = (
        np.array([len(example.chosen) for example in examples]),
        np.array([len(example.rejected) for example in examples]),
    )
    found = evaluate_pairs(chosen, rejected, groups=list(groups), lengths=lengths)
    low, high = found.interval or (float("nan"), float("nan"))
    return (
        f"| {name} | {found.n} | {kind} | {found.accuracy:.3f} [{low:.3f}, {high:.3f}] | "
        f"{found.nll:.3f} | {found.length_accuracy or 0:.3f} | {time.monotonic() - started:.0f} |"
    )


def _out_of_fold(
    chosen: Floats, rejected: Floats, groups: NDArray[np.str_]
) -> tuple[Floats, Floats]:
    """Rewards of each pair by the head that did not see its prompt."""
    _, codes = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(0).permutation(codes.max() + 1)[codes] % FOLDS
    rewards = np.zeros((2, len(groups)))
    for number in range(FOLDS):
        train, held = fold != number, fold == number
        head = fit_bradley_terry_head(chosen[train], rejected[train], l2=DEFAULT_L2)
        rewards[:, held] = head.score(chosen[held]), head.score(rejected[held])
    return rewards[0], rewards[1]


if __name__ == "__main__":
    main()
