"""The settings of the latent map as one frozen value, and its form in the address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.controls import Menu
from app.runs.choices import Offer
from app.runs.parameters import MOST_SEED
from app.runs.settings import RunSettings, read_run
from app.state import LinkReader
from core.analysis.attacked_spec import MIN_IMAGES
from core.analysis.grids import MAX_CELLS, MIN_CELLS
from core.analysis.projections import ProjectionSpec

PAGE = "map"
"""Prefix of the page's keys in the session."""

VIEWS: Mapping[str, str] = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA", "axes": "Raw axes"}
"""How latents become a picture: the methods of ``core.analysis.projections``, or two axes."""

COLORS: Mapping[str, str] = {
    "class": "Class",
    "prediction": "Prediction",
    "outcome": "Outcome",
    "flips": "Flipped bits",
    "kind": "Kind of image",
}
"""What the colour of a point can say."""

COMPARISONS: Mapping[str, str] = {
    "none": "Nothing",
    "perplexity": "Perplexities",
    "seed": "Seeds",
    "shuffled": "Shuffled latents",
}
"""What can be drawn beside the map."""

PERPLEXITIES = (2, 100)
NEIGHBORS = (2, 100)
MOST_AXIS = 255
MOST_CHOSEN = 60
"""So many chosen images fit into an address; the others are left out of it."""

IDS = re.compile(r"\d{1,6}(-\d{1,6})*")


@dataclass(frozen=True, kw_only=True)
class MapSettings:
    """Everything a visitor can set.

    Attributes:
        run: The attack that is looked at.
        view: A key of ``VIEWS``.
        perplexity: Of t-SNE: about how many neighbours each point minds.
        neighbors: Of UMAP, likewise.
        map_seed: Seed of the projection.
        x: Number of the latent on the horizontal raw axis.
        y: Number of the latent on the vertical one.
        purified: The purified images are points as well.
        color: A key of ``COLORS``.
        pairs: How many pairs are shown; all of them are projected.
        grid: A grid is drawn over the picture; on raw axes, the walls.
        cells: Cells of that grid along its longer side.
        zoom: The picture is cut to the chosen points.
        compare: A key of ``COMPARISONS``.
        chosen: Places in the split of the chosen images, ascending.
    """

    run: RunSettings = field(default_factory=RunSettings)
    view: str = "tsne"
    perplexity: int = 30
    neighbors: int = 15
    map_seed: int = 0
    x: int = 0
    y: int = 1
    purified: bool = True
    color: str = "class"
    pairs: int = 300
    grid: bool = True
    cells: int = 20
    zoom: bool = False
    compare: str = "none"
    chosen: tuple[int, ...] = ()

    def params(self) -> dict[str, str]:
        """The settings as the address holds them; of the map's own only those that differ."""
        params = self.run.params()
        start = MapSettings()
        words = ("view", "perplexity", "neighbors", "map_seed", "x", "y", "color", "pairs")
        for name in (*words, "cells", "compare"):
            if getattr(self, name) != getattr(start, name):
                params[name] = str(getattr(self, name))
        for name in ("purified", "grid", "zoom"):
            if getattr(self, name) != getattr(start, name):
                params[name] = str(int(getattr(self, name)))
        if self.chosen:
            params["chosen"] = "-".join(map(str, self.chosen[:MOST_CHOSEN]))
        return params

    def projection(self, *, shuffled: bool = False) -> ProjectionSpec | None:
        """What is asked of the projection; None for raw axes, which need none."""
        if self.view == "axes":
            return None
        return projection_spec(
            self.view,
            perplexity=self.perplexity,
            neighbors=self.neighbors,
            seed=self.map_seed,
            shuffled=shuffled,
        )


def projection_spec(
    method: str, *, perplexity: int, neighbors: int, seed: int, shuffled: bool = False
) -> ProjectionSpec:
    """A projection with only what its method minds; the rest are defaults.

    So that a picture is not computed again because a setting moved that does not touch it.
    """
    start = ProjectionSpec(method=method)
    return ProjectionSpec(
        method=method,
        perplexity=float(perplexity) if method == "tsne" else start.perplexity,
        neighbors=neighbors if method == "umap" else start.neighbors,
        seed=start.seed if method == "pca" else seed,
        shuffled=shuffled,
    )


def read_map(
    params: Mapping[str, str], datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[MapSettings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
    """
    start = MapSettings()
    reader = LinkReader(params)
    run = read_run(reader, datasets, offers, start.run)
    settings = MapSettings(
        run=run,
        view=reader.word("view", VIEWS, start.view),
        perplexity=reader.whole("perplexity", *PERPLEXITIES, start.perplexity),
        neighbors=reader.whole("neighbors", *NEIGHBORS, start.neighbors),
        map_seed=reader.whole("map_seed", 0, MOST_SEED, start.map_seed),
        x=reader.whole("x", 0, MOST_AXIS, start.x),
        y=reader.whole("y", 0, MOST_AXIS, start.y),
        purified=reader.flag("purified", start.purified),
        color=reader.word("color", COLORS, start.color),
        pairs=reader.whole("pairs", MIN_IMAGES, run.n, min(start.pairs, run.n)),
        grid=reader.flag("grid", start.grid),
        cells=reader.whole("cells", MIN_CELLS, MAX_CELLS, start.cells),
        zoom=reader.flag("zoom", start.zoom),
        compare=reader.word("compare", COMPARISONS, start.compare),
        chosen=_read_chosen(reader, params.get("chosen", "")),
    )
    return settings, reader.finish()


def _read_chosen(reader: LinkReader, text: str) -> tuple[int, ...]:
    reader.word("chosen", (text,), text)  # any text is let pass here, and judged below
    if not text:
        return ()
    if not IDS.fullmatch(text):
        reader.ignored.append("`chosen` is no list of image numbers such as `12-40-7`; left out.")
        return ()
    return tuple(sorted({int(one) for one in text.split("-")}))[:MOST_CHOSEN]
