"""The posterior of strengths given rankings: likelihood and a normal prior, ready to maximise."""

from __future__ import annotations

import numpy as np

from curation.core.aggregate.connectivity import Connectivity, connectivity
from curation.core.aggregate.newton import Blocks, Floats, Ints, Inverse, blocks_of, component_means
from curation.core.aggregate.rank_data import Rankings
from curation.core.aggregate.rank_likelihood import PartOfLikelihood, Prepared, prepare
from curation.core.aggregate.reliability import Evidence, pair_variances


class RankModel:
    """Rankings laid out for a fit, with what hangs together in them."""

    def __init__(self, rankings: Rankings, weights: Floats) -> None:
        self.n_items = rankings.n_items
        self.weight: Floats = weights
        self.prepared: tuple[Prepared, ...] = prepare(rankings, weights)
        self.connectivity: Connectivity = connectivity(*rankings.steps_down, rankings.n_items)
        odds, component = rankings.log_odds, self.connectivity.component
        self.start: Floats = odds - component_means(odds, component)
        self.blocks: Blocks = blocks_of(self.connectivity.component)

    def at(self, strengths: Floats, scale: Floats, precision: float) -> RankPoint:
        """Return the posterior at strengths (n_items,), each ranking's multiplied by `scale`."""
        return RankPoint(self, strengths, scale, precision)


class RankPoint:
    """The log-posterior at one place; a `newton.Point`.

    `likelihood` is the log-likelihood alone, `parts` what each block of rankings adds.
    """

    def __init__(
        self, model: RankModel, strengths: Floats, scale: Floats, precision: float
    ) -> None:
        self.model, self.strengths, self.precision = model, strengths, precision
        self.scales = [scale[prepared.block.rankings] for prepared in model.prepared]
        self.parts = [
            PartOfLikelihood(prepared, strengths[prepared.block.items] * own)
            for prepared, own in zip(model.prepared, self.scales, strict=True)
        ]
        self.likelihood = sum(float(part.value.sum()) for part in self.parts)
        self.value = self.likelihood - precision * float(strengths @ strengths) / 2
        slopes = [own * part.slope for own, part in self._scaled_parts()]
        self.gradient = self._per_item(slopes) - precision * strengths

    def product(self, vector: Floats) -> Floats:
        """Return the curvature times a vector (n_items,)."""
        bent = [
            own * part.product(self._entries(vector, part, own))
            for own, part in self._scaled_parts()
        ]
        return self._per_item(bent) + self.precision * vector

    def inverse(self, *, rough: bool = False) -> Inverse:
        """Return the curvature's inverse, block by block; if `rough`, what is had cheaply."""
        squares = [own**2 * part.diagonal() for own, part in self._scaled_parts()]
        diagonal = self._per_item(squares) + self.precision
        batches = (batch for own, part in self._scaled_parts() for batch in part.pairs(own**2))
        return self.model.blocks.inverse(diagonal, batches, rough=rough)

    def evidence(self, annotators: Ints, n_annotators: int, inverse: Inverse) -> Evidence:
        """Return what the rankings of each annotator say about their factor on the strengths."""
        centred = inverse.centred_variances(self.precision)
        variances = pair_variances(centred, self.model.blocks.sizes)
        sums = np.zeros((3, n_annotators))
        for part in self.parts:
            items, who = part.prepared.block.items, annotators[part.prepared.block.rankings]
            entries = self.strengths[items]
            found = (
                (entries * part.slope).sum(axis=0),
                (entries * part.product(entries)).sum(axis=0),
                (variances[items] * part.diagonal()).sum(axis=0),
            )
            sums += [np.bincount(who, weights=each, minlength=n_annotators) for each in found]
        return Evidence(*sums)

    def _scaled_parts(self) -> list[tuple[Floats, PartOfLikelihood]]:
        return list(zip(self.scales, self.parts, strict=True))

    def _entries(self, vector: Floats, part: PartOfLikelihood, own: Floats) -> Floats:
        return vector[part.prepared.block.items] * own

    def _per_item(self, tables: list[Floats]) -> Floats:
        total = np.zeros(self.model.n_items)
        for part, table in zip(self.parts, tables, strict=True):
            items = part.prepared.block.items.ravel()
            total += np.bincount(items, weights=table.ravel(), minlength=len(total))
        return total
