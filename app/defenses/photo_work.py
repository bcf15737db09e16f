"""A photo purified: its defense loaded, its result from a table or a job, its pictures as PNG."""

from dataclasses import dataclass

import streamlit as st

from app import cache
from app.defenses.photo_settings import PhotoSettings, channels_of
from app.results import Results
from app.runs.obtain import obtain
from app.theme import SIGNED
from core.analysis.photo_files import Photo
from core.analysis.photos import check_size, purify_photo, with_channels
from core.defenses import PatchVaePurifier, load_defense
from core.devices import pick_device
from core.images import signed_picture, to_png
from core.types import OnStep, Purifier, Step

GAIN = 5
"""How much what was removed is magnified."""

KEPT = 8
LEAST_WIDTH = 480
"""Pixels to which the pictures of a small upload are enlarged."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ShownPhoto:
    """A purified photo as the page shows it.

    Attributes:
        noisy: PNG of the picture with noise.
        purified: PNG of what the purifier made of it.
        removed: PNG of what it changed, signed, times ``GAIN``.
        before: PSNR of the noisy picture to the clean one, in decibels.
        after: PSNR of the purified one.
        seconds: Time of the purification.
        patches: How many patches; 0 for a defense without.
    """

    noisy: bytes
    purified: bytes
    removed: bytes
    before: float
    after: float
    seconds: float
    patches: int


@st.cache_resource(show_spinner=False)
def _table() -> Results:
    return Results(most=KEPT)


def purified_photo(photo: PhotoSettings, source: Photo, seed: int) -> ShownPhoto | None:
    """The photo behind the chosen defense; None while it is computed, with a bar on the page.

    Args:
        photo: The settings.
        source: The picture.
        seed: Of everything random.

    Raises:
        LabError: The weights are missing or damaged, or the picture is too small.
    """
    purifier = _purifier(photo)
    check_size(purifier, source.size)
    picture = with_channels(source.picture, channels_of(photo)).to(pick_device())

    def compute(on_step: OnStep) -> ShownPhoto:
        result = purify_photo(purifier, picture, noise=photo.noise, seed=seed, on_step=on_step)
        on_step(Step(index=1, of=1, stage="Drawing the pictures"))
        scale = max(1, LEAST_WIDTH // picture.shape[2])
        removed = signed_picture(result.purified - result.noisy, GAIN, **SIGNED)
        return ShownPhoto(
            noisy=to_png(result.noisy, scale),
            purified=to_png(result.purified, scale),
            removed=to_png(removed, scale),
            before=result.before,
            after=result.after,
            seconds=result.seconds,
            patches=result.patches,
        )

    dataset = photo.dataset if photo.trained else ""
    weights = cache.defense_hash(dataset, photo.defense)
    made_by = (photo.defense, dataset, tuple(photo.values.items()), weights)
    key = ("photo", source.digest, made_by, photo.noise, seed)
    return obtain("photo", key, compute, "Purifying the picture", _table())


def _purifier(photo: PhotoSettings) -> Purifier:
    """The chosen defense, built with its settings; the weights are loaded once for all of them."""
    if not photo.trained:
        return load_defense(photo.dataset, photo.defense, **photo.values)
    ready = cache.purifier(photo.dataset, photo.defense)
    if isinstance(ready, PatchVaePurifier):
        return PatchVaePurifier(ready.model, **photo.values)
    return ready
