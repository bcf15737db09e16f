"""The latent map's settings in the address, its samples, selections and comparisons."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.controls import Menu
from app.latent_map.choosing import written
from app.latent_map.compare import comparisons, panels
from app.latent_map.selection import (
    chosen_in,
    known_and_vanished,
    spread_by_class,
    vanished_words,
)
from app.latent_map.settings import VIEWS, MapSettings, read_map
from app.runs.choices import Offer
from app.runs.settings import RunSettings

DATASETS = Menu({"mnist": "MNIST"})
OFFERS = {
    "mnist": Offer(
        name="mnist",
        classes=tuple("0123456789"),
        image_shape=(1, 28, 28),
        ink_box=20,
        count=5000,
        classifiers=Menu({"a": "A"}),
        defenses=Menu({"lq_vae": "LQ-VAE"}),
    )
}


def read(**params: str) -> tuple[MapSettings, tuple[str, ...]]:
    return read_map(params, DATASETS, OFFERS)


def test_an_empty_address_is_the_start() -> None:
    assert read() == (MapSettings(), ())


@pytest.mark.parametrize(
    "settings",
    [
        MapSettings(view="axes", x=5, y=63, grid=False, color="flips"),
        MapSettings(perplexity=50, map_seed=3, purified=False, pairs=40, cells=7, zoom=True),
        MapSettings(view="umap", neighbors=30, compare="seed", chosen=(3, 12, 999)),
        MapSettings(run=RunSettings(attack="fgsm", n=50), pairs=50, color="outcome"),
    ],
)
def test_settings_survive_the_way_through_the_address(settings: MapSettings) -> None:
    assert read(**settings.params()) == (settings, ())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"view": "sne"}, "not one of the choices; tsne is used"),
        ({"perplexity": "0"}, "is below 2"),
        ({"x": "-1"}, "is below 0"),
        ({"y": "9999"}, "is above 255"),
        ({"cells": "1"}, "is below 2"),
        ({"pairs": "abc"}, "is no number"),
        ({"chosen": "1;2"}, "`chosen` is no list of image numbers"),
        ({"chosen": "<script>"}, "`chosen` is no list of image numbers"),
        ({"purified": "maybe"}, "not one of the choices"),
    ],
)
def test_odd_addresses_are_mended_and_said(params: dict[str, str], said: str) -> None:
    settings, ignored = read(**params)
    assert len(ignored) == 1
    assert said in ignored[0]
    assert not settings.chosen


def test_the_address_holds_so_many_chosen_images_and_no_more() -> None:
    many = MapSettings(chosen=tuple(range(500)))
    assert read(**many.params())[0].chosen == tuple(range(60))


def test_no_parameter_of_an_attack_hides_a_setting_of_the_map() -> None:
    own = {"view", "perplexity", "neighbors", "map_seed", "x", "y", "purified", "color", "pairs"}
    own |= {"grid", "cells", "zoom", "compare", "chosen", "n", "seed"}
    every = MapSettings(
        run=RunSettings(n=20, seed=1),
        view="umap",
        perplexity=9,
        neighbors=9,
        map_seed=9,
        x=9,
        y=9,
        purified=False,
        color="kind",
        pairs=10,
        grid=False,
        cells=9,
        zoom=True,
        compare="seed",
        chosen=(1,),
    )
    assert own <= every.params().keys()
    for attack in ("pgd", "cw", "square", "one_pixel", "jsma", "noise", "apgd", "eot_pgd"):
        assert not own & RunSettings(attack=attack).params().keys() - {"n"}


def test_what_a_method_does_not_mind_makes_no_new_picture() -> None:
    start = MapSettings(view="pca")
    moved = replace(start, perplexity=77, neighbors=77, map_seed=7)
    assert moved.projection() == start.projection()
    assert replace(start, view="tsne", neighbors=77).projection() == MapSettings().projection()
    assert replace(start, view="axes").projection() is None


def test_a_sample_has_as_many_of_each_class() -> None:
    labels = np.array([0] * 50 + [1] * 3 + [2] * 50)
    chosen = spread_by_class(labels, 13)
    assert [int((labels[chosen] == label).sum()) for label in range(3)] == [5, 3, 5]
    assert (np.diff(chosen) > 0).all()


def test_a_larger_sample_holds_the_smaller_one() -> None:
    labels = np.arange(100) % 7
    small, large = (set(spread_by_class(labels, count).tolist()) for count in (20, 50))
    assert small < large
    assert len(spread_by_class(labels, 1000)) == 100


@pytest.mark.parametrize(
    ("event", "chosen"),
    [
        (None, ()),
        ({}, ()),
        ({"selection": {"points": []}}, ()),
        ({"selection": {"points": [{"customdata": 7}, {"customdata": [3]}]}}, (3, 7)),
        ({"selection": {"points": [{"customdata": [7]}, {"customdata": 7}]}}, (7,)),
        ({"selection": {"points": [{"point_index": 1}, {"customdata": None}]}}, ()),
        ({"selection": {"points": [{"customdata": "x"}, {"customdata": []}, 5]}}, ()),
    ],
)
def test_a_selection_names_images_by_their_place_in_the_split(
    event: Any,  # noqa: ANN401 - whatever the browser sends
    chosen: tuple[int, ...],
) -> None:
    assert chosen_in(event) == chosen


def test_vanished_images_are_named() -> None:
    known, vanished = known_and_vanished((1, 5, 4711), range(10))
    assert (known, vanished) == ((1, 5), (4711,))
    assert "Image 4711 is not among the 10 images" in vanished_words(vanished, 10)
    assert "and 4 more are not" in vanished_words(range(100, 110), 10)


def test_too_many_chosen_images_are_not_written_into_the_field() -> None:
    assert written((3, 12)) == "3, 12"
    assert written(range(500)) == ""


@pytest.mark.parametrize("view", VIEWS)
def test_comparisons_are_those_that_make_sense(view: str) -> None:
    for compare in ("none", "perplexity", "seed", "shuffled"):
        made = panels(MapSettings(view=view, compare=compare))
        assert bool(made) == (compare != "none" and compare in comparisons(view))
        assert len({panel.spec for panel in made}) == len(made)


def test_a_comparison_changes_one_thing() -> None:
    sizes = panels(MapSettings(compare="perplexity", map_seed=3))
    assert [panel.spec.perplexity for panel in sizes] == [5, 15, 30, 60]
    assert {panel.spec.seed for panel in sizes} == {3}
    seeds = panels(MapSettings(view="umap", compare="seed", neighbors=9))
    assert [panel.spec.seed for panel in seeds] == [0, 1, 2, 3]
    assert {panel.spec.neighbors for panel in seeds} == {9}
    whole, shuffled = panels(MapSettings(view="pca", compare="shuffled"))
    assert (whole.spec.shuffled, shuffled.spec.shuffled) == (False, True)
