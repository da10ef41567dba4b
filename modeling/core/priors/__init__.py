"""Rewards that are known before training: a residual model is reward = prior + head.

The head is trained with the prior's reward difference as an offset, so it learns only what the
prior leaves unexplained.
"""

from modeling.core.priors.kinds import Prior, register_prior
from modeling.core.priors.loading import load_prior
from modeling.core.priors.spec import KINDS, checked_spec

__all__ = ["KINDS", "Prior", "checked_spec", "load_prior", "register_prior"]
