"""Exported ONNX models as engines: onnxruntime on the processor, without torch for pairs.

Texts of one length share a pass, so nothing is padded, and with scales that were fixed when the
model was exported a text's outputs are the same in any company.
"""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modeling.core.config import PAIR_OBJECTIVES, RewardConfig
from modeling.core.data import render_parts
from modeling.core.errors import CheckpointError, ModelingError
from modeling.core.features import View
from modeling.core.serving.engine import Doubles, Engine, Facts, Pass, Planned
from modeling.core.serving.rows import Candidate
from modeling.core.tokens import TextTokenizer

TARGETS = {"onnx": "fp32", "onnx-int8": "int8", "int8-dynamic": "int8-dynamic"}
INPUTS = ("input_ids", "attention_mask")


@dataclass(frozen=True, slots=True)
class Text:
    """What one pass reads: ids of a text for the graph of a part, and the tokens that count.

    Without `reads` the text counts as a whole.
    """

    part: int
    ids: tuple[int, ...]
    reads: tuple[int, ...] = ()


class OnnxEngine(Engine):
    """An exported model. `facts` and `reader` say what it reads and what that means."""

    def __init__(
        self, facts: Facts, reader: "Reader", sessions: Sequence[Any], *, size: int, threads: int
    ) -> None:
        self.facts = facts
        self.reader = reader
        self.sessions = sessions
        self.bytes = size
        self.parallel = threads
        # Scales taken from the data at hand would tie the texts of a pass together.
        self._alone = facts.precision == TARGETS["int8-dynamic"]
        self._number = itertools.count()

    @classmethod
    def load(cls, directory: Path) -> "OnnxEngine":
        """Load an export after checking its files; CheckpointError where that cannot be."""
        from modeling.core.export.artefact import read_export

        manifest = read_export(directory)
        if manifest["target"] not in TARGETS:
            raise CheckpointError(
                f"{directory.name} was exported for {manifest['target']}; the scorer reads "
                f"{', '.join(TARGETS)} and checkpoints."
            )
        facts = Facts(
            manifest["objective"],
            tuple(manifest["outputs"]),
            TARGETS[manifest["target"]],
            manifest,
        )
        files = [directory / part["file"] for part in manifest["parts"]]
        return cls(
            facts,
            Reader.of(directory, manifest),
            [open_session(file) for file in files],
            size=sum(file.stat().st_size for file in files),
            threads=os.cpu_count() or 1,
        )

    def plan(self, candidates: Sequence[Candidate]) -> list[Planned]:
        """A pass for each text that a candidate becomes."""
        return [
            Planned(tuple(map(self._pass, texts)), truncated)
            for texts, truncated in self.reader.texts(candidates)
        ]

    def _pass(self, text: Text) -> Pass:
        alone = next(self._number) if self._alone else -1
        return Pass((text.part, len(text.ids), alone), len(text.ids), text)

    def run(self, passes: Sequence[Pass]) -> list[Doubles]:
        """Each text's outputs, as a whole (1, outputs) or at its reads (reads, outputs)."""
        texts: list[Text] = [each.payload for each in passes]
        ids = np.array([text.ids for text in texts], dtype=np.int64)
        feeds = dict(zip(INPUTS, (ids, np.ones_like(ids)), strict=True))
        (found,) = self.sessions[texts[0].part].run(None, feeds)
        if not np.isfinite(found).all():
            raise ModelingError("Some rewards are not finite; export the model again.")
        rows = found.astype(np.float64)
        return [
            row[list(text.reads)] if text.reads else row[None]
            for row, text in zip(rows, texts, strict=True)
        ]

    def join(self, outputs: Sequence[Doubles]) -> Doubles:
        """What is read one after another, or the sum of what the parts add."""
        if self.reader.by_token:
            return np.concatenate(outputs)
        total: Doubles = np.sum(outputs, axis=0)
        return total


@dataclass(frozen=True)
class Reader:
    """How candidates become texts: the views of a head of pairs, or what the objective reads."""

    tokenizer: TextTokenizer
    views: tuple[View, ...]
    by_token: bool
    objective: Any = None
    causal: bool = False
    facts: Facts | None = None

    @classmethod
    def of(cls, directory: Path, manifest: dict[str, Any]) -> "Reader":
        """The reader of an export."""
        from transformers import AutoTokenizer

        config = RewardConfig.from_dict(manifest["config"])
        plain = AutoTokenizer.from_pretrained(directory / "tokenizer", trust_remote_code=False)
        tokenizer = TextTokenizer(plain, max_length=manifest["tokens"]["max_length"])
        views = tuple(View(part["with_context"], part["depth"]) for part in manifest["parts"])
        if config.objective in PAIR_OBJECTIVES:
            return cls(tokenizer, views, by_token=False)
        return cls(
            tokenizer,
            views,
            manifest["by_token"],
            _objective(manifest, config),
            manifest["causal"],
            Facts(config.objective, tuple(manifest["outputs"]), "", {}),
        )

    def texts(self, candidates: Sequence[Candidate]) -> list[tuple[list[Text], bool]]:
        """The texts of each candidate, and whether one was cut."""
        return self._views(candidates) if self.objective is None else self._items(candidates)

    def _views(self, candidates: Sequence[Candidate]) -> list[tuple[list[Text], bool]]:
        parts = [render_parts(each.prompt, each.response) for each in candidates]
        seen = [self.tokenizer([view.text(each) for each in parts]) for view in self.views]
        return [
            ([Text(part, text.ids) for part, text in enumerate(row)], any(t.truncated for t in row))
            for row in zip(*seen, strict=True)
        ]

    def _items(self, candidates: Sequence[Candidate]) -> list[tuple[list[Text], bool]]:
        from modeling.core.serving.checkpoints import as_example

        assert self.facts is not None  # noqa: S101 - set with the objective
        examples = [as_example(self.facts, candidate) for candidate in candidates]
        items = self.objective.items(examples, self.tokenizer, causal=self.causal)
        return [(_item_texts(item), item.truncated) for item in items]


def _item_texts(item: Any) -> list[Text]:
    reads: dict[int, list[int]] = {}
    for text, position in item.readouts:
        reads.setdefault(text, []).append(position)
    return [Text(0, ids, tuple(reads.get(place, ()))) for place, ids in enumerate(item.texts)]


def _objective(manifest: dict[str, Any], config: RewardConfig) -> Any:
    from modeling.core.objectives import restored_objective

    facts = (manifest.get("head") or {}).get("objective") or {}
    return restored_objective(manifest["outputs"], config, facts, {})


def open_session(model: Path | bytes) -> Any:
    """An onnxruntime session that computes in the thread that asks, for files or their bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # lengths change from pass to pass
    options.log_severity_level = 3
    given = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
