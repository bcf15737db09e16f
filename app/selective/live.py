"""One image through encoder, limits and decoder; moving a limit asks no network."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
import torch
from torch import Tensor

from app.controls import Menu, choose, seed
from app.gallery import Tile, show_tiles
from app.runs.words import sentence, show_badge
from app.selective.crowd import Crowd
from app.selective.limits import show_limits
from app.selective.place import show_place
from app.selective.settings import NO_ATTACK, PAGE, SelectiveSession, Settings
from app.selective.simplex import Marked
from app.selective.sliders import limit_sliders
from app.selective.words import second_badge, verdict_badge, verdict_words
from app.selective.work import Subject, clean_crowd, judged, looked_up
from app.theme import RoleName
from core.images import to_png
from core.selective import SEARCHES, Judgement, Reclassification, Thresholds, searches_of
from core.types import LabError

SCALE = 8
"""Times a picture is enlarged before it is sent."""

CLEAN, SEEN = 0, 1
"""Rows of the judgement: the image before its attack, and as the classifier sees it."""

SEARCH_HELP = (
    "What makes the decoded picture nearest. **Least error**: the paper's, which leads between "
    "the classes. **Near a mean**: the way from the mean has its price. **Through a threshold**: "
    "the search sees every pixel pushed towards black or white, so that it does not reproduce the "
    "greys of an attack; for digits only. The last two are ours."
)


@st.fragment
def show_live(
    session: SelectiveSession, subject: Subject, seen: Tensor, classes: Sequence[str]
) -> None:
    """The image with its verdict, its place among the means, and what the limits cost.

    Args:
        session: The page's settings.
        subject: The clean image and its classifier.
        seen: The image as the classifier sees it, (1, c, h, w).
        classes: Names of the classes.
    """
    found = judged(subject.classifier, torch.cat([subject.image, seen]))
    left, right = st.columns([6, 7], gap="large")
    with right:
        badge = st.container(key=f"{PAGE}_verdict", gap="xxsmall")
        settings, limits = limit_sliders(
            session.current(),
            subject.classifier,
            float(found.nearest[SEEN]),
            float(found.errors[SEEN]),
        )
        again = st.container()
    accepted, reasons = subject.classifier.verdict(found.distances, found.errors, limits)
    with badge:
        _show_verdict(subject, settings, found, bool(accepted[SEEN]), reasons[SEEN], classes)
    second = None
    with again:
        settings = _ask_again(session, settings, subject, rejected=not accepted[SEEN])
        if settings.reclassify and not accepted[SEEN]:
            second = _second(subject, settings, seen)
            if second is not None:
                _show_second(subject, settings, second, limits, classes)
    with left, st.container(key=f"{PAGE}_pictures"):
        _show_pictures(subject, settings, seen, found, second)
    st.subheader("Its place among the means", anchor="place")
    crowd = _crowd(settings)
    show_place(crowd, found.distances[SEEN], limits, _marks(settings, found, second), classes)
    if crowd is not None:
        settings = show_limits(settings, crowd, subject.classifier.thresholds, limits)
    session.keep(settings)


def _crowd(settings: Settings) -> Crowd | None:
    try:
        return clean_crowd(settings)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return None


def _show_verdict(
    subject: Subject,
    settings: Settings,
    found: Judgement,
    accepted: bool,
    reason: str,
    classes: Sequence[str],
) -> None:
    before, answer = int(found.classes[CLEAN]), int(found.classes[SEEN])
    show_badge(verdict_badge(accepted, reason, classes[answer], answer == subject.label))
    attacked = settings.attack != NO_ATTACK
    st.markdown(
        verdict_words(
            classes[answer],
            classes[subject.label],
            accepted,
            subject.told,
            attacked,
            before != answer,
        )
    )


def _ask_again(
    session: SelectiveSession, settings: Settings, subject: Subject, rejected: bool
) -> Settings:
    """The button of a second look, whether every image must get a class, and what it goes by."""

    def ask() -> None:
        session.change(replace(session.current(), reclassify=True))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Reclassify",
            key=f"{PAGE}_reclassify",
            on_click=ask,
            disabled=not rejected or settings.reclassify,
            icon=":material/find_replace:",
            help="Looks for latents whose decoded picture is near to this one, from the mean of "
            "every class and not far from it. What is still beyond a limit stays rejected. "
            + ("" if rejected else "Off: the image is accepted."),
        )
        key = f"{PAGE}_w_insist"
        seed(key, settings.insist)
        insist = st.toggle(
            "Never reject",
            key=key,
            help="Gives every reclassified image a class, as the paper does where no fooling "
            "images are to be expected.",
        )
    search = choose(
        "The second look goes by",
        Menu({name: SEARCHES[name] for name in searches_of(subject.classifier)}),
        key=f"{PAGE}_w_search",
        value=settings.search_of(subject.classifier),
        help=SEARCH_HELP,
    )
    usual = replace(settings, search="").search_of(subject.classifier)
    return replace(settings, insist=bool(insist), search="" if search == usual else search)


def _second(subject: Subject, settings: Settings, seen: Tensor) -> Reclassification | None:
    how = (settings.attack, settings.epsilon, settings.target)
    try:
        return looked_up(subject, seen, how, settings.search_of(subject.classifier))
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return None


def _show_second(
    subject: Subject,
    settings: Settings,
    second: Reclassification,
    limits: Thresholds,
    classes: Sequence[str],
) -> None:
    accepted, _ = subject.classifier.verdict(second.distances, second.errors, limits)
    answer = int(second.classes)
    where = "" if settings.search_of(subject.classifier) == "error" else " near a mean"
    given = bool(accepted) or settings.insist
    with st.container(key=f"{PAGE}_second", gap="xxsmall"):
        show_badge(second_badge(given, classes[answer], answer == subject.label))
        outcome = (
            "which is within both limits."
            if accepted
            else "which is beyond a limit, but every image must get a class."
            if given
            else "which is beyond a limit still."
        )
        st.markdown(
            f"The best picture that the decoder makes{where} is a {classes[answer]}, with an "
            f"error of {float(second.errors):.1f} after {len(second.path) - 1} steps from "
            f"{second.starts.shape[1]} means, {outcome}"
        )


def _show_pictures(
    subject: Subject,
    settings: Settings,
    seen: Tensor,
    found: Judgement,
    second: Reclassification | None,
) -> None:
    tiles = [Tile(role="clean", png=to_png(subject.image[0], SCALE))]
    if settings.attack != NO_ATTACK:
        change = float((seen - subject.image).abs().amax())
        note = f"largest change {change:.3g}"
        tiles.append(Tile(role="adversarial", png=to_png(seen[0], SCALE), note=note))
    error = f"error {float(found.errors[SEEN]):.1f}"
    made = to_png(found.reconstructions[SEEN], SCALE)
    tiles.append(Tile(role="purified", title="Decoded", png=made, note=error))
    if second is not None:
        if not torch.equal(second.seen, seen):
            as_seen = to_png(second.seen[0], SCALE)
            role: RoleName = "clean" if settings.attack == NO_ATTACK else "adversarial"
            tiles.append(Tile(role=role, title="Thresholded", png=as_seen))
        note = f"error {float(second.errors):.1f}"
        picture = to_png(second.images[0], SCALE)
        tiles.append(Tile(role="code", title="Second look", png=picture, note=note))
    # The titles of more than three do not fit side by side.
    show_tiles(tiles, columns=2 + len(tiles) % 2)
    st.caption(
        "The classifier encodes the picture, answers with the nearest mean, and decodes its "
        "latents again. A picture that is not given back, or lies far from every mean, is "
        "rejected. One that is decoded well need not be classified right."
    )


def _marks(settings: Settings, found: Judgement, second: Reclassification | None) -> list[Marked]:
    latents = found.latents.cpu().numpy()
    marked = [Marked(role="clean", title="Original", latents=latents[CLEAN])]
    if settings.attack != NO_ATTACK:
        marked.append(Marked(role="adversarial", title="Adversarial", latents=latents[SEEN]))
    if second is not None:
        place = second.latents[0].cpu().numpy()
        marked.append(Marked(role="code", title="Second look", latents=place))
    return marked
