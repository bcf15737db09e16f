"""The section on pictures of any size: a photo with noise, and what a purifier makes of it."""

import math
from dataclasses import replace

import streamlit as st

from app.defenses.photo_form import photo_form
from app.defenses.photo_picture import pick_photo, picture_menu
from app.defenses.photo_settings import PhotoSettings
from app.defenses.photo_work import GAIN, ShownPhoto, purified_photo
from app.runs.words import sentence
from app.theme import ROLES, RoleName, word
from core.analysis.photo_files import Photo
from core.defenses import DEFENSES
from core.types import LabError


def show_photos(photo: PhotoSettings, seed: int) -> PhotoSettings:
    """Draw the section.

    Args:
        photo: Its settings so far.
        seed: Of everything random.

    Returns:
        Its settings as the widgets have them now.
    """
    st.header("Pictures of any size", divider="gray", anchor="photos")
    st.markdown(
        "A network trained on small pictures can serve large ones: the patch VAE cuts a photo "
        "into patches, sends each through the same model, and averages where they overlap."
    )
    picture, own = picture_menu(photo.picture)
    photo = photo_form(replace(photo, picture=picture))
    source, credit = pick_photo(photo, own)
    try:
        shown = purified_photo(photo, source, seed)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return photo
    if shown is not None:
        _show(photo, source, shown, credit)
    return photo


def _show(photo: PhotoSettings, source: Photo, shown: ShownPhoto, credit: str) -> None:
    title = DEFENSES[photo.defense].title
    st.html(_style())
    left, right = st.columns(2)
    with left:
        _framed("noisy", "noise", "With noise", shown.noisy, "The photo with random noise")
        st.caption(credit)
    with right:
        alt = f"The noisy photo after {title}"
        _framed("purified", "purified", f"Purified by {title}", shown.purified, alt)
    left, right = st.columns(2)
    with left:
        alt = f"What {title} changed in the noisy photo"
        _framed("removed", None, f"What was removed, times {GAIN}", shown.removed, alt)
        st.caption("Orange became brighter, blue darker, black stayed as it was.")
    with right:
        _figures(source, shown)


def _style() -> str:
    rules = [".st-key-photo_removed img { border-radius: 6px; }"]
    for name, role in (("noisy", ROLES["noise"]), ("purified", ROLES["purified"])):
        rules.append(
            f".st-key-photo_{name} img {{ box-sizing: border-box; border-radius: 6px; "
            f"border: 4px {role.border} {role.color}; }}"
        )
    return f"<style>{' '.join(rules)}</style>"


def _framed(key: str, role: RoleName | None, title: str, png: bytes, alt: str) -> None:
    st.html(f"<b>{title}</b>" if role is None else word(role, title))
    with st.container(key=f"photo_{key}"):
        st.image(png, width="stretch", alt=alt)


def _figures(source: Photo, shown: ShownPhoto) -> None:
    gained = shown.after - shown.before
    with st.container(horizontal=True, key="photo_figures"):
        st.metric(
            "PSNR before",
            _decibels(shown.before),
            width=150,
            help="Peak signal-to-noise ratio of the noisy picture to the clean one: higher is "
            "nearer.",
        )
        st.metric(
            "PSNR after",
            _decibels(shown.after),
            delta=f"{gained:+.1f} dB" if math.isfinite(gained) else None,
            width=150,
            help="The same of the purified picture.",
        )
        st.metric(
            "Time",
            _seconds(shown.seconds),
            width=150,
            help="Of the purification alone, on this machine, when it was computed.",
        )
        st.metric(
            "Patches",
            f"{shown.patches:,}" if shown.patches else "none",
            width=150,
            help="Each goes through the network once. Defenses without a network take the "
            "picture whole.",
        )
        width, height = source.size
        st.metric("Picture", f"{width} x {height}", width=240, help="Width and height in pixels.")
    st.markdown(_verdict(shown))
    st.caption(
        "There is no classifier for these photos, so the noise is no attack, and nothing here "
        "says how robust a defense is. PSNR compares pixels with the clean picture, no more."
    )


def _verdict(shown: ShownPhoto) -> str:
    """What the two ratios say, in a sentence."""
    if shown.before == shown.after:
        return "The purified picture is as near to the clean one as the noisy one is."
    gained = shown.after - shown.before
    if gained > 0:
        return f"Purified, the picture is {_by(gained)}nearer to the clean one than with noise."
    return (
        f"Purified, the picture is {_by(-gained)}further from the clean one than with noise: "
        "the purifier's own errors weigh more than the noise it took away."
    )


def _by(decibels: float) -> str:
    return f"{decibels:.1f} dB " if math.isfinite(decibels) else ""


def _decibels(ratio: float) -> str:
    return f"{ratio:.1f} dB" if math.isfinite(ratio) else "no difference"


def _seconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
