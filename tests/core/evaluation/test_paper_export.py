"""The adaptive figures beside a table, and a table as files."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import torch

from core.evaluation.adaptive_column import adaptive_figures
from core.evaluation.diagnostics import RANDOM, UNCHECKED
from core.evaluation.paper_export import FIELDS, table_csv, table_json, table_lines
from core.evaluation.paper_tables import paper_table
from core.evaluation.records import pack
from core.evaluation.specification import Evaluation, Specification
from tests.core.evaluation.invented import invent

CELL = Specification(
    dataset="mnist",
    classifier="b",
    defense="lq_vae",
    attack="deepfool",
    parameters=(("overshoot", 0.02), ("steps", 50)),
)


def adaptive(attack: str, *right: int, n: int = 500, **changes: Any) -> Evaluation:  # noqa: ANN401
    """Adaptive, at Linf 0.1, with these images right."""
    spec = Specification(
        dataset="mnist",
        classifier="a",
        defense="lq_vae",
        attack=attack,
        parameters=(("epsilon", 0.1),),
        threat="adaptive",
        n=n,
        **changes,
    )
    standing = torch.zeros(n, dtype=torch.bool)
    standing[list(right)] = True
    return invent(spec, robust=len(right) / n, outcomes={"robust": pack(standing)})


def test_the_adaptive_figure_is_the_worst_case_image_by_image() -> None:
    found = adaptive_figures([adaptive("pgd", 0, 1, 2, 400), adaptive("square", 1, 2, 3, n=200)])
    assert len(found) == 1
    assert found[0].exact
    assert (found[0].norm, found[0].epsilon) == ("linf", 0.1)
    # Image 0 falls to the black box attack, 400 was not tried by it.
    assert found[0].accuracy.correct == 3
    assert found[0].accuracy.n == 500
    assert found[0].attacks == ("PGD on 500 images", "Square on 200 images")


def test_without_records_the_least_figure_counts_and_is_called_inexact() -> None:
    cells = [adaptive("pgd", 0, 1, 2), adaptive("apgd", 0, 1)]
    found = adaptive_figures([replace(one, outcomes={}) for one in cells])
    assert (found[0].accuracy.correct, found[0].exact) == (2, False)


def test_what_one_attack_missed_and_another_found_is_no_warning_about_both() -> None:
    guessing = "{} of 100 images fall to random noise but not to this attack."
    blind = "2 of 100 images have a zero gradient: gradient attacks are blind there."
    first = replace(adaptive("pgd", 0), warnings=(guessing.format(10), blind))
    second = replace(adaptive("square", 0), warnings=(guessing.format(9),))
    (both,) = adaptive_figures([first, second])
    assert both.warnings == (guessing.format(9), blind)
    (found,) = adaptive_figures([first, replace(second, warnings=())])
    assert found.warnings == (blind,)


def test_one_attack_that_averages_answers_for_those_that_do_not() -> None:
    first, second = (replace(adaptive("pgd", 0, draws=n), warnings=(RANDOM,)) for n in (1, 1))
    assert adaptive_figures([first, second])[0].warnings == (RANDOM,)
    averaged = replace(adaptive("pgd", 0, draws=8), warnings=())
    assert adaptive_figures([first, averaged])[0].warnings == ()


def test_an_attack_that_was_not_searched_for_warnings_adds_and_hides_none() -> None:
    guessed = "9 of 100 images fall to a single gradient step but not to this attack."
    quick = replace(adaptive("pgd", 0, draws=8), warnings=(UNCHECKED,))
    searched = replace(adaptive("square", 0), warnings=(guessed,))
    assert adaptive_figures([quick])[0].warnings == (UNCHECKED,)
    assert adaptive_figures([quick, searched])[0].warnings == (guessed,)
    assert adaptive_figures([quick, replace(searched, warnings=())])[0].warnings == ()


def test_few_images_oblivious_ones_and_single_views_are_no_adaptive_figure() -> None:
    few = adaptive("pgd", 0, n=150)
    view = adaptive("pgd", 0, surrogates=("soft_quantizer",))
    assert adaptive_figures([few, view, invent(CELL)]) == ()


def test_csv_has_a_line_a_cell_and_the_adaptive_ones() -> None:
    table = paper_table("mnist", "white-box", [invent(CELL, robust=0.95), adaptive("pgd", 0)])
    lines = list(csv.DictReader(io.StringIO(table_csv(table))))
    assert tuple(lines[0]) == FIELDS
    assert len(lines) == len(table.rows) * len(table.columns) + 1
    ours = next(line for line in lines if line["ours"] == "95.0")
    assert ours["paper"] == "97.74"
    assert ours["difference"] == "-2.74"
    assert ours["parameters"] == "overshoot=0.02 steps=50"
    assert float(ours["low"]) < 95 < float(ours["high"])
    assert (lines[-1]["threat"], lines[-1]["ours"]) == ("adaptive", "0.2")
    empty = next(line for line in lines if line["command"])
    assert (empty["ours"], empty["difference"]) == ("", "")


def test_json_has_the_evaluation_behind_every_figure() -> None:
    table = paper_table("mnist", "white-box", [invent(CELL), adaptive("pgd", 0)])
    document = json.loads(table_json(table))
    assert len(document["lines"]) == len(table_lines(table))
    line = next(one for one in document["lines"] if one["defense"] == "LQ-VAE" and one["ours"])
    assert Specification.from_dict(line["evaluation"]["specification"]) == CELL
    assert document["lines"][-1]["evaluations"][0]["specification"]["attack"] == "pgd"
    assert document["averages"]["lq_vae"]["paper"] == 93.76
    assert document["footnotes"]
