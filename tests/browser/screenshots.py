"""Makes the README's pictures from the running dashboard: ``python -m tests.browser.screenshots``.

Needs the shipped models; writes small PNGs into ``screenshots/``.
"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.driving import Scheme, Size, Visitor, launch, settle
from tests.server import ROOT, running_server

FOLDER = ROOT / "screenshots"
COLORS = 128
PICTURES: tuple[tuple[str, str, Size, Scheme], ...] = (
    ("overview", "/", "desktop", "light"),
    ("overview_dark", "/", "desktop", "dark"),
    ("attack_lab", "/attack_lab?attack=pgd&epsilon=0.2", "desktop", "light"),
    ("attack_lab_phone", "/attack_lab?attack=pgd&epsilon=0.2", "phone", "dark"),
    ("defenses", "/defenses", "desktop", "light"),
)


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with running_server() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = Visitor(browser, server)
        for name, path, size, scheme in PICTURES:
            page = visitor.open(path, size=size, scheme=scheme)
            page.wait_for_timeout(1000)  # charts fade in after Streamlit is done
            settle(page)
            save(page.screenshot(), FOLDER / f"{name}.png")
        complaints = visitor.close()
        browser.close()
    if complaints:
        raise SystemExit("\n".join(complaints))


def save(png: bytes, path: Path) -> None:
    """Write a picture with few colours: a third of the size, and no difference to the eye."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
