"""Checkpoints as engines: in torch, in the precision that they were trained in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.checkpoint import (
    load_checkpoint,
    load_predictor,
    load_writer,
    read_manifest,
)
from modeling.core.config import PAIR_OBJECTIVES
from modeling.core.data import (
    ClassificationExample,
    Example,
    OutcomeExample,
    RatingExample,
    StepwiseExample,
    TextParts,
    group_of,
    render_parts,
)
from modeling.core.embeddings import Encoder
from modeling.core.errors import ModelingError
from modeling.core.generative import RationaleWriter
from modeling.core.predictor import Predictor
from modeling.core.scoring import Scorer
from modeling.core.serving.engine import Doubles, Engine, Facts, Pass, Planned
from modeling.core.serving.rows import Candidate
from modeling.core.tokens import TextTokenizer

_BUCKET = 32  # tokens: texts whose lengths round up to the same multiple share a pass


def load_engine(directory: Path) -> Engine:
    """The engine of a checkpoint; CheckpointError as for `load_checkpoint`."""
    config = read_manifest(directory).get("config", {})
    if config.get("objective") in PAIR_OBJECTIVES:
        writer = load_writer(directory) if config["objective"] == "reasoning" else None
        return RewardEngine.of(load_checkpoint(directory), writer)
    return PredictorEngine.of(load_predictor(directory), read_manifest(directory))


@dataclass(frozen=True)
class RewardEngine(Engine):
    """A model that gives one reward, priors and all; `writer` says why, where it can."""

    scorer: Scorer
    facts: Facts
    bytes: int
    writer: RationaleWriter | None = None

    @classmethod
    def of(cls, scorer: Scorer, writer: RationaleWriter | None = None) -> "RewardEngine":
        """Loads the weights."""
        facts = _facts(scorer.manifest, scorer.encoder, ("reward",))
        size = _weights_bytes(scorer.encoder.loaded[0])
        return cls(scorer, facts, size + (_weights_bytes(writer.model) if writer else 0), writer)

    def plan(self, candidates: Sequence[Candidate]) -> list[Planned]:
        """One pass each, whatever views of the text the head sees."""
        _, tokenizer = self.scorer.encoder.loaded
        return _planned(candidates, tokenizer)

    def run(self, passes: Sequence[Pass]) -> list[Doubles]:
        """Rewards (1, 1)."""
        rewards = self.scorer.score([(each.prompt, each.response) for each in _payloads(passes)])
        return _finite(list(np.asarray(rewards, dtype=np.float64).reshape(-1, 1, 1)))

    def join(self, outputs: Sequence[Doubles]) -> Doubles:
        """The one pass's."""
        return outputs[0]

    def rationales(self, candidates: Sequence[Candidate]) -> list[str]:
        """What the model writes of each response."""
        if self.writer is None:
            return super().rationales(candidates)
        asked = [(each.prompt, each.response) for each in candidates]
        return self.writer.generate_rationale(asked)


@dataclass(frozen=True)
class PredictorEngine(Engine):
    """A fine-tuned model of steps or of single responses."""

    predictor: Predictor
    facts: Facts
    bytes: int

    @classmethod
    def of(cls, predictor: Predictor, manifest: dict[str, Any]) -> "PredictorEngine":
        """Loads the weights."""
        encoder = predictor.encoder
        facts = _facts(manifest, encoder, predictor.objective.outputs)
        return cls(predictor, facts, _weights_bytes(encoder.loaded[0]))

    def plan(self, candidates: Sequence[Candidate]) -> list[Planned]:
        """One pass each; a model that looks both ways reads every beginning of a solution."""
        _, tokenizer = self.predictor.encoder.loaded
        causal = self.predictor.encoder.shape.causal
        return _planned(candidates, tokenizer, beginnings=not causal)

    def run(self, passes: Sequence[Pass]) -> list[Doubles]:
        """Outputs (read, outputs) in the data's units."""
        examples = [as_example(self.facts, candidate) for candidate in _payloads(passes)]
        return _finite(self.predictor.predict(examples).outputs)

    def join(self, outputs: Sequence[Doubles]) -> Doubles:
        """The one pass's."""
        return outputs[0]


def as_example(facts: Facts, candidate: Candidate) -> Example:
    """A row to read, whose labels stand in for none: nothing that is read depends on them."""
    common: dict[str, Any] = {"prompt": candidate.prompt, "group": group_of(candidate.prompt)}
    if candidate.steps:
        count = len(candidate.steps)
        return StepwiseExample(
            **common,
            steps=candidate.steps,
            labels=(True,) * count,
            soft_labels=(1.0,) * count,
            step_weights=(1.0,) * count,
            ratings=(1,) * count,
        )
    common["completion"] = candidate.response
    if facts.shape == "outcome":
        return OutcomeExample(**common, label=True, label_probability=1.0)
    if facts.shape == "rating":
        return RatingExample(**common, scores=dict.fromkeys(facts.outputs, 0.0))
    return ClassificationExample(**common, label=facts.outputs[0])


def _facts(manifest: Any, encoder: Encoder, outputs: Sequence[str]) -> Facts:
    objective = manifest["config"]["objective"]
    return Facts(objective, tuple(outputs), encoder.precision, dict(manifest))


def _planned(
    candidates: Sequence[Candidate], tokenizer: TextTokenizer, *, beginnings: bool = False
) -> list[Planned]:
    texts = tokenizer([_text(candidate) for candidate in candidates])
    planned = []
    for candidate, text in zip(candidates, texts, strict=True):
        reads = len(candidate.steps) if beginnings and candidate.steps else 1
        one = Pass(-(-len(text.ids) // _BUCKET), len(text.ids) * reads, candidate)
        planned.append(Planned((one,), text.truncated))
    return planned


def _text(candidate: Candidate) -> TextParts:
    """About what is read, to know its length."""
    return render_parts(candidate.prompt, candidate.response or "\n".join(candidate.steps))


def _payloads(passes: Sequence[Pass]) -> list[Candidate]:
    return [each.payload for each in passes]


def _weights_bytes(model: Any) -> int:
    return sum(each.numel() * each.element_size() for each in model.parameters())


def _finite(outputs: list[Doubles]) -> list[Doubles]:
    if not all(np.isfinite(each).all() for each in outputs):
        raise ModelingError("Some rewards are not finite; train again in fp32 precision.")
    return outputs
