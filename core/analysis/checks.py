"""One sanity check and its verdict."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was asked of a quantizer, and the answer.

    Attributes:
        name: Short name of small letters.
        title: The demand as a short statement.
        passed: Whether it holds; None for a figure that is measured and not demanded.
        value: The number behind the verdict, in words.
        reason: Why it holds or fails, in one to three sentences.
        n: Images behind the number; 0 where no image is needed.
    """

    name: str
    title: str
    passed: bool | None
    value: str
    reason: str
    n: int


def signed(value: float) -> str:
    """A number with a true minus sign, as short as it goes."""
    return f"{value:g}".replace("-", "−")


def percent(share: float) -> str:
    """A share in percent that never rounds up to all or down to none."""
    text = f"{100 * share:.1f}"
    if text == "100.0" and share < 1:
        text = "99.9"
    if text == "0.0" and share > 0:
        text = "0.1"
    return f"{text.removesuffix('.0')} %"
