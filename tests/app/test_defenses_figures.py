"""The measured parts of the defenses page: the table of all, and patch-wise VAEs against JPEG."""

import csv
import io

from app.defenses.distortion import blind_lines, chart, knowing_lines, verdict
from app.defenses.side_by_side import table_csv, table_html, words_below
from core.evaluation import Accuracy, Evaluation
from core.evaluation.cells import adaptive_cells, cell
from core.evaluation.side_by_side import side_by_side


def measured(
    defense: str | None, right: int, size: float, quality: int | None = None
) -> Evaluation:
    """FGSM of one size behind one defense."""
    spec = cell(
        "mnist",
        "a",
        defense,
        "fgsm",
        {"epsilon": size},
        settings=() if quality is None else (("quality", quality),),
    )
    accuracy = Accuracy(correct=right, n=1000)
    return Evaluation(
        specification=spec,
        clean=Accuracy(correct=990, n=1000),
        attacked=Accuracy(correct=100, n=1000) if defense else accuracy,
        robust=accuracy if defense else None,
        mean_relative_l2=size,
    )


CELLS = (
    measured(None, 500, 0.1),
    measured(None, 100, 0.3),
    measured("patch_vae", 900, 0.1),
    measured("patch_vae", 700, 0.3),
    measured("jpeg", 950, 0.1, 70),
    measured("jpeg", 800, 0.1, 10),
    measured("jpeg", 300, 0.3, 70),
    measured("jpeg", 400, 0.3, 10),
)


def test_jpeg_has_its_best_quality_at_every_size() -> None:
    lines = blind_lines(CELLS)
    assert list(lines) == ["none", "jpeg", "patch_vae"]
    assert [(p.accuracy.correct, p.note) for p in lines["jpeg"]] == [
        (950, "quality 70"),
        (400, "quality 10"),
    ]


def test_the_verdict_says_where_the_vae_is_above() -> None:
    assert verdict(blind_lines(CELLS)).endswith("each point, at 0.30 of the image's own size.")
    worse = blind_lines([one for one in CELLS if one.mean_relative_l2 == 0.1])
    assert "at none of the sizes measured." in verdict(worse)
    small = [*CELLS, measured("patch_vae_8", 960, 0.1)]
    assert "; the best of its patch sizes at every size measured." in verdict(blind_lines(small))
    better = blind_lines([one for one in CELLS if one.mean_relative_l2 == 0.3])
    assert "at every size measured." in verdict(better)
    assert "have not been measured" in verdict({})


def test_who_knows_the_defense_stands_at_the_size_of_the_same_budget() -> None:
    (spec,) = adaptive_cells("mnist", ["patch_vae"], "pgd", 200, epsilon=0.3)
    knows = Evaluation(
        specification=spec,
        clean=Accuracy(correct=198, n=200),
        robust=Accuracy(correct=20, n=200),
        mean_relative_l2=0.29,
    )
    lines = knowing_lines([*CELLS, knows])
    assert [(p.size, p.accuracy.correct) for p in lines["patch_vae"]] == [(0.3, 20)]
    figure = chart(blind_lines(CELLS), lines)
    names = [trace.name for trace in figure.data if trace.name]
    assert names[-1] == "Patch VAE, known"
    assert "JPEG, best of 4" in names


def test_the_table_escapes_marks_and_exports() -> None:
    (spec,) = adaptive_cells("mnist", ["jpeg"], "pgd", 500, epsilon=0.1)
    examined = Evaluation(
        specification=spec,
        clean=Accuracy(correct=495, n=500),
        attacked=Accuracy(correct=0, n=500),
        robust=Accuracy(correct=100, n=500),
        warnings=('It may be "too high".',),
    )
    strong = Evaluation(
        specification=cell("mnist", "a", "jpeg", "cw", {}),
        clean=Accuracy(correct=990, n=1000),
        clean_defended=Accuracy(correct=980, n=1000),
        attacked=Accuracy(correct=0, n=1000),
        robust=Accuracy(correct=970, n=1000),
    )
    table = side_by_side("mnist", "a", [strong, examined])
    html = table_html(table)
    assert 'title="It may be &quot;too high&quot;."' in html
    assert '<td class="best"><b>97.0</b>' in html
    assert html.count('<tr class="bare">') == 1
    words = words_below(table)
    assert "500 to 1,000 of the test images" in words
    assert 'JPEG: It may be "too high".' in words
    rows = list(csv.DictReader(io.StringIO(table_csv(table))))
    jpeg = [row for row in rows if row["defense"] == "jpeg"]
    assert [(row["attacker"], row["correct"], row["images"]) for row in jpeg] == [
        ("none", "980", "1000"),
        ("blind", "970", "1000"),
        ("knows", "100", "500"),
    ]


def test_without_an_attacker_who_knows_the_table_says_so() -> None:
    strong = Evaluation(
        specification=cell("mnist", "a", "jpeg", "cw", {}),
        clean=Accuracy(correct=990, n=1000),
        attacked=Accuracy(correct=0, n=1000),
        robust=Accuracy(correct=970, n=1000),
    )
    words = words_below(side_by_side("mnist", "a", [strong]))
    assert "none of these figures is robustness" in words
    assert "python -m core evaluate table adaptive --dataset mnist" in words
