"""Widgets made from what a table says of its rows: one function a kind of value.

Each widget keeps its value in the session under its key; whoever draws it puts the first value
there, so that addresses, presets and the widget itself never disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field as dataclass_field
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Menu:
    """The options of one menu.

    Attributes:
        titles: Name on the screen, by key; only what can be chosen.
        missing: Why the others cannot be chosen, by their name on the screen.
    """

    titles: Mapping[str, str]
    missing: Mapping[str, str] = dataclass_field(default_factory=dict)

    def default(self, wanted: str) -> str:
        """The wanted key if it can be chosen, else the first one that can."""
        return wanted if wanted in self.titles else next(iter(self.titles), wanted)

    @property
    def reasons(self) -> str:
        """Every missing option with its reason, as Markdown; empty when there is none."""
        return "\n\n".join(f"**{name}** is off: {reason}" for name, reason in self.missing.items())


def seed(key: str, value: object) -> None:
    """Give a widget its first value; one it already has stays."""
    if key not in st.session_state:
        st.session_state[key] = value


def choose(label: str, menu: Menu, *, key: str, value: str, help: str) -> str:
    """A menu of what can be chosen; the help says what cannot, with the reason."""
    if st.session_state.get(key) not in menu.titles:
        st.session_state[key] = menu.default(value)
    chosen = st.selectbox(
        label,
        list(menu.titles),
        format_func=lambda name: menu.titles[name],
        key=key,
        help="\n\n".join(part for part in (help, menu.reasons) if part),
    )
    return str(chosen)


def parameter(field: Field[Any], *, key: str, value: Any) -> Any:  # noqa: ANN401
    """The widget of one attack parameter, as its ``control`` metadata asks."""
    limits = field.metadata
    label = str(limits["label"] or field.name).replace("_", " ").capitalize()
    about = str(limits["help"])
    seed(key, value)
    if limits["choices"]:
        options: Sequence[str] = limits["choices"]
        return st.selectbox(label, options, key=key, help=about)
    if isinstance(field.default, bool):
        return st.toggle(label, key=key, help=about)
    low, high, step = limits["low"] or 0, limits["high"], limits["step"]
    if field.default is None:
        return st.number_input(
            label,
            min_value=float(low),
            max_value=None if high is None else float(high),
            step=float(step or 0.01),
            format="%.4f",
            placeholder="automatic",
            key=key,
            help=about,
        )
    kind = int if isinstance(field.default, int) else float
    return st.slider(
        label,
        kind(low),
        kind(high),
        step=kind(step),
        key=key,
        help=about,
        format="%d" if kind is int else "%.4f",
    )


def parameters(
    fields: Sequence[Field[Any]], *, prefix: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The widgets of some parameters; missing values are the fields' defaults."""
    return {
        field.name: parameter(
            field, key=f"{prefix}_{field.name}", value=values.get(field.name, field.default)
        )
        for field in fields
    }
