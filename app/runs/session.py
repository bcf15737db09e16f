"""A page's settings over its reruns: opened from the address, kept, written back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from app.state import follow, publish, reset_widgets, widget_key


class Addressed(Protocol):
    """Settings that know their form in the address."""

    def params(self) -> dict[str, str]:
        """The settings as the address holds them."""


S = TypeVar("S", bound=Addressed)


@dataclass(frozen=True)
class PageSession(Generic[S]):
    """The settings of one page in the visitor's session.

    Attributes:
        page: Prefix of the page's keys.
        read: From an address to settings, with a sentence for everything it had to ignore.
    """

    page: str
    read: Callable[[Mapping[str, str]], tuple[S, tuple[str, ...]]]

    def key(self, name: str) -> str:
        """The session key of a widget whose value is one of the settings."""
        return widget_key(self.page, name)

    def open(self) -> S:
        """The settings to start this run from; a changed address is read, what is odd is noted."""
        params = follow(self.page)
        if params is not None or self._settings not in st.session_state:
            settings, notes = self.read(params or {})
            self.put(settings)
            st.session_state[self._notes] = notes
        return self.current()

    def current(self) -> S:
        """The settings as they were when last kept."""
        settings: S = st.session_state[self._settings]
        return settings

    def keep(self, settings: S) -> None:
        """Remember settings and write them into the address; call it after the widgets."""
        if self.current() != settings:
            st.session_state[self._notes] = ()
        st.session_state[self._settings] = settings
        address, _ = self.read(st.query_params.to_dict())
        publish(self.page, settings.params(), same=address == settings)

    def put(self, settings: S) -> None:
        """Replace all settings, from a callback; the widgets are drawn with the new values."""
        st.session_state[self._settings] = settings
        reset_widgets(self.page)

    def change(self, settings: S) -> None:
        """Replace settings that no widget shows, from a callback; the widgets stay as they are."""
        st.session_state[self._settings] = settings

    def show_notes(self) -> None:
        """Say what of the address could not be used."""
        notes = st.session_state.get(self._notes)
        if notes:
            st.warning("From the link: " + " ".join(notes), icon=":material/link_off:")

    @property
    def _settings(self) -> str:
        return f"{self.page}_settings"

    @property
    def _notes(self) -> str:
        return f"{self.page}_notes"
