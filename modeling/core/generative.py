"""Decoders that also write: the language model beside the reward, and rationales by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from modeling.core.adapters import with_adapters
from modeling.core.backbones import (
    Backbone,
    LoadedBackbone,
    backbone_shape,
    load_backbone,
    load_language_model,
)
from modeling.core.config import RewardConfig
from modeling.core.embeddings import Encoder
from modeling.core.errors import TrainingError
from modeling.core.model import RewardModel, hidden_states, pick
from modeling.core.objectives import Objective
from modeling.core.objectives.reasoning import RATIONALE_LEAD
from modeling.core.scoring import ScoringInput, as_texts
from modeling.core.tokens import TextTokenizer


class LanguageRewardModel(RewardModel):
    """A reward model whose backbone keeps the head with which it foretells the next token.

    It reads as a `RewardModel` does, and is saved as the language model that it is.
    """

    def __init__(self, language_model: Any, backbone: nn.Module, **arguments: Any) -> None:
        super().__init__(backbone, **arguments)
        writer = language_model.get_output_embeddings()
        tied = any(writer.weight is values for values in backbone.parameters())
        # A tied head is the backbone's own embeddings, which are registered there; and the
        # language model holds the backbone. Neither may be counted and saved twice.
        self._outside = (language_model, writer)
        self.writer = None if tied else writer

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        readouts: Tensor | None = None,
        segments: Tensor | None = None,
        position_ids: Tensor | None = None,
        language: Tensor | None = None,
    ) -> Any:
        """Outputs (n, outputs); with `language` (m, 3) also logits (m, vocabulary).

        Its columns are rows and positions in `input_ids`, and the ids that follow there.
        """
        hidden = hidden_states(
            self.backbone,
            input_ids,
            attention_mask,
            segments=segments,
            position_ids=position_ids,
        )
        outputs = self.judge(pick(hidden, attention_mask, self.pooling, readouts))
        writer = self._outside[1]
        if language is None:
            # Processes that train together look for every parameter behind the outputs.
            return outputs + 0.0 * writer.weight.sum()
        return outputs, writer(hidden[language[:, 0], language[:, 1]])

    def pretrained(self) -> Any:
        """The language model, with its head."""
        return self._outside[0]


def outputs_of(read: Any) -> tuple[Tensor, Tensor | None]:
    """What a reward model gave: outputs, and logits where it was to foretell something."""
    return read if isinstance(read, tuple) else (read, None)


def load_for(objective: Objective, source: Backbone) -> LoadedBackbone:
    """The backbone, with its language-modelling head where the objective writes.

    TrainingError where it is no decoder and so could not write.
    """
    if not objective.writes:
        return load_backbone(source)
    if not backbone_shape(source).causal:
        raise TrainingError(
            f"The objective {objective.config.objective} also learns to write, which takes a "
            "decoder; choose one as backbone."
        )
    return load_language_model(source)


def language_reward_model(
    loaded: LoadedBackbone, encoder: Encoder, objective: Objective, config: RewardConfig
) -> LanguageRewardModel:
    """The model to train for an objective that writes.

    Adapters go into the backbone, not into the language-modelling head. TrainingError where it
    would not be read at its last token, before it writes.
    """
    if encoder.pooling != "last":
        raise TrainingError(
            f"The objective {config.objective} also learns to write, so it is read at the last "
            'token; set pooling to "last".'
        )
    backbone = loaded.model.base_model
    return LanguageRewardModel(
        loaded.model,
        with_adapters(backbone, config) if config.lora_rank else backbone,
        pooling=encoder.pooling,
        hidden_size=encoder.shape.hidden_size,
        outputs=len(objective.outputs),
        bias=objective.has_bias,
        own=objective.own_parameters(),
    )


@dataclass(frozen=True)
class RationaleWriter:
    """A reward model's language model, which says why a response is good."""

    model: Any
    tokenizer: TextTokenizer

    def generate_rationale(
        self, inputs: Sequence[ScoringInput], *, max_new_tokens: int = 128
    ) -> list[str]:
        """A rationale for each (prompt, response), always the same: the likeliest token each time.

        Each is written alone, so what it says depends on no other. It ends where the model ends
        it, after `max_new_tokens`, or where the model has no more positions.
        """
        asked = self.tokenizer.asked(as_texts(inputs), lead=RATIONALE_LEAD)
        return [self.tokenizer.text(self._goes_on(ids, max_new_tokens)).strip() for ids in asked]

    @classmethod
    def of(cls, source: Backbone, config: RewardConfig) -> "RationaleWriter":
        """The writer of a tuned language model, on a GPU when there is one."""
        loaded = load_language_model(source, precision=config.precision)
        model: Any = loaded.model
        model = model.to("cuda" if torch.cuda.is_available() else "cpu")
        return cls(model, TextTokenizer(loaded.tokenizer, max_length=config.max_length))

    @torch.inference_mode()
    def _goes_on(self, ids: tuple[int, ...], most: int) -> list[int]:
        step = torch.tensor([ids], device=self.model.device)
        found: list[int] = []
        remembered: Any = None
        positions = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        if positions is not None:
            most = min(most, positions - len(ids) + 1)  # the last one written is not read
        while len(found) < most:
            read = self.model(input_ids=step, past_key_values=remembered, use_cache=True)
            token = int(read.logits[0, -1].argmax())
            if token == self.tokenizer.end_id:
                break
            found.append(token)
            remembered = read.past_key_values
            step = torch.tensor([[token]], device=self.model.device)
        return found
