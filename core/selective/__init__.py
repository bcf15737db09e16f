"""Selective classification: who is answered, who is rejected and why, and who is asked again."""

from core.selective.classifier import STATISTICS, GmVaeClassifier, Judgement, load_selective
from core.selective.reclassify import Reclassification, reclassify
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
    "BOTH",
    "COVERAGE",
    "DEVIATIONS",
    "NOT_REPRODUCED",
    "REASONS",
    "STATISTICS",
    "TOO_FAR",
    "GmVaeClassifier",
    "Judgement",
    "Reclassification",
    "Statistics",
    "Thresholds",
    "chi_square_coverage",
    "chi_square_limit",
    "load_selective",
    "reclassify",
]
