"""All defenses behind one classifier: which figure goes where, and what is marked."""

from dataclasses import replace

import pytest
import torch

from core.evaluation import Accuracy, Evaluation
from core.evaluation.adaptive_column import adaptive_figures
from core.evaluation.cells import (
    PAPER_SEARCH,
    adaptive_cells,
    cell,
    compared,
    oblivious_attacks,
)
from core.evaluation.records import pack
from core.evaluation.side_by_side import LONG, SideBySide, side_by_side
from core.evaluation.side_by_side_text import column_title, markdown_side_by_side, row_title

DEEPFOOL = {"steps": 50, "overshoot": 0.02}
BARE = Accuracy(correct=20, n=1000)


@pytest.fixture
def evaluations() -> list[Evaluation]:
    """Every oblivious attack on A behind two defenses, and one attacker who knows each."""
    found = [
        Evaluation(
            specification=cell("mnist", "a", defense, attack, parameters),
            clean=Accuracy(correct=990, n=1000),
            clean_defended=Accuracy(correct=clean, n=1000),
            attacked=BARE,
            robust=Accuracy(correct=right, n=1000),
        )
        for attack, parameters in oblivious_attacks("mnist")
        for defense, clean, right in (("lq_vae", 970, 800), ("jpeg", 985, 300))
    ]
    for defense, right in (("lq_vae", 20), ("jpeg", 5)):
        (spec,) = adaptive_cells("mnist", [defense], "pgd", 500, epsilon=0.1)
        found.append(
            Evaluation(
                specification=spec,
                clean=Accuracy(correct=495, n=500),
                attacked=Accuracy(correct=3, n=500),
                robust=Accuracy(correct=right, n=500),
                warnings=("It has not converged.",) if defense == "jpeg" else (),
            )
        )
    return found


@pytest.fixture
def table(evaluations: list[Evaluation]) -> SideBySide:
    return side_by_side("mnist", "a", evaluations)


def test_every_defense_has_a_row_and_every_attack_a_column(table: SideBySide) -> None:
    searching = ("defense_gan", f"defense_gan{LONG}")
    assert tuple(table.rows) == (None, *compared("mnist"), *searching, "mlvgm")
    titles = [column_title(column) for column in table.columns]
    assert titles[0] == "Clean"
    assert titles[1] == "FGSM, Linf 0.15"
    assert titles[-1] == "Best attack, Linf 0.1"
    assert [column.knows for column in table.columns] == [False] * 6 + [True]
    assert all(len(row) == len(titles) for row in table.rows.values())


def test_figures_stand_behind_their_defense(table: SideBySide) -> None:
    lq_vae, jpeg, bare = table.rows["lq_vae"], table.rows["jpeg"], table.rows[None]
    assert [round(100 * one.accuracy.value, 1) for one in lq_vae if one] == [97, *[80] * 5, 4]
    assert jpeg[0] is not None
    assert jpeg[0].accuracy.correct == 985
    assert bare[1] is not None
    assert bare[1].accuracy == BARE
    assert bare[-1] is not None
    assert bare[-1].accuracy.correct == 3
    assert table.rows["median"] == (None,) * 7
    assert table.best(0) == "jpeg"
    assert table.best(1) == table.best(6) == "lq_vae"


def test_other_classifiers_and_settings_stay_out(evaluations: list[Evaluation]) -> None:
    jpeg = [one for one in evaluations if one.specification.defense == "jpeg"]
    strange = [
        replace(
            one,
            specification=replace(one.specification, settings=(("quality", 10),)),
            robust=Accuracy(correct=1, n=one.specification.n),
        )
        for one in jpeg
    ]
    assert (
        side_by_side("mnist", "a", [*evaluations, *strange]).rows
        == side_by_side("mnist", "a", evaluations).rows
    )
    assert not side_by_side("mnist", "b", evaluations).measured


def test_a_search_as_long_as_in_its_paper_is_another_row() -> None:
    def searched(right: int, **settings: object) -> Evaluation:
        spec = cell("mnist", "a", "defense_gan", "deepfool", DEEPFOOL, n=500, **settings)
        return Evaluation(
            specification=spec,
            clean=Accuracy(correct=495, n=500),
            clean_defended=Accuracy(correct=right + 1, n=500),
            attacked=Accuracy(correct=2, n=500),
            robust=Accuracy(correct=right, n=500),
        )

    both = [searched(470, settings=PAPER_SEARCH), searched(300)]
    for order in (both, both[::-1]):
        rows = side_by_side("mnist", "a", order).rows
        quick, long = rows["defense_gan"], rows[f"defense_gan{LONG}"]
        assert [one.accuracy.correct for one in quick if one] == [301, 300]
        assert [one.accuracy.correct for one in long if one] == [471, 470]
        assert row_title(f"defense_gan{LONG}") == "Defense-GAN, searched as long as in its paper"


def test_what_does_not_count_is_marked(evaluations: list[Evaluation]) -> None:
    weak = [
        replace(one, attacked=Accuracy(correct=900, n=1000))
        if one.specification.attack == "cw"
        else one
        for one in evaluations
    ]
    table = side_by_side("mnist", "a", weak)
    assert [bool(column.weak) for column in table.columns] == [False] * 5 + [True, False]
    text = markdown_side_by_side(table)
    assert "| Carlini-Wagner* | knows: Best attack, Linf 0.1 |" in text
    assert "| LQ-VAE | 97.0 (95.7–97.9) |" in text
    assert "1.0? (0.4–2.3) |" in text
    assert "| Median | – | – | – | – | – | – | – |" in text


def test_a_robust_classifier_stands_there_twice_and_knows_no_defense(
    evaluations: list[Evaluation],
) -> None:
    def alone(attack: str, right: int, **rest: object) -> Evaluation:
        parameters = rest.pop("parameters")
        n = int(rest.pop("n", 1000))  # type: ignore[call-overload]
        spec = cell("mnist", "a_pgd", None, attack, parameters, n=n, **rest)  # type: ignore[arg-type]
        return Evaluation(
            specification=spec,
            clean=Accuracy(correct=98 * n // 100, n=n),
            attacked=Accuracy(correct=right, n=n),
            outcomes={"attacked": pack(torch.arange(n) < right)},
        )

    strong = {"epsilon": 0.1, "steps": 100, "restarts": 2, "loss": "margin"}
    found = [
        alone("fgsm", 950, parameters={"epsilon": 0.15}),
        alone("fgsm", 980, parameters={"epsilon": 0.15}, threat="transfer", substitute="a"),
        alone("pgd", 460, parameters=strong, n=500),
        alone("square", 450, parameters={"epsilon": 0.1, "squares": 1000}, n=500),
    ]
    table = side_by_side("mnist", "a", [*evaluations, *found])
    itself, transfer = table.rows["a_pgd"], table.rows["a_pgd, by transfer"]
    assert [round(1000 * one.accuracy.value) if one else None for one in itself] == [
        *(980, 950),
        *[None] * 4,
        900,
    ]
    assert [one.accuracy.correct if one else None for one in transfer] == [980, 980, *[None] * 5]
    text = markdown_side_by_side(table)
    assert "| A, PGD-trained | 98.0" in text
    assert "| A, PGD-trained, by transfer | 98.0" in text
    assert "a_pgd" not in side_by_side("mnist", "b", [*evaluations, *found]).rows
    (figure,) = (one for one in adaptive_figures(found) if one.defense == "a_pgd")
    assert (figure.classifier, figure.epsilon, figure.accuracy.correct) == ("a", 0.1, 450)
    assert figure.bare is None
