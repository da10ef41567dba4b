"""How far annotators agree, each figure with an interval from resampled items.

Every estimator takes ``draws`` (400; 0 for no interval), ``seed`` (0) and ``confidence`` (0.95).
"""

from curation.core.agreement.alpha import LEVELS, krippendorff_alpha, krippendorff_alphas
from curation.core.agreement.kappa import (
    cohen_kappa,
    fleiss_kappa,
    mean_pairwise_kappa,
    pair_agreement,
)
from curation.core.agreement.rankings import (
    RankingAgreement,
    kendall_tau,
    kendall_w,
    ranking_agreement,
)
from curation.core.agreement.resample import Agreement
from curation.core.agreement.steps import FirstErrorAgreement, first_error_agreement

__all__ = [
    "LEVELS",
    "Agreement",
    "FirstErrorAgreement",
    "RankingAgreement",
    "cohen_kappa",
    "first_error_agreement",
    "fleiss_kappa",
    "kendall_tau",
    "kendall_w",
    "krippendorff_alpha",
    "krippendorff_alphas",
    "mean_pairwise_kappa",
    "pair_agreement",
    "ranking_agreement",
]
