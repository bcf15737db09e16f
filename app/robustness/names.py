"""Names of tables, attacks, classifiers and columns on the robustness page."""

import re
from collections.abc import Mapping
from html import escape

from core.attacks import ATTACKS, epsilon_text
from core.defenses import DEFENSES
from core.evaluation.checking import PAPERNOT
from core.evaluation.paper_lines import Line
from core.evaluation.paper_model import PaperTable
from core.evaluation.slides import DATASETS_OF_SLIDES
from core.models import classifier_title as network_title

DATA_TITLES: Mapping[str, str] = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "cifar10": "CIFAR-10",
    "celeba": "CelebA",
}
TABLE_TITLES: Mapping[str, str] = {
    "white-box": "Oblivious",
    "black-box": "Transfer",
    "bpda": "One-step “BPDA”",
}
ATTACK_TITLES: Mapping[str, str] = {
    "bim": "Iterative FGSM",
    "pgd": "PGD (the slides' “Madry” attack)",
    "one_step_bpda": "One step through the soft quantizer",
}
GROUP_NOTES: Mapping[str, str] = {
    "fgsm-mnist": "the authors' 0.3 on pixels in [−1, 1]; this row is compared",
    "fgsm-fashion_mnist": "this row is compared",
    "fgsm-cifar10": "8/255, the usual budget",
    "fgsm-celeba": "epsilon is not printed",
    "papernot": "the slides have no such row",
    "beside": "the same slide figures again, at the epsilon they resemble; beside, not compared",
    "one_step_bpda": "the authors' own script, which they call BPDA",
}
COLUMN_NOTES: Mapping[str, str] = {
    "lq_vae": "the authors' recipe",
    "lq_vae_plus": "our best recipe",
    "bit_depth": "one line of code",
    "noise": "no defense, same size",
    "defense_gan": "10 starts of 200 steps; one-step BPDA: 2 of 100",
    "madry": "trained on PGD",
    "adv_tr": "trained on FGSM",
}


def with_threat(table: PaperTable) -> str:
    """What a table is, in one phrase."""
    return f"{DATA_TITLES[table.dataset]}, {table.threat} attacks"


def column_note(table: PaperTable, column: str) -> str:
    """What stands below a column's name."""
    if table.dataset == "celeba":
        return "the paper's only"
    return COLUMN_NOTES.get(column, "")


def group_title(line: Line) -> str:
    """An attack with its budget, for example ``FGSM, Linf 0.15``."""
    if line.attack is None:
        return "No attack"
    slides = line.dataset in DATASETS_OF_SLIDES
    title = attack_title(line.attack) if slides else ATTACKS[line.attack].title
    epsilon = dict(line.parameters).get("epsilon")
    # CelebA's sizes are not known, so none is shown.
    if epsilon is not None and line.dataset != "celeba":
        norm = {"linf": "Linf", "l2": "L2"}[ATTACKS[line.attack].norm]
        title += f", {norm} {epsilon:g}"
    if line.substitute == PAPERNOT:
        title += " on a substitute trained from the system's answers"
    elif line.table == "black-box":
        title += " on a substitute"
    return title


def attack_title(name: str) -> str:
    """An attack as the tables call it."""
    if name in ATTACK_TITLES:
        return ATTACK_TITLES[name]
    return ATTACKS[name].title if name in ATTACKS else name


def classifier_title(line: Line) -> str:
    """The classifier of a row, with what is attacked in its place."""
    if line.classifier is None:
        return "not named"
    name = network_title(line.classifier)
    if line.substitute is None or line.substitute == PAPERNOT:
        return name
    return f"{name} by {network_title(line.substitute)}"


def defense_title(name: str | None) -> str:
    """A defense, or that there is none."""
    if name is None:
        return "No defense"
    return DEFENSES[name].title if name in DEFENSES else network_title(name)


def budget_title(norm: str, epsilon: float) -> str:
    """A budget, for example ``Linf 0.1``."""
    return f"{'Linf' if norm == 'linf' else norm.upper()} {epsilon_text(epsilon)}"


def inline(text: str) -> str:
    """A sentence as HTML: code between backquotes, bold between two asterisks."""
    # A percent sign does not go on the next line alone.
    text = re.sub(r"(?<=\d) %", "\u00a0%", text)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html)
