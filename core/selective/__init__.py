"""Selective classification: who is answered, who is rejected and why, and who is asked again."""

from core.selective.budget import STARTS, WEIGHTINGS, BudgetJoint, BudgetResult
from core.selective.classifier import STATISTICS, GmVaeClassifier, Judgement, load_selective
from core.selective.joint import JointResult, PaperJoint
from core.selective.reclassify import (
    SEARCHES,
    Reclassification,
    Search,
    reclassify,
    searches_of,
)
from core.selective.second_look import BEGINS, SecondLookAttack, SecondLookResult
from core.selective.thresholds import (
    BOTH,
    COVERAGE,
    DEVIATIONS,
    NOT_REPRODUCED,
    REASONS,
    TOO_FAR,
    Statistics,
    Thresholds,
    chi_square_coverage,
    chi_square_limit,
)

__all__ = [
    "BEGINS",
    "BOTH",
    "COVERAGE",
    "DEVIATIONS",
    "NOT_REPRODUCED",
    "REASONS",
    "SEARCHES",
    "STARTS",
    "STATISTICS",
    "TOO_FAR",
    "WEIGHTINGS",
    "BudgetJoint",
    "BudgetResult",
    "GmVaeClassifier",
    "JointResult",
    "Judgement",
    "PaperJoint",
    "Reclassification",
    "Search",
    "SecondLookAttack",
    "SecondLookResult",
    "Statistics",
    "Thresholds",
    "chi_square_coverage",
    "chi_square_limit",
    "load_selective",
    "reclassify",
    "searches_of",
]
