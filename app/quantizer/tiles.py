"""The verdicts as tiles: icon and word beside the colour, the number, and the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from app.theme import ROLES
from core.analysis.checks import Check

STYLE = """
<style>
.checks { display: grid; gap: 0.75rem;
  grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
.checks > div { padding: 0.7rem 0.8rem 0.8rem; border-radius: 8px; min-width: 0;
  border: 1px solid color-mix(in srgb, var(--tone) 45%, transparent);
  border-left: 5px solid var(--tone);
  background: color-mix(in srgb, var(--tone) 9%, transparent); }
.checks .verdict { color: var(--tone); font-weight: 700; font-size: 0.85rem; }
.checks .name { font-weight: 600; line-height: 1.25; margin: 0.15rem 0 0.35rem; }
.checks .value { font-size: 1.3rem; font-weight: 600; line-height: 1.2;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.checks .reason { font-size: 0.85rem; line-height: 1.4; opacity: 0.85; margin-top: 0.4rem; }
.checks .count { font-size: 0.8rem; opacity: 0.65; margin-top: 0.35rem; }
</style>
"""


@dataclass(frozen=True)
class Tone:
    """How one kind of verdict looks.

    Attributes:
        word: What it is called.
        icon: One character before the word.
        color: Hexadecimal.
    """

    word: str
    icon: str
    color: str


TONES: Mapping[bool | None, Tone] = {
    True: Tone("Holds", "✓", ROLES["purified"].color),
    False: Tone("Fails", "✕", ROLES["adversarial"].color),
    None: Tone("Measured only", "○", ROLES["noise"].color),
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "The code": ("values", "walls", "soft", "dead"),
    "The networks around it": ("decoders", "gradient", "lipschitz", "round_trip"),
    "Attack and purifier": ("epsilon_zero", "budget", "monotone", "range"),
}
"""The checks by what they look at, in the order of the page."""


def tiles(checks: Sequence[Check]) -> str:
    """Some checks as one grid of tiles, as HTML."""
    cells = "".join(_tile(check) for check in checks)
    return f'{STYLE}<div class="checks" role="list">{cells}</div>'


def grouped(checks: Sequence[Check]) -> dict[str, list[Check]]:
    """The checks by group; groups without a check are left out."""
    found = {check.name: check for check in checks}
    groups = {
        title: [found[name] for name in names if name in found] for title, names in GROUPS.items()
    }
    return {title: members for title, members in groups.items() if members}


def headline(checks: Sequence[Check]) -> str:
    """How many demands hold, in one sentence."""
    demands = [check for check in checks if check.passed is not None]
    failing = [check for check in demands if not check.passed]
    measured = len(checks) - len(demands)
    rest = f" {measured} more figures are measured and not demanded." if measured else ""
    if not failing:
        return f"all {len(demands)} demands hold.{rest}"
    names = "; ".join(f"“{check.title}”" for check in failing)
    verb = "does" if len(failing) == 1 else "do"
    return f"{len(failing)} of {len(demands)} demands {verb} not hold: {names}.{rest}"


def _tile(check: Check) -> str:
    tone = TONES[check.passed]
    count = f"on {check.n:,} images" if check.n else "needs no image"
    return (
        f'<div role="listitem" style="--tone:{tone.color}" class="check-{escape(check.name)}">'
        f'<div class="verdict"><span aria-hidden="true">{tone.icon}</span> {tone.word}</div>'
        f'<div class="name">{_unbroken(check.title)}</div>'
        f'<div class="value">{_unbroken(check.value)}</div>'
        f'<div class="reason">{_unbroken(check.reason)}</div>'
        f'<div class="count">{count}</div></div>'
    )


def _unbroken(text: str) -> str:
    """Text as HTML in which ranges and percentages stay on one line."""
    for tight in ("[0, 1]", "[−1, 1]", " %"):
        text = text.replace(tight, tight.replace(" ", "\u00a0"))
    return escape(text)
