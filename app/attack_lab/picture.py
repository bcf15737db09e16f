"""Picking what is attacked: the gallery by class, a drawing, or an upload."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from app import cache
from app.attack_lab import session
from app.attack_lab.settings import Settings
from app.drawing import drawing_pad
from app.gallery import data_uri
from app.runs.choices import Offer
from app.runs.words import sentence
from core.images import mnist_like, read_picture, to_png
from core.types import LabError

PER_PAGE = 10
OWN = "lab_own_picture"
SOURCES = {"gallery": "Gallery", "draw": "Draw", "upload": "Upload"}

THUMBS_STYLE = """
<style>
.st-key-lab_w_thumb [role=radiogroup] { display: grid; gap: 4px; width: 100%;
  grid-template-columns: repeat(5, 1fr); }
.st-key-lab_w_thumb button { padding: 2px; height: auto; min-height: 0; border-radius: 6px;
  border-width: 3px; background: #000 !important; }
.st-key-lab_w_thumb button img { width: 100% !important; height: auto !important;
  max-height: none !important; image-rendering: pixelated; display: block; border-radius: 3px; }
.st-key-lab_w_thumb button :is(div, p, span) { width: 100%; margin: 0; line-height: 0; }
</style>
"""


@dataclass(frozen=True, eq=False)
class Picture:
    """What is attacked.

    Attributes:
        image: (c, h, w) in [0, 1].
        label: Its class; None takes the classifier's answer for it.
        digest: sha256 of a picture of one's own; empty for an image of the data set.
    """

    image: Tensor
    label: int | None
    digest: str = ""


def pick_picture(settings: Settings, offer: Offer) -> tuple[Picture, Settings]:
    """Draw the picture section, and return what was picked with the settings it changes.

    Raises:
        LabError: The data set's images cannot be read.
    """
    images, labels = cache.validation(settings.dataset)
    source = _source(settings)
    if source == "gallery":
        index = _gallery(settings, offer, labels)
        return Picture(images[index], int(labels[index])), replace(settings, index=index, own=False)
    try:
        own = _drawn(offer) if source == "draw" else _uploaded(offer)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        own = None
    if own is None:
        _say_what_is_shown(settings)
        index = settings.index
        return Picture(images[index], int(labels[index])), replace(settings, own=False)
    st.caption("Your picture stays in this browser session; the page's link does not carry it.")
    return Picture(own, _told_label(offer), _digest(own)), replace(settings, own=True)


def _source(settings: Settings) -> str:
    key = session.key("source")
    if st.session_state.get(key) not in SOURCES:
        kept = st.session_state.get("lab_source", "draw")
        st.session_state[key] = kept if settings.own and OWN in st.session_state else "gallery"
        if settings.own and OWN not in st.session_state:
            st.info(
                "The link was made with a drawn or uploaded picture, which it does not carry. "
                f"Image {settings.index} of the data set is shown instead.",
                icon=":material/image_not_supported:",
            )
    source = str(
        st.segmented_control(
            "Picture",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            key=key,
            required=True,
            width="stretch",
            label_visibility="collapsed",
            help="Take an image the models never trained on, draw one, or upload one.",
        )
    )
    if source != "gallery":
        st.session_state["lab_source"] = source
    return source


def _gallery(settings: Settings, offer: Offer, labels: Tensor) -> int:
    label = int(labels[settings.index])
    chosen_class = _choose_class(label, offer, labels)
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
            key=session.key(f"page_{chosen_class}_{session.openings()}"),
            max_visible_pages=3,
        )
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    with thumbs:
        return _thumbs(settings, shown, offer.classes[chosen_class])


def _class_title(name: str) -> str:
    """A class as its menu names it: a bare digit would say little, a longer word has no room."""
    return f"Class {name}" if len(name) == 1 else name


def _choose_class(label: int, offer: Offer, labels: Tensor) -> int:
    key = session.key("class")

    def first_of_class() -> None:
        rows = (labels == st.session_state[key]).nonzero().flatten()
        session.change(index=int(rows[0]))

    if st.session_state.get(key) not in range(len(offer.classes)):
        st.session_state[key] = label
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
        key="lab_surprise",
        on_click=session.surprise,
        args=(offer.count,),
        help="Any image of any class.",
        width="stretch",
    )
    return int(chosen)


def _thumbs(settings: Settings, shown: list[int], name: str) -> int:
    key = session.key("thumb")
    images, _ = cache.validation(settings.dataset)
    if st.session_state.get(key) not in shown or st.session_state[key] is None:
        st.session_state[key] = settings.index if settings.index in shown else None
    st.html(THUMBS_STYLE)
    picked = st.pills(
        f"{name}, number {settings.index}",
        shown,
        format_func=lambda index: f"![{name}, number {index}]({data_uri(to_png(images[index]))})",
        key=key,
        width="stretch",
        label_visibility="collapsed",
    )
    return settings.index if picked is None else int(picked)


def _drawn(offer: Offer) -> Tensor | None:
    channels, height, width = offer.image_shape
    if channels != 1 or offer.ink_box is None:
        st.info(f"Drawing fits digits; for {offer.name} upload a picture instead.")
        return None
    pixels = drawing_pad("lab_pad")
    if pixels is None:
        return None
    picture = torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(0)
    return _keep(mnist_like(picture, size=(height, width), box=offer.ink_box)[0])


def _uploaded(offer: Offer) -> Tensor | None:
    file = st.file_uploader(
        "PNG or JPEG, up to 5 MB",
        type=["png", "jpg", "jpeg"],
        key="lab_upload",
        help="One object, seen whole. It is scaled and centred as the data set's images are.",
    )
    if file is None:
        return _kept()
    return _keep(read_picture(file.getvalue(), offer.image_shape, ink_box=offer.ink_box)[0])


def _keep(picture: Tensor) -> Tensor:
    st.session_state[OWN] = picture.numpy()
    return picture


def _kept() -> Tensor | None:
    kept: NDArray[np.float32] | None = st.session_state.get(OWN)
    return None if kept is None else torch.from_numpy(kept)


def _digest(picture: Tensor) -> str:
    return hashlib.sha256(picture.contiguous().numpy().tobytes()).hexdigest()


def _told_label(offer: Offer) -> int | None:
    key = session.key("label")
    if st.session_state.get(key) not in range(-1, len(offer.classes)):
        st.session_state[key] = -1
    told = st.selectbox(
        "What is it?",
        range(-1, len(offer.classes)),
        format_func=lambda label: "What the classifier says" if label < 0 else offer.classes[label],
        key=key,
        help="The class taken as right. Nobody has labelled your picture, so say it, or let the "
        "classifier's own answer count as right.",
    )
    return None if told < 0 else int(told)


def _say_what_is_shown(settings: Settings) -> None:
    st.caption(f"Until there is a picture, image {settings.index} of the data set is shown.")
