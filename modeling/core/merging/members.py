"""The models that are to be merged: whether they go together, and how loud each one is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.checkpoint import MANIFEST, load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import PreferenceExample
from modeling.core.ensembles import HeadSet
from modeling.core.errors import CheckpointError
from modeling.core.files import sha256_file
from modeling.core.progress import Progress
from modeling.core.scoring import PairRewards, Scorer

Doubles = NDArray[np.float64]
MERGED = "merged"  # what the merged model is called beside its members
_MERGEABLE = ("bradley_terry", "plackett_luce", "ranking_pairs")


@dataclass(frozen=True)
class Member:
    """A checkpoint that is merged, under a name of its own."""

    name: str
    directory: Path
    scorer: Scorer
    config: RewardConfig

    def facts(self, share: float, scale: float) -> dict[str, Any]:
        """What the merged manifest says of it."""
        return {
            "name": self.name,
            "manifest": sha256_file(self.directory / MANIFEST),
            "content_hash": self.scorer.manifest["dataset"]["content_hash"],
            "share": share,
            "scale": scale,
        }


def load_members(directories: Sequence[Path]) -> list[Member]:
    """Load checkpoints and check that they can be merged; CheckpointError says why not."""
    if len(directories) < 2:
        raise CheckpointError("Merging needs at least two checkpoints.")
    names = _names(directories)
    members = [_member(name, path) for name, path in zip(names, directories, strict=True)]
    for other in members[1:]:
        _check_alike(members[0], other)
    return members


def _names(directories: Sequence[Path]) -> list[str]:
    """The directories' names, numbered where two are the same or one is the merged model's."""
    names = [path.resolve().name for path in directories]
    if len({*names, MERGED}) == len(names) + 1:
        return names
    return [f"{number} {name}" for number, name in enumerate(names, start=1)]


def _member(name: str, directory: Path) -> Member:
    scorer = load_checkpoint(directory)
    config = RewardConfig.from_dict(scorer.manifest["config"])
    if config.objective not in _MERGEABLE:
        raise CheckpointError(
            f"{directory.name} was trained with the objective {config.objective}, which holds more "
            f"than a reward; merge models of {', '.join(_MERGEABLE)}."
        )
    if scorer.prior is not None:
        raise CheckpointError(
            f"{directory.name} adds to a prior, which must not be scaled; merge models without one."
        )
    return Member(name, directory, scorer, config)


def _check_alike(first: Member, other: Member) -> None:
    for what, mine, yours in _traits(first, other):
        if mine != yours:
            raise CheckpointError(
                f"{first.directory.name} and {other.directory.name} differ in {what} ({mine!r} and "
                f"{yours!r}); only models of one origin can be merged."
            )


def _traits(first: Member, other: Member) -> list[tuple[str, Any, Any]]:
    """What must be equal: (in words, here, there)."""
    names = ("frozen", "backbone", "max_length", "precision", "feature_kind")
    traits = [(name, getattr(first.config, name), getattr(other.config, name)) for name in names]
    encoders = first.scorer.encoder, other.scorer.encoder
    traits.append(("pooling", encoders[0].pooling, encoders[1].pooling))
    if first.config.frozen:
        prints = [encoder.backbone.fingerprint[:12] for encoder in encoders]
        traits.append(("the backbone's weights", prints[0], prints[1]))
    return traits


@dataclass(frozen=True)
class Scales:
    """By what each member's rewards are multiplied, (k,), and its share of the merged model."""

    scales: Doubles
    shares: Doubles


def equal_spreads(
    rewards: Sequence[PairRewards], names: Sequence[str], shares: Sequence[float] | None
) -> Scales:
    """Scales that give all members the same margin spread, their mean by share.

    The spread is the root mean square of the reward differences of the same pairs, so it does not
    depend on which side is called chosen. CheckpointError for a member that tells no pair apart.
    """
    spreads = np.array([np.sqrt(np.mean((part.chosen - part.rejected) ** 2)) for part in rewards])
    for name, spread in zip(names, spreads, strict=True):
        if not spread > 0:
            raise CheckpointError(f"{name} tells the sides of no pair apart; leave it out.")
    weights = _normalised(shares, len(spreads))
    return Scales(float(weights @ spreads) / spreads, weights)


def _normalised(shares: Sequence[float] | None, count: int) -> Doubles:
    if shares is None:
        return np.full(count, 1 / count)
    found = np.array(shares, dtype=np.float64)
    if len(found) != count or not (np.isfinite(found).all() and (found > 0).all()):
        raise CheckpointError("Give one share above zero for each checkpoint, or none at all.")
    normalised: Doubles = found / found.sum()
    return normalised


def score_all(
    members: Sequence[Member],
    examples: Sequence[PreferenceExample],
    *,
    cache_dir: Path | None,
    progress: Progress,
) -> list[PairRewards]:
    """Each member's rewards of both sides; a shared frozen backbone reads each text once."""
    if members[0].config.frozen:
        heads = HeadSet.of(
            "cohorts", [member.scorer.head for member in members], [m.name for m in members]
        )
        return score_heads(members[0].scorer, heads, examples, cache_dir, progress)
    parts = len(members)
    return [
        member.scorer.score_examples(
            examples,
            cache_dir=cache_dir,
            progress=progress.stage(number / parts, (number + 1) / parts),
        )
        for number, member in enumerate(members)
    ]


def score_heads(
    scorer: Scorer,
    heads: HeadSet,
    examples: Sequence[PreferenceExample],
    cache_dir: Path | None,
    progress: Progress,
) -> list[PairRewards]:
    """Rewards of both sides by each head on the scorer's features."""
    sides = [example.sides() for example in examples]
    texts = [chosen for chosen, _ in sides] + [rejected for _, rejected in sides]
    found = scorer.read(texts, cache_dir=cache_dir, progress=progress)
    cut = found.truncated[: len(sides)] | found.truncated[len(sides) :]
    return [
        PairRewards(rewards[: len(sides)], rewards[len(sides) :], cut)
        for rewards in heads.score(found.vectors).T
    ]
