"""Pictures of a latent space: what they keep, what they refuse, and how they are kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analysis.projection_file import (
    find_projection,
    keep_projection,
    load_projection,
    save_projection,
)
from core.analysis.projections import (
    METHODS,
    Floats,
    Projection,
    ProjectionSpec,
    check_points,
    principal_axes,
    project,
    shuffle,
)
from core.analysis.trust import neighbor_preservation
from core.types import LabError

QUICK = [name for name in METHODS if name != "umap"]


def groups(each: int = 40, axes: int = 8, many: int = 3, seed: int = 0) -> Floats:
    """Well separated groups of points, one after another."""
    generator = np.random.default_rng(seed)
    centres = 10 * generator.normal(size=(many, 1, axes))
    return (centres + generator.normal(size=(many, each, axes))).reshape(-1, axes).astype("f4")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(params=QUICK)
def spec(request: pytest.FixtureRequest) -> ProjectionSpec:
    return ProjectionSpec(method=request.param, perplexity=12.0)


def test_a_picture_keeps_groups_together(spec: ProjectionSpec) -> None:
    picture = project(groups(), spec)
    assert picture.coordinates.shape == (120, 2)
    assert picture.coordinates.dtype == np.float32
    places = picture.coordinates.reshape(3, 40, 2)
    spread = np.linalg.norm(places - places.mean(1, keepdims=True), axis=2).max()
    centres = places.mean(1)
    apart = min(np.linalg.norm(centres[a] - centres[b]) for a, b in [(0, 1), (0, 2), (1, 2)])
    assert apart > spread
    assert picture.trust > 3 * picture.baseline


def test_the_same_request_gives_the_same_picture(spec: ProjectionSpec) -> None:
    first, second = project(groups(), spec), project(groups(), spec)
    assert (first.coordinates == second.coordinates).all()
    assert (first.trust, first.fingerprint) == (second.trust, second.fingerprint)


def test_another_seed_gives_another_tsne() -> None:
    spec = ProjectionSpec(method="tsne", perplexity=12.0)
    other = project(groups(), replace(spec, seed=1))
    assert np.abs(project(groups(), spec).coordinates - other.coordinates).max() > 0.1


@pytest.mark.slow
def test_umap_keeps_groups_together() -> None:
    pytest.importorskip("umap")
    before = torch.get_num_threads()
    picture = project(groups(), ProjectionSpec(method="umap", neighbors=8))
    assert picture.trust > 3 * picture.baseline
    assert torch.get_num_threads() == before, "torch would sum in another order from here on"


def test_principal_axes_are_those_of_the_largest_spread() -> None:
    points = np.zeros((100, 5), np.float32)
    generator = np.random.default_rng(0)
    points[:, 3], points[:, 1] = 9 * generator.normal(size=100), 3 * generator.normal(size=100)
    drawn = principal_axes(points)
    centred = points - points.mean(0)
    assert np.abs(drawn[:, 0] - centred[:, 3]).max() < 0.5
    assert drawn.std(0) == pytest.approx([9, 3], rel=0.3)
    # Distances in the plane of the two axes stay what they were.
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(np.linalg.norm(centred, axis=1), 1e-3)


def test_shuffled_points_keep_every_axis_and_lose_what_ties_them() -> None:
    points = groups()
    shuffled = shuffle(points, seed=0)
    assert (np.sort(shuffled, axis=0) == np.sort(points, axis=0)).all()
    before, after = (np.asarray(np.corrcoef(each.T)) for each in (points, shuffled))
    off = ~np.eye(8, dtype=bool)
    assert np.abs(after[off]).mean() < np.abs(before[off]).mean() / 3


def test_the_shuffled_control_is_a_picture_of_shuffled_points() -> None:
    spec = ProjectionSpec(method="pca", shuffled=True, seed=3)
    expected = principal_axes(shuffle(groups(), 3))
    assert (project(groups(), spec).coordinates == expected).all()


def test_trust_is_one_for_a_faithful_picture_and_the_baseline_for_random_places() -> None:
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(400, 2)).astype(np.float32)
    assert neighbor_preservation(plane, 3 * plane + 1) == (1.0, 10 / 399)
    trust, baseline = neighbor_preservation(plane, generator.normal(size=(400, 2)).astype("f4"))
    assert trust == pytest.approx(baseline, abs=0.01)


def test_trust_counts_neighbours_one_by_one() -> None:
    line = np.arange(23, dtype=np.float32)[:, None] ** 1.5
    points = np.hstack([line, 0 * line])
    moved = points.copy()
    moved[22] = -1e4  # the last one leaves: it was among the ten nearest of its ten neighbours
    near = np.abs(points[:, :1] - points[:, 0])
    order = near.argsort(1)[:, 1:11]
    lost = (order[:22] == 22).sum() + 10 - np.isin(np.arange(10), order[22]).sum()
    trust, _ = neighbor_preservation(points, moved)
    assert trust == pytest.approx(1 - lost / 230)


def test_exact_copies_may_stand_for_one_another() -> None:
    copies = np.repeat(groups(each=2), 20, axis=0)
    places = np.repeat(np.arange(6, dtype=np.float32)[:, None] * [[7.0, 3.0]], 20, axis=0)
    jitter = np.random.default_rng(0).normal(scale=1e-3, size=places.shape)
    assert neighbor_preservation(copies, (places + jitter).astype("f4"))[0] == 1.0


def test_points_with_many_copies_have_a_picture(spec: ProjectionSpec) -> None:
    picture = project(np.repeat(groups(each=5), 8, axis=0), spec)
    assert np.isfinite(picture.coordinates).all()


@pytest.mark.parametrize(
    ("points", "spec", "sentence"),
    [
        (groups(each=1, many=2), {"method": "pca"}, "needs 3 to 5000 points; there are 2"),
        (groups(each=1), {"method": "tsne"}, "perplexity of 30 needs more than 90 points.*3"),
        (groups(each=30), {"method": "tsne"}, "more than 90 points; there are 90"),
        (groups(each=5), {"method": "umap"}, "15 neighbours need more than 15 points"),
        (np.ones((9, 4), np.float32), {"method": "pca"}, "All points are the same"),
        (np.full((9, 4), np.nan, np.float32), {"method": "pca"}, "not numbers"),
        (np.zeros((9, 1), np.float32), {"method": "pca"}, "at least two axes"),
        (np.zeros((5001, 2), np.float32), {"method": "pca"}, "there are 5001.*fewer"),
    ],
)
def test_points_without_a_picture(points: Floats, spec: dict[str, str], sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        check_points(points, ProjectionSpec(method=spec["method"]))


def test_one_point_more_than_three_perplexities_is_enough() -> None:
    points = groups(each=30)
    check_points(np.vstack([points, points[:1] + 1]), ProjectionSpec(method="tsne"))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"method": "isomap"}, "choose from tsne, umap, pca"),
        ({"method": "tsne", "perplexity": 1.0}, "perplexity must be 2 to 200"),
        ({"method": "umap", "neighbors": 1}, "neighbors must be 2 to 200"),
        ({"method": "umap", "seed": -1}, "seed must be 0 or more"),
    ],
)
def test_settings_out_of_range(setting: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ProjectionSpec(**setting)  # type: ignore[arg-type]


def test_only_what_matters_names_a_picture() -> None:
    points = groups()
    tsne = ProjectionSpec(method="tsne")
    name = tsne.fingerprint(points)
    assert replace(tsne, neighbors=7).fingerprint(points) == name
    assert replace(tsne, perplexity=7.0).fingerprint(points) != name
    assert replace(tsne, seed=1).fingerprint(points) != name
    assert replace(tsne, shuffled=True).fingerprint(points) != name
    assert tsne.fingerprint(points[1:]) != name
    assert tsne.fingerprint(points.reshape(60, 16)) != name
    pca = ProjectionSpec(method="pca")
    assert replace(pca, seed=1).fingerprint(points) == pca.fingerprint(points)


@pytest.fixture
def picture() -> Projection:
    return project(groups(), ProjectionSpec(method="pca"))


def test_a_kept_picture_is_found_for_its_points_and_no_others(picture: Projection) -> None:
    assert find_projection(groups(), picture.spec) is None
    keep_projection(picture)
    found = find_projection(groups(), picture.spec)
    assert found is not None
    assert (found.coordinates == picture.coordinates).all()
    assert (found.spec, found.trust, found.seconds) == (
        *(picture.spec, picture.trust, picture.seconds),
    )
    assert find_projection(groups(seed=1), picture.spec) is None


def test_a_damaged_file_is_said_to_be_damaged(picture: Projection, tmp_path: Path) -> None:
    path = tmp_path / "picture.npz"
    save_projection(picture, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(LabError, match="damaged"):
        load_projection(path)


def test_a_file_of_other_arrays_is_damaged(picture: Projection, tmp_path: Path) -> None:
    path = tmp_path / "picture.npz"
    save_projection(replace(picture, coordinates=np.zeros((4, 3), np.float32)), path)
    with pytest.raises(LabError, match="damaged"):
        load_projection(path)
