"""Grids: a drawn wall is the quantizer's threshold, and a cell on a picture is what it says."""

import itertools

import numpy as np
import pytest
import torch

from core.analysis.grids import (
    MAX_CELLS,
    Floats,
    cells_of,
    nearest_wall,
    pairs_in_one_cell,
    picture_grid,
    raw_axes,
    raw_axes_walls,
)
from core.models.quantizers import QUANTIZERS, Quantizer, UniformQuantizer
from core.types import LabError


def points(*places: tuple[float, float]) -> Floats:
    return np.array(places, np.float32)


@pytest.fixture(params=[*QUANTIZERS, "uniform 1 bit", "uniform 3 bits"])
def quantizer(request: pytest.FixtureRequest) -> Quantizer:
    if request.param.startswith("uniform "):
        return UniformQuantizer(bits_each=int(request.param.split()[1]), step=0.07)
    return QUANTIZERS[request.param]()


def around(wall: float) -> Floats:
    """The last latent below a wall, the wall, and the next latent above it, in float32."""
    at = np.float32(wall)
    return np.array(
        [np.nextafter(at, np.float32(-np.inf)), at, np.nextafter(at, np.float32(np.inf))],
        np.float32,
    )


def test_a_drawn_wall_is_the_latent_at_which_a_bit_changes(quantizer: Quantizer) -> None:
    grid = raw_axes_walls(quantizer.walls, quantizer.codewords, points((0.0, 0.0)))
    assert grid.walls == quantizer.walls
    for wall in grid.walls:
        below, _, above = quantizer.bits(torch.from_numpy(around(wall))[:, None])
        assert (below != above).sum() == 1


def test_between_two_drawn_walls_no_bit_changes(quantizer: Quantizer) -> None:
    ends = (quantizer.walls[0] - 1, *quantizer.walls, quantizer.walls[-1] + 1)
    for low, high in itertools.pairwise(ends):
        inside = np.linspace(around(low)[2], around(high)[0], 101, dtype=np.float32)
        bits = quantizer.bits(torch.from_numpy(inside)[:, None])
        assert (bits == bits[0]).all()


def test_the_grids_cells_are_the_quantizers_also_on_a_wall(quantizer: Quantizer) -> None:
    random = np.random.default_rng(0).normal(scale=0.2, size=500).astype(np.float32)
    latents = np.concatenate([random, *(around(wall) for wall in quantizer.walls)])
    cells = cells_of(latents, quantizer.walls, quantizer.codewords)
    assert (cells == quantizer.cells(torch.from_numpy(latents)).numpy()).all()
    bits = quantizer.bits(torch.from_numpy(latents)[:, None]).numpy()
    assert (np.array(quantizer.codewords)[cells] == bits).all()


def test_every_rectangle_carries_the_bits_of_the_points_in_it(quantizer: Quantizer) -> None:
    grid = raw_axes_walls(
        quantizer.walls, quantizer.codewords, points((-0.5, -0.4), (0.3, 0.6), (0.0, 0.0))
    )
    assert len(grid.rectangles) == len(quantizer.codewords) ** 2
    for cell in grid.rectangles:
        middle = torch.tensor([[(cell.left + cell.right) / 2], [(cell.bottom + cell.top) / 2]])
        across, up = quantizer.bits(middle)
        assert (tuple(across), tuple(up)) == (cell.across, cell.up)


def test_the_rectangles_fill_the_drawing_without_overlap(quantizer: Quantizer) -> None:
    grid = raw_axes_walls(quantizer.walls, quantizer.codewords, points((-0.5, 0.1), (0.3, 2.0)))
    area = sum((cell.right - cell.left) * (cell.top - cell.bottom) for cell in grid.rectangles)
    assert area == pytest.approx((grid.x[1] - grid.x[0]) * (grid.y[1] - grid.y[0]))


def test_walls_are_drawn_also_where_no_point_is(quantizer: Quantizer) -> None:
    grid = raw_axes_walls(quantizer.walls, quantizer.codewords, points((5.0, 5.0), (5.5, 6.0)))
    assert grid.x[0] < quantizer.walls[0]
    assert grid.x[1] > 5.5
    assert grid.y[1] > 6.0


def test_walls_and_codewords_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="one codeword more than walls"):
        raw_axes_walls((0.0,), ((-1,),), points((0.0, 0.0)))


