"""The stored figures of selective classifiers as the page tells them."""

from typing import Any

import numpy as np
import pytest

from app.attack_lab.selective import answer_badge
from app.selective.joint import Outcome, conclusion, encoder_outcomes, error_chart, joint_outcomes
from app.selective.paper import MAXIMUM_ERROR, TABLE_1, TABLE_2
from app.selective.samples import fooling_words
from app.selective.second_look import second_look_table, second_look_words
from app.selective.stored import measure_command, total_of
from app.selective.strangers import strangers_table
from app.selective.sweep import largest_error, maxima_words, points_of, sweep_chart
from app.selective.tables import first_table, second_table
from app.selective.words import with_interval
from core.analysis.selective_file import Measured, Subject
from core.analysis.selective_measures import MEASURES
from core.analysis.triplets import Reading
from core.evaluation.selected import Selected


def counts(right: int, wrong: int, rejected: int) -> dict[str, Any]:
    return Selected(right=right, wrong=wrong, rejected=rejected).as_dict()


def attacked(attack: str, epsilon: float, wrong: int, n: int = 100) -> dict[str, Any]:
    parameters = {"epsilon": epsilon}
    return {"attack": attack, "parameters": parameters, "selected": counts(0, wrong, n - wrong)}


def joint_row(norm: str, epsilon: float, wrong: int) -> dict[str, Any]:
    return {"norm": norm, "epsilon": epsilon, "selected": counts(0, wrong, 100 - wrong)}


@pytest.mark.parametrize("printed", [row for row in TABLE_1.values() if row.rejection])
def test_the_paper_s_three_add_up(printed: Any) -> None:  # noqa: ANN401
    assert printed.accuracy + printed.error + printed.rejection == pytest.approx(100, abs=0.02)


def test_table_1_has_the_paper_beside_ours() -> None:
    row = {"without": counts(990, 10, 0), "selected": counts(970, 2, 28)}
    lines = first_table(TABLE_1["mnist", "gm_vae"], row)
    assert [line["paper"] for line in lines] == [
        f"{figure}\u00a0%" for figure in ("99.67", "97.97", "0.22", "1.81")
    ]
    selected = Selected(right=970, wrong=2, rejected=28)
    assert lines[1]["ours"] == with_interval(selected.accuracy)
    assert lines[2]["ours"].startswith("0.20\u00a0%")
    assert all("ours" not in line for line in first_table(TABLE_1["mnist", "gm_vae"], None))
    assert all("paper" not in line for line in first_table(None, row))


def test_table_2_counts_the_rejected() -> None:
    rows = [
        {
            "epsilon": epsilon,
            "rejected": 40,
            "searches": {"error": counts(10, 30, 0), "near": counts(30, 10, 0)},
            "rejecting": counts(20, 4, 16),
            "unchosen": counts(99, 1, 0),
            "both_looks": counts(95, 5, 0),
        }
        for epsilon in (0.0, *TABLE_2)
    ]
    lines = second_table([*rows, {"epsilon": 0.3, "rejected": 0}], printed=True)
    assert [line["paper"] for line in lines[:3]] == ["110 of 181", "97 %", "93 %"]
    assert lines[1]["near a mean"].startswith("75.0\u00a0%")
    assert lines[1]["by error alone"].startswith("25.0\u00a0%")
    assert "through a threshold" not in lines[1], "a search that nothing was measured by"
    assert lines[1]["all looked up"].startswith("99.0\u00a0%")
    assert lines[0]["both looks"].endswith("(paper 99.07 %)")
    assert lines[1]["both looks"] == with_interval(Selected(right=95, wrong=5, rejected=0).accuracy)
    assert lines[1]["right, wrong, rejected again"] == "20, 4, 16"
    assert lines[-1]["near a mean"] == "–"
    assert "paper" not in second_table(rows, printed=False)[0]


