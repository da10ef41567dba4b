"""Probes of a reward model: what should not change its mind, and what should."""

from modeling.core.evaluation.probes.running import (
    FlipProbe,
    PaddingProbe,
    PositionProbe,
    PriorProbe,
    ProbeReport,
    PromptProbe,
    run_probes,
)
from modeling.core.evaluation.probes.transforms import FILLER, REWRITES, Transform

__all__ = [
    "FILLER",
    "REWRITES",
    "FlipProbe",
    "PaddingProbe",
    "PositionProbe",
    "PriorProbe",
    "ProbeReport",
    "PromptProbe",
    "Transform",
    "run_probes",
]
