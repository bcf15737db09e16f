"""What the decoder makes of every class, and what noise can be turned into."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st
import torch

from app import cache
from app.gallery import Tile, data_uri, tiles_html
from app.runs.parameters import MOST_SEED
from app.runs.words import sentence
from app.selective.settings import PAGE, SelectiveSession
from app.selective.stored import measured_or_reason, total_of
from app.selective.strangers import show_strangers
from app.selective.words import verdict_badge
from app.selective.work import drawn, fooling_images
from app.theme import ROLES
from core.analysis.selective_bench import Row
from core.images import to_png
from core.selective import JointResult
from core.types import LabError

EACH = 4
"""Images drawn of every class."""

STYLE = """
<style>
.drawn { display: grid; gap: 0.5rem; grid-template-columns: repeat(5, minmax(0, 1fr)); }
.drawn figure { margin: 0; }
.drawn img { width: 100%; display: block; image-rendering: pixelated; border-radius: 4px;
  border: 2px solid var(--code); background: #000; }
.drawn figcaption { font-size: 0.85rem; text-align: center; overflow-wrap: anywhere; }
</style>
"""


@st.fragment
def show_samples(session: SelectiveSession, classes: Sequence[str]) -> None:
    """Generated images, and fooling images with what became of them."""
    st.header("What the decoder knows, and what noise becomes", divider="gray", anchor="samples")
    settings = session.current()
    try:
        classifier = cache.selective(settings.dataset, settings.model)
        left, right = st.columns(2, gap="large")
        with left:
            _show_drawn(session, classes)
        with right:
            st.markdown("**Fooling images from noise**")
            measured = measured_or_reason(settings.dataset, settings.model, "fooling")
            if measured is not None:
                st.markdown(fooling_words(measured.rows))

            def ask() -> None:
                session.change(replace(session.current(), fooling=True))

            if settings.fooling:
                made = fooling_images(settings, classifier)
                if made is not None:
                    _show_fooling(made, classes)
            else:
                st.button(
                    "Make one for every class",
                    key=f"{PAGE}_fool",
                    on_click=ask,
                    icon=":material/blur_on:",
                    help="Starts from uniform noise and changes it until encoder, decoder and "
                    "both limits take it for the class (Eq. 11), with progress and Cancel.",
                )
        show_strangers(settings.dataset, settings.model)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
    session.keep(session.current())


def _show_drawn(session: SelectiveSession, classes: Sequence[str]) -> None:
    settings = session.current()
    classifier = cache.selective(settings.dataset, settings.model)
    st.markdown("**Drawn from the Gaussian of every class**")
    images, accepted = drawn(classifier, settings.samples, EACH)
    figures = "".join(
        _figure(torch.cat(list(column), dim=1), name)
        for column, name in zip(images, classes, strict=True)
    )
    color = ROLES["code"].color
    st.html(f'{STYLE}<div class="drawn" style="--code:{color}">{figures}</div>')

    def other() -> None:
        now = session.current()
        session.change(replace(now, samples=(now.samples + 1) % (MOST_SEED + 1)))

    st.button(
        "Others",
        key=f"{PAGE}_others",
        on_click=other,
        icon=":material/casino:",
        help="Draws other latents, and starts fooling images from other noise.",
    )
    st.caption(
        "Latents drawn around the mean of each class, as wide as the training images vary at "
        f"most, and decoded. The classifier itself accepts {int(accepted.sum())} of "
        f"{accepted.numel()} as the class they were drawn from. Good drawings show that the "
        "classes were learned, not that anything is rejected rightly."
    )


def _figure(column: torch.Tensor, name: str) -> str:
    return (
        f'<figure><img src="{data_uri(to_png(column, 4))}" alt="{EACH} images drawn of class '
        f'{escape(name)}"><figcaption>{escape(name)}</figcaption></figure>'
    )


def fooling_words(rows: Sequence[Row]) -> str:
    """What became of the stored fooling images, in words; empty where there are none."""
    total = total_of(rows)
    if total is None:
        return ""
    return (
        f"Of {total.n:,} images from noise, {total.n // len(rows)} towards each of {len(rows)} "
        f"classes, the paper's attack gets **{total.right:,} accepted** as the class it wants and "
        f"{total.wrong:,} as another; {total.rejected:,} are rejected. The paper reports that most "
        "are rejected, and that the accepted ones look like the class."
    )


def _show_fooling(made: JointResult, classes: Sequence[str]) -> None:
    judgement = made.judgement
    tiles = []
    for target, name in enumerate(classes):
        accepted, answer = bool(judgement.accepted[target]), int(judgement.classes[target])
        badge = verdict_badge(accepted, judgement.reasons[target], classes[answer], True)
        tiles.append(
            Tile(
                role="adversarial",
                title=f"for {name}",
                png=to_png(made.images[target], 4),
                note=badge.text,
            )
        )
    for start in range(0, len(tiles), 5):
        st.html(tiles_html(tiles[start : start + 5]))
    st.caption(
        f"{int(judgement.accepted.sum())} of {len(tiles)} pass both limits of the paper. Look at "
        "those: if one is no picture of its class, the limits were fooled."
    )
