"""Pictures of a latent space: t-SNE, UMAP and PCA, each with a figure of how far to trust it.

t-SNE (van der Maaten & Hinton, 2008, JMLR 9) is scikit-learn's, UMAP (McInnes, Healy & Melville,
2018, arXiv 1802.03426) umap-learn's. Both take seconds and cannot be stopped half way, and UMAP
must not run twice in one process: whoever serves pages calls ``project`` in one of its own.
"""

import hashlib
import importlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.analysis.threads import torch_threads_kept
from core.analysis.trust import neighbor_preservation
from core.types import LabError

Floats: TypeAlias = NDArray[np.float32]

VERSION = 1
"""Counts up whenever the same specification gives another picture; old ones are then not found."""

MIN_POINTS = 3
MOST_POINTS = 5000
"""The distances of all pairs must fit into memory."""

NEIGHBORS_PER_PERPLEXITY = 3
"""t-SNE looks at this many neighbours of each point for every unit of perplexity."""

ITERATIONS = 500
"""Of t-SNE. The second half of the library's 1,000 keeps no more neighbours (0.552 against 0.554 on
2,000 latents) and would double the time."""

PERPLEXITY_LIMITS = (2.0, 200.0)
NEIGHBOR_LIMITS = (2, 200)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to lay points out in the plane.

    Attributes:
        title: Its name for people.
        heavy: Whether it takes seconds, and so runs in a process of its own.
        module: The library it needs; None for the one that numpy can do.
    """

    title: str
    heavy: bool
    module: str | None = None


METHODS: Mapping[str, Method] = {
    "tsne": Method(title="t-SNE", heavy=True, module="sklearn.manifold"),
    "umap": Method(title="UMAP", heavy=True, module="umap"),
    "pca": Method(title="PCA", heavy=False),
}


@dataclass(frozen=True, kw_only=True)
class ProjectionSpec:
    """Everything that decides a picture, besides the points.

    Attributes:
        method: A key of ``METHODS``.
        perplexity: Of t-SNE: about how many neighbours each point keeps an eye on.
        neighbors: Of UMAP: how many neighbours each point is tied to.
        seed: Of UMAP's random steps, of t-SNE's small random shift of the start, and of the
            shuffling. PCA has nothing random.
        shuffled: The control: every latent axis is dealt out to the points anew, so that each
            axis keeps its values and all structure between the axes is gone.
    """

    method: str
    perplexity: float = 30.0
    neighbors: int = 15
    seed: int = 0
    shuffled: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}; choose from {', '.join(METHODS)}")
        low, high = PERPLEXITY_LIMITS
        if not low <= self.perplexity <= high:
            raise ValueError(f"perplexity must be {low:g} to {high:g}, got {self.perplexity}")
        fewest, most = NEIGHBOR_LIMITS
        if not fewest <= self.neighbors <= most:
            raise ValueError(f"neighbors must be {fewest} to {most}, got {self.neighbors}")
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")

    @property
    def title(self) -> str:
        """The method's name for people."""
        return METHODS[self.method].title

    def fingerprint(self, points: Floats) -> str:
        """sha256 of the points (m, d) and of what matters of the specification for its method."""
        start = ProjectionSpec(method=self.method)
        minded = replace(
            self,
            perplexity=self.perplexity if self.method == "tsne" else start.perplexity,
            neighbors=self.neighbors if self.method == "umap" else start.neighbors,
            seed=self.seed if self.method != "pca" or self.shuffled else start.seed,
        )
        head = json.dumps([VERSION, asdict(minded), points.shape], sort_keys=True)
        return hashlib.sha256(head.encode() + np.ascontiguousarray(points).tobytes()).hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection:
    """A picture of points, fitted on all of them together.

    Attributes:
        spec: How it was made.
        coordinates: Places (m, 2), in the order of the points.
        trust: The mean share of a point's 10 nearest neighbours in latent space that are among
            its 10 nearest on the picture, in [0, 1]. For a shuffled control, among the shuffled.
        baseline: The same share for random places.
        seconds: How long the picture took.
        fingerprint: Names the points and the specification.
    """

    spec: ProjectionSpec
    coordinates: Floats
    trust: float
    baseline: float
    seconds: float
    fingerprint: str


