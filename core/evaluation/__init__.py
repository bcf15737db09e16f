"""Evaluation: accuracy with intervals, threat models, warnings, stored results."""

from core.evaluation.accuracy import Accuracy, wilson_interval
from core.evaluation.checking import PAPERNOT, check
from core.evaluation.commands import command_for, estimated_hours, table_command
from core.evaluation.engine import evaluate
from core.evaluation.parallel import measure_all
from core.evaluation.records import right_under, worst_case
from core.evaluation.results import results_folder, store_results, stored_results
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.suites import COMPARED, HEADLINES, SUITES
from core.evaluation.tables import markdown_table, markdown_tables
from core.evaluation.threats import OBLIVIOUS_NOTE, THREATS

__all__ = [
    "COMPARED",
    "HEADLINES",
    "OBLIVIOUS_NOTE",
    "PAPERNOT",
    "SUITES",
    "THREATS",
    "Accuracy",
    "Evaluation",
    "Specification",
    "check",
    "command_for",
    "estimated_hours",
    "evaluate",
    "markdown_table",
    "markdown_tables",
    "measure_all",
    "results_folder",
    "right_under",
    "store_results",
    "stored_results",
    "table_command",
    "wilson_interval",
    "worst_case",
]
