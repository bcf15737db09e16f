"""The page of levels without the page: its address, its plans, its curves, its HTML."""

from dataclasses import replace

import numpy as np
import pytest

from app.controls import Menu
from app.hierarchy.plans import FRESH, KEEP, Levels
from app.hierarchy.rows import Told, ladder_html, plans_html
from app.hierarchy.settings import HierarchySettings, first_percents, read_settings
from app.hierarchy.trade_off import curve_chart, knowing_words, lines_of
from app.hierarchy.what_levels_tell import bars, effect_chart
from app.runs.choices import Offer
from core.analysis import Reading
from core.analysis.level_effects import LevelEffect
from core.analysis.levels import Leveled
from core.defenses.level_schedules import fixed_schedule
from core.evaluation import SUITES
from tests.core.evaluation.invented import invent

DATASETS = Menu({"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"})
NAMES = ("1: whole", "2: 4×4", "3: 8×8", "4: 16×16")
CLASSES = tuple("0123456789")


def offer(name: str) -> Offer:
    classifiers = Menu({"a": "A", "b": "B"})
    return Offer(name, CLASSES, (1, 28, 28), 20, 5000, classifiers, Menu({"mlvgm": "MLVGM"}))


def read(params: dict[str, str]) -> tuple[HierarchySettings, tuple[str, ...]]:
    offers = {name: offer(name) for name in DATASETS.titles}
    return read_settings(params, DATASETS, offers, {"mnist": 4, "fashion_mnist": 5})


def test_an_empty_address_is_the_defense_as_it_is() -> None:
    settings, notes = read({})
    assert not notes
    assert settings.percents == first_percents(4) == (12, 25, 38, 50)
    assert settings.contrast == 8
    assert "contrast" not in settings.params()
    other, _ = read({"dataset": "fashion_mnist"})
    assert other.contrast == 0
    assert len(other.percents) == 5


def test_every_control_is_in_the_address_and_comes_back() -> None:
    settings = replace(
        read({})[0],
        classifier="b",
        index=3,
        attack="fgsm",
        parameters=(("epsilon", 0.25),),
        seen="original",
        percents=(0, 100, 7, 50),
        temperature=1.2,
        noise=2.5,
        blur=0.7,
        contrast=3.0,
        attenuation=75,
        curve="cosine",
        seed=9,
    )
    assert read(settings.params()) == (settings, ())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"levels": "10-20-30"}, "has 3 numbers where there are 4 levels; 12-25-38-50 is used"),
        ({"levels": "10-20-30-400"}, "is not made of whole numbers from 0 to 100"),
        ({"levels": "a-b-c-d"}, "is not made of whole numbers from 0 to 100"),
        ({"temperature": "0"}, "is below 0.05; 0.05 is used"),
        ({"temperature": "50"}, "is above 2; 2 is used"),
        ({"curve": "steep"}, "is not one of the choices; linear is used"),
        ({"dataset": "cifar10"}, "is not one of the choices; mnist is used"),
        ({"attenuation": "0"}, "is below 5; 5 is used"),
    ],
)
def test_odd_values_are_replaced_and_said(params: dict[str, str], said: str) -> None:
    settings, notes = read(params)
    assert said in notes[0]
    assert len(settings.percents) == 4


@pytest.fixture
def levels() -> Levels:
    shares = {name: fixed_schedule(name, 4) for name in ("linear", "cosine")}
    return Levels(names=NAMES, nats=(), shares=shares, missing={"learned": "Nobody searched."})


def test_a_plan_sets_the_sliders_and_is_known_by_them(levels: Levels) -> None:
    settings = read({})[0]
    assert levels.plan_of(settings) == "linear"
    assert levels.percents("cosine", 50) == (7, 25, 43, 50)
    assert levels.percents(FRESH, 50) == (100,) * 4, "the ends know no attenuation"
    for plan in (*levels.shares, KEEP, FRESH):
        assert levels.plan_of(replace(settings, percents=levels.percents(plan, 50))) == plan
    assert levels.plan_of(replace(settings, percents=(1, 2, 3, 4))) is None


def test_rows_and_cards_say_in_words_what_they_show(levels: Levels) -> None:
    grey = np.full((1, 28, 28), 0.5, dtype=np.float32)
    seven, three = (Reading(grey, np.eye(10, dtype=np.float32)[said]) for said in (7, 3))
    found = Leveled(draws=(seven, three), average=seven, removed=grey)
    told = Told(7, CLASSES)
    html = ladder_html([found] * 4, NAMES, ["33.1 nats", "", "", ""], told)
    assert html.count("<img") == 8
    assert "Level 1: whole, drawn anew, draw 2: taken for 3, which is wrong" in html
    assert "33.1 nats" in html
    cards = plans_html({"linear": found}, {"linear": levels.shares["linear"]}, NAMES, told)
    assert "1 of 2 draws right" in cards
    assert "75 %" in cards


def test_the_trade_off_is_drawn_for_one_schedule() -> None:
    cells = [invent(one) for one in SUITES["attenuation"]("mnist")]
    linear, cosine = lines_of(cells, 0), lines_of(cells, 1)
    names = [name for _, name in linear]
    assert names == [
        "clean images",
        "FGSM 0.3, oblivious",
        "PGD 0.3, oblivious",
        "FGSM 0.3, oblivious, no threshold before",
        "PGD 0.1, knows the defense",
    ]
    assert all([percent for percent, _ in line] == [0, 25, 50, 75, 100] for line in linear.values())
    assert len(cosine) == 3, "neither the knowing attacker nor the bare levels"
    figure = curve_chart(linear)
    assert len(figure.data) == 5
    assert figure.data[0].error_y.array[0] > 0


def test_a_smaller_budget_and_warnings_of_the_knowing_attacker_are_told() -> None:
    cells = [invent(one) for one in SUITES["attenuation"]("mnist")]
    examined = [replace(one, warnings=("Hm.",)) for one in cells]
    words = knowing_words(examined)
    assert "That attacker may change a pixel by 0.1, the others by 0.3" in words
    assert words.count("Hm.") == 1
    same = [invent(one) for one in SUITES["attenuation"]("fashion_mnist")]
    assert knowing_words(same).endswith("averages 8 draws.")
    blind = [one for one in cells if one.specification.threat != "adaptive"]
    assert "not measured yet" in knowing_words(blind)


def test_bars_stand_for_levels() -> None:
    rows = [
        LevelEffect(
            dataset="mnist",
            classifier="a",
            sha256="",
            level=level,
            side=1,
            changed=changed,
            n=100,
            moved=1.0,
        )
        for level, changed in enumerate((70, 1, 0, 0))
    ]
    figure = effect_chart(rows, NAMES)
    assert list(figure.data[0].y) == [0.7, 0.01, 0, 0]
    assert figure.data[0].error_y.array[0] > 0
    assert list(bars("code", NAMES, [1, 2, 3, 4], "nats").data[0].x) == list(NAMES)
