"""How the code is used over all images: every bit's figures, and the latents' distance to walls."""

from typing import Literal

import numpy as np
import streamlit as st

from app.bit_flips.explorer import Mask
from app.bit_flips.session import BitSession, key
from app.bit_flips.use_charts import bit_order, use_chart, wall_chart
from app.bit_flips.view import ORDERS, PAGE
from app.controls import seed
from app.theme import CHART_CONFIG, RoleName
from core.analysis.attacked import Attacked, Floats
from core.analysis.flips import DEAD_SHARE, bit_use, wall_distances

ROLES: tuple[Literal["clean", "adversarial", "noise"], ...] = ("clean", "adversarial", "noise")
TITLES: dict[RoleName, str] = {
    "clean": "Clean images",
    "adversarial": "Adversarial images",
    "noise": "Random noise of the same size",
}


@st.fragment
def show_use(session: BitSession, attacked: Attacked, used: Mask) -> None:
    """The use of each bit with its order, then the distances."""
    if not used.any():
        st.info("No image is chosen. Choose other bars, or show all.")
        return
    assert attacked.bits is not None
    assert attacked.latents is not None
    use = bit_use(attacked.bits["clean"][used], attacked.bits["adversarial"][used])
    seed(key("order"), session.view.order)
    order = st.segmented_control(
        "Sort the bits by",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key=key("order"),
        required=True,
        help="The highest first; by number they stand as the encoder made them.",
    )
    session.see(order=str(order))
    places = bit_order(use, str(order))
    dead = int(use.dead.sum())
    st.plotly_chart(
        use_chart(use, places),
        key=f"{PAGE}_use",
        config=dict(CHART_CONFIG),
        alt=f"Three bars for each of {attacked.code_size} bits: flip rate, mean "
        f"{use.flip_rate.mean():.1%}; share of +1, mean {use.plus_share.mean():.1%}; entropy, mean "
        f"{use.entropy.mean():.2f} bits; {dead} bits are dead.",
    )
    st.caption(
        f"Over {use.n:,} images. Flip rate: how often the attack changes the bit. Share of +1 and "
        "entropy are of the clean images: 1 bit of entropy means that the bit is used evenly, 0 "
        f"that it says nothing. **Dead bits: {dead} of {attacked.code_size}** (one value in less "
        f"than {DEAD_SHARE:.1%} of the images). A bit that flips often need not matter: see which "
        "bits matter under *One image, all its bits*."
    )
    st.markdown("**How far the latents lie from a wall**")
    distances: dict[RoleName, Floats] = {
        role: wall_distances(attacked.latents[role][used], attacked.walls) for role in ROLES
    }
    means = ", ".join(f"{TITLES[role].lower()} {one.mean():.3f}" for role, one in distances.items())
    st.plotly_chart(
        wall_chart(distances, TITLES),
        key=f"{PAGE}_walls",
        config=dict(CHART_CONFIG),
        alt=f"Distribution of the distance of latents to their nearest wall. Means: {means}.",
    )
    step = ""
    if len(attacked.walls) > 1:
        gap = min(np.diff(attacked.walls)) / 2
        step = f" Between two walls none can be farther than {gap:g} away, hence the step there."
    walls = ", ".join(f"{wall:g}" for wall in attacked.walls)
    st.caption(
        f"All {attacked.latents['clean'].shape[1]} latents of {use.n:,} images. The walls of this "
        f"quantizer lie at {walls}; a latent that crosses one flips a bit.{step} Mean distances: "
        f"{means}. Latents close to a wall are easily pushed over it, but whether that harms "
        "depends on the bit."
    )
    session.keep(session.current())
