"""What the robustness page concludes of classifiers that were trained on attacks."""

import re
from dataclasses import replace

from app.robustness.conclusions import conclusion
from app.robustness.table_view import table_html
from core.evaluation import SUITES, Evaluation, Specification
from core.evaluation.paper_tables import paper_table
from tests.core.evaluation.invented import invent


def suite(name: str) -> list[Evaluation]:
    return [invent(one) for one in SUITES[name]("mnist")]


def test_a_robust_classifier_is_reached_further_away_and_that_is_said() -> None:
    usual = Specification(
        dataset="mnist",
        classifier="a",
        defense="lq_vae",
        attack="deepfool",
        parameters=(("overshoot", 0.02), ("steps", 50)),
    )
    robust = replace(usual, classifier="a_pgd", defense=None)
    found = [*suite("white-box"), invent(robust, attacked=0.1, mean_l2=4.5)]
    told = conclusion(paper_table("mnist", "white-box", found))
    assert "DeepFool at a mean L2 of 4.50 instead of 1.25" in told
    assert "DeepFool" not in conclusion(paper_table("mnist", "white-box", suite("white-box")))
    rows = re.findall(
        r'data-column="Madry">(.*?)</td>', table_html(paper_table("mnist", "white-box", found))
    )
    assert sum("10.0" in cell and "67.82" in cell for cell in rows) == 1
