"""The robustness page as a visitor uses it, with results and evaluations that are invented."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cache
from app.robustness import live_work
from core.evaluation import Evaluation, Specification, results_folder
from core.types import Cancelled, LabError, OnStep, Step
from tests.core.evaluation.invented import invent
from tests.pages.robustness_lab import html, run_trial, store_everything, wait_for, words
from tests.pages.tiny_lab import use_tiny_lab
from tests.server import ROOT

Open = Callable[..., AppTest]
TRIAL = {"attack": "fgsm", "epsilon": "0.1", "threat": "oblivious", "defense": "lq_vae", "n": "20"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints a and lq_vae of MNIST under their names, nothing stored."""
    use_tiny_lab(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def stored(folder: Path) -> Path:
    """The same with invented results of every suite of MNIST."""
    store_everything()
    return folder


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[Specification]:
    """What was evaluated: nothing is attacked, half of the images stay right."""
    asked: list[Specification] = []

    def evaluate(spec: Specification, *, on_step: OnStep) -> Evaluation:
        asked.append(spec)
        on_step(Step(1, 2))
        warnings = ("A warning.",) if spec.threat == "adaptive" else ()
        return invent(spec, robust=0.5, warnings=warnings)

    def measure_all(
        specs: Sequence[Specification], *, cache: Path, jobs: int, on_step: OnStep
    ) -> tuple[Evaluation, ...]:
        return tuple(evaluate(spec, on_step=on_step) for spec in specs)

    monkeypatch.setattr(live_work, "evaluate", evaluate)
    monkeypatch.setattr(live_work, "measure_all", measure_all)
    return asked


@pytest.fixture
def open_page() -> Iterator[Open]:
    cache.results().clear()

    def opened(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/robustness.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield opened
    st.cache_resource.clear()


@pytest.mark.usefixtures("stored")
def test_it_opens_with_the_table_and_the_adaptive_figures() -> None:
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page("../pages/robustness.py").run()
    assert not page.exception
    assert page.title[0].value == "Robustness"
    shown = html(page)
    assert shown.count('role="listitem"') == 3
    assert "80.0" in shown
    assert "<em>97.74</em>" in shown
    assert "If the attacker knows the defense" in shown
    assert "? The outputs are random." in shown
    assert "What may be concluded." in shown
    charts = page.get("plotly_chart")
    assert len(charts) == 2
    assert all(chart.proto.alt for chart in charts)
    assert not page.error
    assert not page.warning
    assert len(page.get("download_button")) == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("data", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("table", ["white-box", "black-box", "bpda"])
def test_without_results_the_commands_are_named(open_page: Open, data: str, table: str) -> None:
    page = open_page(data=data, table=table)
    shown = html(page)
    assert f"<code>python -m core evaluate table adaptive --dataset {data}</code>" in shown
    assert re.search("not (measured|trained)", shown)
    assert f"evaluate table curves --dataset {data}" in words(page)
    commands = " ".join(code.value for code in page.code)
    assert f"python -m core evaluate table {table} --dataset {data}" in commands


@pytest.mark.usefixtures("stored")
def test_switching_the_table_changes_the_page_and_the_address(open_page: Open) -> None:
    page = open_page()
    page.segmented_control(key="robustness_w_table").set_value("bpda").run()
    assert page.query_params["table"] == "bpda"
    assert "One step through the soft quantizer" in html(page)
    assert "<em>83.70</em>" in html(page)
    page.segmented_control(key="robustness_w_data").set_value("celeba").run()
    assert page.query_params["data"] == "celeba"
    assert "<em>82.12</em>" in html(page)
    assert "weaker than an oblivious one" in html(page)
    assert "cannot be attacked here" in words(page)


@pytest.mark.usefixtures("stored")
def test_mnist_has_no_black_box_slide(open_page: Open) -> None:
    page = open_page(table="black-box")
    assert "no black-box table of MNIST" in page.info[0].value
    assert "paper&nbsp;" not in html(page)
    assert "Defense-GAN" in html(page), "measured all the same"


@pytest.mark.usefixtures("stored")
def test_the_curves_follow_the_chosen_defense(open_page: Open) -> None:
    page = open_page(curve="bit_depth")
    assert page.segmented_control(key="robustness_w_curve").value == "bit_depth"
    page.segmented_control(key="robustness_w_curve").set_value("lq_vae_plus").run()
    assert page.query_params["curve"] == "lq_vae_plus"
    assert "attacker knows the defense" in page.get("plotly_chart")[0].proto.alt


def test_a_damaged_file_is_said_and_the_rest_is_shown(stored: Path, open_page: Open) -> None:
    (results_folder() / "mnist-adaptive.json").write_text("{", encoding="utf-8")
    page = open_page()
    assert "mnist-adaptive.json are damaged" in page.warning[0].value
    assert "80.0" in html(page)


@pytest.mark.usefixtures("stored")
def test_a_trial_runs_when_asked_for_and_stands_beside_the_table(
    open_page: Open, evaluated: list[Specification]
) -> None:
    page = open_page(**(TRIAL | {"attack": "pgd", "epsilon": "0.3"}))
    assert not evaluated
    run_trial(page)
    wait_for(page, "50.0&nbsp;%")
    (spec,) = evaluated
    assert (spec.attack, spec.threat, spec.n, spec.split) == ("pgd", "oblivious", 20, "validation")
    said = words(page)
    assert "is right on 10 of 20 images and wrong on 10" in said
    assert "The changes measure 1.25 in L2" in said
    assert "The stored table says 80.0 %" in said
    assert "Yours are other images" in said
    assert any("--attack pgd --set epsilon=0.3" in code.value for code in page.code)
    page.run()
    assert len(evaluated) == 1
    page.slider(key="robustness_w_n").set_value(40).run()
    assert "The menus differ from what is shown here." in words(page)
    assert page.query_params["n"] == "40"
    assert len(evaluated) == 1


@pytest.mark.usefixtures("stored")
def test_an_adaptive_trial_shows_its_warnings(
    open_page: Open, evaluated: list[Specification]
) -> None:
    page = open_page(threat="adaptive", defense="lq_vae", attack="pgd", epsilon="0.1", n="10")
    run_trial(page)
    wait_for(page, "(adaptive)")
    assert page.warning[0].value == "A warning."
    assert evaluated[0].threat == "adaptive"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"threat": "adaptive", "defense": "none"}, "adapts to a defense, and there is none"),
        ({"threat": "transfer", "substitute": "a"}, "The substitute is classifier A itself"),
    ],
)
def test_impossible_pairs_are_refused_in_words(
    open_page: Open, params: dict[str, str], said: str, evaluated: list[Specification]
) -> None:
    page = open_page(**(TRIAL | params))
    assert said in page.warning[0].value
    assert page.button(key="robustness_run").disabled
    assert not evaluated


