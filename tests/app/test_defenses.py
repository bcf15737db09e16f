"""The defenses page without its page: address, cards, and the picture of outcomes."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.controls import Menu
from app.defenses.cards import cards_html
from app.defenses.flow import STACKS, STAGES, WRONG, flow_chart, flow_words
from app.defenses.settings import ALL, FIRST_RUN, OUTCOMES, DefensesSettings, read_settings, tunable
from app.runs.choices import offer_for
from core.analysis import Outcome, RunSpec, make_lineup
from core.data import load_dataset
from core.defenses import load_defense
from tests.pages.tiny_lab import nearest_mean, use_tiny_lab

DIGITS = tuple("0123456789")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_tiny_lab(tmp_path, monkeypatch)
    return tmp_path


def read(params: dict[str, str]) -> tuple[DefensesSettings, tuple[str, ...]]:
    return read_settings(params, Menu({"mnist": "MNIST"}), {"mnist": offer_for("mnist")})


def test_an_address_means_what_it_was_written_from() -> None:
    settings, notes = read({})
    there = replace(FIRST_RUN, defense="lq_vae")  # the first one that is trained here
    assert (settings.run, settings.outcome, notes) == (there, ALL, ())
    chosen = DefensesSettings(run=there, index=3, outcome="not repaired")
    assert read(chosen.params()) == (chosen, ())


def test_settings_of_defenses_are_part_of_the_address() -> None:
    settings, notes = read({"quality": "20", "size": "3", "bits": "2"})
    assert (settings.settings_of("jpeg"), notes) == ({"quality": 20}, ())
    assert settings.settings_of("median") == {}, "a default is no change"
    assert settings.params()["bits"] == "2"
    assert "size" not in settings.params()
    settings, (note,) = read({"size": "4"})
    assert settings.tuned == (), "a window has a middle"
    assert "`size=4` is not one of the choices; 3 is used instead" in note


def test_settings_of_one_name_are_one_control() -> None:
    by_name: dict[str, set[tuple[int, int, int, int]]] = {}
    for _, name, setting in tunable():
        limits = (setting.default, setting.low, setting.high, setting.step)
        by_name.setdefault(name, set()).add(limits)
    assert all(len(found) == 1 for found in by_name.values()), "else one slider cannot serve all"
    settings, _ = read({"overlap": "25"})
    for name in ("patch_vae", "patch_vae_16", "patch_vae_8"):
        assert settings.settings_of(name) == {"overlap": 25}
    assert settings.params()["overlap"] == "25"


def test_odd_addresses_are_put_right_and_said() -> None:
    settings, notes = read({"outcome": "saved", "index": "100000", "color": "red"})
    assert (settings.outcome, settings.index) == (ALL, 999)
    assert len(notes) == 3


def test_a_card_says_what_a_defense_did() -> None:
    images, labels = load_dataset("mnist", "validation", count=20)
    spec = RunSpec(
        dataset="mnist", classifier="a", index=7, attack="fgsm", parameters=(("epsilon", 0.3),)
    )
    purifiers = {name: load_defense("mnist", name) for name in ("bit_depth", "jpeg", "median")}
    lineup = make_lineup(nearest_mean, purifiers, images[7], int(labels[7]), spec)
    off = {"LQ-VAE <b>": "not trained; `train it` trains it."}
    assert "<h4>JPEG, quality 9</h4>" in cards_html(lineup, off, DIGITS, (("jpeg", "quality", 9),))
    html = cards_html(lineup, off, DIGITS)
    assert html.count('class="card"') == 3
    for entry, title in zip(lineup.entries, ("Bit depth", "JPEG", "Median"), strict=True):
        assert f"Purified by {title}, classified as {entry.purified.prediction}" in html
    assert "LQ-VAE &lt;b&gt;" in html
    assert "<code>train it</code>" in html


COUNTS: dict[Outcome, int] = {
    "not fooled": 50,
    "spoiled": 4,
    "repaired": 30,
    "not repaired": 10,
    "wrong before": 6,
}


def test_every_bar_holds_all_images_without_gap_or_overlap() -> None:
    figure = flow_chart(COUNTS, ALL)
    bars = figure.data[: len(OUTCOMES)]
    for stage in range(len(STAGES)):
        parts = sorted((bar.base[stage], bar.base[stage] + bar.y[stage]) for bar in bars)
        assert parts[0][0] == 0
        assert parts[-1][1] == 100
        assert all(below[1] == above[0] for below, above in pairwise(parts))


def test_what_is_wrong_lies_below_what_is_right() -> None:
    for stack, wrong in zip(STACKS, WRONG, strict=True):
        kinds = [outcome in wrong for outcome in stack]
        assert kinds == sorted(kinds, reverse=True)
        assert set(stack) == set(OUTCOMES)


def test_the_chosen_part_stands_out() -> None:
    bars = flow_chart(COUNTS, "spoiled").data[: len(OUTCOMES)]
    strong = [outcome for outcome, bar in zip(OUTCOMES, bars, strict=True) if bar.opacity is None]
    assert strong == list(OUTCOMES)
    assert [bar.marker.opacity == 1 for bar in bars] == [name == "spoiled" for name in OUTCOMES]
    assert "4 broken by the purifier" in flow_words(COUNTS)
    assert flow_words(COUNTS).startswith("Of 100 images: 50 not fooled")
