"""The finished triplets of the first screen: another digit at a click, or guess first."""

from html import escape
from typing import Literal, TypeAlias

import streamlit as st

from app.attack_lab.settings import Settings
from app.gallery import Tile, show_tiles
from app.pages import page_named
from app.runs.parameters import only_changed
from app.state import widget_key
from app.theme import RoleName, word
from core.evaluation.accuracy import Accuracy
from core.evaluation.showcase_file import Example, Showcase, ShowcaseError, read_showcase

ShownRole: TypeAlias = Literal["clean", "adversarial", "purified"]

SHOWN_ROLES: tuple[ShownRole, ...] = ("clean", "adversarial", "purified")
POSITION_KEY = widget_key("overview", "example")
"""Session key of the shown example, counted from 1; no widget has it, but a click moves it."""

GUESS_KEY = widget_key("overview", "guess")

STYLE = """
<style>
.shares { display: grid; gap: 0.75rem; grid-template-columns: repeat(4, 1fr); }
.shares .value { font-size: 1.75rem; font-weight: 600; line-height: 1.2; }
.shares .range { font-size: 0.85rem; opacity: 0.8; }
.shares .head span { white-space: normal !important; }
@media (max-width: 640px) { .shares { grid-template-columns: repeat(2, 1fr); } }
</style>
"""


def stored_showcase() -> Showcase | None:
    """The shipped showcase; None, and a message on the page, when it cannot be read."""
    try:
        return read_showcase()
    except ShowcaseError as error:
        st.warning(str(error), icon=":material/image_not_supported:")
        return None


def show_showcase(showcase: Showcase) -> None:
    """Draw the stored triplet that the session points at, its story and the figures behind it."""
    position = (int(st.session_state.get(POSITION_KEY, 1)) - 1) % len(showcase.examples)
    example = showcase.examples[position]
    pictures, words = st.columns([8, 5], gap="medium", vertical_alignment="top")
    with words.container():
        hidden = _ask(showcase, example, position)
        if not hidden:
            st.html(story(showcase, example))
        st.button(
            "Show another digit",
            key="another",
            type="primary",
            icon=":material/skip_next:",
            help="The next of the stored examples. Nothing is computed for it.",
            on_click=_next,
            args=(len(showcase.examples),),
            width="stretch",
        )
        if st.button(
            "Attack this digit yourself",
            key="attack_this",
            icon=":material/science:",
            help="Opens the attack lab with this digit and this attack.",
            width="stretch",
        ):
            st.switch_page(page_named("attack_lab").path, query_params=lab_link(showcase, example))
    with pictures.container():
        show_tiles(tiles(showcase, example, hidden=hidden))
    _show_figures(showcase)


def _next(count: int) -> None:
    st.session_state[POSITION_KEY] = int(st.session_state.get(POSITION_KEY, 1)) % count + 1


def _ask(showcase: Showcase, example: Example, position: int) -> bool:
    """The guessing game; whether the answer is still to be hidden."""
    guessing = st.toggle(
        "Guess first",
        key=GUESS_KEY,
        help="Hides what the classifier says to the attacked picture until you have guessed it.",
    )
    if not guessing:
        return False
    answer = st.segmented_control(
        "What does the classifier see in the attacked picture?",
        options=range(len(showcase.classes)),
        format_func=lambda label: showcase.classes[label],
        key=f"guess {position}",
        help="The first guess for each picture counts; the answer then shows.",
    )
    if answer is None:
        return True
    score: dict[int, bool] = st.session_state.setdefault("score", {})
    score.setdefault(position, answer == example.adversarial.prediction)
    right = "Right." if score[position] else "Not so."
    st.markdown(f"**{right}** {sum(score.values())} of {len(score)} guessed so far.")
    return False


def tiles(showcase: Showcase, example: Example, *, hidden: bool = False) -> list[Tile]:
    """The three pictures with the classifier's verdicts; hidden keeps the last two to itself."""
    return [
        _tile(showcase, example, "clean"),
        _tile(showcase, example, "adversarial", hidden=hidden),
        _tile(showcase, example, "purified", hidden=hidden),
    ]


def _tile(showcase: Showcase, example: Example, name: ShownRole, *, hidden: bool = False) -> Tile:
    panel = getattr(example, name)
    if hidden:
        return Tile(role=name, png=panel.png, says="?", note="guess first")
    return Tile(
        role=name,
        png=panel.png,
        says=showcase.classes[panel.prediction],
        # A float32 softmax reaches 1, a classifier never should.
        confidence=min(panel.confidence, 0.99999),
        correct=panel.prediction == example.label,
    )


def story(showcase: Showcase, example: Example) -> str:
    """What the three pictures show, as HTML."""
    names = [escape(name) for name in showcase.classes]
    clean, wrong, again = (
        word(role, names[getattr(example, role).prediction]) for role in SHOWN_ROLES
    )
    spec = showcase.specification
    end = (
        f"and the same classifier reads {again} again."
        if example.repaired
        else f"but here that fails: the classifier reads {again}, not {names[example.label]}."
    )
    return (
        f"<p>A neural network reads the original as {clean}. "
        f"An attack changes no pixel by more than {100 * spec.epsilon:.0f} % of the way from black "
        f"to white, and the network reads {wrong}. "
        f"A purifier, trained without ever seeing an attack, turns the picture into a short code "
        f"of bits and back, {end}</p>"
    )


def lab_link(showcase: Showcase, example: Example) -> dict[str, str]:
    """Query parameters that open the attack lab with this image and this attack."""
    spec = showcase.specification
    parameters = {"epsilon": spec.epsilon, "steps": spec.steps}
    return Settings(
        dataset=spec.dataset,
        index=example.index,
        classifier=spec.classifier,
        defense=spec.defense,
        attack=spec.attack,
        parameters=only_changed(spec.attack, parameters),
        seed=spec.seed,
    ).params()


FIGURES: tuple[tuple[RoleName, str, str], ...] = (
    ("clean", "clean", "Original"),
    ("adversarial", "adversarial", "Attacked"),
    ("purified", "purified", "Attacked, then purified"),
    ("purified", "clean_purified", "Original, purified"),
)


def _show_figures(showcase: Showcase) -> None:
    spec = showcase.specification
    cells = "".join(
        f'<div><div class="head">{word(role, title)}</div>{_figure(showcase.figures[name])}</div>'
        for role, name, title in FIGURES
        if name in showcase.figures
    )
    st.markdown(f"**How often the classifier is right**, over {spec.n} pictures")
    st.html(f'{STYLE}<div class="shares" role="group" aria-label="Accuracy">{cells}</div>')
    st.caption(
        f"Pictures of the {spec.split} split, which no model was trained on; below each share its "
        f"95 % interval. The attack ({spec.attack.upper()}, {spec.steps} steps) may move a "
        f"pixel by ±{spec.epsilon:g} on a scale from 0 to 1; it sees the classifier but not the "
        f"purifier (*oblivious*). An attacker who knows the purifier does better: see the table "
        f"below. The {len(showcase.examples)} digits to page through are the first of each class "
        f"that were fooled and repaired, and the first that was not repaired."
    )


def _figure(accuracy: Accuracy) -> str:
    low, high = accuracy.interval
    return (
        f'<div class="value">{100 * accuracy.value:.1f} %</div>'
        f'<div class="range">{100 * low:.1f} to {100 * high:.1f}</div>'
    )
