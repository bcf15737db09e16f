"""The menus of an attack, one function a menu; each draws where it is called and returns a value.

Keys of the widgets are ``widget_key(page, name)``, so two pages do not share a widget.
"""

from typing import Any

import streamlit as st

from app.controls import Menu, choose, parameters as draw_parameters, seed
from app.runs.parameters import MOST_SEED, only_changed
from app.state import widget_key
from core.attacks import ATTACKS, controls
from core.defenses import DEFENSES

Parameters = tuple[tuple[str, Any], ...]


def dataset_menu_of(page: str, datasets: Menu, value: str) -> str:
    """Which data set."""
    return choose(
        "Data set",
        datasets,
        key=widget_key(page, "dataset"),
        value=value,
        help="Where the images come from. Each data set has models of its own.",
    )


def classifier_menu(page: str, classifiers: Menu, value: str) -> str:
    """Which classifier is attacked."""
    return choose(
        "Classifier",
        classifiers,
        key=widget_key(page, "classifier"),
        value=value,
        help="The network that is attacked. A, B and C are those of the Defense-GAN and "
        "LQ-VAE papers; the data page has their accuracy.",
    )


def defense_menu(page: str, defenses: Menu, value: str) -> str:
    """Which purifier stands in front of the classifier."""
    summaries = "\n".join(f"- **{one.title}**: {one.summary}" for one in DEFENSES.values())
    return choose(
        "Defense",
        defenses,
        key=widget_key(page, "defense"),
        value=value,
        help="A purifier cleans the picture before the classifier sees it.\n\n" + summaries,
    )


def attack_menu(page: str, value: str) -> str:
    """Which attack."""
    return choose(
        "Attack",
        Menu({name: attack.title for name, attack in ATTACKS.items()}),
        key=widget_key(page, "attack"),
        value=value,
        help="How the picture is changed to fool the classifier.\n\n"
        + "\n".join(f"- **{one.title}**: {one.summary}" for one in ATTACKS.values()),
    )


def budget_slider(page: str, attack: str, chosen: Parameters) -> Parameters:
    """The slider of epsilon, or why there is none; the other parameters stay."""
    row = ATTACKS[attack]
    budget = [field for field in controls(row) if field.name == "epsilon"]
    if not budget:
        st.slider(
            "Epsilon",
            0.0,
            1.0,
            disabled=True,
            key=widget_key(page, "no_epsilon"),
            help=f"Off: {row.title} has no budget. It looks for the smallest change that fools.",
        )
        st.caption(f"Off: it looks for the smallest change. {row.summary}")
        return chosen
    values = dict(chosen)
    before = float(values.get("epsilon", budget[0].default))
    values |= draw_parameters(budget, prefix=widget_key(page, attack), values=values)
    values["epsilon"] = moved_to(float(values["epsilon"]), before)
    if row.norm == "linf":
        st.caption(f"= {255 * values['epsilon']:.4g}/255 per pixel. {row.summary}")
    else:
        st.caption(f"Length of the whole change. {row.summary}")
    return only_changed(attack, values)


def moved_to(value: float, before: float) -> float:
    """A slider's value: exactly the one before where it was not moved, else of four decimals."""
    return before if abs(value - before) < 1e-9 else round(value, 4)


def other_parameters(page: str, attack: str, chosen: Parameters) -> Parameters:
    """The widgets of all parameters but epsilon."""
    rest = [field for field in controls(ATTACKS[attack]) if field.name != "epsilon"]
    values = dict(chosen)
    values |= draw_parameters(rest, prefix=widget_key(page, attack), values=values)
    return only_changed(attack, values)


def seed_number(page: str, value: int) -> int:
    """The seed of everything random."""
    key = widget_key(page, "seed")
    seed(key, value)
    number = st.number_input(
        "Seed",
        0,
        MOST_SEED,
        step=1,
        key=key,
        help="Decides every random number, so the same link shows the same result.",
    )
    return int(number)


def not_ready(*menus: Menu) -> None:
    """What these menus miss, with the reasons, behind a small button; nothing if all is there."""
    reasons = [menu.reasons for menu in menus if menu.missing]
    if reasons:
        with st.popover("What is not ready here", type="tertiary"):
            st.markdown("\n\n".join(reasons))
