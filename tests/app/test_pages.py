"""The list of pages: every file is in it, and the overview leads to all of them."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.pages import FOLDER, PAGES, page_named
from tests.server import ROOT


def test_every_page_has_its_row_and_every_row_its_page() -> None:
    assert {row.name for row in PAGES} == {path.stem for path in FOLDER.glob("*.py")}
    assert len({row.title for row in PAGES}) == len(PAGES)
    assert page_named("data") == PAGES[-1]
    with pytest.raises(KeyError):
        page_named("nowhere")


def test_the_overview_leads_to_every_other_page() -> None:
    st.cache_data.clear()
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    assert not page.exception
    links = {link.proto.label: link.proto.page for link in page.get("page_link")}
    for row in PAGES[1:]:
        assert links[f"**{row.title}**"] == row.name
