"""A backbone with a linear head."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from modeling.core.packing import packed_mask
from modeling.core.pooling import pool

INPUTS = ("input_ids", "attention_mask", "readouts", "segments", "position_ids", "language")
"""What a batch may hold for the model; the rest is for the loss."""


OWN = "own."  # begins the names of the objective's own parameters


class RewardModel(nn.Module):
    """What a text is worth: linear functions of its pooled or chosen last hidden states.

    A head of preferences has no bias: they only see reward differences, so it would never be
    trained. Outputs do not depend on the other rows of a batch, their order or the amount of
    padding on the right. `own` are parameters of the loss, such as how probable ties are: trained
    along, and not read here.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        pooling: str,
        hidden_size: int,
        outputs: int = 1,
        bias: bool = False,
        own: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.head = nn.Linear(hidden_size, outputs, bias=bias)
        nn.init.normal_(self.head.weight, std=(hidden_size + 1) ** -0.5)
        if bias:
            nn.init.zeros_(self.head.bias)
        self.own = nn.ParameterDict(
            {
                name: nn.Parameter(torch.as_tensor(values, dtype=torch.float32).clone())
                for name, values in (own or {}).items()
            }
        )

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        readouts: Tensor | None = None,
        segments: Tensor | None = None,
        position_ids: Tensor | None = None,
    ) -> Tensor:
        """Outputs (n, outputs) in float32 for the (batch, length) inputs; see `read` for n."""
        features = read(
            self.backbone,
            input_ids,
            attention_mask,
            self.pooling,
            readouts,
            segments=segments,
            position_ids=position_ids,
        )
        return self.judge(features)

    def judge(self, features: Tensor) -> Tensor:
        """Outputs (n, outputs) of hidden states (n, width)."""
        # Half precision would round rewards to steps larger than what many pairs differ by.
        with torch.autocast(features.device.type, enabled=False):
            outputs: Tensor = self.head(features.to(self.head.weight.dtype)).to(torch.float32)
        # Processes that train together look for the parameters in use behind the outputs.
        for values in self.own.values():
            outputs = outputs + 0.0 * values.sum()
        return outputs

    def pretrained(self) -> Any:
        """The tuned model as transformers saves it."""
        return self.backbone


def read(
    backbone: nn.Module,
    input_ids: Tensor,
    attention_mask: Tensor,
    pooling: str,
    readouts: Tensor | None = None,
    *,
    segments: Tensor | None = None,
    position_ids: Tensor | None = None,
) -> Tensor:
    """Last hidden states (n, width): one for each text, pooled, or one for each of `readouts`.

    `readouts` (n, 2) are rows and positions in `input_ids`, counted from its start. Packed rows
    (see packing.py) come with `segments` and `position_ids`, both (batch, length), and readouts.
    """
    hidden = hidden_states(
        backbone, input_ids, attention_mask, segments=segments, position_ids=position_ids
    )
    return pick(hidden, attention_mask, pooling, readouts)


def hidden_states(
    backbone: nn.Module,
    input_ids: Tensor,
    attention_mask: Tensor,
    *,
    segments: Tensor | None = None,
    position_ids: Tensor | None = None,
) -> Tensor:
    """Last hidden states (batch, length, width) of all tokens; see `read`."""
    inputs: dict[str, Tensor] = {"input_ids": input_ids, "attention_mask": attention_mask}
    if segments is not None and position_ids is not None:
        dtype = next(backbone.parameters()).dtype
        inputs |= {"attention_mask": packed_mask(segments, dtype), "position_ids": position_ids}
    output: Any = backbone(**inputs)
    hidden: Tensor = output.last_hidden_state
    return hidden


def pick(
    hidden: Tensor, attention_mask: Tensor, pooling: str, readouts: Tensor | None = None
) -> Tensor:
    """What of the hidden states `read` gives back."""
    if readouts is None:
        return pool(hidden, attention_mask, pooling)
    return hidden[readouts[:, 0], readouts[:, 1]]


def split_own_parameters(
    optimizer: torch.optim.Optimizer, model: nn.Module, learning_rate: float
) -> None:
    """Move the objective's own parameters to a group with this rate and no weight decay.

    They stand for log-odds and the like, so they have further to go than a backbone's weights,
    whose rate would leave them where they began.
    """
    own = [values for name, values in model.named_parameters() if name.startswith(OWN)]
    if not own:
        return
    moved = set(map(id, own))
    for group in optimizer.param_groups:
        group["params"] = [values for values in group["params"] if id(values) not in moved]
    optimizer.add_param_group({"params": own, "lr": learning_rate, "weight_decay": 0.0})