def project(points: Floats, spec: ProjectionSpec) -> Projection:
    """Make a picture. Takes seconds for the heavy methods; see ``Method.heavy``.

    Args:
        points: Latents (m, d), all that belong on the picture together.
        spec: How.

    Raises:
        LabError: The points do not allow this picture; the message says what does.
    """
    check_points(points, spec)
    started = time.perf_counter()
    laid = shuffle(points, spec.seed) if spec.shuffled else points
    if spec.method == "tsne":
        coordinates = _tsne(laid, spec)
    elif spec.method == "umap":
        with torch_threads_kept():
            coordinates = _umap(laid, spec)
    else:
        coordinates = principal_axes(laid)
    trust, baseline = neighbor_preservation(laid, coordinates)
    return Projection(
        spec=spec,
        coordinates=coordinates,
        trust=trust,
        baseline=baseline,
        seconds=time.perf_counter() - started,
        fingerprint=spec.fingerprint(points),
    )


def load_library(method: str) -> None:
    """Import what a method needs, so that its first picture takes no longer than the next."""
    module = METHODS[method].module
    if module is not None:
        importlib.import_module(module)
    if method == "umap":
        # The library compiles itself at its first use.
        grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), -1).reshape(-1, 2)
        with torch_threads_kept():
            _umap(grid.astype(np.float32), ProjectionSpec(method=method, neighbors=5))


def check_points(points: Floats, spec: ProjectionSpec) -> None:
    """Refuse points of which there can be no such picture.

    Raises:
        LabError: Too few or too many points, too few axes, all points the same, or some that are
            not numbers.
    """
    if points.ndim != 2 or points.shape[1] < 2:
        raise LabError("A picture needs latents with at least two axes. Choose another model.")
    many = len(points)
    if not MIN_POINTS <= many <= MOST_POINTS:
        raise LabError(
            f"A picture needs {MIN_POINTS} to {MOST_POINTS} points; there are {many}. "
            f"Choose {'more' if many < MIN_POINTS else 'fewer'} images."
        )
    if not np.isfinite(points).all():
        raise LabError("Some latents are not numbers, so they have no place on a picture.")
    if (points == points[0]).all():
        raise LabError("All points are the same, so there is nothing to tell apart.")
    if spec.method == "tsne" and many <= NEIGHBORS_PER_PERPLEXITY * spec.perplexity:
        raise LabError(
            f"A perplexity of {spec.perplexity:g} needs more than "
            f"{NEIGHBORS_PER_PERPLEXITY * spec.perplexity:g} points; there are {many}. "
            "Choose a lower perplexity or more images."
        )
    if spec.method == "umap" and many <= spec.neighbors:
        raise LabError(
            f"{spec.neighbors} neighbours need more than {spec.neighbors} points; there are "
            f"{many}. Choose fewer neighbours or more images."
        )


def shuffle(points: Floats, seed: int) -> Floats:
    """The points (m, d) with every axis dealt out anew, independently of the others."""
    return np.random.default_rng(seed).permuted(points, axis=0)


def principal_axes(points: Floats) -> Floats:
    """Coordinates (m, 2) on the two axes along which the points spread most.

    The sign of an axis is free; each is turned so that its largest weight is positive.
    """
    centred = points.astype(np.float64) - points.mean(0, dtype=np.float64)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    largest = np.abs(axes).argmax(1)
    axes *= np.sign(axes[np.arange(len(axes)), largest])[:, None]
    coordinates: Floats = (centred @ axes.T).astype(np.float32)
    return coordinates


def _tsne(points: Floats, spec: ProjectionSpec) -> Floats:
    manifold = importlib.import_module("sklearn.manifold")
    reducer = manifold.TSNE(
        perplexity=spec.perplexity,
        init=_start(points, spec.seed),
        max_iter=ITERATIONS,
        random_state=spec.seed,
    )
    coordinates: Floats = np.asarray(reducer.fit_transform(points), np.float32)
    return coordinates


def _start(points: Floats, seed: int) -> Floats:
    """PCA, tiny; the seed shifts every point by a little, which is all that is random."""
    start = principal_axes(points)
    start /= start.std(0).max() or 1.0
    shift = np.random.default_rng(seed).normal(size=start.shape)
    scaled: Floats = 1e-4 * (start + 0.3 * shift).astype(np.float32)
    return scaled


def _umap(points: Floats, spec: ProjectionSpec) -> Floats:
    umap = importlib.import_module("umap")
    # With a seed the library works on one core; saying so keeps it from warning.
    reducer = umap.UMAP(
        n_neighbors=spec.neighbors, random_state=spec.seed, n_jobs=1, init="pca", min_dist=0.1
    )
    coordinates: Floats = np.asarray(reducer.fit_transform(points), np.float32)
    return coordinates
