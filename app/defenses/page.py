"""The defenses page from menus to gallery, with what goes wrong said in its place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
import torch

from app.bit_flips.explorer import selected_places
from app.controls import Menu, seed
from app.defenses.cards import GAIN, cards_html
from app.defenses.distortion import show_distortion
from app.defenses.flow import flow_chart, flow_words
from app.defenses.photos import show_photos
from app.defenses.robust_training import show_robust_training
from app.defenses.search import setting_key, show_search
from app.defenses.settings import (
    ALL,
    OUTCOMES,
    PAGE,
    SEARCHER,
    DefensesSettings,
    is_quick,
    only_tuned,
    owners,
    read_settings,
)
from app.defenses.side_by_side import show_side_by_side
from app.defenses.work import lineup_of, load_purifiers
from app.gallery import Tile, show_tiles
from app.runs.attacked import obtain_attacked, remember_asked
from app.runs.choices import NO_DEFENSE, Offer
from app.runs.form import run_form
from app.runs.session import PageSession
from app.runs.settings import most_images
from app.runs.triplets import show_triplets
from app.runs.words import BADGES, sentence
from app.state import widget_key
from app.theme import CHART_CONFIG, word
from core.analysis import NOISE_DRAWS, Lineup, Outcome, Reading
from core.analysis.attacked import Attacked
from core.defenses import DEFENSES
from core.images import to_png
from core.models import classifier_title
from core.types import LabError

Session = PageSession[DefensesSettings]

INDEX = widget_key(PAGE, "index")
OUTCOME = widget_key(PAGE, "outcome")
PLAIN = 220
"""Pixels a side of the pictures above the cards, at most."""


def show_page(datasets: Menu, offers: dict[str, Offer]) -> None:
    """Draw the whole page below its title."""
    session: Session = PageSession(PAGE, lambda params: read_settings(params, datasets, offers))
    settings = session.open()
    settings = replace(settings, run=run_form(PAGE, settings.run, datasets, offers))
    offer = offers[settings.run.dataset]
    settings = _choose_image(settings, offer)
    session.keep(settings)
    session.show_notes()
    lineup = _show_lineup(settings.quick, offer)
    show_search(settings, offer, lineup)
    st.header("What became of many", divider="gray", anchor="many")
    if is_quick(settings.run):
        remember_asked(settings.run)  # a second or two, so nobody has to ask
    attacked = obtain_attacked(settings.run)
    if attacked is not None:
        _show_many(session, attacked, offer)
    show_side_by_side(settings.run.dataset, settings.run.classifier)
    show_robust_training(settings.run.dataset)
    show_distortion()
    current = session.current()
    session.keep(replace(current, photo=show_photos(current.photo, current.run.seed)))


def _choose_image(settings: DefensesSettings, offer: Offer) -> DefensesSettings:
    last = most_images(offer) - 1
    seed(INDEX, settings.index)
    st.session_state[INDEX] = min(int(st.session_state[INDEX]), last)
    st.header("One image through every defense", divider="gray", anchor="one")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = st.number_input(
            "Image",
            0,
            last,
            step=1,
            key=INDEX,
            width=180,
            help="Place in the validation split. The images below have a button that brings them "
            "here.",
        )
        with st.popover("Settings of the defenses", icon=":material/tune:"):
            read = {
                name: (_tuned if owner == SEARCHER else _tune)(settings, owner, name)
                for name, owner in owners().items()
            }
    return replace(settings, index=int(index), tuned=only_tuned(read))


def _tune(settings: DefensesSettings, owner: str, name: str) -> int:
    """The slider of one setting of a defense."""
    row = DEFENSES[owner]
    setting = row.settings[name]
    key = setting_key(owner, name)
    # Not put into the session: a popover opens with the widget's own value, and forgets that one.
    now = int(settings.settings_of(owner).get(name, setting.default))
    label = f"{row.title}: {name.replace('_', ' ')}"
    if setting.names:
        values, place = range(setting.low, setting.high + 1), now - setting.low
        named = setting.word
        chosen = st.selectbox(label, values, place, named, key=key, help=setting.help)
        return int(chosen)
    low, high, step = setting.low, setting.high, setting.step
    return int(st.slider(label, low, high, now, step, key=key, help=setting.help))


def _tuned(settings: DefensesSettings, owner: str, name: str) -> int:
    """A setting whose widget stands further down on the page."""
    default = DEFENSES[owner].settings[name].default
    usual = settings.settings_of(owner).get(name, default)
    return int(st.session_state.get(setting_key(owner, name), usual))


def _show_lineup(settings: DefensesSettings, offer: Offer) -> Lineup | None:
    names = tuple(name for name in offer.defenses.titles if name != NO_DEFENSE)
    purifiers, broken = load_purifiers(settings, names)
    off = {DEFENSES[name].title: sentence(LabError(why)) for name, why in broken.items()}
    off |= offer.defenses.missing
    try:
        lineup = lineup_of(settings, purifiers)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
        return None
    if lineup is None:
        return None
    with st.container(key=f"{PAGE}_before", width=3 * PLAIN):
        show_tiles(_before(lineup, offer.classes))
    st.html(cards_html(lineup, off, offer.classes, settings.tuned))
    label = offer.classes[lineup.attacked.label]
    st.caption(
        f"The right answer is {label}. The attack sees classifier "
        f"{classifier_title(settings.run.classifier)} and no defense (oblivious), so this is "
        "an upper bound: the robustness page has what is left when the attacker knows the defense. "
        f"The coloured picture is what a defense changed in the attacked one, times {GAIN}: "
        f"orange is brighter, blue is darker. Times are of one image on this machine.",
    )
    return lineup


def _before(lineup: Lineup, classes: Sequence[str]) -> list[Tile]:
    attacked = lineup.attacked
    noise = f"{attacked.noise_fooled} of {NOISE_DRAWS} such noises fool"
    parts: tuple[tuple[Reading, str, str], ...] = (
        (attacked.original, "clean", ""),
        (attacked.adversarial, "adversarial", f"L2 {attacked.l2:.2f}, Linf {attacked.linf:.3f}"),
        (attacked.noise, "noise", noise),
    )
    return [
        Tile(
            role=role,  # type: ignore[arg-type]
            png=to_png(torch.from_numpy(reading.image), 8),
            says=classes[reading.prediction],
            confidence=reading.confidence,
            correct=reading.prediction == attacked.label,
            note=note,
        )
        for reading, role, note in parts
    ]


def _show_many(session: Session, attacked: Attacked, offer: Offer) -> None:
    settings = session.current()
    title = DEFENSES[settings.run.defense].title
    counted = Counter(attacked.outcome.tolist())
    counts: dict[Outcome, int] = {outcome: counted[outcome] for outcome in OUTCOMES}
    st.html(
        f"{attacked.spec.n:,} validation images, {word('adversarial', 'attacked')} without sight "
        f"of the defense and {word('purified', 'purified')} by <b>{title}</b>."
    )
    chart_key = f"{PAGE}_flow_{settings.outcome}"

    def take() -> None:
        places = selected_places(chart_key, "curve_number")
        if places and places[-1] < len(OUTCOMES):
            _choose(session, OUTCOMES[places[-1]])

    st.plotly_chart(
        flow_chart(counts, settings.outcome),
        key=chart_key,
        config=dict(CHART_CONFIG),
        on_select=take,
        selection_mode="points",
        alt=flow_words(counts),
    )
    st.caption(
        "Each band is a group of images with the same fate, from left to right; a bar says what "
        "the classifier makes of it there. Click a part of a bar to see its images."
    )
    _choose_outcome(session, settings, counts)
    chosen = session.current().outcome
    inside = attacked.outcome == chosen if chosen != ALL else attacked.labels >= 0
    places = [int(place) for place in attacked.indices[inside]]
    if not places:
        st.info("No image of this run came to that. Choose another outcome.")
        return

    def bring(index: int) -> None:
        session.change(replace(session.current(), index=index))
        st.session_state[INDEX] = index

    show_triplets(PAGE, attacked, places, offer.classes, on_pick=bring)


def _choose_outcome(
    session: Session, settings: DefensesSettings, counts: dict[Outcome, int]
) -> None:
    titles = {ALL: f"All ({sum(counts.values()):,})"} | {
        outcome: f"{BADGES[outcome].text} ({count:,})"
        for outcome, count in counts.items()
        if count or outcome == settings.outcome
    }
    seed(OUTCOME, settings.outcome)
    st.segmented_control(
        "Images",
        list(titles),
        format_func=titles.__getitem__,
        key=OUTCOME,
        required=True,
        on_change=lambda: session.change(
            replace(session.current(), outcome=st.session_state[OUTCOME])
        ),
        help="The same as a click on a part of the bars.",
    )


def _choose(session: Session, outcome: Outcome) -> None:
    """Callback of the picture; the same part again shows all."""
    before = session.current()
    chosen = ALL if before.outcome == outcome else outcome
    session.change(replace(before, outcome=chosen))
    st.session_state[OUTCOME] = chosen