def test_a_known_second_look_has_a_line_a_budget() -> None:
    def row(norm: str, epsilon: float, alone: int) -> dict[str, Any]:
        halves = {"alone": counts(alone, 10 - alone, 0), "both": counts(alone // 2, 10, 0)}
        return {"norm": norm, "epsilon": epsilon, **{n: {"error": c} for n, c in halves.items()}}

    rows = [row("linf", 0.0, 10), row("linf", 0.1, 8), row("linf", 0.3, 4), row("l2", 1.5, 6)]
    rows[2]["alone"]["sharp"] = counts(9, 1, 0)
    lines = second_look_table(rows, "alone")
    assert [line["budget"] for line in lines] == ["none", "Linf 0.1", "Linf 0.3", "L2 1.5"]
    assert lines[2]["by error alone"].startswith("40.0\u00a0%")
    assert lines[2]["through a threshold"].startswith("90.0\u00a0%")
    assert lines[1]["through a threshold"] == "–"
    assert "through a threshold" not in second_look_table(rows, "both")[2]
    said = second_look_words(rows)
    assert "At Linf 0.3 a second look at everyone keeps 40.0 % by error alone, 90.0 %" in said
    assert "Behind the first look it keeps 16.7 % at best" in said
    assert second_look_words(rows[:1]) == ""
    assert "Behind" not in second_look_words(
        [{"norm": "linf", "epsilon": 0.1, "alone": {"error": counts(1, 1, 0)}}]
    )


def test_strangers_have_a_line_each() -> None:
    searched = {"error": counts(0, 3, 7), "sharp": counts(0, 1, 9)}
    kinds = {
        "noise": {"first": counts(0, 10, 0)},
        "fashion_mnist": {"first": counts(0, 2, 10), "searches": searched},
    }
    lines = strangers_table([{"strangers": kinds}])
    assert [line["pictures"] for line in lines] == ["Noise", "Fashion-MNIST"]
    assert lines[0]["at once"].startswith("100.0\u00a0%")
    assert lines[0]["by error alone"] == "–", "none was rejected, so none was looked up"
    assert lines[1]["by error alone"].startswith("30.0\u00a0%")
    assert lines[1]["through a threshold"].startswith("10.0\u00a0%")
    assert "near a mean" not in lines[1], "a search that nothing was measured by"
    assert strangers_table([{"strangers": {}}]) == []


@pytest.fixture
def measured() -> Measured:
    rows = [attacked("fgsm", epsilon, wrong) for epsilon, wrong in ((0.3, 1), (0.0, 0), (0.1, 5))]
    return Measured(
        about=Subject(subject="sweep", dataset="mnist", name="gm_vae", n=100),
        thresholds={},
        sha256="",
        rows=tuple(rows),
        complete=True,
    )


def test_the_sweep_is_in_order_and_its_largest_error_is_told(measured: Measured) -> None:
    points = points_of(measured)
    assert [epsilon for epsilon, _ in points] == [0.0, 0.1, 0.3]
    assert largest_error(points)[0] == 0.1
    assert "100 test images: All labels: 5.00 % at 0.1." in maxima_words([("All labels", points)])
    for marked in (True, False):
        figure = sweep_chart(points, marked)
        error = next(one for one in figure.data if one.name == "error")
        assert list(error.y) == [0, 0.05, 0.01]
        paper = [one for one in figure.data if one.name == "paper's largest error"]
        assert len(paper) == marked
        assert all(set(one.y) == {MAXIMUM_ERROR} for one in paper)


def outcomes(joint_wrong: int) -> list[Outcome]:
    sweep = [attacked("fgsm", epsilon, 1) for epsilon in (0.0, 0.1, 0.2)]
    iterative = [attacked("pgd", epsilon, 4) for epsilon in (0.1, 0.2)]
    rows = [joint_row("linf", 0.2, joint_wrong), joint_row("l2", 1.5, 100)]
    return [*encoder_outcomes(sweep, iterative), *joint_outcomes(rows)]


def test_the_conclusion_comes_from_the_figures() -> None:
    strong = conclusion(outcomes(60))
    assert "60.0 % of 100 images accepted with a wrong class at Linf 0.2" in strong
    assert "PGD on the encoder alone, the worst of those, 4.00 % of 100" in strong
    assert strong.endswith("the limits stop those who do not know them, not those who do.")
    assert "the intervals overlap" in conclusion(outcomes(6))
    alone = conclusion(joint_outcomes([joint_row("l2", 1.5, 9)]))
    assert "nobody else is measured at this budget" in alone


def test_the_chart_of_errors_has_every_attack_at_every_budget() -> None:
    bars = {one.name: one for one in error_chart(outcomes(60)).data}
    assert list(bars) == ["FGSM", "PGD", "Joint, all limits"]
    assert list(bars["FGSM"].x) == ["Linf 0.1", "Linf 0.2", "L2 1.5"]
    assert list(bars["Joint, all limits"].y) == [None, 0.6, 1.0]


def test_fooling_images_are_counted_over_all_classes() -> None:
    rows = [{"target": target, "selected": counts(3, 1, 6)} for target in range(10)]
    told = fooling_words(rows)
    assert "100 images from noise, 10 towards each of 10 classes" in told
    assert "**30 accepted**" in told
    assert "60 are rejected" in told
    assert total_of([]) is None
    assert fooling_words([]) == ""


def test_commands_name_subjects_that_exist() -> None:
    for subject in ("clean", "sweep", "iterative", "reclassified", "joint", "second_look"):
        assert subject in MEASURES
        assert f"core selective {subject} --dataset" in measure_command("mnist", "gm_vae", subject)


@pytest.mark.parametrize(
    ("answer", "prediction", "text", "role"),
    [
        ("accepted", 1, "Original: accepted as b", "purified"),
        ("accepted", 0, "Original: accepted as a", "adversarial"),
        ("rejected: too far", 1, "Original: rejected: too far", "noise"),
    ],
)
def test_the_lab_s_badge_says_class_or_reason(
    answer: str, prediction: int, text: str, role: str
) -> None:
    reading = Reading(np.zeros((1, 2, 2), np.float32), np.eye(2, dtype=np.float32)[prediction])
    badge = answer_badge("Original", answer, reading, 1, "ab")
    assert (badge.text, badge.role) == (text, role)
