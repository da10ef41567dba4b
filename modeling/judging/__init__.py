"""Language models as annotators: their judgments enter beside people's and never count as one.

Like a verifier's, they have the purpose ``machine``. Endpoints, keys, prices and the models that
may judge come from the settings; nobody who asks for a judge names an address.
"""

from modeling.judging.configured import ConfiguredModel, configured_models
from modeling.judging.request import JUDGED_KINDS, request_judging
from modeling.judging.work import judge

__all__ = [
    "JUDGED_KINDS",
    "ConfiguredModel",
    "configured_models",
    "judge",
    "request_judging",
]
