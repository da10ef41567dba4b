"""What is known about the reward head's weights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PointPosterior:
    """All belief on one weight vector (d,), without uncertainty."""

    weights: NDArray[np.floating]

    def margins(
        self, features: NDArray[np.floating], pairs: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Reward differences (m,) of index pairs (m, 2) into features (n, d), in logits."""
        rewards = features @ self.weights
        margins: NDArray[np.float64] = (rewards[pairs[:, 0]] - rewards[pairs[:, 1]]).astype(
            np.float64
        )
        return margins