@pytest.mark.usefixtures("folder")
def test_a_transfer_trial_has_its_substitute(
    open_page: Open, evaluated: list[Specification]
) -> None:
    page = open_page(**(TRIAL | {"threat": "transfer", "substitute": "papernot"}))
    run_trial(page)
    wait_for(page, "50.0&nbsp;%")
    assert (evaluated[0].threat, evaluated[0].substitute) == ("transfer", "papernot")
    assert page.query_params["substitute"] == "papernot"


@pytest.mark.usefixtures("folder")
def test_an_attack_without_a_budget_says_so(open_page: Open) -> None:
    page = open_page(**(TRIAL | {"attack": "deepfool"}))
    assert "`epsilon` is no setting here" in page.warning[0].value
    assert page.slider(key="robustness_w_no_epsilon").disabled
    assert "it looks for the smallest change" in words(page)


@pytest.mark.usefixtures("folder")
def test_an_odd_address_is_mended_and_said(open_page: Open) -> None:
    page = open_page(data="x", table="grey", n="5000", classifier="z", what="ever")
    said = page.warning[0].value
    for part in ("`data=x`", "`table=grey`", "is above 200", "`classifier=z`", "`what`"):
        assert part in said
    assert page.slider(key="robustness_w_n").value == 200


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LabError("the images are gone"), "the images are gone"),
        (RuntimeError("boom"), "Something unexpected went wrong"),
        (Cancelled("cancelled"), "cancelled"),
    ],
)
def test_what_goes_wrong_is_said_and_can_be_tried_again(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(spec: Specification, *, on_step: OnStep) -> Evaluation:
        raise error

    monkeypatch.setattr(live_work, "evaluate", fail)
    page = open_page(**TRIAL)
    run_trial(page)
    wait_for(page, said)
    assert page.button(key="again_live_evaluation").label == "Try again"
    monkeypatch.setattr(live_work, "evaluate", lambda spec, *, on_step: invent(spec, robust=0.5))
    run_trial(page)
    wait_for(page, "50.0&nbsp;%")


def test_without_models_the_tables_are_still_there(folder: Path, open_page: Open) -> None:
    (folder / "manifest.json").write_text('{"checkpoints": []}')
    page = open_page()
    assert "<em>97.74</em>" in html(page)
    assert "MNIST cannot be attacked here" in words(page)
