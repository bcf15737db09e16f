"""The section "How coarse should a code be?", from stored results alone."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from app.controls import seed
from app.headlines import MISSING, cell
from app.quantizer.settings import AGAINST, PAGE, START
from app.quantizer.trade_off import Code, join
from app.quantizer.trade_off_charts import accuracy_over_bits, error_over_bits, flips_over_bits
from app.runs.words import sentence
from app.state import widget_key
from app.theme import CHART_CONFIG
from core.analysis.coarseness import COMMAND, SUITE_COMMAND, stored_coarseness
from core.attacks import ATTACKS
from core.checkpoints import checkpoint_rows
from core.defenses import DEFENSES
from core.evaluation import stored_results
from core.types import LabError

INTRODUCTION = (
    "A code of few bits leaves an attack little to get through, and the picture too. Small "
    "networks of one recipe, trained with 16, 32, 64 and 128 bits, show where that tips over."
)


def show_coarseness(against: str, keep: Callable[[str], object]) -> None:
    """Draw the comparison of codes, or say how to make it.

    Args:
        against: The oblivious attack shown, a key of ``AGAINST``.
        keep: Called with the chosen attack, to remember it in the address.
    """
    st.header("How coarse should a code be?", divider="gray", anchor="coarse")
    st.markdown(INTRODUCTION)
    try:
        codes = stored_codes()
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return
    if not codes:
        st.info(
            "Nothing is stored yet to compare codes with. These commands measure it: "
            f"`{SUITE_COMMAND}` and `{COMMAND}`.",
            icon=":material/table_chart:",
        )
        return
    st.fragment(lambda: _show(codes, against, keep))()


def stored_codes() -> tuple[Code, ...]:
    """Everything stored of the codes; nothing when nothing is.

    Raises:
        LabError: A stored file is damaged.
    """
    figures = {row.name: row.figures for row in checkpoint_rows() if row.dataset == START.dataset}
    bits = {
        name: int(figures[defense.checkpoint]["bits"])
        for name, defense in DEFENSES.items()
        if defense.checkpoint is not None and "bits" in figures.get(defense.checkpoint, {})
    }
    return join(stored_results(f"{START.dataset}-coarseness"), stored_coarseness(), bits)


def _show(codes: Sequence[Code], against: str, keep: Callable[[str], object]) -> None:
    key = widget_key(PAGE, "against")
    seed(key, against)
    chosen = str(
        st.segmented_control(
            "Attack that does not see the defense",
            list(AGAINST),
            format_func=lambda name: AGAINST[name],
            key=key,
            required=True,
            help="Which of the stored attacks the green curve is about. The orange one is always "
            "an attack that knows the defense.",
        )
    )
    keep(chosen)
    _accuracies(codes, chosen)
    left, right = st.columns(2, gap="medium")
    with left:
        _chart(
            "What is left of the picture",
            error_over_bits(codes),
            _error_words(codes),
            f"Mean squared error of {_images(codes)} clean images and their purified versions, "
            "pixels in [0, 1]. Lower is a more faithful picture, not a safer one.",
        )
    with right:
        _chart(
            "What is left of the attack",
            flips_over_bits(codes),
            _flip_words(codes),
            f"Mean share of the bits that {_attack(codes)} flips, on {_images(codes)} images, and "
            "that random noise of the same size flips. Fewer flips do not mean more right answers: "
            "in a short code every bit carries more.",
        )
    _table(codes, chosen)


def _accuracies(codes: Sequence[Code], against: str) -> None:
    clean = [code.clean for code in codes if code.clean is not None]
    robust = [code.robust[against] for code in codes if against in code.robust]
    adaptive = [code.adaptive for code in codes if code.adaptive is not None]
    counts = ", ".join(
        f"{max(one.n for one in values):,} images {name}"
        for name, values in (("clean", clean), ("oblivious", robust), ("adaptive", adaptive))
        if values
    )
    _chart(
        "Right answers over bits",
        accuracy_over_bits(codes, against, AGAINST[against]),
        "; ".join(
            f"{code.place.replace('<br>', ' ')} bits: clean {_text(code.clean)}, "
            f"{AGAINST[against]} {_text(code.robust.get(against))}, "
            f"adaptive {_text(code.adaptive)}"
            for code in codes
        ),
        f"Classifier A behind each code, validation split; {counts}; bars are 95 % intervals. "
        "Open marks are codes apart: four levels a latent instead of a band, and our own recipe "
        "with 256 bits and another training, so nothing is to be concluded about bits from those. "
        "The oblivious curve flatters every code, since that attack does not see it; only the "
        "adaptive one speaks of robustness, and a stronger attack may lower it. Each code was "
        "trained once: small differences may be luck of the training. "
        + training_words(codes, _steps()),
    )
    warnings = tuple(dict.fromkeys(warning for code in codes for warning in code.warnings))
    if warnings:
        with st.expander("Warnings about some of these numbers"):
            st.markdown("\n".join(f"- {warning}" for warning in warnings))


def training_words(codes: Sequence[Code], steps: Mapping[str, int]) -> str:
    """Which codes of the line were trained for longer than others; empty when none was.

    Args:
        codes: From ``join``.
        steps: Steps of the training of each checkpoint, by its name.
    """
    groups: dict[int, list[str]] = {}
    for code in codes:
        checkpoint = str(DEFENSES[code.defense].checkpoint)
        if not code.apart and checkpoint in steps:
            groups.setdefault(steps[checkpoint], []).append(code.place)
    if len(groups) < 2:
        return ""
    told = "; ".join(
        f"{count:,} steps of training for {' and '.join(places)} bits"
        for count, places in sorted(groups.items())
    )
    return f"And not all were trained alike: {told}."


def _steps() -> dict[str, int]:
    return {
        row.name: int(row.training.get("recipe", {}).get("steps", 0))
        for row in checkpoint_rows()
        if row.dataset == START.dataset
    }


def _chart(title: str, figure: go.Figure, alt: str, caption: str) -> None:
    st.markdown(f"**{title}**")
    st.plotly_chart(figure, key=f"{PAGE}_{title}", config=dict(CHART_CONFIG), alt=f"{title}. {alt}")
    st.caption(caption)


def _table(codes: Sequence[Code], against: str) -> None:
    with st.expander("The same as a table"):
        st.table(
            [
                {
                    "": DEFENSES[code.defense].title,
                    "bits": MISSING if code.bits is None else f"{code.bits}",
                    "clean": cell(code.clean),
                    f"{AGAINST[against]}, oblivious": cell(code.robust.get(against)),
                    f"{code.adaptive_title or 'PGD'}, adaptive": cell(code.adaptive),
                    "error": _number(code, "mean_squared_error", 4),
                    "flipped bits": _number(code, "mean_flips", 2),
                    "level steps": _number(code, "mean_level_steps", 2),
                }
                for code in codes
            ],
            hide_index=True,
            border="horizontal",
            alt="Codes of different size",
        )
        st.caption(
            "Accuracies in percent with 95 % intervals. *Flipped bits*: of a code under "
            f"{_attack(codes)}, on average. *Level steps*: walls the latents cross, which tells a "
            "far jump from a near one; with four levels a jump over all three walls flips one bit "
            "of its Gray code, and counts three steps. A dash was not measured."
        )


def _number(code: Code, name: str, digits: int) -> str:
    return MISSING if code.kept is None else f"{getattr(code.kept, name):.{digits}f}"


def _text(accuracy: object) -> str:
    value = getattr(accuracy, "value", None)
    return "not measured" if value is None else f"{value:.1%}"


def _images(codes: Sequence[Code]) -> str:
    counts = [code.kept.n for code in codes if code.kept is not None]
    return f"{max(counts):,}" if counts else "no"


def _attack(codes: Sequence[Code]) -> str:
    names = [code.kept.attack for code in codes if code.kept is not None]
    return ATTACKS[names[0]].title if names else "an attack"


def _error_words(codes: Sequence[Code]) -> str:
    return "; ".join(
        f"{code.place.replace('<br>', ' ')} bits: {code.kept.mean_squared_error:.4f}"
        for code in codes
        if code.kept is not None
    )


def _flip_words(codes: Sequence[Code]) -> str:
    return "; ".join(
        f"{code.place.replace('<br>', ' ')} bits: {code.kept.share_flipped:.1%}"
        for code in codes
        if code.kept is not None
    )
