"""What the robustness page says beside and below its tables, from invented results."""

from dataclasses import replace

from app.robustness.beside import adaptive_html, missing_words
from app.robustness.conclusions import (
    CELEBA,
    CELEBA_BPDA,
    NO_FIGURES,
    conclusion,
    threshold_words,
)
from core.evaluation.adaptive_column import adaptive_figures
from core.evaluation.paper_tables import paper_table
from tests.core.evaluation.invented import adaptive, suite


def test_adaptive_figures_are_drawn_with_warnings_and_without() -> None:
    assert "<code>python</code>" in adaptive_html((), "Run `python`.")
    odd = replace(adaptive("lq_vae", 0.4), warnings=("The outputs are random.",))
    figures = adaptive_figures(
        [adaptive("bit_depth", 0.9), odd, adaptive("lq_vae", 0, epsilon=0.3)]
    )
    html = adaptive_html(figures, "")
    assert html.index("Linf 0.1") < html.index("Linf 0.3")
    assert html.index(">LQ-VAE<") < html.index(">Bit depth<")
    assert "? The outputs are random." in html
    assert 'class="number">40.0' in html
    assert 'class="one bare"' in html
    assert "Nothing left" not in html, "LQ-VAE always has a line of its own"
    broken = [adaptive("bit_depth", 0), adaptive("jpeg", 0), adaptive("vae", 0)]
    html = adaptive_html(adaptive_figures(broken), "")
    assert html.count('class="number"') == 2, "no defense, and bit depth"
    assert "<b>Nothing left</b> behind JPEG" in html
    assert " and VAE" in html


def test_adaptive_cells_that_are_missing_are_named_with_their_command() -> None:
    command = "`python -m core evaluate table adaptive --dataset mnist`"
    everything = suite("adaptive")
    assert missing_words("mnist", everything) == ""
    assert missing_words("mnist", []).startswith("Not measured yet.")
    assert command in missing_words("mnist", [])
    left = missing_words("mnist", everything[:-1])
    assert left.startswith(f"1 of its {len(everything)} cells are not measured yet (PGD Linf 0.3)")
    assert command in left


def test_the_conclusion_is_made_of_the_figures() -> None:
    cells = suite("white-box", robust=0.9, attacked=0.01)
    said = conclusion(paper_table("mnist", "white-box", [*cells, adaptive("lq_vae", 0.124)]))
    assert "90.0 % behind LQ-VAE (slides: 93.76 %)" in said
    assert "That is no robustness" in said
    assert "(Linf 0.1, classifier A) leaves 12.4 % behind LQ-VAE" in said
    assert "too often right" not in said
    weak = conclusion(paper_table("mnist", "white-box", suite("white-box", attacked=0.4)))
    assert "In 9 of 9 rows" in weak


def test_without_figures_nothing_is_concluded() -> None:
    assert conclusion(paper_table("mnist", "white-box", [])) == NO_FIGURES
    few = suite("white-box")[:1]
    assert conclusion(paper_table("mnist", "white-box", few)).startswith("Too little is measured")
    assert conclusion(paper_table("celeba", "black-box", [])) == CELEBA
    assert conclusion(paper_table("celeba", "bpda", [])) == CELEBA_BPDA


def test_the_other_tables_have_conclusions_of_their_own() -> None:
    black = conclusion(paper_table("mnist", "black-box", suite("black-box", attacked=0.5)))
    assert "The bare classifiers keep 50.0 % themselves" in black
    step = conclusion(paper_table("mnist", "bpda", suite("bpda", robust=0.6)))
    assert "60.0 % behind LQ-VAE (slides: 83.70 %)" in step
    assert "One step is no upper bound" in step


def test_the_threshold_is_praised_with_measured_figures_only() -> None:
    assert "%" not in threshold_words("mnist", [])
    cells = [adaptive("bit_depth", 0.84, epsilon=0.3), adaptive("lq_vae", 0, epsilon=0.3)]
    said = threshold_words("mnist", cells)
    assert (
        "at Linf 0.3 it keeps 84.0 % under an adaptive attack, and the faithful LQ-VAE 0.0 %"
        in (said)
    )
    assert "L2 1.5" not in said
    cells += [adaptive(one, 0.1, epsilon=1.5, attack="pgd_l2") for one in ("bit_depth", "lq_vae")]
    assert "at L2 1.5 it keeps 10.0 %" in threshold_words("mnist", cells)
    assert threshold_words("celeba", cells) == ""


def test_the_threshold_of_photographs_is_judged_at_their_own_budget() -> None:
    cells = suite("adaptive", "cifar10", robust=0.01)
    said = threshold_words("cifar10", cells)
    assert "At Linf 0.0314 it keeps 1.0 % under an adaptive attack" in said
    assert "(200 images)" in said
    assert "(Linf 0.0314, classifier ResNet) leaves 1.0 % behind LQ-VAE" in conclusion(
        paper_table("cifar10", "white-box", cells)
    )
