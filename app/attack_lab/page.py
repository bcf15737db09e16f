"""The attack lab from menus to results, with what goes wrong said in its place."""

from dataclasses import replace

import streamlit as st

from app.attack_lab import session
from app.attack_lab.details import show_change, show_probabilities
from app.attack_lab.menus import draw_menus, preset_row
from app.attack_lab.pictures import show_pictures, show_verdict
from app.attack_lab.sections import show_sections
from app.attack_lab.selective import answers_of, show_answers
from app.attack_lab.settings import Settings
from app.attack_lab.work import load_subject, triplet_of
from app.controls import Menu
from app.runs.choices import Offer
from app.runs.picture import Picture
from app.runs.words import sentence
from core.types import LabError


def settings_and_picture(
    datasets: Menu, offers: dict[str, Offer]
) -> tuple[Settings, Picture] | None:
    """Draw the menus in the sidebar; None when the images cannot be read."""
    settings = session.open_settings(datasets, offers)
    try:
        with st.sidebar:
            picture, settings = draw_menus(settings, datasets, offers)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return None
    session.keep(settings, datasets, offers)
    session.show_notes()
    return settings, picture


def show_run(settings: Settings, picture: Picture, offer: Offer) -> None:
    """Run the attack and show everything about it, or say why that cannot be."""
    preset_row(settings)
    spec = settings.run(picture=picture.digest, label=picture.label)
    try:
        subject = load_subject(spec, picture.image)
        if spec.target == subject.label:
            # A picture of one's own without a label: its class is known only now.
            subject = replace(subject, spec=replace(spec, target=None))
            st.info("The picture is of the target class already; any other class will do.")
        triplet = triplet_of(subject)
        answers = {} if triplet is None else answers_of(subject, triplet)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
        return
    if triplet is None:
        return
    if picture.digest and picture.label is None:
        st.caption("Nobody has labelled your picture: what the classifier says of it counts.")
    show_verdict(triplet, subject.spec, offer.classes)
    show_answers(answers, subject, triplet, offer.classes)
    show_pictures(triplet, offer.classes, answers)
    left, right = st.columns([5, 4], gap="medium")
    with left:
        show_probabilities(triplet, offer.classes)
    with right:
        show_change(triplet, settings)
    show_sections(triplet, subject, settings, offer.classes)
