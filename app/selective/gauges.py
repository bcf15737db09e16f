"""A value against its limit as a bar, in HTML that a browser draws at once."""

import math
from dataclasses import dataclass
from html import escape

from app.theme import ROLES

STYLE = """
<style>
.gauge .head { display: flex; justify-content: space-between; gap: 0.5rem; flex-wrap: wrap;
  font-size: 0.9rem; }
.gauge .head b { font-variant-numeric: tabular-nums; }
.gauge .track { position: relative; height: 1.1rem; border-radius: 4px; margin: 0.3rem 0 0.1rem;
  background: color-mix(in srgb, currentColor 12%, transparent); }
.gauge .fill { height: 100%; border-radius: 4px; min-width: 2px; }
.gauge .limit { position: absolute; top: -4px; bottom: -4px; border-left: 3px solid currentColor; }
.gauge .foot { font-size: 0.8rem; opacity: 0.85; }
</style>
"""

FULL = 2.0
"""The bar ends at that many times the limit; what is beyond fills it."""


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A value that must not exceed its limit.

    Attributes:
        name: What is measured, as a title.
        value: At least 0.
        limit: At least 0; may be infinite.
        unit: What it is measured in.
    """

    name: str
    value: float
    limit: float
    unit: str

    @property
    def within(self) -> bool:
        """Whether the value is within the limit."""
        return self.value <= self.limit

    @property
    def filled(self) -> float:
        """How much of the bar is filled, 0.0 to 1.0; the limit stands at the middle."""
        if math.isinf(self.limit):
            # Nothing to compare with: the bar of a value that fits with room to spare.
            return 0.25
        if not self.limit:
            return 1.0 if self.value else 0.0
        return min(1.0, self.value / (FULL * self.limit))

    @property
    def words(self) -> str:
        """The comparison as a sentence."""
        if math.isinf(self.limit):
            return "no limit is set, so nobody is rejected for it"
        if not self.limit:
            return "the limit is 0, so everybody is rejected for it"
        times = self.value / self.limit
        told = f"{times:.2f} times the limit of {figure(self.limit)}"
        return f"{told}: {'within' if self.within else 'rejected for it'}"


def figure(value: float) -> str:
    """A distance or an error with as many digits as say something."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def gauge_html(gauge: Gauge) -> str:
    """The gauge as HTML; mark and words say the verdict without colour."""
    color = ROLES["purified" if gauge.within else "adversarial"].color
    mark = "✓" if gauge.within else "✗"
    # Without a limit there is no place for its line.
    line = "" if math.isinf(gauge.limit) else '<div class="limit" style="left:50%"></div>'
    label = f"{gauge.name}: {figure(gauge.value)} {gauge.unit}, {gauge.words}"
    return (
        f'{STYLE}<div class="gauge" role="img" aria-label="{escape(label)}">'
        f'<div class="head"><span>{escape(gauge.name)}</span>'
        f'<b style="color:{color}">{mark} {figure(gauge.value)}</b></div>'
        f'<div class="track"><div class="fill" style="width:{100 * gauge.filled:.1f}%;'
        f'background:{color}"></div>{line}</div>'
        f'<div class="foot">{escape(gauge.unit)}; {escape(gauge.words)}</div></div>'
    )
