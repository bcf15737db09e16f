"""Picking what is attacked: the gallery by class, a drawing, or an upload."""

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from app import cache
from app.drawing import drawing_pad
from app.runs.choices import Offer
from app.runs.picture_gallery import Host, Pictured, pick_index
from app.runs.words import sentence
from core.images import mnist_like, read_picture
from core.types import LabError

SOURCES = {"gallery": "Gallery", "draw": "Draw", "upload": "Upload"}


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


@dataclass(frozen=True, eq=False)
class Picked:
    """A picture, and what picking it makes of the settings.

    Attributes:
        picture: What is shown.
        index: The image's place in the split, kept beside a picture of one's own.
        own: Whether it is a picture of one's own.
    """

    picture: Picture
    index: int
    own: bool


def pick_picture(host: Host, settings: Pictured, offer: Offer) -> Picked:
    """Draw the picture section, and return what was picked.

    Raises:
        LabError: The data set's images cannot be read.
    """
    images, labels = cache.validation(settings.dataset)
    source = _source(host, settings)
    if source == "gallery":
        index = pick_index(host, settings, offer, labels)
        return Picked(Picture(images[index], int(labels[index])), index, own=False)
    try:
        own = _drawn(host, offer) if source == "draw" else _uploaded(host, offer)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        own = None
    if own is None:
        _say_what_is_shown(settings)
        index = settings.index
        return Picked(Picture(images[index], int(labels[index])), index, own=False)
    st.caption("Your picture stays in this browser session; the page's link does not carry it.")
    picture = Picture(own, _told_label(host, offer), _digest(own))
    return Picked(picture, settings.index, own=True)


def _source(host: Host, settings: Pictured) -> str:
    key, last = host.key("source"), f"{host.page}_source"
    if st.session_state.get(key) not in SOURCES:
        kept = st.session_state.get(last, "draw")
        there = settings.own and host.kept in st.session_state
        st.session_state[key] = kept if there else "gallery"
        if settings.own and not there:
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
        st.session_state[last] = source
    return source


def _drawn(host: Host, offer: Offer) -> Tensor | None:
    channels, height, width = offer.image_shape
    if channels != 1 or offer.ink_box is None:
        st.info(f"Drawing fits digits; for {offer.name} upload a picture instead.")
        return None
    pixels = drawing_pad(f"{host.page}_pad")
    if pixels is None:
        return None
    picture = torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(0)
    return _keep(host, mnist_like(picture, size=(height, width), box=offer.ink_box)[0])


def _uploaded(host: Host, offer: Offer) -> Tensor | None:
    file = st.file_uploader(
        "PNG or JPEG, up to 5 MB",
        type=["png", "jpg", "jpeg"],
        key=f"{host.page}_upload",
        help="One object, seen whole. It is scaled and centred as the data set's images are.",
    )
    if file is None:
        return _kept(host)
    return _keep(host, read_picture(file.getvalue(), offer.image_shape, ink_box=offer.ink_box)[0])


def _keep(host: Host, picture: Tensor) -> Tensor:
    st.session_state[host.kept] = picture.numpy()
    return picture


def _kept(host: Host) -> Tensor | None:
    kept: NDArray[np.float32] | None = st.session_state.get(host.kept)
    return None if kept is None else torch.from_numpy(kept)


def _digest(picture: Tensor) -> str:
    return hashlib.sha256(picture.contiguous().numpy().tobytes()).hexdigest()


def _told_label(host: Host, offer: Offer) -> int | None:
    key = host.key("label")
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


def _say_what_is_shown(settings: Pictured) -> None:
    st.caption(f"Until there is a picture, image {settings.index} of the data set is shown.")
