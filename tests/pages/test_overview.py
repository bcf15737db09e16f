"""The overview: there at once, nothing computed, and whatever is missing is said."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.attack_lab.settings import Settings
from app.headlines import BARE, CLEAN, counts_in_words, headlines
from app.overview import read_link
from app.showcase import POSITION_KEY, lab_link, story
from core import checkpoints
from core.evaluation import HEADLINES, SUITES, Accuracy, Evaluation, store_results
from tests.fakes import example, showcase, write_checkpoints
from tests.server import ROOT

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(folder: Path) -> Open:
    def open_page(**params: str) -> AppTest:
        st.cache_data.clear()
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=30)
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return open_page


def texts(page: AppTest) -> str:
    """Everything that is said on the page, in one string."""
    parts = [*page.html, *page.markdown, *page.caption, *page.warning, *page.info]
    return "\n".join(str(getattr(part, "value", "") or part.proto) for part in parts)


def evaluations(suite: str) -> list[Evaluation]:
    return [
        Evaluation(
            specification=specification,
            clean=Accuracy(correct=990, n=1000),
            clean_defended=Accuracy(correct=980, n=1000),
            attacked=Accuracy(correct=10, n=1000) if specification.attack else None,
            robust=Accuracy(correct=900, n=1000) if specification.attack else None,
            warnings=("one step beats many",) if specification.attack == "fgsm" else (),
        )
        for specification in SUITES[suite]("mnist")
    ]


def test_a_finished_triplet_shows_without_loading_a_model(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("the first screen loads no model")

    monkeypatch.setattr(checkpoints, "load_model", refuse)
    said = texts(open_page())
    for word in ("Original", "Adversarial", "Purified", "94.0 %", "50 pictures"):
        assert word in said


def test_another_digit_shows_at_a_click_and_the_last_leads_to_the_first(open_page: Open) -> None:
    page = open_page()
    shown = []
    for _ in range(4):
        shown.append(page.session_state[POSITION_KEY])
        page.button(key="another").click().run()
        assert not page.exception
    assert shown == [1, 2, 3, 1]


def test_a_click_wins_over_an_address_that_has_not_heard_of_the_last_one(open_page: Open) -> None:
    page = open_page()
    for expected in (2, 3):
        page.query_params.clear()  # as a browser's that is clicked twice in a hurry
        page.button(key="another").click().run()
        assert page.session_state[POSITION_KEY] == expected


def test_a_digit_that_was_not_repaired_is_called_so() -> None:
    told = story(showcase(), example(5, 6, repaired=False))
    assert "here that fails" in told
    assert "not 5" in told


def test_guessing_hides_the_answer_until_a_guess(open_page: Open) -> None:
    page = open_page(guess="1")
    assert "guess first" in texts(page)
    page.segmented_control(key="guess 0").set_value(3).run()
    assert not page.exception
    assert "guess first" not in texts(page)
    assert "**Right.** 1 of 1" in texts(page)
    page.button(key="another").click().run()
    page.segmented_control(key="guess 1").set_value(4).run()
    assert "**Not so.** 1 of 2" in texts(page)


def test_a_link_opens_its_digit(open_page: Open) -> None:
    assert open_page(example="3").session_state[POSITION_KEY] == 3


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"example": "99"}, "above 3"),
        ({"example": "<b>"}, "is no number"),
        ({"guess": "yes"}, "not one of the choices"),
        ({"classifier": "z"}, "not one of the choices"),
        ({"nonsense": "1"}, "`nonsense` is no setting"),
    ],
)
def test_a_strange_link_is_said_and_ignored(
    open_page: Open, params: dict[str, str], said: str
) -> None:
    page = open_page(**params)
    assert said in page.info[0].value


def test_settings_survive_the_address() -> None:
    default, _ = read_link({}, 3, ["mnist-a", "mnist-b"])
    params = {"example": "2", "guess": "1", "classifier": "mnist-b"}
    settings, ignored = read_link(params, 3, ["mnist-a", "mnist-b"])
    assert not ignored
    assert settings.params(default) == params
    assert default.params(default) == {}


def test_the_link_to_the_lab_carries_digit_and_attack() -> None:
    shown = showcase()
    link = lab_link(shown, shown.examples[1])
    assert link["index"] == "40"
    assert (link["classifier"], link["defense"], link["attack"]) == ("a", "lq_vae_plus", "pgd")
    assert float(link["epsilon"]) == 0.2
    assert link.keys() <= {*Settings().params(), "steps"}


def test_a_missing_showcase_names_the_command_and_the_page_goes_on(
    open_page: Open, folder: Path
) -> None:
    (folder / "results" / "showcase.json").unlink()
    page = open_page()
    assert "python -m core showcase" in page.warning[0].value
    assert len(page.header) == 3


def damage_schema(document: dict[str, object]) -> None:
    document["schema"] = 99


def damage_examples(document: dict[str, object]) -> None:
    document["examples"] = []


def damage_figures(document: dict[str, object]) -> None:
    document["figures"] = {"clean": {"correct": 9, "n": 3}}


@pytest.mark.parametrize("damage", [damage_schema, damage_examples, damage_figures])
def test_a_damaged_showcase_is_said(
    open_page: Open, folder: Path, damage: Callable[[dict[str, object]], None]
) -> None:
    path = folder / "results" / "showcase.json"
    document = json.loads(path.read_text())
    damage(document)
    path.write_text(json.dumps(document))
    assert "showcase.json is damaged" in open_page().warning[0].value


def test_a_truncated_showcase_is_said(open_page: Open, folder: Path) -> None:
    path = folder / "results" / "showcase.json"
    path.write_text(path.read_text()[:1000])
    assert "showcase.json is damaged" in open_page().warning[0].value


def test_without_results_the_commands_are_named(open_page: Open) -> None:
    assert "`python -m core evaluate table` and `clean`" in texts(open_page())


def test_results_show_as_a_table_and_stay_when_a_file_is_damaged(
    open_page: Open, folder: Path
) -> None:
    store_results("mnist-white-box", evaluations("white-box"))
    (folder / "results" / "mnist-adaptive.json").write_text("{")
    page = open_page()
    assert "mnist-adaptive.json" in page.warning[0].value
    table = page.table[0].value
    assert list(table.iloc[:, 0])[:2] == [BARE, "LQ-VAE"]
    assert "1,000 pictures a cell" in texts(page)


def test_headlines_have_the_bare_classifier_first_and_every_threat_model() -> None:
    table = headlines(
        [
            evaluation
            for suite in HEADLINES
            if suite in SUITES
            for evaluation in evaluations(suite)
            if evaluation.specification.classifier == "a"
        ]
    )
    bare, defended = table.rows[0], table.rows[1]
    assert bare[""] == BARE
    assert bare[CLEAN].startswith("**99.0**")
    assert list(bare)[:2] == ["", CLEAN]
    assert bare["FGSM 0.15, oblivious"].startswith("**1.0**")
    assert defended[CLEAN].startswith("**98.0**")
    assert {"Linf 0.1, adaptive", "L2 1.5, adaptive"} <= set(bare), "one column a budget"
    assert not any(title.startswith("PGD 0.1") for title in bare)
    assert table.threats == ("oblivious", "adaptive")
    assert any("one step beats many" in warning for warning in table.warnings)


def test_the_number_of_pictures_is_said_for_every_column() -> None:
    assert counts_in_words({"x": 500}) == "500 pictures a cell"
    assert counts_in_words({"x": 10_000, "y": 1000, "z": 1000, "w": 500}) == (
        "1,000 pictures a cell, but 10,000 for *x* and 500 for *w*"
    )
    several = {"x": 1000, "y": 1000, "z": 1000, "w": 1000, "a": 500, "b": 500, "c": 500}
    assert counts_in_words(several) == "1,000 pictures a cell, but 500 for *a*, *b* and *c*"


@pytest.mark.parametrize("how", ["missing", "truncated"])
def test_a_broken_checkpoint_is_said_and_the_page_goes_on(
    open_page: Open, folder: Path, how: str
) -> None:
    (folder / "mnist-a.safetensors").unlink()
    write_checkpoints(folder, a=how)
    page = open_page()
    assert "mnist-a.safetensors" in page.warning[0].value
    assert "1 of 2 here" in str(page.table[0].value)


def test_a_damaged_manifest_is_said_and_the_page_goes_on(open_page: Open, folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    page = open_page()
    assert "manifest.json is damaged" in page.warning[0].value
    assert "MNIST" in str(page.table[0].value)


def test_without_a_data_folder_the_bundled_pictures_are_there(open_page: Open) -> None:
    table = str(open_page().table[0].value)
    assert "5,000 validation" in table
    assert "nothing to read" in table
