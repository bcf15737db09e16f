"""The settings of the quantizer page, and their form in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.controls import Menu
from app.runs.choices import Offer
from app.runs.session import PageSession
from app.runs.settings import RunSettings, read_run
from app.state import LinkReader
from core.analysis.sanity import why_not
from core.analysis.sanity_file import DEFAULT
from core.attacks import ATTACKS
from core.evaluation.specification import Specification
from core.evaluation.suites import SUITES

PAGE = "quantizer"
"""Prefix of the page's keys in the session."""

START = RunSettings(
    dataset=DEFAULT.dataset,
    classifier=DEFAULT.classifier,
    defense=DEFAULT.defense,
    attack=DEFAULT.attack,
    parameters=DEFAULT.parameters,
    n=DEFAULT.n,
)
"""The checks that ship, shown at first."""


def against_key(specification: Specification) -> str:
    """Short name of an oblivious attack of the stored comparison, for example ``fgsm_0.3``."""
    epsilon = dict(specification.parameters).get("epsilon")
    return f"{specification.attack}" + ("" if epsilon is None else f"_{epsilon:g}")


def against_title(specification: Specification) -> str:
    """Its name on the screen."""
    epsilon = dict(specification.parameters).get("epsilon")
    title = ATTACKS[str(specification.attack)].title
    return title if epsilon is None else f"{title} {epsilon:g}"


AGAINST: Mapping[str, str] = {
    against_key(one): against_title(one)
    for one in SUITES["coarseness"](START.dataset)
    if one.attack is not None and one.threat == "oblivious"
}
"""Oblivious attacks of the stored comparison of codes: their names on the screen."""

FIRST_AGAINST = "fgsm_0.3"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a visitor can set.

    Attributes:
        run: What is checked, with the attack at its largest budget.
        against: The attack in the comparison of codes, a key of ``AGAINST``.
    """

    run: RunSettings = START
    against: str = FIRST_AGAINST

    def params(self) -> dict[str, str]:
        """The settings as the address holds them."""
        params = self.run.params()
        if self.against != FIRST_AGAINST:
            params["against"] = self.against
        return params


def read_settings(
    params: Mapping[str, str], datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
    """
    reader = LinkReader(params)
    run = read_run(reader, datasets, offers, START)
    reason = why_not(run.attack)
    if reason is not None:
        title = ATTACKS[run.attack].title
        reader.ignored.append(f"{title} cannot be used here: {reason} PGD is used instead.")
        run = replace(run, attack=START.attack, parameters=START.parameters)
    against = reader.word("against", AGAINST, FIRST_AGAINST)
    return Settings(run=run, against=against), reader.finish()


def page_session(datasets: Menu, offers: Mapping[str, Offer]) -> PageSession[Settings]:
    """The page's settings over its reruns."""
    return PageSession(PAGE, lambda params: read_settings(params, datasets, offers))
