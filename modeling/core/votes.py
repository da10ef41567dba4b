"""How judgments come about from a reward difference: preference, ties and slips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.core.errors import ConfigError

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class VoteModel:
    """The chances of "first", "second" and "tie" at a margin m in logits.

    Without ties and slips the first is preferred with p = σ(m). `tie` is Davidson's ν: the
    chances are as e^(m/2), e^(−m/2) and ν, so a tie at equal rewards has chance ν/(2 + ν).
    `flip_rate` ε is how often a preference is recorded the wrong way round. Davidson (1970).
    """

    flip_rate: float = 0.0
    tie: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.flip_rate < 0.5:
            raise ConfigError(
                f"A flip rate must be at least 0 and below 0.5; it is {self.flip_rate}."
            )
        if not (self.tie >= 0 and np.isfinite(self.tie)):
            raise ConfigError(f"The tie parameter must be zero or more; it is {self.tie}.")

    def information(self, margins: Doubles) -> Doubles:
        """Expected (d log P/dm)² (n,): what one judgment tells about its margin.

        p(1 − p) without ties and slips, (1 − 2ε)²[p(1 − p)]²/[q(1 − q)] with slips alone, where
        q = ε + (1 − 2ε)p is the chance of being recorded as preferred.
        """
        chances, slopes = np.exp(self._logs(margins)), self._slopes(margins)
        information: Doubles = np.einsum("kn,kn->n", chances, slopes**2)
        return information

    def log_likelihood(self, margins: Doubles, outcome: Doubles) -> Doubles:
        """Log-chances (n,) of outcomes 1 (first), 0 (second) or shares between; see `slope`."""
        return self._weighed(self._logs(margins), outcome)

    def slope(self, margins: Doubles, outcome: Doubles) -> Doubles:
        """Derivatives (n,) of the log-likelihood by the margin.

        Where `tie` is above zero an outcome of 0.5 is a tie, else it is half a vote for each.
        """
        return self._weighed(self._slopes(margins), outcome)

    def _weighed(self, values: Doubles, outcome: Doubles) -> Doubles:
        first, second, even = values
        mixed = outcome * first + (1 - outcome) * second
        return mixed if self.tie == 0 else np.where(outcome == 0.5, even, mixed)

    def _meant(self, margins: Doubles) -> Doubles:
        """Log-chances (3, n) of what people mean: first, second, tie."""
        with np.errstate(divide="ignore"):
            even = np.full(len(margins), np.log(self.tie))
        logs = np.stack([margins / 2, -margins / 2, even])
        meant: Doubles = logs - np.logaddexp.reduce(logs, axis=0)
        return meant

    def _logs(self, margins: Doubles) -> Doubles:
        """Log-chances (3, n) of what is recorded."""
        meant = self._meant(margins)
        if self.flip_rate == 0:
            return meant
        kept, flipped = np.log1p(-self.flip_rate), np.log(self.flip_rate)
        first, second, even = meant
        return np.stack(
            [
                np.logaddexp(kept + first, flipped + second),
                np.logaddexp(kept + second, flipped + first),
                even,
            ]
        )

    def _slopes(self, margins: Doubles) -> Doubles:
        """Derivatives (3, n) of `_logs`."""
        first, second, _ = meant = np.exp(self._meant(margins))
        balance = (first - second) / 2
        pulls = np.stack([0.5 - balance, -0.5 - balance, -balance])
        if self.flip_rate == 0:
            return pulls
        # Of what is recorded as first, this share was meant so; likewise for second.
        recorded = np.exp(self._logs(margins))
        share_first, share_second = (1 - self.flip_rate) * meant[:2] / recorded[:2]
        return np.stack(
            [
                share_first * pulls[0] + (1 - share_first) * pulls[1],
                share_second * pulls[1] + (1 - share_second) * pulls[0],
                pulls[2],
            ]
        )
