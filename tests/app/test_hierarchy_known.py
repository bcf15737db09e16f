"""What the hierarchy page says of an attacker who knows the defense."""

from dataclasses import replace

import pytest

from app.hierarchy import known
from app.hierarchy.known import known_table, known_words, show_known
from core.evaluation.adaptive_column import adaptive_figures
from tests.core.evaluation.invented import adaptive


def test_a_line_a_budget_with_the_others_beside() -> None:
    cells = [
        adaptive("mlvgm", 0.6, epsilon=1.5, attack="pgd_l2"),
        adaptive("mlvgm", 0.5, epsilon=0.3),
        replace(adaptive("mlvgm", 0.9), warnings=("It is odd.",)),
        adaptive("bit_depth", 0.8),
        adaptive("bit_depth", 0.1, epsilon=0.2),
    ]
    figures = adaptive_figures(cells)
    lines = known_table(figures)
    assert [line["budget"] for line in lines] == ["Linf 0.1", "Linf 0.3", "L2 1.5"]
    assert lines[0]["MLVGM"].startswith("90.0? (")
    assert lines[0]["Bit depth"].startswith("80.0 (")
    assert lines[1]["Bit depth"] == "–"
    mine = [one for one in figures if one.defense == "mlvgm"]
    said = known_words("mnist", mine)
    assert "on 500 images" in said
    assert "Bit depth is a threshold and nothing else" in said
    assert said.endswith("It is odd.")
    clothes = known_words("fashion_mnist", mine[1:2])
    assert "threshold" not in clothes
    assert clothes.endswith("No check of MLVGM raised a warning.")


def test_what_is_not_measured_has_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(known, "stored_suites", lambda *_: ([adaptive("bit_depth", 0.8)], []))
    monkeypatch.setattr("streamlit.info", lambda words, **_: told.append(words))
    show_known("mnist")
    assert told == ["Not measured yet: `python -m core evaluate table levels --dataset mnist`"]


def test_a_damaged_file_is_said_and_not_called_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(known, "stored_suites", lambda *_: ([], ["the file is damaged"]))
    for kind in ("info", "warning"):
        monkeypatch.setattr(f"streamlit.{kind}", lambda words, **_: told.append(words))
    show_known("mnist")
    assert told == ["The file is damaged."]
