"""One card a defense: what it makes of the attacked image, what it changed, and how fast."""

from collections.abc import Mapping, Sequence
from html import escape

import torch

from app.gallery import data_uri, percent
from app.runs.words import BADGES
from app.theme import ROLES, SIGNED, RoleName
from core.analysis import Lineup
from core.analysis.lineup import Entry
from core.defenses import DEFENSES
from core.images import signed_picture, to_png

SCALE = 5
GAIN = 2
"""How much what was removed is magnified."""

STYLE = """
<style>
.cards { display: grid; gap: 0.8rem;
  grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); }
.cards .card { border: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  border-radius: 10px; padding: 0.7rem 0.8rem; min-width: 0; }
.cards .card.off { border-style: dashed; opacity: 0.75; }
.cards h4 { margin: 0; padding: 0; font-size: 1rem; line-height: 1.3; font-weight: 700; }
.cards .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem; margin: 0.45rem 0; }
.cards .pair div { background: #000; border-radius: 5px; overflow: hidden; border: 3px solid; }
.cards img { display: block; width: 100%; image-rendering: pixelated; }
.cards .says { font-size: 1.2rem; font-weight: 650; overflow-wrap: anywhere; }
.cards .mark { font-size: 0.85rem; font-weight: 650; white-space: nowrap; }
.cards .note { font-size: 0.82rem; line-height: 1.4; opacity: 0.85; }
.cards .note code { font-size: 0.78rem; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.5rem; }
  .cards .card { padding: 0.5rem; }
}
</style>
"""


def cards_html(
    lineup: Lineup,
    off: Mapping[str, str],
    classes: Sequence[str],
    tuned: Sequence[tuple[str, str, int]] = (),
) -> str:
    """All cards.

    Args:
        lineup: The image and what each defense makes of it.
        off: Why other defenses cannot be shown, by title.
        classes: Names of the classes.
        tuned: Settings that are no defaults, as (defense, name, value).
    """
    ready = "".join(
        _card(entry, lineup, classes, _title(entry.defense, tuned)) for entry in lineup.entries
    )
    missing = "".join(
        f'<div class="card off"><h4>{escape(title)}</h4>'
        f'<div class="note">Off: {_with_code(reason)}</div></div>'
        for title, reason in off.items()
    )
    return f'{STYLE}<div class="cards" role="list">{ready}{missing}</div>'


def _title(defense: str, tuned: Sequence[tuple[str, str, int]]) -> str:
    """A defense with its settings, for example ``JPEG, quality 40``."""
    row = DEFENSES[defense]
    told = [
        f"{name.replace('_', ' ')} {row.settings[name].word(value)}"
        for owner, name, value in tuned
        if owner == defense
    ]
    return ", ".join([row.title, *told])


def _card(entry: Entry, lineup: Lineup, classes: Sequence[str], title: str) -> str:
    label = lineup.attacked.label
    said, clean = entry.purified.prediction, entry.purified_original.prediction
    purified = data_uri(to_png(torch.from_numpy(entry.purified.image), SCALE))
    removed = signed_picture(torch.from_numpy(entry.removed), GAIN, **SIGNED)
    badge = BADGES[entry.outcome]
    color = ROLES["purified"].color
    return (
        f'<div class="card" role="listitem" data-defense="{escape(entry.defense)}">'
        f"<h4>{escape(title)}</h4>"
        f'<div class="pair"><div style="border-color:{color};border-style:double">'
        f'<img src="{purified}" alt="Purified by {escape(title)}, classified as '
        f'{escape(classes[said])}"></div><div style="border-color:transparent">'
        f'<img src="{data_uri(to_png(removed, SCALE))}" alt="What {escape(title)} changed in the '
        'attacked picture"></div></div>'
        f'<div><span class="says">{escape(classes[said])}</span> {_mark(said == label)} '
        f'<span class="note">{percent(entry.purified.confidence)} sure</span></div>'
        f'<div class="note"><b style="color:{ROLES[badge.role].color}">{escape(badge.text)}</b>'
        f"<br>Clean image: {escape(classes[clean])} {_mark(clean == label)}"
        f"<br>{_milliseconds(entry.seconds)}; {entry.left:.2f} from the original (L2)</div></div>"
    )


def _milliseconds(seconds: float) -> str:
    return "under 0.1 ms" if seconds < 1e-4 else f"{1000 * seconds:.1f} ms"


def _mark(right: bool) -> str:
    role: RoleName = "purified" if right else "adversarial"
    words = "✓ right" if right else "✗ wrong"
    return f'<span class="mark" style="color:{ROLES[role].color}">{words}</span>'


def _with_code(text: str) -> str:
    """Escaped text with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)
    )
