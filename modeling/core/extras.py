"""What a reward model may have besides its one head: a posterior, more heads, a prior, parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from modeling.core.embeddings import Encoder
from modeling.core.ensembles import HeadSet
from modeling.core.errors import CheckpointError, ConfigError
from modeling.core.posterior import LastLayerLaplace
from modeling.core.priors import Prior, load_prior

_POSTERIOR = "posterior.safetensors"
_HEADS = "heads.safetensors"


@dataclass(frozen=True)
class Extras:
    """Parts of a checkpoint that older ones and simpler models lack.

    `prior` holds the prior's settings and fingerprint; `parents` what a merged model came from.
    """

    posterior: LastLayerLaplace | None = None
    heads: HeadSet | None = None
    prior: Mapping[str, Any] | None = None
    parents: Sequence[Mapping[str, Any]] = ()

    def write(self, directory: Path) -> None:
        """Write the arrays."""
        if self.posterior is not None:
            save_file(self.posterior.tensors(), directory / _POSTERIOR)
        if self.heads is not None:
            tensors = {"weights": self.heads.weights, "bias": self.heads.biases}
            save_file(tensors, directory / _HEADS)

    def facts(self) -> dict[str, Any]:
        """What the manifest says of them: one key for each that there is."""
        facts: dict[str, Any] = {}
        if self.posterior is not None:
            facts["posterior"] = self.posterior.facts()
        if self.heads is not None:
            facts["heads"] = {"role": self.heads.role, "names": self.heads.names}
        if self.prior is not None:
            facts["prior"] = self.prior
        if self.parents:
            facts["parents"] = self.parents
        return facts


@dataclass(frozen=True)
class LoadedExtras:
    """The parts of a checkpoint that scoring uses; None for what it does not have."""

    posterior: LastLayerLaplace | None
    heads: HeadSet | None
    prior: Prior | None


def read_extras(directory: Path, manifest: Mapping[str, Any], encoder: Encoder) -> LoadedExtras:
    """Load what the manifest names; CheckpointError where it cannot be had."""
    try:
        return LoadedExtras(
            posterior=_posterior(directory, manifest.get("posterior")),
            heads=_heads(directory, manifest.get("heads")),
            prior=_prior(manifest.get("prior"), encoder),
        )
    except (ConfigError, KeyError, TypeError) as error:
        raise CheckpointError(f"{directory.name}: {error}") from error


def _posterior(directory: Path, facts: Mapping[str, Any] | None) -> LastLayerLaplace | None:
    if facts is None:
        return None
    return LastLayerLaplace.restored(_arrays(directory / _POSTERIOR), facts)


def _heads(directory: Path, facts: Mapping[str, Any] | None) -> HeadSet | None:
    if facts is None:
        return None
    arrays = _arrays(directory / _HEADS)
    return HeadSet(facts["role"], tuple(facts["names"]), arrays["weights"], arrays["bias"])


def _prior(facts: Mapping[str, Any] | None, encoder: Encoder) -> Prior | None:
    return None if facts is None else load_prior(facts, encoder)


def _arrays(path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        return {name: array.astype(np.float64) for name, array in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"Cannot read {path.name} in {path.parent}: {error}.") from error
