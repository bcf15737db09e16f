"""A job on the page: a bar while it lasts, then what came of it."""

import time
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited 10 s in vain"
        time.sleep(0.01)


def page() -> None:
    import threading

    import streamlit as st

    from app.jobs import find, show_job, submit
    from core.types import OnStep, Step

    @st.cache_resource
    def gate() -> threading.Event:
        return threading.Event()

    def work(on_step: OnStep) -> int:
        for index in range(1, 1000):
            on_step(Step(index, 1000))
            if opened.wait(0.005):
                break
        return 7

    opened = gate()
    if st.button("Start", key="start"):
        submit("test sum", work)
    if st.button("Open", key="open"):
        opened.set()
    job = find("test sum")
    if job is not None:
        show_job(job, "Adding")
        if job.state == "done":
            st.metric("Sum", job.result)


@pytest.fixture
def app() -> AppTest:
    st.cache_resource.clear()
    return AppTest.from_function(page, default_timeout=30).run()


def test_show_job_draws_a_bar_then_the_page_draws_the_result(app: AppTest) -> None:
    app.button(key="start").click().run()
    assert not app.exception
    assert len(app.get("progress")) == 1
    app.button(key="open").click().run()
    wait_until(lambda: bool(app.run().metric))
    assert app.metric[0].value == "7"
    assert not app.get("progress")


def test_show_job_cancels(app: AppTest) -> None:
    app.button(key="start").click().run()
    app.button(key="cancel test sum").click().run()
    wait_until(lambda: [info.value for info in app.run().info] == ["Adding: cancelled."])
