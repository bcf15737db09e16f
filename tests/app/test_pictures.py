"""The colour and shape language, tiles, bars, bits and the scrubber."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from app.charts import Series, bit_grid, probability_bars
from app.gallery import Tile, joined_png, percent, tiles_html
from app.scrubber import Steps, step_scrubber
from app.theme import ROLES, rgb
from core.images import to_png

PNG = to_png(torch.rand((1, 4, 4), generator=torch.Generator().manual_seed(0)), 2)


def luminance(color: str) -> float:
    shares = np.array(rgb(color)) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("background", ["#FFFFFF", "#11151F"])
def test_every_role_can_be_seen_on_light_and_dark(background: str) -> None:
    ground = luminance(background)
    for role in ROLES.values():
        light, dark = sorted((luminance(role.color), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("trait", ["color", "mark", "symbol", "title"])
def test_no_two_roles_look_alike(trait: str) -> None:
    assert len({getattr(role, trait) for role in ROLES.values()}) == len(ROLES)


def test_a_tile_says_in_words_what_it_shows() -> None:
    tile = Tile(role="adversarial", png=PNG, says="3", confidence=0.42, correct=False)
    html = tiles_html([tile])
    assert "Adversarial" in html
    assert "✗ wrong" in html
    assert "42.0 %" in html
    assert ROLES["adversarial"].color in html
    assert 'alt="Adversarial picture, classified as 3 with 42.0 % confidence' in html


def test_tiles_stand_in_a_row_or_in_columns() -> None:
    tiles = [Tile(role="clean", png=PNG)] * 5
    assert "repeat(5," in tiles_html(tiles)
    folded = tiles_html(tiles, columns=3)
    assert "repeat(3," in folded
    assert 'class="tiles three"' in folded, "three of them stay a row on a phone"
    assert folded.count("<figure") == 5


def test_a_tile_escapes_what_it_says() -> None:
    html = tiles_html([Tile(role="clean", png=PNG, says="<script>x</script>", note='"&')])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("share", "words"), [(0.5, "50.0 %"), (0.99951, "over 99.9 %"), (1.0, "over 99.9 %")]
)
def test_confidence_never_claims_certainty(share: float, words: str) -> None:
    assert percent(share) == words


def test_the_joined_picture_holds_all_tiles() -> None:
    tiles = [Tile(role="clean", png=PNG, says="7"), Tile(role="purified", png=PNG, says="7")]
    picture = Image.open(io.BytesIO(joined_png(tiles, "A heading", side=40)))
    assert picture.format == "PNG"
    assert picture.width == 16 + 2 * (40 + 16)


def test_the_bars_take_colour_and_pattern_from_the_roles() -> None:
    series = [
        Series("clean", "Original", np.array([0.9, 0.1], np.float32)),
        Series("adversarial", "Adversarial", np.array([0.2, 0.8], np.float32)),
    ]
    figure = probability_bars(series, ("cat", "dog"))
    assert [bar.marker.color for bar in figure.data] == [
        ROLES["clean"].color,
        ROLES["adversarial"].color,
    ]
    assert figure.data[1].marker.pattern.shape == ROLES["adversarial"].pattern
    assert list(figure.data[0].x) == ["cat", "dog"]


def test_the_bit_grid_marks_what_flipped() -> None:
    bits = np.array([1, -1, -1, 1], np.int8)
    html = bit_grid(bits, np.array([False, True, False, False]), "Original")
    assert html.count("flip") - html.count(".flip") >= 1
    assert html.count("×") == 1
    assert "4 bits, 1 of them flipped" in html


@pytest.mark.parametrize("channels", [1, 3])
def test_the_scrubber_has_a_frame_and_a_stop_for_every_step(channels: int) -> None:
    pictures = np.zeros((5, channels, 4, 4), np.uint8)
    pictures[-1] = 80
    line = np.linspace(1, 0, 5, dtype=np.float32)
    figure = step_scrubber(Steps(pictures=pictures, gain=3, lines=[("clean", "7 (right)", line)]))
    assert [frame.name for frame in figure.frames] == list("01234")
    assert len(figure.layout.sliders[0].steps) == 5
    assert figure.layout.sliders[0].active == 4
    moving = figure.frames[2]
    assert len(moving.data) == len(moving.traces)
    assert moving.data[-1].x[0] == 2


def test_the_scrubber_is_small_enough_to_send() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (41, 1, 28, 28)).astype(np.uint8)
    line = np.linspace(1, 0, 41, dtype=np.float32)
    figure = step_scrubber(Steps(pictures=pictures, gain=3, lines=[("clean", "7", line)]))
    assert len(figure.to_json()) < 600_000
