"""The address of a page and its settings: read, checked, written back.

A page describes its settings as one frozen dataclass. ``LinkReader`` reads it from the address,
puts a default where a value makes no sense, and notes in words what it ignored. ``follow`` tells
when the address was changed from outside (a link, a reload, Back), and ``publish`` writes
settings into it. Streamlit's own ``bind="query-params"`` drops bad values in silence and forgets
settings whose widget is not drawn, so the pages of this dashboard keep their address themselves.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import TypeVar

import streamlit as st

T = TypeVar("T")

NAME = re.compile(r"[a-z0-9_]{1,40}")

SHOWN = 40
"""Characters of a strange value that a message repeats."""


class LinkReader:
    """Reads one parameter after the other, and collects what it had to ignore.

    Attributes:
        ignored: A sentence for every parameter that could not be used as it was.
    """

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params
        self._known: set[str] = set()
        self.ignored: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._params

    def word(self, name: str, choices: Collection[str], default: str) -> str:
        """One of some words."""
        text = self._text(name)
        if text is None or text in choices:
            return default if text is None else text
        return self._ignore(name, text, "is not one of the choices", default)

    def name(self, name: str, default: str) -> str:
        """Any short name of small letters, digits and underscores."""
        text = self._text(name)
        if text is None or NAME.fullmatch(text):
            return default if text is None else text
        return self._ignore(name, text, "is no name", default)

    def flag(self, name: str, default: bool) -> bool:
        """``1`` or ``0``."""
        return self.word(name, ("0", "1"), "1" if default else "0") == "1"

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number; one beyond the limits becomes the nearest limit."""
        value = self._number(name, float(low), float(high), default)
        if value != int(value):
            return self._ignore(name, f"{value:g}", "is no whole number", default)
        return int(value)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number, also as a fraction (8/255); one beyond the limits becomes the nearest limit."""
        return self._number(name, low, high, default)

    def percents(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """As many whole numbers from 0 to 100 as the default has, with hyphens between."""
        text = self._text(name)
        if text is None:
            return default
        usual = "-".join(map(str, default))
        parts = text.split("-")
        if len(parts) != len(default):
            reason = f"has {len(parts)} numbers where there are {len(default)} levels"
            self._ignore(name, text, reason, usual)
            return default
        if not all(re.fullmatch(r"\d{1,3}", part) and int(part) <= 100 for part in parts):
            self._ignore(name, text, "is not made of whole numbers from 0 to 100", usual)
            return default
        return tuple(map(int, parts))

    def finish(self) -> tuple[str, ...]:
        """Everything ignored, with the parameters nobody asked for."""
        for name in self._params:
            if name not in self._known:
                self.ignored.append(f"{_quoted(name)} is no setting here.")
        return tuple(self.ignored)

    def _text(self, name: str) -> str | None:
        self._known.add(name)
        return self._params.get(name)

    def _number(self, name: str, low: float, high: float, default: float) -> float:
        text = self._text(name)
        if text is None:
            return default
        value = _number_of(text)
        if not math.isfinite(value):
            return self._ignore(name, text, "is no number", default)
        if value < low:
            return self._ignore(name, text, f"is below {low:g}", low)
        if value > high:
            return self._ignore(name, text, f"is above {high:g}", high)
        return value

    def _ignore(self, name: str, text: str, reason: str, instead: T) -> T:
        shown = f"{instead:g}" if isinstance(instead, float) else instead
        # Where nothing is chosen unless the link says so, there is nothing to name.
        done = "it is left out" if shown == "" else f"{shown} is used instead"
        self.ignored.append(f"{_quoted(f'{name}={text}')} {reason}; {done}.")
        return instead


def _number_of(text: str) -> float:
    """A number, or the quotient of two; NaN for anything else."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        return math.nan


def _quoted(text: str) -> str:
    """A strange value as code, short, and unable to end the code."""
    kept = "".join(character for character in text if character.isprintable() and character != "`")
    return f"`{kept if len(kept) <= SHOWN else kept[:SHOWN] + '...'}`"


def follow(page: str) -> dict[str, str] | None:
    """The address's parameters when they came from outside, else None.

    A widget that has just been moved wins over the address, which has not heard of it yet. An
    empty address after a visit to another page means: go on where one was.

    Args:
        page: Names the page; keys of its widgets begin with ``widget_key(page, "")``.
    """
    now = dict(st.query_params.to_dict())
    seen: dict[str, str] | None = st.session_state.get(f"{page}_seen")
    if seen is None:
        return now
    if now == seen:
        return None
    widgets = _widgets(page)
    if not widgets:
        return now or None
    drawn: dict[str, object] = st.session_state.get(f"{page}_widgets", {})
    # Widgets that are drawn after the address is written are not among those remembered.
    moved = any(widgets[key] != value for key, value in drawn.items() if key in widgets)
    return None if moved else now


def publish(page: str, params: Mapping[str, str], *, same: bool = False) -> None:
    """Write settings into the address; call it after the widgets are drawn.

    Args:
        page: Names the page in the session.
        params: The settings.
        same: The address already means them, so it is left as it is: an address that was opened
            stays as it was written, and Back leads out of the page.
    """
    if not same and st.query_params.to_dict() != params:
        st.query_params.from_dict(dict(params))
    st.session_state[f"{page}_seen"] = dict(st.query_params.to_dict())
    st.session_state[f"{page}_widgets"] = _widgets(page)


def widget_key(page: str, name: str) -> str:
    """The session key of a widget whose value is a setting of a page."""
    return f"{page}_w_{name}"


def reset_widgets(page: str) -> None:
    """Forget what a page's widgets say, so that they are drawn with the settings' values."""
    for key in _widgets(page):
        del st.session_state[key]


def _widgets(page: str) -> dict[str, object]:
    prefix = widget_key(page, "")
    return {
        str(key): value for key, value in st.session_state.items() if str(key).startswith(prefix)
    }
