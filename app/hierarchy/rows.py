"""Pictures of levels as compact HTML: a row a level, a card a schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import torch

from app.gallery import data_uri
from app.theme import ROLES
from core.analysis import Reading
from core.analysis.levels import Leveled
from core.images import to_png

SCALE = 3

STYLE = """
<style>
.ladder { display: grid; gap: 0.5rem 0.6rem; align-items: center;
  grid-template-columns: 8.5rem repeat(var(--n), minmax(0, 5.5rem)); }
.ladder .level { font-weight: 600; line-height: 1.25; }
.ladder .level small, .plans small { display: block; font-weight: 400; opacity: 0.8;
  font-size: 0.82rem; }
.ladder figure, .plans figure { margin: 0; }
.ladder img, .plans img { display: block; width: 100%; aspect-ratio: 1;
  image-rendering: pixelated; background: #000; border-radius: 4px;
  border: 3px solid var(--tone); }
.ladder figcaption, .plans figcaption { font-size: 0.85rem; font-weight: 600;
  color: var(--tone); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.plans { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
.plans .plan { display: grid; grid-template-columns: 1fr 6rem; gap: 0.4rem 0.8rem;
  padding: 0.7rem 0.8rem; border-radius: 8px;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
.plans h4 { grid-column: 1 / -1; margin: 0; padding: 0; font-size: 1rem; }
.plans .bar { display: grid; grid-template-columns: 3.8rem 1fr 2.6rem; gap: 0.4rem;
  align-items: center; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.plans .bar i { height: 0.6rem; border-radius: 3px; background: linear-gradient(to right,
  var(--fresh) var(--share), color-mix(in srgb, currentColor 14%, transparent) var(--share)); }
.plans .bar span:last-child { text-align: right; }
@media (max-width: 640px) {
  .ladder { grid-template-columns: repeat(var(--n), minmax(0, 1fr)); gap: 0.35rem; }
  .ladder .level { grid-column: 1 / -1; margin-top: 0.4rem; }
  .ladder .level small { display: inline; }
}
</style>
"""


@dataclass(frozen=True)
class Told:
    """What the right answer is, and what the classes are called."""

    label: int
    classes: Sequence[str]


def ladder_html(
    rows: Sequence[Leveled], names: Sequence[str], notes: Sequence[str], told: Told
) -> str:
    """A row a level with its draws.

    Args:
        rows: The draws of every level, coarse to fine.
        names: Names of the levels.
        notes: One more short line on each.
        told: The right class, and the names of all.
    """
    count = len(rows[0].draws)
    body = "".join(
        f'<div class="level" role="rowheader">{escape(name)} <small>{escape(note)}</small></div>'
        + "".join(
            _picture(draw, told, f"Level {name}, drawn anew, draw {number}")
            for number, draw in enumerate(row.draws, start=1)
        )
        for name, note, row in zip(names, notes, rows, strict=True)
    )
    return f'{STYLE}<div class="ladder" style="--n:{count}">{body}</div>'


def plans_html(
    found: Mapping[str, Leveled],
    shares: Mapping[str, Sequence[float]],
    names: Sequence[str],
    told: Told,
) -> str:
    """A card a schedule: its shares as bars, and what it makes of the picture.

    Args:
        found: The draws by schedule.
        shares: What each draws anew of every level.
        names: Names of the levels.
        told: The right class, and the names of all.
    """
    cards = "".join(
        f'<div class="plan"><h4>{escape(name.capitalize())}</h4>'
        f"<div>{''.join(map(_bar, names, shares[name]))}</div>"
        f"<div>{_picture(one.draws[0], told, f'Purified by the {name} schedule')}"
        f"<small>{one.votes(told.label)} of {len(one.draws)} draws right</small></div></div>"
        for name, one in found.items()
    )
    return f'{STYLE}<div class="plans">{cards}</div>'


def _bar(name: str, share: float) -> str:
    color = ROLES["noise"].color
    return (
        f'<div class="bar" style="--share:{100 * share:.0f}%;--fresh:{color}">'
        f"<span>{escape(name)}</span><i></i><span>{100 * share:.0f} %</span></div>"
    )


def _picture(reading: Reading, told: Told, alt: str) -> str:
    right = reading.prediction == told.label
    tone = ROLES["purified" if right else "adversarial"].color
    said = told.classes[reading.prediction]
    words = f"{alt}: taken for {said}, which is {'right' if right else 'wrong'}"
    png = data_uri(to_png(torch.from_numpy(reading.image), SCALE))
    return (
        f'<figure style="--tone:{tone}"><img src="{png}" alt="{escape(words)}">'
        f"<figcaption>{'✓' if right else '✗'} {escape(said)}</figcaption></figure>"
    )
