"""Agreement on where a solution goes wrong first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

from numpy.typing import ArrayLike

from curation.core.agreement.alpha import krippendorff_alpha
from curation.core.agreement.kappa import pair_agreement
from curation.core.agreement.resample import Agreement, Resampling


@dataclass(frozen=True)
class FirstErrorAgreement:
    """``share`` of pairs of annotators who name the same first error, and nominal ``alpha``."""

    share: Agreement
    alpha: Agreement


def first_error_agreement(
    items: ArrayLike,
    annotators: ArrayLike,
    first_errors: ArrayLike,
    **resampling: Unpack[Resampling],
) -> FirstErrorAgreement:
    """Agreement on the first wrong step: its number, with −1 for "no error" as a value like others.

    ``share.n`` counts pairs of ratings of one item, ``alpha.n`` pairable ratings. None and NaN
    (labels given up, for instance) are left out.
    """
    rows = (items, annotators, first_errors)
    return FirstErrorAgreement(
        share=pair_agreement(*rows, **resampling),
        alpha=krippendorff_alpha(*rows, level="nominal", **resampling),
    )
