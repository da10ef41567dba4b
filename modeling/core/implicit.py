"""The reward that a policy implies: β·log π(y|x)/π_ref(y|x), for comparison with reward models.

A policy that was trained on preferences, as by DPO, is a reward model in disguise. Rafailov et al.,
arXiv:2305.18290; scored as a reward model by Lambert et al., arXiv:2403.13787.

    python -m modeling.core.implicit --policy DIR --reference DIR --data pairs.jsonl
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.backbones import resolve_backbone
from modeling.core.data import PreferenceExample, TextParts, read_pairs
from modeling.core.errors import BackboneError, ConfigError, ModelingError
from modeling.core.evaluate import evaluate_examples
from modeling.core.files import read_json
from modeling.core.likelihood import LanguageModel
from modeling.core.progress import Progress
from modeling.core.scoring import PairRewards, ScoringInput, as_texts

_TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class ImplicitReward:
    """β·(log π − log π_ref) of responses, in logits; only differences within a prompt mean much.

    BackboneError where the two models split texts differently, ConfigError for a β of 0 or less.
    """

    policy: LanguageModel
    reference: LanguageModel
    beta: float = 0.1

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise ConfigError(f"beta must be greater than zero; it is {self.beta}.")
        if _vocabulary(self.policy) != _vocabulary(self.reference):
            raise BackboneError(
                "The policy and the reference have different tokenizers, so their probabilities "
                "are not of the same tokens; give the model that the policy was trained from."
            )

    def score(
        self, inputs: Sequence[ScoringInput], *, cache_dir: Path | None = None
    ) -> NDArray[np.float64]:
        """Rewards (n,) of (prompt, response) inputs."""
        return self._read(as_texts(inputs), cache_dir, Progress())[0]

    def score_examples(
        self,
        examples: Sequence[PreferenceExample],
        *,
        cache_dir: Path | None = None,
        progress: Progress | None = None,
    ) -> PairRewards:
        """Rewards of both sides of each example."""
        sides = [example.sides() for example in examples]
        texts = [chosen for chosen, _ in sides] + [rejected for _, rejected in sides]
        rewards, cut = self._read(texts, cache_dir, progress or Progress())
        count = len(examples)
        return PairRewards(rewards[:count], rewards[count:], cut[:count] | cut[count:])

    def _read(
        self, texts: Sequence[TextParts], cache_dir: Path | None, progress: Progress
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        policy, reference = (
            model.score(texts, cache_dir=cache_dir, progress=part)
            for model, part in (
                (self.policy, progress.stage(0.0, 0.5)),
                (self.reference, progress.stage(0.5, 1.0)),
            )
        )
        return self.beta * (policy.total - reference.total), policy.truncated


def _vocabulary(model: LanguageModel) -> Any:
    """How the tokenizer splits texts, whatever it says of cutting and padding; None if unsaid."""
    path = model.backbone.path / _TOKENIZER
    return read_json(path).get("model") if path.is_file() else None


def load_implicit(
    policy: str,
    reference: str,
    *,
    beta: float = 0.1,
    max_length: int = 512,
    precision: str = "fp32",
) -> ImplicitReward:
    """The implicit reward of two causal language models: directories or Hugging Face ids."""
    mine, theirs = (
        LanguageModel(resolve_backbone(name), max_length=max_length, precision=precision)
        for name in (policy, reference)
    )
    return ImplicitReward(mine, theirs, beta)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate on a file of pairs, print the figures as JSON; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        told = _evaluated(options)
    except ModelingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _evaluated(options: argparse.Namespace) -> dict[str, Any]:
    model = load_implicit(
        options.policy, options.reference, beta=options.beta, max_length=options.max_length
    )
    found = read_pairs(options.data)
    rewards = model.score_examples(found.examples, cache_dir=options.cache)
    told = evaluate_examples(found.examples, rewards.chosen, rewards.rejected).to_dict()
    return {**told, "ties": found.ties, "truncated": int(rewards.truncated.sum())}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m modeling.core.implicit")
    parser.add_argument("--policy", required=True, help="the trained model, a path or an id")
    parser.add_argument("--reference", required=True, help="the model it was trained from")
    parser.add_argument("--data", required=True, type=Path, help="a file of pairs")
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where likelihoods are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
