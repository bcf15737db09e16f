"""The run and the view in the session: opened from the address, changed, written back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from typing_extensions import override

from app.bit_flips.view import PAGE, View, ViewReader, read_view
from app.controls import Menu
from app.runs.choices import Offer
from app.runs.session import PageSession
from app.runs.settings import RunSettings, read_run
from app.state import widget_key

VERSION = f"{PAGE}_version"
WIDGETS = {"image": "thumb"}
"""Which widget shows a field of the view that is not called like it."""


@dataclass(frozen=True)
class Settings:
    """Everything a visitor can set.

    Attributes:
        run: The attack whose flips are shown.
        view: What of them is looked at.
    """

    run: RunSettings = field(default_factory=RunSettings)
    view: View = field(default_factory=View)

    def params(self) -> dict[str, str]:
        """The settings as the address holds them."""
        return self.run.params() | self.view.params()


@dataclass(frozen=True)
class BitSession(PageSession[Settings]):
    """The page's settings in the session; its parts change them as they are drawn."""

    @property
    def view(self) -> View:
        """What is looked at now."""
        return self.current().view

    @property
    def version(self) -> int:
        """Counts up whenever the view was changed by something else than its own widgets."""
        count: int = st.session_state.get(VERSION, 0)
        return count

    @override
    def put(self, settings: Settings) -> None:
        super().put(settings)
        st.session_state[VERSION] = self.version + 1

    def choose(self, run: RunSettings) -> None:
        """Take another run; what was looked at in the bits of the old one is forgotten."""
        if run != self.current().run:
            self._set(replace(self.current(), run=run))
            self.look(brush=None, strength=None, flipped=(), bit=None)

    def see(self, **changes: Any) -> View:  # noqa: ANN401 - any field of View
        """Remember what a widget of the view says."""
        self._set(replace(self.current(), view=replace(self.view, **changes)))
        return self.view

    def look(self, **changes: Any) -> None:  # noqa: ANN401 - any field of View
        """Change what is looked at, from a callback; the widgets of these fields follow.

        The others keep their keys: they may lie outside the part of the page that is drawn next.
        """
        self.see(**changes)
        st.session_state[VERSION] = self.version + 1
        for name in changes:
            st.session_state.pop(self.key(WIDGETS.get(name, name)), None)

    def _set(self, settings: Settings) -> None:
        if settings != self.current():
            st.session_state[self._notes] = ()
        self.change(settings)


def bit_session(datasets: Menu, offers: Mapping[str, Offer]) -> BitSession:
    """The session of the page, which knows what an address may choose from."""

    def read(params: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
        reader = ViewReader(params)
        run = read_run(reader, datasets, offers, RunSettings())
        view = read_view(reader, run.n)
        return Settings(run, view), reader.finish()

    return BitSession(PAGE, read)


def key(name: str) -> str:
    """The session key of one of the page's widgets."""
    return widget_key(PAGE, name)
