"""The gallery of a data set's images, a class at a time, as thumbnails to pick from."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import streamlit as st
from torch import Tensor

from app import cache
from app.gallery import data_uri
from app.runs.choices import Offer
from app.state import widget_key
from core.images import to_png

PER_PAGE = 10

THUMBS_STYLE = """
<style>
.st-key-KEY [role=radiogroup] { display: grid; gap: 4px; width: 100%;
  grid-template-columns: repeat(5, 1fr); }
.st-key-KEY button { padding: 2px; height: auto; min-height: 0; border-radius: 6px;
  border-width: 3px; background: #000 !important; }
.st-key-KEY button img { width: 100% !important; height: auto !important;
  max-height: none !important; image-rendering: pixelated; display: block; border-radius: 3px; }
.st-key-KEY button :is(div, p, span) { width: 100%; margin: 0; line-height: 0; }
</style>
"""


class Pictured(Protocol):
    """The settings of a page that shows one image."""

    @property
    def dataset(self) -> str:
        """A data set of the menu."""

    @property
    def index(self) -> int:
        """The image's place in the ``validation`` split."""

    @property
    def own(self) -> bool:
        """Whether a picture of one's own is shown instead."""


@dataclass(frozen=True)
class Host:
    """The page that the picker stands on.

    Attributes:
        page: Begins the keys of its widgets.
        openings: How often all settings were replaced in this session.
        change: Changes settings from a callback; the widgets follow.
    """

    page: str
    openings: Callable[[], int]
    change: Callable[..., None]

    def key(self, name: str) -> str:
        """The session key of a widget whose value is a setting."""
        return widget_key(self.page, name)

    @property
    def kept(self) -> str:
        """The session key of the picture of one's own."""
        return f"{self.page}_own_picture"


def pick_index(host: Host, settings: Pictured, offer: Offer, labels: Tensor) -> int:
    """Draw the gallery; the place in the split of the image that is picked."""
    label = int(labels[settings.index])
    chosen_class = _choose_class(host, label, offer, labels)
    rows = (labels == chosen_class).nonzero().flatten().tolist()
    pages = -(-len(rows) // PER_PAGE)
    place = rows.index(settings.index) if settings.index in rows else 0
    thumbs = st.container()
    page = 1
    if pages > 1:
        # The paginator takes its first page only when it is new, hence a new key for each opening.
        page = st.pagination(
            pages,
            default=place // PER_PAGE + 1,
            key=host.key(f"page_{chosen_class}_{host.openings()}"),
            max_visible_pages=3,
        )
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    with thumbs:
        return _thumbs(host, settings, shown, offer.classes[chosen_class])


def _class_title(name: str) -> str:
    """A class as its menu names it: a bare digit would say little, a longer word has no room."""
    return f"Class {name}" if len(name) == 1 else name


def _choose_class(host: Host, label: int, offer: Offer, labels: Tensor) -> int:
    key = host.key("class")

    def first_of_class() -> None:
        rows = (labels == st.session_state[key]).nonzero().flatten()
        host.change(index=int(rows[0]))

    if st.session_state.get(key) not in range(len(offer.classes)):
        st.session_state[key] = label

    def surprise() -> None:
        host.change(index=random.randrange(offer.count), own=False)

    left, right = st.columns(2)
    chosen = left.selectbox(
        "Class",
        range(len(offer.classes)),
        format_func=lambda number: _class_title(offer.classes[number]),
        key=key,
        on_change=first_of_class,
        label_visibility="collapsed",
        help="Shows images of one class. Their numbers are places in the validation split.",
    )
    right.button(
        "Surprise me",
        key=f"{host.page}_surprise",
        on_click=surprise,
        help="Any image of any class.",
        width="stretch",
    )
    return int(chosen)


def _thumbs(host: Host, settings: Pictured, shown: list[int], name: str) -> int:
    key = host.key("thumb")
    images, _ = cache.validation(settings.dataset)
    if st.session_state.get(key) not in shown or st.session_state[key] is None:
        st.session_state[key] = settings.index if settings.index in shown else None
    st.html(THUMBS_STYLE.replace("KEY", key))
    picked = st.pills(
        f"{name}, number {settings.index}",
        shown,
        format_func=lambda index: f"![{name}, number {index}]({data_uri(to_png(images[index]))})",
        key=key,
        width="stretch",
        label_visibility="collapsed",
    )
    return settings.index if picked is None else int(picked)
