"""The settings of the selective page as one frozen value, and its form in the address."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from typing_extensions import override

from app.controls import Menu
from app.runs.choices import Offer
from app.runs.parameters import MOST_SEED, write_value
from app.runs.session import PageSession
from app.state import LinkReader
from core.selective import SEARCHES, GmVaeClassifier, Thresholds, searches_of

PAGE = "selective"
"""Prefix of the page's keys in the session."""

EVERYBODY = "all"
"""The position of a limit at which it rejects nobody."""

COVERAGES = (
    *("0", "1", "5", "10", "20", "30", "40", "50", "60", "70", "80", "90", "95", "98", "99"),
    *("99.5", "99.73", "99.9", "99.99", "99.999", "99.9999", EVERYBODY),
)
"""Positions of the latent limit: percent of the chi-square distribution that it keeps."""

DEVIATIONS = (
    *(f"{step / 4:g}" for step in range(-6, 25)),
    *("7", "8", "9", "10", "12", "15", "20", EVERYBODY),
)
"""Positions of the output limit: standard deviations above the mean error."""

NO_ATTACK, JOINT, PAPERS_JOINT = "none", "joint", "paper_joint"

ATTACKS: Mapping[str, str] = {
    NO_ATTACK: "No attack",
    "fgsm": "FGSM on the encoder",
    "mi_fgsm": "MI-FGSM on the encoder",
    "pgd": "PGD on the encoder",
    PAPERS_JOINT: "Paper's joint attack",
    JOINT: "Joint attack in a budget",
}
"""What can be done to the image: the first ones see the encoder alone, the joint ones all."""

MOST_EPSILON = 0.5
TOLD_APART = ("0.1", "0.2", "0.3")
"""Budgets of FGSM that the limits are asked to tell from clean images."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a visitor can set.

    Attributes:
        dataset: A data set of the menu.
        model: The checkpoint of a selective classifier.
        index: The image's place in the ``validation`` split.
        own: A picture of one's own is shown instead; it is not part of the address.
        attack: A row of ``ATTACKS``.
        epsilon: Its budget, in [0, 1] pixel units.
        target: The class that the paper's joint attack aims at; None is the nearest wrong one.
        coverage: Position of the latent limit, one of ``COVERAGES``.
        deviations: Position of the output limit, one of ``DEVIATIONS``.
        reclassify: Whether a rejected image is looked up once more.
        insist: Whether it then gets a class in any case.
        search: What that look goes by, a row of ``SEARCHES``; empty is the best there is.
        against: Budget of the FGSM that is told from clean images, one of ``TOLD_APART``.
        samples: Seed of the generated images.
        fooling: Whether fooling images are made.
    """

    dataset: str = "mnist"
    model: str = "gm_vae"
    index: int = 27
    own: bool = False
    attack: str = "fgsm"
    epsilon: float = 0.15
    target: int | None = None
    coverage: str = "99.73"
    deviations: str = "3.5"
    reclassify: bool = False
    insist: bool = False
    search: str = ""
    against: str = "0.2"
    samples: int = 0
    fooling: bool = False

    def params(self) -> dict[str, str]:
        """The settings as the address holds them; rarely used ones only when they are used."""
        params = {"dataset": self.dataset, "model": self.model, "index": str(self.index)}
        if self.own:
            params["picture"] = "own"
        params |= {"attack": self.attack, "epsilon": write_value(self.epsilon)}
        params |= {"coverage": self.coverage, "deviations": self.deviations}
        if self.target is not None:
            params["target"] = str(self.target)
        start = Settings()
        for name in ("reclassify", "insist", "search", "against", "samples", "fooling"):
            value = getattr(self, name)
            if value != getattr(start, name):
                params[name] = write_value(value)
        return params

    def search_of(self, classifier: GmVaeClassifier) -> str:
        """What a second look goes by: the best search where the chosen one is none of its own."""
        names = list(searches_of(classifier))
        return self.search if self.search in names else names[-1]

    def thresholds(self, classifier: GmVaeClassifier) -> Thresholds:
        """The limits as the sliders stand."""
        chosen = Thresholds.calibrated(
            classifier.statistics,
            classifier.model.latent_size,
            coverage=1.0 if self.coverage == EVERYBODY else float(self.coverage) / 100,
            deviations=0.0 if self.deviations == EVERYBODY else float(self.deviations),
        )
        return replace(chosen, output=math.inf) if self.deviations == EVERYBODY else chosen


def read_settings(
    params: Mapping[str, str], datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them; their classifiers are the selective ones.
    """
    start, reader = Settings(), LinkReader(params)
    dataset = reader.word("dataset", datasets.titles, datasets.default(start.dataset))
    offer = offers[dataset]
    models, most = offer.classifiers, max(0, offer.count - 1)
    target = reader.whole("target", -1, len(offer.classes) - 1, -1)
    settings = Settings(
        dataset=dataset,
        model=reader.word("model", models.titles, models.default(start.model)),
        index=reader.whole("index", 0, most, min(start.index, most)),
        own=reader.word("picture", ("own",), "") == "own",
        attack=reader.word("attack", ATTACKS, start.attack),
        epsilon=reader.number("epsilon", 0.0, MOST_EPSILON, start.epsilon),
        target=None if target < 0 else target,
        coverage=reader.word("coverage", COVERAGES, start.coverage),
        deviations=reader.word("deviations", DEVIATIONS, start.deviations),
        reclassify=reader.flag("reclassify", start.reclassify),
        insist=reader.flag("insist", start.insist),
        search=reader.word("search", SEARCHES, start.search),
        against=reader.word("against", TOLD_APART, start.against),
        samples=reader.whole("samples", 0, MOST_SEED, start.samples),
        fooling=reader.flag("fooling", start.fooling),
    )
    return settings, reader.finish()


@dataclass(frozen=True)
class SelectiveSession(PageSession[Settings]):
    """The page's settings in the session; its parts change them as they are drawn."""

    @override
    def put(self, settings: Settings) -> None:
        super().put(settings)
        st.session_state[f"{PAGE}_openings"] = self.openings() + 1

    def openings(self) -> int:
        """How often all settings were replaced in this session."""
        count: int = st.session_state.get(f"{PAGE}_openings", 0)
        return count

    def replace(self, **changes: Any) -> None:  # noqa: ANN401 - any field of Settings
        """Change settings from a callback; the widgets are drawn with the new values."""
        self.put(replace(self.current(), **changes))

    def see(self, **changes: Any) -> Settings:  # noqa: ANN401
        """Remember what widgets say, and write it into the address."""
        self.keep(replace(self.current(), **changes))
        return self.current()


def page_session(datasets: Menu, offers: Mapping[str, Offer]) -> SelectiveSession:
    """The page's settings over its reruns."""
    return SelectiveSession(PAGE, lambda params: read_settings(params, datasets, offers))
