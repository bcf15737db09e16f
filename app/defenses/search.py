"""The section on Defense-GAN: its search step by step, its price, and what its error betrays."""

from collections.abc import Sequence

import streamlit as st
import torch

from app import cache
from app.controls import seed
from app.defenses.search_charts import detection_chart, path_chart, time_chart, time_words
from app.defenses.settings import PAGE, SEARCHER, DefensesSettings
from app.gallery import Tile, show_tiles
from app.runs.choices import Offer
from app.runs.obtain import obtain
from app.runs.words import sentence
from app.state import widget_key
from app.stored import suite_or_reason
from app.theme import CHART_CONFIG
from core.analysis import Lineup
from core.analysis.latent_search import Way, search_way, stored_detection
from core.checkpoints import find_row
from core.defenses import DEFENSES, DefenseGanPurifier, load_defense
from core.devices import pick_device
from core.images import to_png
from core.types import LabError, OnStep

TITLE = "How Defense-GAN searches"


def setting_key(owner: str, name: str) -> str:
    """The key of the widget of one setting of a defense."""
    return widget_key(PAGE, f"{owner}_{name}")


def show_search(settings: DefensesSettings, offer: Offer, lineup: Lineup | None) -> None:
    """Draw the section.

    Args:
        settings: The page's settings.
        offer: What can be chosen of the data set.
        lineup: The attacked image; None while there is none.
    """
    st.header(TITLE, divider="gray", anchor="search")
    if SEARCHER not in offer.defenses.titles:
        why = offer.defenses.missing.get(DEFENSES[SEARCHER].title, "it has no generator for it.")
        st.info(f"Off for this data set: {why}", icon=":material/search_off:")
        return
    st.markdown(
        "Defense-GAN keeps nothing of the picture it is given: it looks for the most similar one "
        "that a generator can make, by gradient descent on the generator's latents from several "
        "random starts. The attack is not in the generator's range, so it stays behind. "
        "LQ-VAE needs one pass for that, Defense-GAN thousands."
    )
    chosen = _choose(settings)
    if lineup is not None:
        try:
            way = _way_of(settings, lineup, chosen)
        except LabError as error:
            st.error(sentence(error), icon=":material/error:")
            way = None
        if way is not None:
            _show_way(way, lineup, offer.classes)
    left, right = st.columns(2, gap="large")
    with left:
        _show_time(settings.run.dataset)
    with right:
        _show_detection(settings.run.dataset)


def _choose(settings: DefensesSettings) -> dict[str, int]:
    """The sliders of steps and starts."""
    labels = {"search_steps": "Steps of the search, L", "search_starts": "Starts, R"}
    chosen = {}
    for place, (name, label) in zip(st.columns(2, gap="large"), labels.items(), strict=True):
        setting = DEFENSES[SEARCHER].settings[name]
        key = setting_key(SEARCHER, name)
        seed(key, settings.settings_of(SEARCHER).get(name, setting.default))
        chosen[name] = int(
            place.slider(
                label,
                setting.low,
                setting.high,
                step=setting.step,
                key=key,
                help=f"{setting.help} The cards above keep {setting.default}.",
            )
        )
    return chosen


def _way_of(settings: DefensesSettings, lineup: Lineup, chosen: dict[str, int]) -> Way | None:
    """The search; None while it runs, with a bar on the page.

    Raises:
        LabError: A network is missing or damaged.
    """
    spec = settings.spec()
    classifier = cache.classifier(spec.dataset, spec.classifier)
    purifier = load_defense(spec.dataset, SEARCHER, **chosen)
    assert isinstance(purifier, DefenseGanPurifier)
    clean, attacked = (
        torch.from_numpy(reading.image).to(pick_device())
        for reading in (lineup.attacked.original, lineup.attacked.adversarial)
    )

    def compute(on_step: OnStep) -> Way:
        return search_way(classifier, purifier, clean, attacked, seed=spec.seed, on_step=on_step)

    hashes = (
        find_row(spec.dataset, spec.classifier).sha256,
        cache.defense_hash(spec.dataset, SEARCHER),
    )
    key = ("search", spec, tuple(chosen.items()), hashes)
    return obtain("search", key, compute, "Searching")


def _show_way(way: Way, lineup: Lineup, classes: Sequence[str]) -> None:
    attacked = lineup.attacked
    tiles = [
        Tile(
            role="adversarial",
            png=to_png(torch.from_numpy(attacked.adversarial.image), 8),
            says=classes[attacked.adversarial.prediction],
            confidence=attacked.adversarial.confidence,
            correct=attacked.adversarial.prediction == attacked.label,
            title="Given",
        )
    ]
    for step, image, row in zip(way.steps, way.images, way.probabilities, strict=True):
        said = int(row.argmax())
        tiles.append(
            Tile(
                role="purified",
                png=to_png(torch.from_numpy(image), 8),
                says=classes[said],
                confidence=float(row.max()),
                correct=said == attacked.label,
                title=f"Step {step}",
                note=f"error {way.path[step]:.4f}",
            )
        )
    with st.container(key=f"{PAGE}_way"):
        show_tiles(tiles)
    st.plotly_chart(
        path_chart(way),
        key=f"{PAGE}_path",
        config=dict(CHART_CONFIG),
        alt=f"The error falls from {way.path[0]:.4f} to {way.path[-1]:.4f} on the attacked image, "
        f"from {way.clean_path[0]:.4f} to {way.clean_path[-1]:.4f} on the clean one.",
    )
    st.caption(
        f"The best picture so far over all starts, after {way.seconds:.2f} s of search on this "
        "machine. The error is the mean squared difference of a pixel. Where it stays higher for "
        "the attacked picture than for the clean one, part of the attack could not be rebuilt. "
        "The attack sees no defense."
    )


def _show_time(dataset: str) -> None:
    st.markdown("**What a longer search buys**")
    cells = suite_or_reason(dataset, "search-time")
    if not cells:
        return
    words = time_words(cells)
    st.plotly_chart(
        time_chart(cells), key=f"{PAGE}_search_time", config=dict(CHART_CONFIG), alt=words
    )
    st.caption(words)


def _show_detection(dataset: str) -> None:
    st.markdown("**Does the error betray an attack?**")
    try:
        found = stored_detection(dataset)
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return
    if not found:
        st.info(
            f"Not measured yet: `python -m core latent_lab detection --dataset {dataset}`",
            icon=":material/timer:",
        )
        return
    figure, words = detection_chart(found)
    st.plotly_chart(figure, key=f"{PAGE}_detection", config=dict(CHART_CONFIG), alt=words)
    first = found[0]
    st.caption(
        f"{words} {len(first.clean)} validation images and as many attacked ones, "
        f"{first.search_starts} starts of {first.search_steps} steps. An attacker who knows of the "
        "threshold can keep below it; this one does not."
    )
