"""The map as a figure: points, arrows, the grid on the picture and the quantizer's walls."""

from typing import Any

import numpy as np
import pytest

from app.latent_map.chart import Drawing, map_chart
from app.latent_map.colors import coloring
from app.latent_map.compare import multiple_chart
from app.latent_map.divisions import GRID_NAME, WALLS_NAME
from app.latent_map.points import Points, raw_points
from app.latent_map.settings import MapSettings
from app.theme import ROLES
from core.analysis.attacked import Attacked
from core.analysis.grids import picture_grid, raw_axes_walls
from tests.core.analysis import tiny_run

CLASSES = ("left", "right")


@pytest.fixture(scope="module")
def run() -> Attacked:
    return tiny_run.attacked()


def points(run: Attacked, **changes: Any) -> Points:  # noqa: ANN401 - any field of MapSettings
    return raw_points(run, MapSettings(**({"pairs": 20} | changes)))


def drawing(run: Attacked, place: Points, **changes: Any) -> Drawing:  # noqa: ANN401
    looks = coloring(run, "class", CLASSES)
    shown: dict[str, Any] = {"points": place, "coloring": looks, "classes": CLASSES}
    return Drawing(attacked=run, **(shown | changes))


def test_a_point_carries_its_image_in_each_kind(run: Attacked) -> None:
    placed = points(run, pairs=10)
    figure = map_chart(drawing(run, placed))
    traces = {trace.name: trace for trace in figure.data if trace.customdata is not None}
    assert set(traces) == {"Original", "Adversarial", "Purified"}
    for kind in placed.places:
        trace = traces[ROLES[kind].title]
        assert trace.customdata.tolist() == run.indices[placed.shown].tolist()
        assert trace.marker.symbol == ROLES[kind].symbol
        np.testing.assert_array_equal(trace.x, placed.places[kind][placed.shown, 0])


def test_arrows_lead_from_each_clean_point_to_its_adversarial_one(run: Attacked) -> None:
    placed = points(run, pairs=10)
    figure = map_chart(drawing(run, placed))
    (arrows,) = [trace for trace in figure.data if trace.name == "the attack's way"]
    x, y = np.reshape(arrows.x, (-1, 4)), np.reshape(arrows.y, (-1, 4))
    ends = np.stack([x[:, [0, 2]], y[:, [0, 2]]], axis=-1)
    np.testing.assert_array_equal(ends[:, 0], placed.places["clean"][placed.shown])
    np.testing.assert_array_equal(ends[:, 1], placed.places["adversarial"][placed.shown])
    assert np.isnan(x[:, 3]).all()


def test_what_is_not_chosen_is_dimmed(run: Attacked) -> None:
    placed = points(run, chosen=(3,))
    figure = map_chart(drawing(run, placed))
    for trace in figure.data:
        if trace.customdata is not None:
            bright = np.asarray(trace.marker.opacity) == 1.0
            assert np.asarray(trace.customdata)[bright].tolist() == [3]
            assert np.asarray(trace.marker.opacity)[~bright].max() < 0.3


def test_zooming_cuts_the_picture_to_the_chosen_images(run: Attacked) -> None:
    placed = points(run, chosen=(3,))
    low, high = map_chart(drawing(run, placed, zoom=True)).layout.xaxis.range
    for places in placed.places.values():
        assert low < places[3, 0] < high
    assert map_chart(drawing(run, points(run), zoom=True)).layout.xaxis.range is None


def test_the_grid_is_drawn_where_it_is_counted(run: Attacked) -> None:
    placed = points(run)
    grid = picture_grid(placed.everything, 5)
    figure = map_chart(drawing(run, placed, division=grid))
    (lines,) = [trace for trace in figure.data if trace.name == GRID_NAME]
    stops = np.array([lines.x, lines.y], dtype=float).T.reshape(-1, 3, 2)
    level = stops[:, 0, 1] == stops[:, 1, 1]
    assert stops[~level, 0, 0].tolist() == list(grid.x)
    assert stops[level, 0, 1].tolist() == list(grid.y)


@pytest.mark.parametrize("arguments", [{}, {"quantizer": "sign"}, {"quantizer": "uniform"}])
def test_every_drawn_wall_is_the_quantizers_own(arguments: dict[str, str]) -> None:
    purifier = tiny_run.purifier(**arguments)
    run = tiny_run.attacked(purifier)
    placed = points(run)
    walls = raw_axes_walls(run.walls, run.codewords, placed.everything)
    figure = map_chart(drawing(run, placed, division=walls))
    (lines,) = [trace for trace in figure.data if trace.name == WALLS_NAME]
    drawn = [stop for stop in zip(lines.x, lines.y, strict=True) if stop[0] is not None]
    pairs = list(zip(drawn[::2], drawn[1::2], strict=True))
    upright = [one[0] for one, two in pairs if one[0] == two[0]]
    level = [one[1] for one, two in pairs if one[1] == two[1]]
    assert upright == level == list(purifier.quantizer.walls)
    cells = (len(purifier.quantizer.walls) + 1) ** 2
    assert len(figure.layout.shapes) == cells


def test_cells_of_one_code_have_one_shade() -> None:
    run = tiny_run.attacked()
    placed = points(run)
    walls = raw_axes_walls(run.walls, run.codewords, placed.everything)
    shapes = map_chart(drawing(run, placed, division=walls)).layout.shapes
    by_code: dict[Any, set[float]] = {}
    for cell, shape in zip(walls.rectangles, shapes, strict=True):
        by_code.setdefault((cell.across, cell.up), set()).add(shape.opacity)
    assert len(by_code) == 4
    assert all(len(shades) == 1 for shades in by_code.values())
    assert len(set.union(*by_code.values())) == 4


def test_a_small_multiple_shows_pairs_with_the_names_of_their_classes(run: Attacked) -> None:
    n = len(run.labels)
    places = np.arange(6 * n, dtype=np.float32).reshape(3 * n, 2)
    figure = multiple_chart(places, run.labels, CLASSES)
    assert [trace.name for trace in figure.data] == ["Original", "Adversarial"]
    np.testing.assert_array_equal(figure.data[1].x, places[n : 2 * n, 0])
    assert [label.text for label in figure.layout.annotations] == ["<b>left</b>", "<b>right</b>"]
