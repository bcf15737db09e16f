"""What a visitor looks at on the bit-flip page, besides the run: one frozen value."""

import re
from dataclasses import dataclass

from app.state import LinkReader

PAGE = "flips"
"""Prefix of the page's keys in the session."""

SECTIONS = {
    "strength": "Over strength",
    "image": "One image, all its bits",
    "use": "Use of the bits",
    "why": "Why it differs",
}
BINS = {"counts": "Each number", "slide": "The slide's 2 %"}
STEPS_BINS = "steps"
STARTS = {"adversarial": "Adversarial code", "clean": "Clean code"}
HEATS = {"importance": "Accuracy lost", "flips": "Flip rate", "none": "Nothing"}
ORDERS = {
    "number": "Number",
    "flips": "Flip rate",
    "plus": "Share of +1",
    "entropy": "Entropy",
}
GROUPS = {
    "all": "All images",
    "repaired": "Fooled, then repaired",
    "not_repaired": "Fooled, not repaired",
    "spoiled": "Broken by the purifier",
    "not_fooled": "Not fooled",
    "wrong_before": "Wrong before the attack",
}
"""Which images are picked from, by their outcome; its words with underscores."""

MOST_BITS = 4096
LISTED = re.compile(r"[0-9]{1,4}")
MOST_STRENGTHS = 64


@dataclass(frozen=True, kw_only=True)
class View:
    """What is looked at.

    Attributes:
        bins: A key of ``BINS``, or ``STEPS_BINS`` where a latent has more than one bit.
        brush: Lowest and highest number of flipped bits of the images looked at; None is all.
        strength: The place on the curve whose histogram is shown; None is the run itself.
        section: The open section, a key of ``SECTIONS``.
        group: Whose images are picked from, a key of ``GROUPS``.
        image: Place in the split of the image whose bits are shown; None picks one.
        start: Whose code the visitor flips bits of, a key of ``STARTS``.
        flipped: Bits the visitor flipped, ascending.
        bit: The bit that is talked about.
        heat: What the squares of the code show, a key of ``HEATS``.
        order: How the bits are sorted, a key of ``ORDERS``.
    """

    bins: str = "counts"
    brush: tuple[int, int] | None = None
    strength: int | None = None
    section: str = "strength"
    group: str = "all"
    image: int | None = None
    start: str = "adversarial"
    flipped: tuple[int, ...] = ()
    bit: int | None = None
    heat: str = "importance"
    order: str = "number"

    def params(self) -> dict[str, str]:
        """The view as the address holds it; what is as it begins is left out."""
        begin, params = View(), {}
        for name in (
            "bins",
            "strength",
            "section",
            "group",
            "image",
            "start",
            "bit",
            "heat",
            "order",
        ):
            value = getattr(self, name)
            if value != getattr(begin, name):
                params[name] = str(value)
        if self.brush is not None:
            params |= {"from": str(self.brush[0]), "to": str(self.brush[1])}
        if self.flipped:
            params["flipped"] = ".".join(map(str, self.flipped))
        return params


class ViewReader(LinkReader):
    """Also reads lists of bits, written as ``3.17.40``."""

    def bits(self, name: str) -> tuple[int, ...]:
        """Different bits, ascending."""
        text = self._text(name)
        if not text:
            return ()
        numbers = text.split(".")
        if len(numbers) > MOST_BITS or not all(LISTED.fullmatch(one) for one in numbers):
            return self._ignore(name, text, "is no list of bits", ())
        return tuple(sorted({int(one) for one in numbers}))


def read_view(reader: ViewReader, images: int) -> View:
    """A view from an address; what makes no sense is noted by the reader.

    Args:
        reader: The address.
        images: How many images the split has.
    """
    begin = View()
    return View(
        bins=reader.word("bins", (*BINS, STEPS_BINS), begin.bins),
        brush=_brush(reader),
        strength=_place(reader, "strength", MOST_STRENGTHS - 1),
        section=reader.word("section", SECTIONS, begin.section),
        group=reader.word("group", GROUPS, begin.group),
        image=_place(reader, "image", images - 1),
        start=reader.word("start", STARTS, begin.start),
        flipped=reader.bits("flipped"),
        bit=_place(reader, "bit", MOST_BITS - 1),
        heat=reader.word("heat", HEATS, begin.heat),
        order=reader.word("order", ORDERS, begin.order),
    )


def _place(reader: LinkReader, name: str, high: int) -> int | None:
    if name not in reader:
        return None
    place = reader.whole(name, -1, max(0, high), -1)
    return None if place < 0 else place


def _brush(reader: LinkReader) -> tuple[int, int] | None:
    low, high = (_place(reader, name, MOST_BITS) for name in ("from", "to"))
    if low is None and high is None:
        return None
    low, high = low or 0, MOST_BITS if high is None else high
    if low > high:
        reader.ignored.append(
            f"`from={low}` is above `to={high}`; all numbers of flipped bits are shown instead."
        )
        return None
    return low, high
