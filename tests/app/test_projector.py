"""Pictures of a latent space on a page: drawn once, cancelled, and asked for by two at a time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def page() -> None:
    import numpy as np
    import streamlit as st

    from app.projector import projections_of
    from core.analysis.projections import ProjectionSpec

    many = st.number_input("Points", value=60, key="points")
    seeds = st.multiselect("Seeds", [0, 1, 2, 3], default=[0], key="seeds")
    method = st.selectbox("Method", ["pca", "tsne"], key="method")
    points = np.random.default_rng(0).normal(size=(many, 6)).astype(np.float32)
    specs = [ProjectionSpec(method=method, perplexity=8.0, seed=seed) for seed in seeds]
    for spec, picture in zip(specs, projections_of(points, "map", specs), strict=True):
        if picture is not None:
            st.metric(f"Trust {spec.seed}", f"{picture.trust:.3f}")


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < end, "waited 240 s in vain"
        time.sleep(0.3)


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path))
    st.cache_resource.clear()


def visit() -> AppTest:
    return AppTest.from_function(page, default_timeout=60).run()


def ask(app: AppTest, *seeds: int, points: int = 60) -> AppTest:
    app.number_input(key="points").set_value(points)
    app.multiselect(key="seeds").set_value(list(seeds))
    return app.selectbox(key="method").set_value("tsne").run()


def test_pca_is_there_at_once() -> None:
    app = visit()
    assert [metric.label for metric in app.metric] == ["Trust 0"]
    assert not app.get("progress")


def test_two_visitors_get_theirs_drawn_once_and_kept_on_disk() -> None:
    ann, ben = visit(), visit()
    ask(ann, 0, 1)
    assert len(ann.get("progress")) == 1
    ask(ben, 2)
    assert len(ben.get("progress")) == 1
    wait_until(lambda: len(ann.run().metric) == 2)
    wait_until(lambda: len(ben.run().metric) == 1)
    assert not ann.exception
    assert not ben.exception
    st.cache_resource.clear()  # as after a restart: only the disk remembers
    later = ask(visit(), 0, 1, 2)
    assert [metric.label for metric in later.metric] == ["Trust 0", "Trust 1", "Trust 2"]


def test_cancel_ends_it_with_a_sentence_and_it_is_not_begun_again_unasked() -> None:
    app = ask(visit(), 3, points=4000)
    (cancel,) = (button for button in app.button if button.label == "Cancel")
    cancel.click().run()
    wait_until(lambda: [info.value for info in app.run().info] == ["t-SNE: cancelled."])
    assert not app.run().metric
    app.button(key="again_map").click().run()
    assert len(app.get("progress")) == 1


def test_impossible_points_are_a_sentence() -> None:
    app = ask(visit(), 0, points=24)
    assert ["perplexity of 8 needs more than 24" in error.value for error in app.error] == [True]
    assert not app.exception


def test_the_server_itself_never_imports_the_heavy_libraries(tmp_path: Path) -> None:
    server = """
import pkgutil, importlib, sys, time
import app
for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name != "app.main":
        importlib.import_module(module.name)
sys.path.insert(0, "tests/app")
import test_projector as here
visitor = here.ask(here.visit(), 0)
here.wait_until(lambda: len(visitor.run().metric) == 1)
print([name for name in ("sklearn", "umap", "numba") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", server],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LQVAE_CACHE": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
