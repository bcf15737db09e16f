"""Both limits of the page: each slider below the gauge of what it limits."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from app.controls import seed
from app.selective.gauges import Gauge, gauge_html
from app.selective.settings import COVERAGES, DEVIATIONS, EVERYBODY, PAGE, Settings
from core.selective import DEVIATIONS as STANDARD, GmVaeClassifier, Thresholds


def limit_sliders(
    settings: Settings, classifier: GmVaeClassifier, nearest: float, error: float
) -> tuple[Settings, Thresholds]:
    """Draw both; the settings and the limits they say.

    Args:
        settings: The page's.
        classifier: Its training images are what the positions are counted in.
        nearest: Squared distance of the image to the nearest mean.
        error: Its error of reconstruction.
    """
    places = [st.container(), st.container(), st.container(), st.container()]
    with places[1]:
        coverage = _slider(
            "Latent limit",
            "coverage",
            COVERAGES,
            settings.coverage,
            lambda value: "all accepted" if value == EVERYBODY else f"{value} %",
            "How much of the chi-square distribution of distances is accepted. The paper keeps "
            "99.73 %, three standard deviations; at 0 % nobody is, at the right end everybody.",
        )
    with places[3]:
        deviations = _slider(
            "Output limit",
            "deviations",
            DEVIATIONS,
            settings.deviations,
            lambda value: "all accepted" if value == EVERYBODY else f"{value} SD",
            "How many standard deviations the error of reconstruction may lie above its mean on "
            "the training images. The paper names no number; the tables here take "
            f"{STANDARD:g}. At the right end everybody is accepted.",
        )
    settings = replace(settings, coverage=coverage, deviations=deviations)
    limits = settings.thresholds(classifier)
    with places[0]:
        st.html(
            gauge_html(
                Gauge(
                    name="Latent distance",
                    value=nearest,
                    limit=limits.latent,
                    unit="squared Mahalanobis distance to the nearest mean",
                )
            )
        )
    with places[2]:
        st.html(
            gauge_html(
                Gauge(
                    name="Error of reconstruction",
                    value=error,
                    limit=limits.output,
                    unit="summed squared error of all pixels",
                )
            )
        )
    return settings, limits


def _slider(
    label: str,
    name: str,
    options: Sequence[str],
    value: str,
    words: Callable[[str], str],
    about: str,
) -> str:
    key = f"{PAGE}_w_{name}"
    seed(key, value)
    return str(
        st.select_slider(
            label,
            options,
            key=key,
            format_func=words,
            help=about,
        )
    )
