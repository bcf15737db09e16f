"""Where the image lies among the means of the classes."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from torch import Tensor

from app.selective.crowd import Crowd
from app.selective.settings import PAGE
from app.selective.simplex import Marked, distance_bars, simplex_chart
from app.theme import CHART_CONFIG
from core.selective import Thresholds


def show_place(
    crowd: Crowd | None,
    distances: Tensor,
    limits: Thresholds,
    marked: Sequence[Marked],
    classes: Sequence[str],
) -> None:
    """The means on a circle with the image among them, and its distance to each.

    Args:
        crowd: Validation images, drawn faintly; None while there are none.
        distances: Squared distances of the image to the means (k,).
        limits: The limits as the sliders stand.
        marked: The points to be told apart.
        classes: Names of the classes.
    """
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(
            simplex_chart(crowd, marked, classes),
            key=f"{PAGE}_simplex",
            config=dict(CHART_CONFIG),
            alt=f"{len(classes)} means on a circle. " + _nearest_words(distances, classes),
        )
        st.caption(
            "Each class has its mean on the circle; a point lies at the sum of them, weighted "
            "with its latents. Kept: a point at a mean is drawn there, and a straight way stays "
            "straight. Not kept: distances. Points that are far apart in latent space may share a "
            "place here, above all near the centre. Go by the bars for distances."
        )
    with right:
        far = distances.double().cpu().numpy()
        st.plotly_chart(
            distance_bars(far, limits.latent, classes),
            key=f"{PAGE}_distances",
            config=dict(CHART_CONFIG),
            alt=_nearest_words(distances, classes),
        )
        st.caption(
            "Squared distance from f(x) to the mean of every class, over the largest variance "
            "of the training images around theirs. The shortest bar gives the class; if it is "
            "longer than the limit, the image is rejected. A short bar alone does not make it "
            "right."
        )


def _nearest_words(distances: Tensor, classes: Sequence[str]) -> str:
    first, second = np.argsort(distances.cpu().numpy())[:2]
    near, next_one = float(distances[first]), float(distances[second])
    return (
        f"The image is nearest to the mean of {classes[first]}, at a squared distance of "
        f"{near:.1f}; next is {classes[second]} at {next_one:.1f}."
    )
