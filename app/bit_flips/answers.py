"""What the classifier believes of two pictures, as HTML that a browser draws at once."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from app.gallery import percent
from app.theme import ROLES

STYLE = """
<style>
.answers { display: grid; grid-template-columns: max-content 1fr 4.2rem; gap: 0.2rem 0.6rem;
  align-items: center; font-size: 0.9rem; margin-top: 0.4rem; }
.answers .track { display: grid; gap: 2px; border-left:
  1px solid color-mix(in srgb, currentColor 40%, transparent); }
.answers .bar { height: 0.55rem; border-radius: 0 3px 3px 0; min-width: 1px; }
.answers .bar.before { height: 0.3rem; opacity: 0.8; }
.answers b { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.answers .right { font-weight: 700; }
.answers .key { grid-column: 1 / -1; font-size: 0.85rem; }
.answers .key span { font-weight: 600; white-space: nowrap; }
</style>
"""


def answers_html(
    start: NDArray[np.float32], now: NDArray[np.float32], classes: Sequence[str], label: int
) -> str:
    """One row a class: a thick bar for the flipped code, a thin one for the code as it was.

    Args:
        start: Probabilities before the flips (k,).
        now: Probabilities after them (k,).
        classes: Names of the classes.
        label: The right one.
    """
    thin, thick = ROLES["purified"], ROLES["code"]
    rows = [
        _row(name, float(start[place]), float(now[place]), place == label)
        for place, name in enumerate(classes)
    ]
    said = ", ".join(f"{classes[int(row.argmax())]} {percent(row.max())}" for row in (start, now))
    return (
        f'{STYLE}<div class="answers" role="img" aria-label="Probability of each class before '
        f'and after your flips; highest before and after: {escape(said)}">'
        f'<div class="key"><span style="color:{thick.color}">{thick.mark} Your code</span> and, '
        f'thin, <span style="color:{thin.color}">{thin.mark} the code as it was</span></div>'
        f"{''.join(rows)}</div>"
    )


def _row(name: str, before: float, now: float, right: bool) -> str:
    thin, thick = ROLES["purified"].color, ROLES["code"].color
    mark = ' class="right"' if right else ""
    return (
        f"<div{mark}>{escape(name)}{' ✓' if right else ''}</div>"
        f'<div class="track"><div class="bar" style="width:{now:.1%};background:{thick}"></div>'
        f'<div class="bar before" style="width:{before:.1%};background:{thin}"></div></div>'
        f"<b>{percent(now)}</b>"
    )
