"""Training losses.

All read one structure, the batch: *scores* are what the head says of each response, flat and in
the order of the batch; a *group* is what was judged together, the row of a dataset: a pair, the
responses of one ranking, the steps of one solution, the tokens of one response. Losses of groups of
one size take scores as (rows, k), others flat with the row of each, `rows` (n,). The judgment is a
*rank* (`places`), or a *label* (`targets`: probabilities of what may have been answered). Each row
has a *weight*, and where it matters *annotators*, as the `flip_rate` or flip logit of whoever
judged it.

`weights` (rows,) multiply the rows' losses. "mean" divides by the number of rows, not by the
weights' sum, so that a weight keeps its meaning in a batch of one; "sum" and "none" are the other
reductions. All losses but `hinge_loss`, `regression_loss`, `token_value_loss` and the penalties are
negative log-likelihoods in nats. Half-precision inputs are computed, and returned, in single
precision; single and double stay what they are.
"""

from modeling.core.losses.common import precise, reduced
from modeling.core.losses.likert import (
    cumulative_logit_log_probabilities,
    cumulative_logit_loss,
    symmetric_thresholds,
)
from modeling.core.losses.pairs import (
    annealed_margin,
    bradley_terry_loss,
    hinge_loss,
    noisy_bradley_terry_loss,
    scaled_bradley_terry_loss,
)
from modeling.core.losses.penalties import (
    centering_penalty,
    flip_rate_penalty,
    length_correlation_penalty,
    readout_penalty,
)
from modeling.core.losses.rankings import plackett_luce_loss, ranking_pairs_loss
from modeling.core.losses.responses import (
    classification_loss,
    outcome_loss,
    regression_loss,
    step_loss,
)
from modeling.core.losses.ties import (
    davidson_log_probabilities,
    davidson_loss,
    rao_kupper_log_probabilities,
    rao_kupper_loss,
)
from modeling.core.losses.tokens import (
    language_loss,
    row_means,
    token_outcome_loss,
    token_value_loss,
)

__all__ = [
    "annealed_margin",
    "bradley_terry_loss",
    "centering_penalty",
    "classification_loss",
    "cumulative_logit_log_probabilities",
    "cumulative_logit_loss",
    "davidson_log_probabilities",
    "davidson_loss",
    "flip_rate_penalty",
    "hinge_loss",
    "language_loss",
    "length_correlation_penalty",
    "noisy_bradley_terry_loss",
    "outcome_loss",
    "plackett_luce_loss",
    "precise",
    "ranking_pairs_loss",
    "rao_kupper_log_probabilities",
    "rao_kupper_loss",
    "readout_penalty",
    "reduced",
    "regression_loss",
    "row_means",
    "scaled_bradley_terry_loss",
    "step_loss",
    "symmetric_thresholds",
    "token_outcome_loss",
    "token_value_loss",
]
