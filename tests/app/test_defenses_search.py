"""The charts on Defense-GAN and on training on attacks, from made-up values."""

from dataclasses import replace

import numpy as np
import pytest

from app.defenses.robust_training import history_chart
from app.defenses.search_charts import detection_chart, path_chart, time_chart, time_words
from core.analysis.latent_search import Detection, Way
from core.evaluation import Accuracy, Evaluation
from core.evaluation.cells import cell


def searched(starts: int, steps: int, right: int, milliseconds: float) -> Evaluation:
    return Evaluation(
        specification=cell(
            "mnist",
            "a",
            "defense_gan",
            "fgsm",
            {"epsilon": 0.15},
            settings=(("search_starts", starts), ("search_steps", steps)),
            n=100,
        ),
        clean=Accuracy(correct=99, n=100),
        attacked=Accuracy(correct=60, n=100),
        robust=Accuracy(correct=right, n=100),
        purify_ms=milliseconds,
    )


@pytest.fixture
def cells() -> list[Evaluation]:
    one_pass = Evaluation(
        specification=cell("mnist", "a", "lq_vae_plus", "fgsm", {"epsilon": 0.15}, n=100),
        clean=Accuracy(correct=99, n=100),
        attacked=Accuracy(correct=60, n=100),
        robust=Accuracy(correct=96, n=100),
        purify_ms=0.5,
    )
    return [searched(10, 200, 95, 1000), searched(1, 25, 70, 20), one_pass]


def test_searches_are_a_line_in_order_of_time_and_one_pass_is_a_point(
    cells: list[Evaluation],
) -> None:
    line, point = time_chart(cells).data
    assert list(line.x) == [20, 1000]
    assert list(line.y) == [0.7, 0.95]
    assert line.customdata[1] == ", R = 10, L = 200"
    assert (list(point.x), list(point.y), point.mode) == ([0.5], [0.96], "markers")
    assert "95% right, LQ-VAE plus 96% in one pass, 2,000 times as fast" in time_words(cells)
    weak = [replace(one, warnings=("Too weak to compare by.",)) for one in cells]
    assert time_words(weak).endswith("Too weak to compare by.")


def test_without_one_of_the_two_nothing_is_compared(cells: list[Evaluation]) -> None:
    assert time_words(cells[:2]) == "Only one of the two kinds of defense is measured."


def test_the_way_has_two_lines() -> None:
    way = Way(
        steps=(0, 2),
        images=np.zeros((2, 1, 28, 28), np.float32),
        probabilities=np.full((2, 10), 0.1, np.float32),
        path=np.array([0.3, 0.2, 0.1], np.float32),
        clean_path=np.array([0.3, 0.1, 0.01], np.float32),
        seconds=0.1,
    )
    attacked, clean = path_chart(way).data
    assert list(attacked.y) == pytest.approx([0.3, 0.2, 0.1])
    assert list(clean.y) == pytest.approx([0.3, 0.1, 0.01])


def test_detection_tells_the_area_of_every_attack() -> None:
    found = [
        Detection(
            dataset="mnist",
            attack=attack,
            parameters={"epsilon": 0.3} if attack == "fgsm" else {},
            search_steps=100,
            search_starts=2,
            clean=(0.1, 0.2),
            attacked=attacked,
            false_rates=(0, 1),
            true_rates=(1, 1),
            area=area,
        )
        for attack, attacked, area in (("fgsm", (0.3, 0.4), 1.0), ("deepfool", (0.1, 0.2), 0.5))
    ]
    figure, words = detection_chart(found)
    assert [line.name for line in figure.data[:2]] == ["FGSM 0.3", "DeepFool"]
    assert "FGSM 0.3 1.00, DeepFool 0.50." in words


def test_training_is_drawn_over_epochs() -> None:
    history = [
        {"step": 10.0, "clean": 0.9, "fgsm": 0.5, "pgd": 0.1},
        {"step": 15.0, "clean": 0.95, "fgsm": 0.8, "pgd": 0.05},
    ]
    lines = history_chart(history, 10).data
    assert [list(line.x) for line in lines] == [[1.0, 1.5]] * 3
    assert list(lines[2].y) == [0.1, 0.05]
