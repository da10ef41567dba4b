"""Texts of a dataset, to calibrate exports and to hold them against their checkpoints."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from modeling.core.data import (
    Example,
    PreferenceExample,
    RankingExample,
    ResponseExample,
    StepwiseExample,
    read_dataset,
)
from modeling.core.serving.rows import Candidate


def dataset_candidates(directory: Path, *, count: int = 512, seed: int = 0) -> list[Candidate]:
    """`count` responses or solutions of a dataset version, half of them from held-out splits.

    The first half comes from training rows, the second from validation and test rows, or from
    training rows too where there are none. DataError as for `read_dataset`.
    """
    splits = read_dataset(directory).splits
    rng = random.Random(seed)  # noqa: S311 - a sample, no secret
    seen = _sample(splits["train"], count // 2, rng)
    held_out = _sample([*splits["validation"], *splits["test"]], count // 2, rng)
    if not held_out:
        half = len(seen) // 2
        return seen[:half] + seen[half:]
    size = min(len(seen), len(held_out))
    return seen[:size] + held_out[:size]


def _sample(examples: Sequence[Example], count: int, rng: random.Random) -> list[Candidate]:
    chosen = rng.sample(list(examples), min(count, len(examples)))
    found = [candidate for example in chosen for candidate in candidates_of(example)]
    rng.shuffle(found)
    return found[:count]


def candidates_of(example: Example) -> Iterator[Candidate]:
    """What a row has to score."""
    if isinstance(example, StepwiseExample):
        yield Candidate(example.prompt, steps=example.steps)
        return
    for response in _responses(example):
        yield Candidate(example.prompt, response=response)


def _responses(example: Example) -> tuple[str, ...]:
    if isinstance(example, PreferenceExample):
        return example.chosen, example.rejected
    if isinstance(example, RankingExample):
        return example.completions
    return (example.completion,) if isinstance(example, ResponseExample) else ()
