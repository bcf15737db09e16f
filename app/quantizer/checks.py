"""The checks on the page: one sentence, the tiles, and the figures behind them."""

import json
from dataclasses import asdict

import plotly.graph_objects as go
import streamlit as st

from app.quantizer.figures import (
    accuracy_curve,
    gradient_histogram,
    kept_histogram,
    quantizer_curve,
    ratio_histogram,
    use_chart,
)
from app.quantizer.settings import PAGE
from app.quantizer.tiles import grouped, headline, tiles
from app.theme import CHART_CONFIG
from core.analysis.sanity_report import CodeFigures, Sanity
from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.evaluation.tables import percent
from core.models import classifier_title

NO_CODE = (
    "This purifier has no code of bits, so only the checks of attack and purifier apply. The "
    "others want an encoder and a quantizer; the LQ-VAE defenses have them."
)


def show_checks(sanity: Sanity) -> None:
    """Draw finished checks."""
    spec = sanity.spec
    row, attack = DEFENSES[spec.defense], ATTACKS[spec.attack]
    with st.container(key=f"{PAGE}_headline"):
        failing = any(check.passed is False for check in sanity.checks)
        say = st.warning if failing else st.success
        say(
            f"**{row.title}**, in front of classifier {classifier_title(spec.classifier)}: "
            f"{headline(sanity.checks)}",
            icon=":material/rule:" if failing else ":material/task_alt:",
        )
    if sanity.code is None:
        st.info(NO_CODE)
    for title, checks in grouped(sanity.checks).items():
        st.markdown(f"##### {title}")
        st.html(tiles(checks))
    st.caption(
        f"{attack.title} on {spec.n:,} images of the validation split, which no shipped model was "
        "trained on. A check that holds here is no proof: it holds on these images and for this "
        "attack, which does not see the defense. None of them says that the defense is strong."
    )
    st.subheader("The figures behind the tiles")
    with st.grid(columns=2, min_column_width=380):
        _show_accuracies(sanity)
        if sanity.code is not None:
            _show_code(sanity.code, len(sanity.code.kept))
    _show_table(sanity)


def _show_accuracies(sanity: Sanity) -> None:
    first, last = sanity.points[0], sanity.points[-1]
    _chart(
        "Accuracy over epsilon",
        accuracy_curve(sanity.points),
        f"At epsilon 0 the bare classifier is right on {percent(first.bare)} %, the defended one "
        f"on {percent(first.defended)} %; at {last.epsilon:g} on {percent(last.bare)} % and "
        f"{percent(last.defended)} %.",
        f"Bars are 95 % intervals on {last.bare.n:,} images. Both curves should fall; a rise "
        "would mean that the attack fails. How high the second one stays says little: this attack "
        "does not know the purifier.",
    )


def _show_code(code: CodeFigures, encoded: int) -> None:
    walls = " and ".join(f"{wall:g}" for wall in code.walls)
    _chart(
        "The quantizer, hard and soft",
        quantizer_curve(code),
        f"The hard bit jumps at the walls {walls}; the soft bit follows it smoothly.",
        "The hard bit is what the defense uses; the soft one stands in for it in training, since "
        "a jump has no gradient. They must cross zero at the same walls. Between walls they need "
        "not be equal.",
    )
    what = "a random ± sum" if code.penalty.random_projection else "the sum"
    _chart(
        "Gradient norm of the encoder",
        gradient_histogram(code),
        f"Gradient norms of {len(code.gradients)} images around K = {code.penalty.norm:g}.",
        f"The norm of the gradient of {what} of the latents, per unit of pixels in [-1, 1], on "
        f"{len(code.gradients):,} images; training pulled it to K. The band is a factor of two "
        "either side. Near K does not mean that no latent can move fast: a sum hides what cancels "
        "in it.",
    )
    _chart(
        "How far the latents move",
        ratio_histogram(code),
        "Ratios of latent move and image move, for the attack and for random noise.",
        "Euclidean length of the latents' move over that of the image, pixels in [-1, 1], at the "
        f"largest budget on {len(code.adversarial):,} pairs. Where the attack lies to the right of "
        "the noise it moves the code more than chance does. A measured ratio is no upper bound.",
    )
    _chart(
        "Bits that change when encoded again",
        kept_histogram(code),
        f"Most of {encoded} codes change in few bits when decoded and encoded again.",
        f"Each of {encoded:,} clean images is encoded, decoded and encoded again. A code that "
        "stays is stable; one that changes is not wrong, since no training asks for it.",
    )
    _chart(
        "Use of the bits",
        use_chart(code),
        f"The share of +1 of the {len(code.plus)} bits, from {min(code.plus):.0%} to "
        f"{max(code.plus):.0%}.",
        f"Each bar is one bit, on {encoded:,} clean images. A bar of nothing or of all would be a "
        "dead bit. A bit near half is used evenly, which does not mean that it matters.",
    )


def _chart(title: str, figure: go.Figure, alt: str, caption: str) -> None:
    with st.container():
        st.markdown(f"**{title}**")
        st.plotly_chart(
            figure, key=f"{PAGE}_{title}", config=dict(CHART_CONFIG), alt=f"{title}. {alt}"
        )
        st.caption(caption)


def _show_table(sanity: Sanity) -> None:
    spec = sanity.spec
    with st.expander("The accuracies as a table, and everything as a file"):
        st.table(
            [
                {
                    "epsilon": f"{point.epsilon:g}",
                    "bare": f"{percent(point.bare)} %",
                    "behind the purifier": f"{percent(point.defended)} %",
                    "images": f"{point.bare.n:,}",
                    "largest change": f"{point.largest:.4f}",
                }
                for point in sanity.points
            ],
            hide_index=True,
            border="horizontal",
            alt="Accuracy over epsilon",
        )
        st.download_button(
            "All checks (JSON)",
            lambda: json.dumps({**asdict(sanity), "spec": spec.as_dict()}, ensure_ascii=False),
            file_name=f"checks-{spec.dataset}-{spec.classifier}-{spec.defense}.json",
            mime="application/json",
            key=f"{PAGE}_download",
            on_click="ignore",
            help="Every verdict with its number and reason, and the figures of every chart.",
        )
