"""Picking the image whose bits are shown: by outcome, from thumbnails, or by its number."""

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from app.bit_flips.explorer import Mask
from app.bit_flips.session import BitSession, key
from app.bit_flips.view import GROUPS
from app.controls import seed
from app.gallery import data_uri
from core.analysis.attacked import Attacked
from core.images import to_png

PER_PAGE = 12
FIRST = ("not repaired", "repaired", "not fooled")
"""Outcomes whose first image is shown when nobody has chosen one: those with most to try."""

THUMBS_STYLE = """
<style>
.st-key-flips_w_thumb [role=radiogroup] { display: grid; gap: 4px; width: 100%;
  grid-template-columns: repeat(12, 1fr); }
.st-key-flips_w_thumb button { padding: 2px; height: auto; min-height: 0; border-radius: 6px;
  border-width: 3px; background: #000 !important; }
.st-key-flips_w_thumb button img { width: 100% !important; height: auto !important;
  max-height: none !important; image-rendering: pixelated; display: block; border-radius: 3px; }
.st-key-flips_w_thumb button :is(div, p, span) { width: 100%; margin: 0; line-height: 0; }
@media (max-width: 640px) {
  .st-key-flips_w_thumb [role=radiogroup] { grid-template-columns: repeat(6, 1fr); }
}
</style>
"""


def group_rows(attacked: Attacked, used: Mask, group: str) -> NDArray[np.int64]:
    """Rows of the run whose images can be picked: those of a group, among the chosen ones."""
    inside = used if group == "all" else used & (attacked.outcome == group.replace("_", " "))
    return np.flatnonzero(inside)


def first_row(attacked: Attacked) -> int:
    """The row shown when none was picked: an image with something to try."""
    outcome, flips = attacked.outcome, attacked.flips
    for wanted in FIRST:
        rows = np.flatnonzero((outcome == wanted) & (flips > 0))
        if len(rows):
            return int(rows[0])
    return 0


def pick_row(session: BitSession, attacked: Attacked, used: Mask, classes: tuple[str, ...]) -> int:
    """Draw the picker, and return the row of the run that is shown."""
    chosen = session.view.image
    row = first_row(attacked)
    if chosen is not None:
        found = np.flatnonzero(attacked.indices == chosen)
        if len(found):
            row = int(found[0])
        else:
            st.info(
                f"Image {chosen} is not among the {len(used):,} images of this run. "
                f"Image {attacked.indices[row]} is shown instead.",
                icon=":material/image_not_supported:",
            )
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        rows = _group(session, attacked, used)
    if not len(rows):
        st.info("No image of this kind is among the chosen ones. Choose another kind.")
        return row
    place = int(np.searchsorted(rows, row)) if row in rows else 0
    pages = -(-len(rows) // PER_PAGE)
    page = 1
    with right:
        if pages > 1:
            # It takes its first page only when it is new, hence a new key whenever that moves.
            page = st.pagination(
                pages,
                default=place // PER_PAGE + 1,
                key=key(f"page_{session.view.group}_{len(rows)}_{session.version}"),
                max_visible_pages=5,
            )
    _thumbs(session, attacked, rows[(page - 1) * PER_PAGE : page * PER_PAGE], row, classes)
    return row


def _group(session: BitSession, attacked: Attacked, used: Mask) -> NDArray[np.int64]:
    counts = {name: len(group_rows(attacked, used, name)) for name in GROUPS}
    group = session.view.group
    seed(key("group"), group)
    offered = [name for name in GROUPS if counts[name] or name == group]

    def choose() -> None:
        session.see(group=st.session_state[key("group")])

    picked = st.selectbox(
        "Images",
        offered,
        format_func=lambda name: f"{GROUPS[name]} ({counts[name]:,})",
        key=key("group"),
        on_change=choose,
        help="Images of one outcome. Bars chosen in the histogram above restrict them too.",
    )
    return group_rows(attacked, used, str(picked))


def _thumbs(
    session: BitSession,
    attacked: Attacked,
    shown: NDArray[np.int64],
    row: int,
    classes: tuple[str, ...],
) -> None:
    rows = [int(one) for one in shown]
    if st.session_state.get(key("thumb")) not in rows:
        st.session_state[key("thumb")] = row if row in rows else None
    names = {
        one: f"{classes[attacked.labels[one]]}, number {attacked.indices[one]}" for one in rows
    }
    pictures = {one: data_uri(to_png(_image(attacked.adversarial[one]))) for one in rows}

    def pick() -> None:
        picked = st.session_state[key("thumb")]
        if picked is not None:
            session.look(image=int(attacked.indices[picked]), flipped=(), bit=None)

    st.html(THUMBS_STYLE)
    st.pills(
        "Attacked images",
        rows,
        format_func=lambda one: f"![{names[one]}]({pictures[one]})",
        key=key("thumb"),
        on_change=pick,
        width="stretch",
        label_visibility="collapsed",
        help="The attacked images; the number of each is its place in the validation split.",
    )


def _image(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255)
