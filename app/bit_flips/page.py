"""The bit-flip page from its menus to its sections, with what goes wrong said in its place."""

from collections.abc import Mapping

import streamlit as st

from app.bit_flips.explorer import brushed, show_histogram, show_switch, shown_flips
from app.bit_flips.one_image import show_image
from app.bit_flips.session import BitSession, bit_session, key
from app.bit_flips.strength import show_strength, show_strength_menu, strength_words
from app.bit_flips.use import show_use
from app.bit_flips.view import PAGE, SECTIONS
from app.bit_flips.why import show_why
from app.bit_flips.words import claim_rows, control_rows, is_slide_setting, run_words
from app.bit_flips.work import known_sweep, obtain_sweep
from app.controls import seed
from app.runs.attacked import obtain_attacked
from app.runs.choices import Offer
from app.runs.form import run_form
from app.runs.opening import open_choices
from core.analysis.attacked import Attacked
from core.analysis.epsilon_sweep import StrengthSweep
from core.defenses import DEFENSES


def open_page() -> tuple[BitSession, Mapping[str, Offer]] | None:
    """Read the address and draw the menus; None when there is nothing to choose from."""
    choices = open_choices()
    if choices is None:
        return None
    datasets, offers = choices
    session = bit_session(datasets, offers)
    run = session.open().run
    session.choose(run_form(PAGE, run, datasets, offers))
    session.show_notes()
    return session, offers


def find_attacked(session: BitSession) -> Attacked | None:
    """The run with its code; None, with the reason on the page, when there is none."""
    attacked = obtain_attacked(session.current().run)
    if attacked is not None and attacked.bits is None:
        st.info(
            "This defense has no code: it makes no bits, so none can flip. Choose one of the "
            "LQ-VAE defenses in the sidebar.",
            icon=":material/grid_off:",
        )
        return None
    return attacked


def show_all(session: BitSession, attacked: Attacked, classes: tuple[str, ...]) -> None:
    """The histogram beside the slide's claim, and the open section below."""
    sweep = _usable_sweep(session, attacked)
    st.markdown(run_words(attacked, session.current().run))
    left, right = st.columns([8, 4], gap="medium")
    with left:
        flips, _ = shown_flips(attacked, sweep, session.view)
        show_switch(session, attacked, flips)
        flips, _ = shown_flips(attacked, sweep, session.view)
        used = brushed(flips, session.view.brush)
        show_histogram(session, attacked, sweep, used)
        _show_caption(session, sweep)
    with right:
        _show_claim(attacked)
        _show_controls(attacked)
    section = _choose_section(session)
    if section == "strength":
        sweep = obtain_sweep(session.current().run)
        if sweep is not None:
            show_strength_menu(session, sweep)
            show_strength(session, sweep, used)
    elif section == "image":
        show_image(session, attacked, used, classes)
    elif section == "use":
        show_use(session, attacked, used)
    else:
        show_why()


def _usable_sweep(session: BitSession, attacked: Attacked) -> StrengthSweep | None:
    """The sweep whose histogram is asked for; a strength that is not there is let go of."""
    place = session.view.strength
    if place is None:
        return None
    sweep = known_sweep(attacked.spec)
    if sweep is not None and place < len(sweep.strengths) and sweep.flips is not None:
        return sweep
    session.look(strength=None)
    st.info(
        "The strength of the link is not measured here; the histogram shows the run itself.",
        icon=":material/link_off:",
    )
    return None


def _show_claim(attacked: Attacked) -> None:
    st.markdown("**The slide's claim, and here**")
    st.table(claim_rows(attacked), hide_index=True, border="horizontal", alt="Slide and here")
    if is_slide_setting(attacked):
        st.caption(
            "The slide is about CW on MNIST, as this run is. It does not print the size of its "
            "perturbations; *Why it differs* below shows what that changes."
        )
    else:
        st.caption(
            "The slide is about CW on MNIST with 64 bits; this run is another one, so the two "
            "columns need not agree."
        )


def _show_controls(attacked: Attacked) -> None:
    st.markdown("**Flips without an attack**")
    st.table(control_rows(attacked), hide_index=True, border="horizontal", alt="Controls")
    st.caption(
        "Random noise: on each clean image, as large as its attack. Fresh latent noise: the clean "
        "image's code drawn anew with the model's own noise, which the authors leave on. Flips "
        "that come without an attack are no sign of one."
    )


def _show_caption(session: BitSession, sweep: StrengthSweep | None) -> None:
    where = "the run itself"
    if sweep is not None and session.view.strength is not None:
        where = strength_words(sweep, session.view.strength)
    unflipped = ""
    if not DEFENSES[session.current().run.defense].random:
        unflipped = (
            " Without a flip the purified picture is that of the clean image, so what is wrong in "
            "bar 0 is the purifier's own mistake."
        )
    st.caption(
        f"Images by the number of bits that differ between clean and attacked code, at {where}. "
        "On each bar: the percentage of its purified images that the classifier gets right, with "
        "its 95 % interval above. Wide intervals mean few images: do not read a trend from them. "
        f"All attacked images count, also those that were wrong before.{unflipped} "
        "The attack does not see the defense, so nothing here says how it fares against an "
        "attacker who does. Click a bar to look at its images alone."
    )


def _choose_section(session: BitSession) -> str:
    seed(key("section"), session.view.section)
    section = st.segmented_control(
        "More about the flips",
        list(SECTIONS),
        format_func=SECTIONS.__getitem__,
        key=key("section"),
        required=True,
        label_visibility="collapsed",
        width="stretch",
        help="Each looks at the same run, and at the images of the chosen bars.",
    )
    session.see(section=str(section))
    return str(section)
