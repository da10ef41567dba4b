"""What CrowdBT supposes of annotators and ties, and what it has learnt of them so far.

An annotator either follows the gap of two strengths, or says its opposite, or guesses. How often
is their type: a reliability from -1 (always the opposite) over 0 (always a guess) to 1 (never a
guess), one of a few values, so that its posterior is a short row of probabilities and the share
of each type in the crowd can take any shape, such as many careful people and some careless ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curation.core.aggregate.comparison_data import LOW, TIE, PairVotes
from curation.core.aggregate.newton import Floats, Ints

RELIABILITIES = np.array([-0.9, -0.5, 0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.87, 0.96])
N_TYPES = len(RELIABILITIES)
FOLLOWS = np.maximum(RELIABILITIES, 0)
OPPOSES = np.maximum(-RELIABILITIES, 0)
GUESSES = 1 - np.abs(RELIABILITIES)
EXPECTED_SHARE = np.where(RELIABILITIES < 0, 0.02, np.where(RELIABILITIES == 0, 0.1, 1.0))
EXPECTED_SHARE /= EXPECTED_SHARE.sum()
PSEUDO_ANNOTATORS = 10.0
PSEUDO_GUESSES = 4.0
EXPECTED_SD, PSEUDO_ITEMS, LARGEST_SD = 1.5, 10.0, 4.0
EAGER, CAUTIOUS = 1.6, 0.5
EXPECTED_TIED, PSEUDO_PAIRS = 0.05, 10.0
EXPECTED_SLIP, PSEUDO_VOTES = 0.1, 10.0
PARAMETER_SD, POSITION_SD = 3.0, 1.0
LONGEST_STEP = 1.0
SHOWN_LEFT, NO_CHOICE, SHOWN_RIGHT = 0, 1, 2


@dataclass(frozen=True)
class CrowdParameters:
    """What all pairs and annotators share.

    `variance` is that of the strengths, `log_tie` Davidson's log ν (minus infinity where nobody
    ever tied), `tied_share` the share of tied pairs, on which attentive people tie whatever the
    strengths, but for a share `tied_slip` of them. `position` is what being shown on the left
    adds to a gap, `type_share` (n_types,) the share of annotators of each reliability, `guess`
    (3,) how guesses fall: shown left, tie, shown right.
    """

    variance: float
    log_tie: float
    tied_share: float
    tied_slip: float
    position: float
    type_share: Floats
    guess: Floats


@dataclass(frozen=True)
class Crowd:
    """What is known of each annotator: `types` (n_annotators, n_types) are probabilities of the
    reliabilities, `guess` (n_annotators, 3) how their guesses fall."""

    types: Floats
    guess: Floats

    @property
    def reliability(self) -> Floats:
        """Expected reliability from -1 to 1, shape (n_annotators,)."""
        return self.types @ RELIABILITIES

    def guessed(self, annotator: Ints, choice: Ints, position: Ints) -> Floats:
        """The probability of each vote if it was a guess."""
        guess = self.guess[annotator]
        left, right = guess[:, SHOWN_LEFT], guess[:, SHOWN_RIGHT]
        toward = np.where(choice == LOW, position, -position)
        chosen = np.where(toward > 0, left, np.where(toward < 0, right, (left + right) / 2))
        return np.where(choice == TIE, guess[:, NO_CHOICE], chosen)


def first_parameters(votes: PairVotes) -> CrowdParameters:
    """Where a fit starts: ties as often as seen, positions and sides alike."""
    tied = float((votes.choice == TIE).mean()) if len(votes) else 0.0
    log_tie = float(np.log(tied / (1 - tied))) if 0 < tied < 1 else (2.0 if tied else -np.inf)
    guess = np.array([(1 - tied) / 2, tied, (1 - tied) / 2])
    share = EXPECTED_TIED if tied else 0.0
    return CrowdParameters(
        EXPECTED_SD**2, log_tie, share, EXPECTED_SLIP, 0.0, EXPECTED_SHARE, guess
    )


def first_crowd(parameters: CrowdParameters, n_annotators: int) -> Crowd:
    """A crowd of whom nothing is known but its parameters."""
    types = np.tile(parameters.type_share, (n_annotators, 1))
    return Crowd(types, np.tile(parameters.guess, (n_annotators, 1)))


def type_posterior(evidence: Floats, share: Floats) -> Floats:
    """Posterior of the types given log-likelihoods (n_annotators, n_types) and their shares."""
    logs = evidence + np.log(share)
    types = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return types / types.sum(axis=1, keepdims=True)


def improved_share(types: Floats) -> Floats:
    """The share of each type, with a few annotators of the expected kind added."""
    total = types.sum(axis=0) + PSEUDO_ANNOTATORS * EXPECTED_SHARE
    return total / total.sum()


def improved_guesses(guesses: Floats, ties: bool) -> tuple[Floats, Floats]:
    """How guesses fall, over all and for each annotator, from expected counts of them."""
    total = guesses.sum(axis=0) + np.array([1.0, float(ties), 1.0])
    pooled = total / total.sum()
    own = guesses + PSEUDO_GUESSES * pooled
    return pooled, own / own.sum(axis=1, keepdims=True)


def improved_variance(
    mean: Floats, variance: Floats, before: float, stride: float
) -> tuple[float, float]:
    """The strengths' variance from their posterior, and the stride: the log of its last change.

    A few items of the expected kind are added. The fixed point of MacKay (1992), where expectation
    maximisation rests too, in larger steps: lengthened while they keep their direction, since few
    votes tell of each strength, and halved when they turn. Where people agree almost always the
    gaps might grow for ever; they stop where they are plain.
    """
    determined = float((1 - variance / before).sum())
    squares = float(mean @ mean) + PSEUDO_ITEMS * EXPECTED_SD**2
    wanted = math.log(squares / (determined + PSEUDO_ITEMS) / before)
    length = EAGER if wanted * stride >= 0 else CAUTIOUS
    return min(before * math.exp(length * wanted), LARGEST_SD**2), wanted


def improved_tied(tied: Floats, on_tied: Floats, ties: bool) -> tuple[float, float]:
    """The share of tied pairs among those voted on, and how often people miss that they are.

    From how likely each pair is tied, and the expected votes on tied pairs that are ties or not.
    """
    if not ties:
        return 0.0, EXPECTED_SLIP
    share = (float(tied.sum()) + EXPECTED_TIED * PSEUDO_PAIRS) / (len(tied) + PSEUDO_PAIRS)
    missed = float(on_tied[1]) + EXPECTED_SLIP * PSEUDO_VOTES
    return share, missed / (float(on_tied.sum()) + PSEUDO_VOTES)


def shown_side(votes: PairVotes) -> Ints:
    """What each vote chose: shown left, tie, shown right; -1 for a side that is unknown."""
    toward = np.where(votes.choice == LOW, votes.position, -votes.position)
    side = np.where(toward > 0, SHOWN_LEFT, np.where(toward < 0, SHOWN_RIGHT, -1))
    return np.where(votes.choice == TIE, NO_CHOICE, side)
