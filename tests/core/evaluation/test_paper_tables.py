"""The papers' tables with our figures: every measurement in its own cell and in no other."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.evaluation.paper_lines import lines_of
from core.evaluation.paper_matching import (
    LEAST_NOISE,
    NOISE,
    find_ours,
    specification_of,
)
from core.evaluation.paper_model import Cell, PaperTable
from core.evaluation.paper_tables import paper_table
from core.evaluation.printed import Table
from core.evaluation.slides import TABLES
from core.evaluation.specification import Specification
from core.evaluation.suites import SUITES
from tests.core.evaluation.invented import accuracy, invent

FILLED_BY: dict[Table, tuple[str, ...]] = {
    "white-box": ("clean", "white-box"),
    "black-box": ("clean", "black-box"),
    "bpda": ("bpda",),
}
CELL = Specification(
    dataset="mnist",
    classifier="b",
    defense="lq_vae",
    attack="deepfool",
    parameters=(("overshoot", 0.02), ("steps", 50)),
)


def cell(
    table: PaperTable, attack: str | None, classifier: str, column: str, **rest: object
) -> Cell:
    found = [
        row.cells[column]
        for row in table.rows
        if (row.line.attack, row.line.classifier) == (attack, classifier)
        and all(getattr(row.line, name) == value for name, value in rest.items())
    ]
    assert len(found) == 1
    return found[0]


def filled(table: PaperTable) -> list[tuple[str | None, str | None, str]]:
    return [
        (row.line.attack, row.line.classifier, column)
        for row in table.rows
        for column, one in row.cells.items()
        if one.accuracy is not None
    ]


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("kind", TABLES)
def test_the_suites_measure_what_the_tables_want(dataset: str, kind: Table) -> None:
    measured = [invent(one) for suite in FILLED_BY[kind] for one in SUITES[suite](dataset)]
    for line in lines_of(dataset, kind):
        for column in ("none", "lq_vae", "lq_vae_plus"):
            wanted = specification_of(line, column)
            assert wanted is not None
            assert find_ours(wanted, measured, any_defense=column == "none"), (line, column)


@pytest.mark.parametrize(
    "wrong",
    [
        {"classifier": "a"},
        {"dataset": "fashion_mnist"},
        {"defense": "lq_vae_noisy"},
        {"defense": "bit_depth"},
        {"attack": "cw", "parameters": ()},
        {"parameters": (("overshoot", 0.02), ("steps", 10))},
        {"parameters": (("overshoot", 0.1), ("steps", 50))},
        {"split": "validation"},
        {"n": 999},
        {"threat": "transfer", "substitute": "a"},
        {"threat": "adaptive"},
        {"threat": "adaptive", "surrogates": ("soft_quantizer",)},
    ],
    ids=str,
)
def test_another_measurement_does_not_fill_the_cell(wrong: dict[str, object]) -> None:
    table = paper_table("mnist", "white-box", [invent(replace(CELL, **wrong))])  # type: ignore[arg-type]
    assert cell(table, "deepfool", "b", "lq_vae").accuracy is None


def test_a_measurement_fills_its_cell_and_that_of_the_bare_classifier_alone() -> None:
    table = paper_table("mnist", "white-box", [invent(CELL, robust=0.95, attacked=0.01)])
    assert filled(table) == [("deepfool", "b", "none"), ("deepfool", "b", "lq_vae")]
    ours = cell(table, "deepfool", "b", "lq_vae")
    assert ours.paper == 97.74
    assert ours.accuracy == accuracy(0.95, 1000)
    assert ours.difference == pytest.approx(95.0 - 97.74)
    assert cell(table, "deepfool", "b", "none").accuracy == accuracy(0.01, 1000)
    assert cell(table, "deepfool", "b", "none").paper == 5.88


def test_defaults_written_out_are_the_same_attack_and_more_images_win() -> None:
    cw = replace(CELL, attack="cw", parameters=(("searches", 5), ("steps", 200)))
    small, large = invent(cw, robust=0.5), invent(replace(cw, n=2000), robust=0.9)
    table = paper_table("mnist", "white-box", [small, large])
    assert cell(table, "cw", "b", "lq_vae").accuracy == accuracy(0.9, 2000)


def test_fgsm_is_compared_at_the_authors_epsilon_and_shown_at_the_wide_one() -> None:
    def fgsm(dataset: str, epsilon: float) -> Specification:
        parameters = (("epsilon", epsilon),)
        return replace(CELL, dataset=dataset, attack="fgsm", parameters=parameters)

    for dataset, judged in (("mnist", 0.15), ("fashion_mnist", 0.1)):
        rows = [line for line in lines_of(dataset, "white-box") if line.attack == "fgsm"]
        assert {line.parameters for line in rows if line.judged} == {(("epsilon", judged),)}
        assert {line.parameters for line in rows if not line.judged} == {(("epsilon", 0.3),)}
        found = paper_table(dataset, "white-box", [invent(fgsm(dataset, judged), robust=0.8)])
        ours = cell(found, "fgsm", "b", "lq_vae", judged=True)
        assert ours.accuracy == accuracy(0.8, 1000)
        assert cell(found, "fgsm", "b", "lq_vae", judged=False).accuracy is None


def test_plus_stands_beside_the_papers_lq_vae() -> None:
    table = paper_table("mnist", "white-box", [invent(replace(CELL, defense="lq_vae_plus"))])
    assert cell(table, "deepfool", "b", "lq_vae_plus").paper == 97.74


@pytest.mark.parametrize(("attacked", "counts"), [(0.05, True), (0.051, False)])
def test_a_weak_attack_does_not_count(attacked: float, counts: bool) -> None:
    table = paper_table("mnist", "white-box", [invent(CELL, attacked=attacked)])
    weak = cell(table, "deepfool", "b", "lq_vae").weak
    assert (weak == "") is counts
    assert table.averages["lq_vae"].counting == int(counts)


@pytest.mark.parametrize(("attacked", "counts"), [(0.231, True), (0.233, False)])
def test_fgsm_counts_up_to_ten_points_above_the_slide(attacked: float, counts: bool) -> None:
    spec = replace(CELL, attack="fgsm", parameters=(("epsilon", 0.15),))
    table = paper_table("mnist", "white-box", [invent(spec, attacked=attacked)])
    assert (cell(table, "fgsm", "b", "lq_vae", judged=True).weak == "") is counts


def test_pairs_of_the_black_box_table_are_not_mixed_up() -> None:
    spec = replace(CELL, dataset="fashion_mnist", threat="transfer", substitute="c")
    table = paper_table("fashion_mnist", "black-box", [invent(spec, robust=0.7, attacked=0.5)])
    assert filled(table) == [("deepfool", "b", "none"), ("deepfool", "b", "lq_vae")]
    ours = cell(table, "deepfool", "b", "lq_vae", substitute="c")
    assert (ours.paper, ours.weak) == (78.83, "")


def test_bpda_is_the_one_step_through_the_soft_quantizer() -> None:
    one_step = replace(
        CELL,
        attack="one_step_bpda",
        parameters=(),
        threat="adaptive",
        surrogates=("soft_quantizer",),
    )
    table = paper_table("mnist", "bpda", [invent(one_step, robust=0.6)])
    assert cell(table, "one_step_bpda", "b", "lq_vae").difference == pytest.approx(60 - 83.70)
    strong = replace(one_step, attack="pgd", surrogates=None)
    assert filled(paper_table("mnist", "bpda", [invent(strong)])) == []
    assert table.adaptive == ()


def test_averages_need_every_compared_row() -> None:
    cells = [one for one in SUITES["white-box"]("mnist") if one.defense == "lq_vae"]
    whole = paper_table("mnist", "white-box", [invent(one, robust=0.5) for one in cells])
    average = whole.averages["lq_vae"]
    assert average.ours == pytest.approx(50.0)
    assert (average.paper, average.rows) == (93.76, 9)
    assert average.difference == pytest.approx(50 - 93.76)
    part = paper_table("mnist", "white-box", [invent(one) for one in cells if one.attack != "cw"])
    assert part.averages["lq_vae"].ours is None
    assert part.averages["lq_vae"].measured == 6


def test_noise_is_as_large_as_the_attack() -> None:
    attack = invent(CELL, mean_l2=1.17494)
    empty = cell(paper_table("mnist", "white-box", [attack]), "deepfool", "b", NOISE)
    assert empty.specification is not None
    assert empty.specification.attack == "noise_l2"
    assert empty.specification.parameters == (("epsilon", 1.1749),)
    assert empty.missing is not None
    assert "--attack noise_l2" in empty.missing.commands[-1]
    noise = invent(replace(empty.specification, n=LEAST_NOISE), attacked=0.98)
    found = paper_table("mnist", "white-box", [attack, noise])
    assert cell(found, "deepfool", "b", NOISE).accuracy == accuracy(0.98, LEAST_NOISE)


def test_a_suites_noise_behind_a_defense_tells_of_the_bare_classifier() -> None:
    spec = replace(CELL, attack="noise", parameters=(("epsilon", 0.15),))
    table = paper_table("mnist", "white-box", [invent(spec, attacked=0.98, robust=0.5)])
    assert cell(table, "fgsm", "b", NOISE, judged=True).accuracy == accuracy(0.98, 1000)


def test_an_empty_cell_says_why_and_what_fills_it() -> None:
    table = paper_table("mnist", "white-box", [])
    missing = cell(table, "deepfool", "b", "lq_vae").missing
    assert missing is not None
    assert missing.kind == "not measured"
    assert missing.commands[-1].startswith("python -m core evaluate --dataset mnist")
    assert "--defense lq_vae --attack deepfool" in missing.commands[-1]
    searched = cell(table, "deepfool", "b", "defense_gan")
    assert searched.missing is not None
    settings = "--settings search_starts=10 search_steps=200"
    words = f"--defense defense_gan {settings} --attack deepfool"
    assert words in searched.missing.commands[-1]
    assert (searched.missing.commands[-1][-7:], searched.paper) == ("--n 200", 93.03)
    madry = cell(table, "deepfool", "b", "madry")
    assert madry.missing is not None
    assert "--classifier b_pgd --attack deepfool" in madry.missing.commands[-1]


def test_an_untrained_network_is_named_with_its_command(checkpoint_copy: Path) -> None:
    table = paper_table("fashion_mnist", "white-box", [])
    missing = cell(table, "cw", "a", "lq_vae_plus").missing
    assert missing is not None
    assert missing.kind == "not trained"
    assert missing.commands[:2] == (
        "python -m core train a --dataset fashion_mnist",
        "python -m core train lq_vae_plus --dataset fashion_mnist",
    )


@pytest.mark.parametrize("kind", TABLES)
def test_celeba_is_the_papers_only(kind: Table) -> None:
    table = paper_table("celeba", kind, [])
    assert filled(table) == []
    cells = [one for row in table.rows for one in row.cells.values()]
    assert all(one.missing is not None and one.missing.kind == "no images" for one in cells)
    assert any(one.paper is not None for one in cells)
    assert "torchvision.datasets.CelebA" in str(cells[0].missing)
