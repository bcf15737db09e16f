"""What tests of the robustness page share: invented results, and reading the page."""

import time
from dataclasses import replace

from streamlit.testing.v1 import AppTest

from core.evaluation import store_results
from core.evaluation.suites import SUITES
from tests.core.evaluation.invented import invent


def store_everything() -> None:
    """Invented results of every suite of MNIST that the page shows."""
    for name in ("clean", "white-box", "noise", "black-box", "bpda", "curves", "convergence"):
        store_results(f"mnist-{name}", [invent(one, robust=0.8) for one in SUITES[name]("mnist")])
    weak = [invent(one, robust=0.1, attacked=0.02) for one in SUITES["adaptive"]("mnist")]
    warningful = replace(weak[0], warnings=("The outputs are random.",))
    store_results("mnist-adaptive", [warningful, *weak[1:]])


def html(page: AppTest) -> str:
    return " ".join(element.value for element in page.html)


def words(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return " ".join(element.value for element in shown)


def run_trial(page: AppTest) -> None:
    page.button(key="robustness_run").click().run()
    assert not page.exception


def wait_for(page: AppTest, sign: str) -> None:
    deadline = time.monotonic() + 30
    while sign not in html(page) + words(page) and time.monotonic() < deadline:
        time.sleep(0.1)
        page.run()
    assert sign in html(page) + words(page)
