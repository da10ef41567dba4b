"""A backbone with a linear head."""

from typing import Any

import torch
from torch import Tensor, nn

from modeling.core.pooling import pool


class RewardModel(nn.Module):
    """What a text is worth: linear functions of its pooled or chosen last hidden states.

    A head of preferences has no bias: they only see reward differences, so it would never be
    trained. Outputs do not depend on the other rows of a batch, their order or the amount of
    padding on the right.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        pooling: str,
        hidden_size: int,
        outputs: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.head = nn.Linear(hidden_size, outputs, bias=bias)
        nn.init.normal_(self.head.weight, std=(hidden_size + 1) ** -0.5)
        if bias:
            nn.init.zeros_(self.head.bias)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, readouts: Tensor | None = None
    ) -> Tensor:
        """Outputs (n, outputs) in float32 for the (batch, length) inputs; see `read` for n."""
        features = read(self.backbone, input_ids, attention_mask, self.pooling, readouts)
        outputs: Tensor = self.head(features.to(self.head.weight.dtype))
        return outputs.to(torch.float32)


def read(
    backbone: nn.Module,
    input_ids: Tensor,
    attention_mask: Tensor,
    pooling: str,
    readouts: Tensor | None = None,
) -> Tensor:
    """Last hidden states (n, width): one for each text, pooled, or one for each of `readouts`.

    `readouts` (n, 2) are rows and positions in `input_ids`, counted from its start.
    """
    output: Any = backbone(input_ids=input_ids, attention_mask=attention_mask)
    hidden: Tensor = output.last_hidden_state
    if readouts is None:
        return pool(hidden, attention_mask, pooling)
    return hidden[readouts[:, 0], readouts[:, 1]]
