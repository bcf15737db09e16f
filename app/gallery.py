"""Pictures on the page: tiles with a role's border and mark, rows of tiles, one joined PNG."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from app.theme import ROLES, RoleName, rgb

STYLE = """
<style>
.tiles { display: grid; gap: 0.75rem; align-items: start; }
.tiles figure { margin: 0; min-width: 0; }
.tiles .frame { border-width: 4px; border-radius: 6px; overflow: hidden; background: #000; }
.tiles img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
.tiles figcaption { line-height: 1.3; padding-top: 0.35rem; }
.tiles .name { font-weight: 600; white-space: nowrap; }
.tiles .says { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.tiles .sure, .tiles .note { font-size: 0.85rem; opacity: 0.8; }
.tiles .mark { font-size: 0.85rem; font-weight: 600; white-space: nowrap; }
@media (max-width: 640px) {
  .tiles { grid-template-columns: repeat(2, 1fr) !important; }
  .tiles.three { grid-template-columns: repeat(3, minmax(0, 1fr)) !important; gap: 0.4rem; }
  .three .name, .three .sure { font-size: 0.8rem; }
}
</style>
"""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One picture and what is said below it.

    Attributes:
        role: Decides colour, mark and border.
        png: The picture, PNG.
        says: What the classifier says of it, for example ``7``.
        confidence: Its probability for that, 0.0 to 1.0; None is not shown.
        correct: Whether that is right; None shows no mark.
        title: Replaces the role's own title.
        note: One more short line.
    """

    role: RoleName
    png: bytes
    says: str = ""
    confidence: float | None = None
    correct: bool | None = None
    title: str | None = None
    note: str = ""

    @property
    def alt(self) -> str:
        """The tile in words, for those who do not see it."""
        words = f"{self.title or ROLES[self.role].title} picture"
        if self.says:
            words += f", classified as {self.says}"
        if self.confidence is not None:
            words += f" with {percent(self.confidence)} confidence"
        if self.correct is not None:
            words += ", which is right" if self.correct else ", which is wrong"
        return words


def percent(share: float) -> str:
    """A share in words, never rounded up to certainty."""
    if share >= 0.9995:
        return "over 99.9 %"
    return f"{100 * share:.1f} %"


def data_uri(png: bytes) -> str:
    """A PNG as the address of an image element."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def tiles_html(tiles: Sequence[Tile], columns: int | None = None) -> str:
    """Tiles in one row, or in so many columns; on a phone three stay, more become two.

    All texts are escaped here.
    """
    columns = columns or len(tiles)
    grid = f"grid-template-columns: repeat({columns}, minmax(0, 1fr))"
    kind = "tiles three" if columns == 3 else "tiles"
    return f'{STYLE}<div class="{kind}" style="{grid}">{"".join(map(_figure, tiles))}</div>'


def show_tiles(tiles: Sequence[Tile], columns: int | None = None) -> None:
    """Draw tiles; see ``tiles_html``."""
    st.html(tiles_html(tiles, columns))


def joined_png(tiles: Sequence[Tile], heading: str = "", *, side: int = 280) -> bytes:
    """All tiles side by side on white with their captions, as one PNG for slides."""
    gap, head, foot = 16, 40 if heading else 16, 72
    width = gap + len(tiles) * (side + gap)
    sheet = Image.new("RGB", (width, head + side + foot), "white")
    draw = ImageDraw.Draw(sheet)
    large, small = (ImageFont.load_default(size) for size in (18, 14))
    draw.text((gap, 10), heading, fill="black", font=small)
    for index, tile in enumerate(tiles):
        left = gap + index * (side + gap)
        picture = Image.open(io.BytesIO(tile.png)).convert("RGB")
        sheet.paste(picture.resize((side, side), Image.Resampling.NEAREST), (left, head))
        color = rgb(ROLES[tile.role].color)
        draw.rectangle(
            (left - 3, head - 3, left + side + 2, head + side + 2), outline=color, width=3
        )
        draw.text(
            (left, head + side + 8), tile.title or ROLES[tile.role].title, fill=color, font=large
        )
        sure = "" if tile.confidence is None else f"  {percent(tile.confidence)}"
        draw.text((left, head + side + 34), f"{tile.says}{sure}", fill="black", font=large)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _figure(tile: Tile) -> str:
    look = ROLES[tile.role]
    lines = [
        f'<div class="name" style="color:{look.color}">{look.mark} '
        f"{escape(tile.title or look.title)}</div>"
    ]
    if tile.says:
        lines.append(f'<div><span class="says">{escape(tile.says)}</span> {_verdict(tile)}</div>')
    if tile.confidence is not None:
        lines.append(f'<div class="sure">{percent(tile.confidence)} sure</div>')
    if tile.note:
        lines.append(f'<div class="note">{escape(tile.note)}</div>')
    return (
        f'<figure><div class="frame" style="border-style:{look.border};border-color:{look.color}">'
        f'<img src="{data_uri(tile.png)}" alt="{escape(tile.alt)}"></div>'
        f"<figcaption>{''.join(lines)}</figcaption></figure>"
    )


def _verdict(tile: Tile) -> str:
    if tile.correct is None:
        return ""
    role: RoleName = "purified" if tile.correct else "adversarial"
    mark = "✓ right" if tile.correct else "✗ wrong"
    return f'<span class="mark" style="color:{ROLES[role].color}">{mark}</span>'
