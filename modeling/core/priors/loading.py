"""From a prior's settings to a prior that scores."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modeling.core.backbones import resolve_backbone
from modeling.core.errors import ConfigError, ModelingError
from modeling.core.files import sha256_file
from modeling.core.likelihood import LanguageModel
from modeling.core.priors.kinds import (
    CheckpointPrior,
    CustomPrior,
    LengthPrior,
    LogProbabilityPrior,
    Prior,
    registered,
)
from modeling.core.priors.spec import checked_spec

if TYPE_CHECKING:
    from modeling.core.embeddings import Encoder

Spec = Mapping[str, Any]


def load_prior(spec: Spec, encoder: "Encoder") -> Prior:
    """The prior of a config's or a manifest's settings, for a reward model that reads `encoder`.

    A manifest also has the fingerprint of what the prior was; ConfigError where the prior cannot
    be had here, or is another one now. Weights load when first needed.
    """
    wanted = spec.get("fingerprint")
    plain = checked_spec({name: spec[name] for name in spec if name != "fingerprint"})
    try:
        prior = _LOADERS[plain["kind"]](plain, encoder)
    except ModelingError as error:
        raise ConfigError(f"The prior of this model cannot be loaded: {error}") from error
    if wanted is not None and wanted != prior.fingerprint:
        raise ConfigError(
            f"The {plain['kind']} prior here is not the one this model was trained with; put that "
            "one back or train again."
        )
    return prior


def _length(spec: Spec, encoder: "Encoder") -> Prior:
    return LengthPrior(spec["coefficient"], spec["unit"], encoder)


def _log_probability(spec: Spec, encoder: "Encoder") -> Prior:
    model = LanguageModel(
        resolve_backbone(spec["model"]),
        max_length=encoder.max_length,
        precision=encoder.precision,
        batch_size=encoder.batch_size,
    )
    return LogProbabilityPrior(spec["coefficient"], spec["reduce"], model)


def _checkpoint(spec: Spec, encoder: "Encoder") -> Prior:
    from modeling.core.checkpoint import MANIFEST, load_checkpoint

    directory = Path(spec["path"])
    scorer = load_checkpoint(directory)
    return CheckpointPrior(spec["coefficient"], scorer, sha256_file(directory / MANIFEST))


def _custom(spec: Spec, encoder: "Encoder") -> Prior:
    return CustomPrior(spec["coefficient"], spec["name"], registered(spec["name"]))


_LOADERS: dict[str, Callable[[Spec, "Encoder"], Prior]] = {
    "length": _length,
    "log_probability": _log_probability,
    "checkpoint": _checkpoint,
    "custom": _custom,
}
