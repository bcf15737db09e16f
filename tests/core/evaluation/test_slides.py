"""The slides' figures: complete, and in agreement with the averages printed below them."""

import pytest

from core.evaluation.printed import Slide
from core.evaluation.slides import COLUMNS, ROUNDING, SLIDES, find_slide
from core.evaluation.strength import SLIDES_FGSM

WITH_AVERAGES = [slide for slide in SLIDES if slide.averages]


def name_of(slide: Slide) -> str:
    return f"{slide.dataset}-{slide.table}"


@pytest.mark.parametrize("slide", WITH_AVERAGES, ids=name_of)
@pytest.mark.parametrize("column", COLUMNS)
def test_the_cells_give_the_printed_average(slide: Slide, column: str) -> None:
    apart = abs(slide.recomputed(column) - slide.averages[column])
    # One average is rounded down where its cells round up; a footnote says so.
    odd = any(cell == ("average", None, column) for note in slide.footnotes for cell in note.cells)
    assert apart <= (2 * ROUNDING if odd else ROUNDING) + 1e-9


def test_only_one_average_is_odd() -> None:
    slide = find_slide("fashion_mnist", "white-box")
    assert slide is not None
    assert round(slide.recomputed("madry"), 2) == 59.16
    assert slide.averages["madry"] == 59.15


def test_every_table_has_all_its_rows() -> None:
    rows = {name_of(slide): len(slide.rows) for slide in SLIDES}
    assert rows == {
        "mnist-white-box": 9,
        "fashion_mnist-white-box": 9,
        "celeba-white-box": 15,
        "fashion_mnist-black-box": 6,
        "celeba-black-box": 6,
        "mnist-bpda": 1,
        "fashion_mnist-bpda": 1,
        "celeba-bpda": 1,
    }


@pytest.mark.parametrize("slide", SLIDES, ids=name_of)
def test_figures_are_percentages_of_two_decimals(slide: Slide) -> None:
    for row in slide.rows:
        for value in row.percent.values():
            assert 0 < value < 100
            assert round(value, 2) == value


@pytest.mark.parametrize("slide", WITH_AVERAGES, ids=name_of)
def test_a_classifier_has_one_clean_accuracy(slide: Slide) -> None:
    clean: dict[str | None, set[float]] = {}
    for row in slide.rows:
        clean.setdefault(row.classifier, set()).add(row.percent["clean"])
    assert all(len(values) == 1 for values in clean.values())


def test_single_figures_as_printed() -> None:
    def figure(
        dataset: str, table: str, attack: str, classifier: str | None, column: str
    ) -> list[float]:
        slide = find_slide(dataset, table)
        assert slide is not None
        return [
            row.percent[column]
            for row in slide.rows
            if (row.attack, row.classifier) == (attack, classifier)
        ]

    assert figure("mnist", "white-box", "fgsm", "c", "lq_vae") == [83.02]
    assert figure("mnist", "white-box", "deepfool", "c", "none") == [48.24]
    assert figure("fashion_mnist", "white-box", "cw", "b", "defense_gan") == [78.18]
    assert figure("celeba", "white-box", "bim", "c", "madry") == [90.87]
    assert figure("fashion_mnist", "black-box", "deepfool", "c", "lq_vae") == [82.12, 80.76]
    assert figure("mnist", "bpda", "one_step_bpda", None, "lq_vae") == [83.70]
    assert figure("celeba", "bpda", "one_step_bpda", None, "defense_gan") == [23.52]


def test_the_pasted_figures_are_footnoted() -> None:
    slide = find_slide("celeba", "white-box")
    assert slide is not None
    marked = {cell for note in slide.footnotes for cell in note.cells}
    rows = {row.attack: row for row in slide.rows if row.classifier == "c"}
    for column in ("none", "defense_gan", "adv_tr"):
        assert rows["deepfool"].percent[column] == rows["cw"].percent[column]
        assert {("deepfool", "c", column), ("cw", "c", column)} <= marked


def test_inferred_footnotes_say_so() -> None:
    inferred = {note.text for slide in SLIDES for note in slide.footnotes if note.inferred}
    assert any("0.15 on [0, 1]" in text for text in inferred)
    assert any("0.115" in text for text in inferred)


def test_there_is_no_black_box_table_of_mnist() -> None:
    assert find_slide("mnist", "black-box") is None


def test_the_rule_of_strength_uses_the_same_figures() -> None:
    for (dataset, classifier), share in SLIDES_FGSM.items():
        slide = find_slide(dataset, "white-box")
        assert slide is not None
        printed = [
            row.percent["none"]
            for row in slide.rows
            if (row.attack, row.classifier) == ("fgsm", classifier)
        ]
        assert printed == [pytest.approx(100 * share)]
