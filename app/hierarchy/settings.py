"""The settings of the page of levels, and their form in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.controls import Menu
from app.runs.choices import Offer
from app.runs.parameters import MOST_SEED, read_parameters, write_parameters, write_value
from app.state import LinkReader
from core.analysis import RunSpec
from core.analysis.levels import LevelSpec
from core.attacks import ATTACKS
from core.contrast import CONTRASTS
from core.defenses import DEFENSES
from core.defenses.level_schedules import SCHEDULES, fixed_schedule
from core.defenses.mlvgm import HOTTEST
from core.evaluation.cells import JUDGED_EPSILON

PAGE = "hierarchy"
"""Prefix of the page's keys in the session."""

DEFENSE = "mlvgm"
DRAWS = 6
"""Pictures that are made of one with the same levels kept."""

ATTENUATION = DEFENSES[DEFENSE].settings["attenuation"].default

LEAST_ATTENUATION = 5
"""Below it lies the plan that keeps all levels."""

COOLEST = 0.05
MOST_NOISE, MOST_BLUR, MOST_CONTRAST = 8.0, 2.0, 20.0
SEEN = {"attacked": "Attacked picture", "original": "Original picture"}


@dataclass(frozen=True, kw_only=True)
class HierarchySettings:
    """Everything a visitor can set.

    Attributes:
        dataset: A data set with a trained generator.
        classifier: Name of its checkpoint.
        index: The image's place in the ``validation`` split.
        attack: A row of ``ATTACKS``.
        parameters: Its parameters that differ from the defaults, sorted.
        seen: Which picture goes through the levels, a key of ``SEEN``.
        percents: How much of every level is drawn anew, coarse to fine.
        temperature: Of the draws.
        noise: L2 norm of the noise before.
        blur: Deviation of the blur before, in pixels.
        contrast: Sharpness of the threshold on the pixels before.
        attenuation: Percent of a whole schedule that a chosen one is lowered to.
        curve: The schedule of the trade-off that is drawn, one of ``SCHEDULES``.
        seed: Seed of everything random.
    """

    dataset: str = "mnist"
    classifier: str = "a"
    index: int = 27
    attack: str = "pgd"
    parameters: tuple[tuple[str, Any], ...] = (("epsilon", 0.2),)
    seen: str = "attacked"
    percents: tuple[int, ...] = ()
    temperature: float = 0.6
    noise: float = 0.0
    blur: float = 0.0
    contrast: float = CONTRASTS["mnist"]
    attenuation: int = ATTENUATION
    curve: str = SCHEDULES[0]
    seed: int = 0

    def params(self) -> dict[str, str]:
        """The settings as the address holds them; rarely used ones only when they are used."""
        params = {"dataset": self.dataset, "classifier": self.classifier, "index": str(self.index)}
        params |= {"attack": self.attack, **write_parameters(self.attack, self.parameters)}
        params["levels"] = "-".join(map(str, self.percents))
        start = HierarchySettings()
        for name in ("seen", "temperature", "noise", "blur", "attenuation", "curve", "seed"):
            value = getattr(self, name)
            if value != getattr(start, name):
                params[name] = write_value(value)
        if self.contrast != contrast_of(self.dataset):
            params["contrast"] = write_value(self.contrast)
        return params

    def run(self) -> RunSpec:
        """The attack, which sees no defense."""
        return RunSpec(
            dataset=self.dataset,
            classifier=self.classifier,
            index=self.index,
            attack=self.attack,
            parameters=self.parameters,
            seed=self.seed,
        )

    def levels(self, shares: tuple[float, ...] | None = None, draws: int = DRAWS) -> LevelSpec:
        """The way through the levels: the page's shares, or others."""
        return LevelSpec(
            shares=tuple(one / 100 for one in self.percents) if shares is None else shares,
            temperature=self.temperature,
            noise=self.noise,
            blur=self.blur,
            contrast=self.contrast,
            seed=self.seed,
            draws=draws,
        )


def percents_of(shares: tuple[float, ...]) -> tuple[int, ...]:
    """Shares as the sliders have them."""
    return tuple(round(100 * share) for share in shares)


def first_percents(levels: int) -> tuple[int, ...]:
    """The sliders of so many levels at first: the linear schedule, as the defense takes it."""
    part = ATTENUATION / 100
    return percents_of(tuple(part * share for share in fixed_schedule("linear", levels)))


def contrast_of(dataset: str) -> float:
    """The threshold that the defense takes for a data set; 0 for none."""
    return CONTRASTS.get(dataset, 0.0)


def read_settings(
    params: Mapping[str, str],
    datasets: Menu,
    offers: Mapping[str, Offer],
    levels: Mapping[str, int],
) -> tuple[HierarchySettings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
        levels: The number of levels of each generator.
    """
    start = HierarchySettings()
    reader = LinkReader(params)
    dataset = reader.word("dataset", datasets.titles, datasets.default(start.dataset))
    offer = offers[dataset]
    attack = reader.word("attack", ATTACKS, start.attack)
    usual: tuple[tuple[str, Any], ...] = ()
    if "attack" not in reader:
        here = dataset == start.dataset
        usual = start.parameters if here else (("epsilon", JUDGED_EPSILON[dataset]),)
    last = max(0, offer.count - 1)
    usual_percents = first_percents(levels[dataset])
    settings = HierarchySettings(
        dataset=dataset,
        classifier=reader.word(
            "classifier", offer.classifiers.titles, offer.classifiers.default(start.classifier)
        ),
        index=reader.whole("index", 0, last, min(start.index, last)),
        attack=attack,
        parameters=read_parameters(reader, attack, dict(usual)),
        seen=reader.word("seen", SEEN, start.seen),
        percents=reader.percents("levels", usual_percents),
        temperature=reader.number("temperature", COOLEST, HOTTEST, start.temperature),
        noise=reader.number("noise", 0.0, MOST_NOISE, start.noise),
        blur=reader.number("blur", 0.0, MOST_BLUR, start.blur),
        contrast=reader.number("contrast", 0.0, MOST_CONTRAST, contrast_of(dataset)),
        attenuation=reader.whole("attenuation", LEAST_ATTENUATION, 100, start.attenuation),
        curve=reader.word("curve", SCHEDULES, start.curve),
        seed=reader.whole("seed", 0, MOST_SEED, start.seed),
    )
    return settings, reader.finish()
