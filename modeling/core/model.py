"""A backbone with a scalar head."""

from typing import Any

import torch
from torch import Tensor, nn

from modeling.core.pooling import pool


class RewardModel(nn.Module):
    """Reward of a text: a linear function of its pooled last hidden state.

    The head has no bias: a preference only sees reward differences, so a bias would never be
    trained. Scores do not depend on the other rows of a batch, their order or the amount of
    padding on the right.
    """

    def __init__(self, backbone: nn.Module, *, pooling: str, hidden_size: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.head = nn.Linear(hidden_size, 1, bias=False)
        nn.init.normal_(self.head.weight, std=(hidden_size + 1) ** -0.5)

    def features(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Pooled last hidden states, shape (batch, hidden_size), for the (batch, length) inputs."""
        output: Any = self.backbone(input_ids=input_ids, attention_mask=attention_mask)
        return pool(output.last_hidden_state, attention_mask, self.pooling)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Rewards, shape (batch,), in float32."""
        features = self.features(input_ids, attention_mask)
        rewards: Tensor = self.head(features.to(self.head.weight.dtype))
        return rewards.squeeze(-1).to(torch.float32)
