"""Threat models as cards: who knows what."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

STYLE = """
<style>
.threats { display: grid; gap: 0.75rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
.threats > div { padding: 0.75rem 0.9rem; border-radius: 8px; min-width: 0;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
.threats .here { border: 2px solid color-mix(in srgb, currentColor 60%, transparent);
  padding: calc(0.75rem - 1px) calc(0.9rem - 1px); }
.threats h4 { margin: 0; padding: 0; font-size: 1.05rem; font-weight: 700; }
.threats .also { font-size: 0.82rem; opacity: 0.75; margin-bottom: 0.4rem; }
.threats ul { list-style: none; margin: 0; padding: 0; font-size: 0.9rem; line-height: 1.55; }
.threats li { margin: 0; padding: 0 0 0 1.5em; text-indent: -1.5em; }
.threats li b { display: inline-block; width: 1.5em; text-indent: 0; }
.threats .so { font-size: 0.85rem; line-height: 1.4; margin-top: 0.45rem; opacity: 0.85; }
</style>
"""


@dataclass(frozen=True)
class Card:
    """One threat model.

    Attributes:
        title: Its name.
        also: What others call it.
        knows: What the attacker has, each with its verb.
        lacks: What the attacker has not.
        so: What a figure under it says.
    """

    title: str
    also: str
    knows: tuple[str, ...]
    lacks: tuple[str, ...]
    so: str


CARDS: Mapping[str, Card] = {
    "oblivious": Card(
        "Oblivious",
        "the papers' “white box”",
        ("knows the classifier and its gradients",),
        ("does not know the defense, nor that there is one",),
        "An upper bound only: it says what the defense does to attacks that were made for "
        "something else.",
    ),
    "transfer": Card(
        "Transfer",
        "the papers' “black box”",
        ("knows a substitute classifier", "may ask the defended one for labels"),
        ("does not know the classifier", "does not know the defense"),
        "It says how well attacks travel between networks. Nobody knows a defense to be strong "
        "from it.",
    ),
    "adaptive": Card(
        "Adaptive",
        "end to end; BPDA and EOT are its tools",
        ("knows the classifier", "knows the defense and everything random in it"),
        (),
        "The figure to judge by. Even so it is an upper bound: a better attack may leave less.",
    ),
}


def cards(here: str) -> str:
    """All threat models as HTML, with a frame around the one of the table."""
    return f'{STYLE}<div class="threats" role="list">' + (
        "".join(_card(card, name == here) for name, card in CARDS.items()) + "</div>"
    )


def _card(card: Card, here: bool) -> str:
    known = "".join(f"<li><b>✓</b>{escape(what)}</li>" for what in card.knows)
    missing = "".join(f"<li><b>✕</b>{escape(what)}</li>" for what in card.lacks)
    mark = " · this table" if here else ""
    return (
        f'<div role="listitem" class="{"here" if here else ""}"><h4>{card.title}</h4>'
        f'<div class="also">{escape(card.also)}{mark}</div>'
        f'<ul>{known}{missing}</ul><div class="so">{escape(card.so)}</div></div>'
    )
