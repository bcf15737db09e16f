"""One image, all its bits: click a bit, and see the decoded picture and the answer change."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from app import cache
from app.bit_flips.answers import answers_html
from app.bit_flips.code_board import choose_heat, show_board
from app.bit_flips.decoding import Decoded, decode
from app.bit_flips.explorer import Mask, selected_places
from app.bit_flips.picker import pick_row
from app.bit_flips.session import BitSession
from app.bit_flips.use_charts import importance_chart
from app.bit_flips.view import PAGE
from app.bit_flips.words import bit_words, percent_words
from app.bit_flips.work import obtain_importance
from app.charts import bit_grid
from app.gallery import Tile, show_tiles
from app.runs.words import sentence
from app.theme import CHART_CONFIG
from core.analysis.attacked import Attacked
from core.analysis.flips import BitUse, bit_use
from core.analysis.importance import BitImportance
from core.defenses import LqVaePurifier
from core.images import to_png
from core.types import LabError

SCALE = 8
"""Times a picture is enlarged before it is sent."""


@st.fragment
def show_image(
    session: BitSession, attacked: Attacked, used: Mask, classes: tuple[str, ...]
) -> None:
    """The picker, the code as buttons, what becomes of it, and which bits matter."""
    run = session.current().run
    try:
        classifier = cache.classifier(run.dataset, run.classifier)
        purifier = cache.purifier(run.dataset, run.defense)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    assert attacked.bits is not None
    assert isinstance(purifier, LqVaePurifier)
    _drop_vanished(session, attacked.code_size)
    row = pick_row(session, attacked, used, classes)
    left, middle, right = st.columns([3, 6, 6], gap="medium")
    with left:
        _show_codes(attacked, row)
    below = st.container()
    with below:
        st.markdown("**Which bits matter**")
        choose_heat(session)
        importance = obtain_importance(run, attacked.code_size)
    use = bit_use(attacked.bits["clean"], attacked.bits["adversarial"])
    with middle:
        flips = show_board(session, attacked, row, use, importance)
    start = attacked.bits["clean" if session.view.start == "clean" else "adversarial"][row]
    decoded = decode(classifier, purifier, start, flips.bits)
    with right:
        _show_answer(attacked, row, decoded, classes)
    with below:
        _show_bit(session, attacked, row, use, importance)
        if importance is not None:
            _show_importance(session, importance)
    session.keep(session.current())


def _drop_vanished(session: BitSession, size: int) -> None:
    """Let go of bits that this code does not have, and say so."""
    view = session.view
    gone = [bit for bit in (*view.flipped, *([view.bit] if view.bit else [])) if bit >= size]
    if gone:
        kept = tuple(bit for bit in view.flipped if bit < size)
        last = view.bit if view.bit is not None and view.bit < size else None
        session.look(flipped=kept, bit=last)
        names = ", ".join(map(str, sorted(set(gone))[:8]))
        st.info(
            f"This code has {size} bits, numbered from 0: there is no bit {names}.",
            icon=":material/link_off:",
        )


def _show_codes(attacked: Attacked, row: int) -> None:
    """Both codes as they are, flipped bits marked."""
    assert attacked.bits is not None
    clean, adversarial = attacked.bits["clean"][row], attacked.bits["adversarial"][row]
    flipped = np.not_equal(clean, adversarial)
    grids = (
        bit_grid(clean, flipped, "Original's code"),
        bit_grid(adversarial, flipped, "Adversarial code"),
    )
    # One above the other in a narrow column, side by side on a phone.
    columns = "display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr))"
    st.html(f'<div style="{columns}">{"".join(f"<div>{grid}</div>" for grid in grids)}</div>')
    steps = ""
    if attacked.bits_per_latent > 1:
        steps = f" Its latents moved {attacked.level_steps('adversarial')[row]} levels in all."
    st.caption(
        f"The attack flipped {int(flipped.sum())} of {len(flipped)} bits (×).{steps} "
        "Filled is +1, empty is −1."
    )


def _show_answer(attacked: Attacked, row: int, decoded: Decoded, classes: Sequence[str]) -> None:
    label = int(attacked.labels[row])
    pictures = (attacked.clean[row], attacked.adversarial[row])
    said = (int(attacked.said_clean[row]), int(attacked.said_adversarial[row]))
    now = decoded.now
    with st.container(key=f"{PAGE}_answer"):
        show_tiles(
            [
                _tile("clean", pictures[0], said[0], label, classes),
                _tile("adversarial", pictures[1], said[1], label, classes),
                Tile(
                    role="code",
                    title="Your code",
                    png=to_png(torch.from_numpy(now.image), SCALE),
                    says=classes[now.prediction],
                    confidence=now.confidence,
                    correct=now.prediction == label,
                ),
            ]
        )
        start, last = decoded.start.probabilities, now.probabilities
        st.html(answers_html(start, last, classes, label))


def _tile(
    role: str, picture: NDArray[np.uint8], said: int, label: int, classes: Sequence[str]
) -> Tile:
    image = torch.from_numpy(picture.astype(np.float32) / 255)
    return Tile(
        role="clean" if role == "clean" else "adversarial",
        png=to_png(image, SCALE),
        says=classes[said],
        correct=said == label,
    )


def _show_importance(session: BitSession, importance: BitImportance) -> None:
    chosen = session.view.bit
    order = np.argsort(-importance.drop, kind="stable")
    chart_key = f"{PAGE}_importance_{session.version}"

    def lead() -> None:
        places = selected_places(chart_key, "point_index")
        if places:
            session.look(bit=int(order[places[-1]]))

    st.plotly_chart(
        importance_chart(importance.drop.tolist(), order, chosen),
        key=chart_key,
        config=dict(CHART_CONFIG),
        on_select=lead,
        selection_mode="points",
        alt=f"Accuracy lost per bit, highest first: bit {order[0]} costs "
        f"{importance.drop[order[0]]:.1%}, the last one, bit {order[-1]}, "
        f"{importance.drop[order[-1]]:.1%}.",
    )
    st.caption(
        f"Share of {importance.n:,} clean validation images that are classified wrong after this "
        "one bit is flipped in the true code, less those that are classified right only then; "
        f"untouched codes give {percent_words(importance.base)}. Click a bar to find its bit above."
        " A bit that costs nothing alone may still matter together with others."
    )


def _show_bit(
    session: BitSession,
    attacked: Attacked,
    row: int,
    use: BitUse,
    importance: BitImportance | None,
) -> None:
    """What is known of the bit that is talked about."""
    bit = session.view.bit
    if bit is None:
        st.caption("Click a bit, or a bar below, to read about it.")
        return
    st.markdown(bit_words(attacked, row, bit, use, importance))