@pytest.mark.parametrize(
    ("latent", "wall", "distance"),
    [(0.0, -0.1, 0.1), (0.04, 0.1, 0.06), (-3.0, -0.1, 2.9), (0.1, 0.1, 0.0)],
)
def test_the_nearest_wall(latent: float, wall: float, distance: float) -> None:
    found = nearest_wall(latent, (-0.1, 0.1))
    assert found.wall == wall
    assert found.distance == pytest.approx(distance)


def test_a_picture_grid_has_square_cells_and_covers_the_points() -> None:
    grid = picture_grid(points((-1.0, 2.0), (7.0, 5.0)), 4)
    assert grid.size == 2.0
    assert grid.x == (-1.0, 1.0, 3.0, 5.0, 7.0)
    assert grid.y == (2.0, 4.0, 6.0)


def test_a_point_on_a_line_is_in_the_cell_above_it_and_the_last_border_belongs_to_the_last() -> (
    None
):
    grid = picture_grid(points((0.0, 0.0), (4.0, 4.0)), 4)
    places = points((0.0, 0.0), (0.999, 1.0), (1.0, 2.0), (4.0, 4.0), (9.0, -9.0))
    assert grid.cells(places).tolist() == [[0, 0], [0, 1], [1, 2], [3, 3], [3, 0]]


@pytest.mark.parametrize("cells", range(2, MAX_CELLS + 1))
def test_the_longer_side_has_exactly_so_many_cells(cells: int) -> None:
    drawn = np.random.default_rng(cells).normal(scale=(30, 11), size=(50, 2)).astype(np.float32)
    grid = picture_grid(drawn, cells)
    assert len(grid.x) == cells + 1
    assert len(grid.y) <= cells + 1
    assert grid.x[-1] == pytest.approx(drawn[:, 0].max(), abs=1e-4)
    assert grid.y[-1] >= drawn[:, 1].max() - 1e-4


def test_pairs_in_one_cell_are_counted() -> None:
    grid = picture_grid(points((0.0, 0.0), (4.0, 4.0)), 4)
    first = points((0.1, 0.1), (0.9, 0.5), (2.5, 2.5), (3.0, 3.0))
    second = points((0.9, 0.9), (1.1, 0.5), (2.5, 1.9), (4.0, 3.9))
    share = pairs_in_one_cell(first, second, grid)
    assert (share.correct, share.n) == (2, 4)


def test_pairs_in_one_cell_of_the_code_agree_on_both_cells_not_only_on_the_bits() -> None:
    grid = raw_axes_walls((-0.1, 0.1), ((-1,), (1,), (-1,)), points((0.0, 0.0)))
    first = points((0.0, 0.0), (-0.2, 0.0), (0.05, 0.3))
    second = points((0.09, -0.09), (0.2, 0.0), (0.05, 0.05))
    assert pairs_in_one_cell(first, second, grid).correct == 1


def test_points_all_in_one_place_have_a_grid() -> None:
    assert picture_grid(points((1.0, 1.0), (1.0, 1.0)), 5).cells(points((1.0, 1.0))).tolist() == [
        [0, 0]
    ]


def test_pairs_must_be_pairs() -> None:
    grid = picture_grid(points((0.0, 0.0), (1.0, 1.0)), 2)
    with pytest.raises(ValueError, match="expected pairs"):
        pairs_in_one_cell(points((0.0, 0.0)), points((0.0, 0.0), (1.0, 1.0)), grid)


@pytest.mark.parametrize("cells", [1, MAX_CELLS + 1])
def test_a_grid_of_no_use_is_refused(cells: int) -> None:
    with pytest.raises(ValueError, match="cells must be 2 to 60"):
        picture_grid(points((0.0, 0.0), (1.0, 1.0)), cells)


@pytest.mark.parametrize("bad", [np.empty((0, 2), np.float32), points((np.nan, 0.0))])
def test_no_grid_over_nothing(bad: Floats) -> None:
    with pytest.raises(LabError, match="points"):
        picture_grid(bad, 4)


def test_raw_axes_are_two_columns() -> None:
    latents = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert raw_axes(latents, 3, 1).tolist() == [[3, 1], [7, 5], [11, 9]]


@pytest.mark.parametrize(
    ("i", "j", "sentence"),
    [
        (4, 0, "no latent axis 4: this model has axes 0 to 3"),
        (0, -1, "no latent axis -1"),
        (2, 2, "two different"),
    ],
)
def test_raw_axes_that_do_not_exist(i: int, j: int, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        raw_axes(np.zeros((3, 4), np.float32), i, j)
