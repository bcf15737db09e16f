"""The robustness page's words, tables as HTML, gaps and curves, from invented results."""

import re
from dataclasses import replace

import pytest

from app.robustness.cards import CARDS, cards
from app.robustness.curves import (
    convergence_curves,
    epsilon_curves,
    in_words,
    over_epsilon,
    over_steps,
    settled,
)
from app.robustness.gaps import gaps, suite_of, suites_of
from app.robustness.names import group_title, inline
from app.robustness.table_view import row_warnings, table_html, tone
from core.evaluation import THREATS, Specification
from core.evaluation.paper_lines import lines_of
from core.evaluation.paper_tables import paper_table
from core.evaluation.printed import Table
from core.evaluation.suites import SUITES
from tests.core.evaluation.invented import invent, suite


@pytest.mark.parametrize(
    ("difference", "kind", "words"),
    [
        (None, "", ""),
        (0.5, "same", "= +0.5"),
        (-0.04, "same", "= −0.0"),
        (4.23, "up", "▲ 4.2"),
        (-30.0, "down", "▼ 30.0"),
    ],
)
def test_a_difference_has_an_arrow_beside_its_colour(
    difference: float | None, kind: str, words: str
) -> None:
    assert tone(difference)[:2] == (kind, words)
    assert tone(-40.0)[2] == 100
    assert tone(-40.0, plain=True) == ("same", "▼ 40.0", 0)


def test_a_cell_has_both_figures_and_the_interval() -> None:
    spec = Specification(
        dataset="mnist",
        classifier="b",
        defense="lq_vae",
        attack="deepfool",
        parameters=(("overshoot", 0.02), ("steps", 50)),
    )
    html = table_html(paper_table("mnist", "white-box", [invent(spec, robust=0.5)]))
    cell = re.search(r'<td class="down[^>]*data-column="LQ-VAE">(.*?)</td>', html)
    assert cell is not None
    for part in ("50.0", "46.9\u2060–\u206053.1", "97.74", "▼ 47.7"):
        assert part in cell[1]
    assert "mean L2 of the changes: –, 1.25, –" in html
    assert html.count("not measured") > 20
    empty = re.findall(r'data-column="(?:Defense-GAN|Madry|Adv Tr)">(.*?)</td>', html)
    why = [cell for cell in empty if ">not measured<" in cell or ">not trained<" in cell]
    assert len(why) == 3 * len(lines_of("mnist", "white-box"))


def test_a_weak_attack_is_hatched_and_said_in_the_row() -> None:
    table = paper_table("mnist", "white-box", suite("white-box", robust=0.9, attacked=0.4))
    html = table_html(table)
    assert 'class="same weak' in html
    assert html.count("too weak to compare defenses by.") == 12
    row = next(row for row in table.rows if row.line.attack == "cw")
    assert row_warnings(row) == [
        "The attack leaves the bare classifier at 40.0%, above 5.0%: too weak to compare defenses "
        "by."
    ]


def test_a_warning_about_one_defense_names_it() -> None:
    cells = [
        replace(one, warnings=("It is odd.",)) if one.specification.defense == "bit_depth" else one
        for one in suite("black-box")
    ]
    table = paper_table("mnist", "black-box", cells)
    row = next(row for row in table.rows if row.line.attack == "deepfool")
    assert row_warnings(row) == ["Bit depth: It is odd."]


def test_celeba_has_the_papers_figures_and_footnote_marks() -> None:
    html = table_html(paper_table("celeba", "white-box", []))
    assert "<em>85.89</em>" in html
    assert html.count("<sup>4</sup>") == 6
    assert "Linf" not in html
    assert 'class="legend"' not in html


@pytest.mark.parametrize("kind", ["white-box", "black-box", "bpda"])
def test_cifar10_has_our_figures_alone(kind: Table) -> None:
    cells = suite(kind, "cifar10") + suite("clean", "cifar10") + suite("noise", "cifar10")
    table = paper_table("cifar10", kind, cells)
    html = table_html(table)
    assert "paper" not in re.sub(r'class="paper|\.paper', "", html)
    assert ">ResNet<" in html
    assert not {"madry", "adv_tr", "defense_gan"} & set(table.columns)
    assert all(row.cells["lq_vae"].accuracy is not None for row in table.rows)
    assert "slides" not in html
    assert "the slides" not in " ".join(group_title(row.line) for row in table.rows)


def test_no_user_text_gets_into_the_page_as_html() -> None:
    assert inline("a < b, `x<y>`, **c**") == "a &lt; b, <code>x&lt;y&gt;</code>, <b>c</b>"


def test_every_threat_model_has_a_card() -> None:
    assert CARDS.keys() == THREATS.keys()
    assert cards("transfer").count("this table") == 1


def test_gaps_name_the_suite_and_what_must_be_trained() -> None:
    found = gaps(paper_table("mnist", "white-box", []))
    measure = next(gap for gap in found if gap.suites)
    assert "python -m core evaluate table white-box --dataset mnist" in measure.suites
    assert "python -m core evaluate table noise --dataset mnist" in measure.suites
    assert any("Defense-GAN" not in gap.reason and not gap.commands for gap in found)
    assert [gap.commands for gap in gaps(paper_table("celeba", "bpda", []))] == [[]]


def test_a_single_cell_has_a_command_of_its_own() -> None:
    noise = Specification(
        dataset="mnist", classifier="a", attack="noise_l2", parameters=(("epsilon", 1.25),)
    )
    assert suite_of(noise, suites_of("mnist")) is None
    cells = suite("white-box")
    single = [line for gap in gaps(paper_table("mnist", "white-box", cells)) for line in gap.single]
    assert any("--attack noise_l2 --set epsilon=1.25" in line for line in single)


def test_titles_of_attacks() -> None:
    titles = {group_title(line) for line in lines_of("mnist", "black-box")}
    assert titles == {
        "No attack",
        "DeepFool on a substitute",
        "FGSM, Linf 0.3 on a substitute trained from the system's answers",
    }


def test_curves_of_every_kind_of_attacker() -> None:
    curves = epsilon_curves(suite("curves", robust=0.7, attacked=0.2), "lq_vae")
    assert [curve.name for curve in curves] == [
        "attacker knows the defense",
        "attacker does not see it",
        "no defense",
        "random noise",
        "clean images",
    ]
    assert [place for place, _ in curves[0].points] == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert curves[2].points[0][1].value == pytest.approx(0.99)
    figure = over_epsilon(curves)
    # A band and a line each; only the lines are in the legend.
    assert len(figure.data) == 10
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == [
        curve.name for curve in curves
    ]
    assert "attacker knows the defense: 97.0% at 0, 70.0% at 0.3" in in_words(curves)
    assert epsilon_curves([], "lq_vae") == []


def test_convergence_says_what_the_last_doubling_changed() -> None:
    cells = [
        invent(one, robust=0.6 if dict(one.parameters)["steps"] < 100 else 0.57)
        for one in SUITES["convergence"]("mnist")
    ]
    curves = convergence_curves(cells)
    assert len(curves) == 3
    assert len(over_steps(curves).data) == 6
    assert "From 50 to 100 steps the figures change by −3.0 points behind LQ-VAE" in settled(curves)
    assert settled([]) == ""
