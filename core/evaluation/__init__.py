"""Evaluation: accuracy with intervals, threat models, doubts, stored results."""

from core.evaluation.accuracy import Accuracy, wilson_interval
from core.evaluation.engine import evaluate
from core.evaluation.results import results_folder, store_results, stored_results
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.suites import HEADLINES, SUITES
from core.evaluation.tables import markdown_table, markdown_tables
from core.evaluation.threats import (
    OBLIVIOUS_NOTE,
    THREATS,
    Broken,
    attack_adaptively,
    defended,
    through,
)

__all__ = [
    "HEADLINES",
    "OBLIVIOUS_NOTE",
    "SUITES",
    "THREATS",
    "Accuracy",
    "Broken",
    "Evaluation",
    "Specification",
    "attack_adaptively",
    "defended",
    "evaluate",
    "markdown_table",
    "markdown_tables",
    "results_folder",
    "store_results",
    "stored_results",
    "through",
    "wilson_interval",
]
