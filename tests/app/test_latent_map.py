"""The latent map without its page: points, colours, the figures beside it, the words."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.latent_map.colors import coloring
from app.latent_map.export import COLUMNS, as_csv
from app.latent_map.panel import cell_share, code_share, wall_rows
from app.latent_map.points import Points, map_latents, place_points, raw_points
from app.latent_map.settings import COLORS, MapSettings
from app.latent_map.words import alt_words, caption_words
from app.runs.triplets import triplet_html
from app.theme import ROLES
from core.analysis.attacked import Attacked
from core.analysis.flips import pair_agreement
from core.analysis.grids import picture_grid, raw_axes_walls
from core.defenses import BitDepth
from core.types import LabError
from tests.core.analysis import tiny_run

CLASSES = ("left", "right")


@pytest.fixture(scope="module")
def run() -> Attacked:
    return tiny_run.attacked()


def points(run: Attacked, **changes: Any) -> Points:  # noqa: ANN401 - any field of MapSettings
    return raw_points(run, MapSettings(**({"pairs": 20} | changes)))


def test_all_kinds_share_one_projection(run: Attacked) -> None:
    assert run.latents is not None
    stacked = map_latents(run, MapSettings())
    n = len(run.labels)
    assert stacked.shape == (3 * n, 6)
    np.testing.assert_array_equal(stacked[n : 2 * n], run.latents["adversarial"])
    assert len(map_latents(run, MapSettings(purified=False))) == 2 * n


def test_raw_axes_are_the_latents_themselves(run: Attacked) -> None:
    assert run.latents is not None
    placed = points(run, x=4, y=2)
    np.testing.assert_array_equal(placed.places["purified"], run.latents["purified"][:, [4, 2]])


def test_a_chosen_image_is_drawn_even_outside_the_sample(run: Attacked) -> None:
    last = len(run.labels) - 1
    assert last not in points(run, pairs=10).shown
    placed = points(run, pairs=10, chosen=(last, 4711))
    assert last in placed.shown
    assert placed.chosen.tolist() == [last]


@pytest.mark.parametrize(("x", "y"), [(0, 6), (99, 1), (2, 2)])
def test_axes_out_of_range_are_refused_in_words(run: Attacked, x: int, y: int) -> None:
    with pytest.raises(LabError, match=r"Choose"):
        points(run, x=x, y=y)


def test_a_defense_without_a_code_has_no_map() -> None:
    bare = tiny_run.attacked(BitDepth(bits=1))
    with pytest.raises(LabError, match=r"no code.*Choose one of the LQ-VAE"):
        points(bare)


@pytest.mark.parametrize("by", COLORS)
def test_every_point_has_a_colour_and_every_colour_a_name(run: Attacked, by: str) -> None:
    looks = coloring(run, by, CLASSES)
    for kind, values in looks.values.items():
        assert len(values) == len(run.labels)
        if looks.entries:
            assert set(values.tolist()) <= {color for _, color in looks.entries}
        elif by == "kind":
            assert set(values.tolist()) == {ROLES[kind].color}
        else:
            assert looks.top == run.flips.max()
            np.testing.assert_array_equal(values, run.flips)


def test_predictions_colour_each_point_by_its_own_answer(run: Attacked) -> None:
    looks = coloring(run, "prediction", CLASSES)
    color = dict(looks.entries)
    assert looks.values["adversarial"].tolist() == [
        color[CLASSES[said]] for said in run.said_adversarial
    ]


def test_the_share_of_equal_codes_counts_pairs_without_a_flip(run: Attacked) -> None:
    share = code_share(pair_agreement(run.flips))
    assert share.value.correct == int((run.flips == 0).sum())
    assert f"{len(run.labels)} pairs" in share.interval


def test_the_share_in_one_cell_says_whose_cells(run: Attacked) -> None:
    placed = points(run)
    picture = cell_share(placed, picture_grid(placed.everything, 5))
    walls = cell_share(placed, raw_axes_walls(run.walls, run.codewords, placed.everything))
    assert "not on the quantizer" in picture.help
    assert "same walls" in walls.help
    assert picture.value.n == walls.value.n == len(run.labels)


def test_the_distance_to_the_nearest_wall_is_that_of_the_latent(run: Attacked) -> None:
    assert run.latents is not None
    clean, adversarial = wall_rows(run, MapSettings(x=1, y=2), (4,))
    assert (clean["Kind"], adversarial["Kind"]) == ("Original", "Adversarial")
    for row, kind in ((clean, "clean"), (adversarial, "adversarial")):
        value = run.latents[kind][4, 1]  # type: ignore[index]
        distance = min(abs(value - wall) for wall in run.walls)
        assert row["Latent 1"] == f"{value:+.3f}"
        assert row["To wall, 1"].startswith(f"{distance:.3f} ")


def test_a_triplet_says_what_became_of_the_image(run: Attacked) -> None:
    html = triplet_html(run, 5, CLASSES)
    for title in ("Original", "Adversarial", "Purified"):
        assert f"{title} picture, classified as" in html
    assert "Image 5" in html
    assert f"{run.flips[5]} of 6 bits flipped" in html


def test_the_table_has_every_point(run: Attacked) -> None:
    placed = points(run)
    rows = list(csv.reader(io.StringIO(as_csv(run, placed))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1 + 3 * len(run.labels)
    first = dict(zip(COLUMNS, rows[1 + len(run.labels)], strict=True))
    assert (first["image"], first["kind"]) == ("0", "adversarial")
    assert float(first["x"]) == pytest.approx(float(placed.places["adversarial"][0, 0]), rel=1e-5)
    assert first["flipped_bits"] == str(run.flips[0])


def test_the_caption_says_which_lines_are_walls(run: Attacked) -> None:
    axes, map_ = MapSettings(view="axes"), MapSettings(view="tsne")
    placed = points(run)
    assert "the quantizer's own walls" in caption_words(run, axes, placed)
    assert "a grid on the picture: not the quantizer's walls" in caption_words(run, map_, placed)
    assert "grid" not in caption_words(run, replace(map_, grid=False), placed)
    assert "projected together" in caption_words(run, map_, placed)
    assert "20 of 40 images are drawn" in caption_words(run, map_, placed)


def test_the_map_is_told_to_those_who_do_not_see_it(run: Attacked) -> None:
    placed = points(run, chosen=(3,))
    told = alt_words(run, MapSettings(view="axes", x=1, y=2, chosen=(3,)), placed)
    assert "latents 1 and 2" in told
    assert "1 chosen" in told


def test_coordinates_of_a_projection_are_dealt_to_the_kinds_in_order(run: Attacked) -> None:
    n = len(run.labels)
    coordinates = np.arange(6 * n, dtype=np.float32).reshape(3 * n, 2)
    placed = place_points(run, MapSettings(), coordinates)
    assert placed.places["adversarial"][0].tolist() == [2 * n, 2 * n + 1]
