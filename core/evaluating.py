"""The command ``python -m core evaluate``: one cell, or a whole table."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from core.terminal import Bar
from core.types import LabError

RUNS = Path(__file__).resolve().parent.parent / "runs"
"""Where unfinished and finished work of the command line is kept."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument(
        "what",
        nargs="*",
        help="`table NAME`: all its cells; `compare`: all stored defenses; `headline`: those that "
        "count; else the cell below",
    )
    command.add_argument("--dataset", default="mnist")
    command.add_argument("--classifier", default="a")
    command.add_argument("--defense", "--defence", dest="defense", help="a row of DEFENSES")
    command.add_argument(
        "--settings",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="of the defense",
    )
    command.add_argument("--attack")
    command.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="attack parameters"
    )
    threats = ("oblivious", "transfer", "adaptive")
    command.add_argument("--threat", default="oblivious", choices=threats)
    command.add_argument("--substitute", help="transfer: another classifier, or papernot")
    command.add_argument("--surrogates", help="adaptive: views to attack, commas between; else all")
    command.add_argument("--draws", type=int, default=1, help="adaptive: draws of a random defense")
    command.add_argument(
        "--no-checks",
        "--no-doubts",  # its name before
        dest="no_checks",
        action="store_true",
        help="adaptive: leave out the checks for gradient masking, half the time",
    )
    command.add_argument("--split", default="test")
    command.add_argument("--n", type=int, default=1000)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--jobs", type=int, help="processes; else one a core")
    command.add_argument("--out", type=Path, help="also write the JSON of one cell to this file")


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one cell and print it, or a whole table, which is stored; or compare what is."""
    from core.evaluation import Specification, markdown_tables, measure_all

    if arguments.what == ["compare"]:
        print(comparison(arguments.dataset, arguments.classifier))
        return 0
    if arguments.what == ["headline"]:
        print(headline_table(arguments.dataset))
        return 0
    table = _table_name(arguments.what)
    if table is not None:
        from core.data import DATASETS
        from core.evaluation import SUITES, store_results

        specifications = SUITES[table](arguments.dataset)
        if not specifications:
            having = [name for name in DATASETS if SUITES[table](name)]
            raise LabError(
                f"there is no table {table!r} of {arguments.dataset}; it is one of "
                f"{', '.join(having)}"
            )
    else:
        surrogates = arguments.surrogates
        specifications = (
            Specification(
                dataset=arguments.dataset,
                classifier=arguments.classifier,
                defense=arguments.defense,
                settings=whole_settings(arguments.settings),
                attack=arguments.attack,
                parameters=plain_parameters(arguments.set),
                threat=arguments.threat,
                substitute=arguments.substitute,
                surrogates=tuple(surrogates.split(",")) if surrogates is not None else None,
                draws=arguments.draws,
                checked=not arguments.no_checks,
                split=arguments.split,
                n=arguments.n,
                seed=arguments.seed,
            ),
        )
    title = f"{arguments.dataset} {table}" if table else str(arguments.attack or "clean")
    with Bar(title) as on_step:
        evaluations = measure_all(
            specifications,
            cache=RUNS / "evaluation",
            jobs=arguments.jobs,
            on_step=on_step,
            on_notice=say,
        )
    if table is not None:
        path = store_results(f"{arguments.dataset}-{table}", evaluations)
        print(markdown_tables(evaluations))
        print(f"wrote {path}")
        return 0
    text = json.dumps(evaluations[0].as_dict(), indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


def headline_table(dataset: str) -> str:
    """The headline figures of one data set, from stored results, as Markdown."""
    from core.evaluation import COMPARED, stored_results
    from core.evaluation.headline import markdown_headline

    found = [one for suite in COMPARED for one in stored_results(f"{dataset}-{suite}")]
    return markdown_headline(dataset, found)


def comparison(dataset: str, classifier: str) -> str:
    """All defenses of one data set in front of one classifier, from stored results, as Markdown.

    Raises:
        LabError: Nothing is stored of them.
    """
    from core.evaluation import COMPARED, stored_results
    from core.evaluation.side_by_side import side_by_side
    from core.evaluation.side_by_side_text import markdown_side_by_side

    found = [one for suite in COMPARED for one in stored_results(f"{dataset}-{suite}")]
    table = side_by_side(dataset, classifier, found)
    if not table.measured:
        raise LabError(
            f"nothing is stored of classifier {classifier} on {dataset}; measure it with "
            f"`python -m core evaluate table white-box --dataset {dataset}`"
        )
    return markdown_side_by_side(table)


def _table_name(words: Sequence[str]) -> str | None:
    """The table that is asked for: no words, or ``table`` and its name."""
    from core.evaluation import SUITES

    if not words:
        return None
    if len(words) != 2 or words[0] != "table" or words[1] not in SUITES:
        raise LabError(
            f"expected `compare`, `headline`, or `table` and one of {', '.join(SUITES)}; "
            f"got {' '.join(words)!r}"
        )
    return words[1]


def say(sentence: str) -> None:
    """Tell the user something beside the results."""
    print(sentence, file=sys.stderr)


def whole_settings(pairs: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """``name=value`` pairs of whole numbers."""
    found: list[tuple[str, int]] = []
    for name, value in plain_parameters(pairs):
        if isinstance(value, bool) or not isinstance(value, int):
            raise LabError(f"settings are whole numbers, got {name}={value}")
        found.append((name, value))
    return tuple(found)


def plain_parameters(pairs: Sequence[str]) -> tuple[tuple[str, object], ...]:
    """``name=value`` pairs; a value that is no JSON (a number, true) is text."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise LabError(f"attack parameters are written name=value, got {pair!r}")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return tuple(sorted(found.items()))
