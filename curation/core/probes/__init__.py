"""What a predictor scores that sees nothing of the texts but their lengths or places.

A probe is the proof of balancing: at one half such a predictor knows nothing.
"""

from curation.core.probes.probes import (
    LabelProbe,
    PairProbe,
    ScoreProbe,
    label_probe,
    length_probe,
    pair_probe,
    position_probe,
    score_probe,
)
from curation.core.probes.rows import FEW_CLUSTERS, Score

__all__ = [
    "FEW_CLUSTERS",
    "LabelProbe",
    "PairProbe",
    "Score",
    "ScoreProbe",
    "label_probe",
    "length_probe",
    "pair_probe",
    "position_probe",
    "score_probe",
]
