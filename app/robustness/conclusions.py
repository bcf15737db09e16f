"""What may be concluded from a table: one or two sentences, made from its figures."""

from collections.abc import Sequence

from app.robustness.names import budget_title, defense_title
from app.runs.words import listed
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures
from core.evaluation.cells import CLASSIFIERS, JUDGED_EPSILON
from core.evaluation.paper_model import PaperTable
from core.evaluation.specification import Evaluation
from core.models import classifier_title

OURS = (("lq_vae", "LQ-VAE"), ("lq_vae_plus", "LQ-VAE plus"), ("bit_depth", "bit depth"))
LEAST = 100
"""Images a figure needs to be told in words."""

CELEBA = (
    "These are the slides' figures alone. They say how the defense fares against an attacker who "
    "does not see it, on images that are not here; nothing of it has been checked."
)
CELEBA_BPDA = (
    "One gradient step leaves 82.12 %, more than the 74.01 % that attacks leave which do not even "
    "see the defense: an adaptive attack weaker than an oblivious one was not carried through."
)
NO_FIGURES = (
    "Nothing is measured yet, so there is nothing to conclude but from the slides' figures, and "
    "those say nothing about an attacker who knows the defense."
)


def conclusion(table: PaperTable) -> str:
    """What a reader may take from a table, with its figures in words."""
    if table.dataset == "celeba":
        return CELEBA_BPDA if table.table == "bpda" else CELEBA
    told = _averages(table)
    if not told:
        partly = "Too little is measured yet for an average. " if table.measured else ""
        return partly + (adaptive_sentence(table.adaptive) or NO_FIGURES)
    start = {
        "white-box": "Against an attacker who does not see the defense",
        "black-box": "Against attacks made on another network",
        "bpda": "Against one gradient step",
    }[table.table]
    sentences = [f"{start}, right answers average {told}."]
    sentences += [_uncounted(table), _meaning(table), _without_budget(table)]
    sentences.append(adaptive_sentence(table.adaptive))
    return " ".join(sentence for sentence in sentences if sentence)


def adaptive_sentence(figures: Sequence[AdaptiveFigure]) -> str:
    """What an attacker leaves who sees the defense; empty when nobody has measured it."""
    budgets = sorted({(one.norm != "linf", one.epsilon, one.classifier) for one in figures})
    if not budgets:
        return ""
    other_norm, epsilon, classifier = budgets[0]
    norm = "l2" if other_norm else "linf"
    here = {
        one.defense: one
        for one in figures
        if (one.norm, one.epsilon, one.classifier) == (norm, epsilon, classifier)
    }
    left = [
        f"{100 * here[name].accuracy.value:.1f} % behind {title}"
        for name, title in OURS
        if name in here
    ]
    if not left:
        return ""
    return (
        f"An attacker who sees it ({budget_title(norm, epsilon)}, classifier "
        f"{classifier_title(classifier)}) leaves {listed(left)}: those are the figures "
        "to judge by."
    )


def threshold_words(dataset: str, evaluations: Sequence[Evaluation]) -> str:
    """How far the simplest baseline comes, and where it is no answer; figures only as measured.

    Args:
        dataset: The data set shown.
        evaluations: Everything stored of it, the curves included.
    """
    if dataset == "celeba":
        return ""
    if dataset == "fashion_mnist":
        words = "Rounding every pixel to black or white costs a grey picture more than a digit"
        told = _versus(evaluations, "linf", 0.1).replace(": at", ". At", 1)
        return f"**What bit depth is worth here.** {words}{told}."
    if dataset == "cifar10":
        words = "Rounding the colours of a photograph to their ends costs most of it"
        told = _versus(evaluations, "linf", JUDGED_EPSILON[dataset]).replace(": at", ". At", 1)
        return f"**What bit depth is worth here.** {words}{told}."
    wide = _versus(evaluations, "linf", 0.3) or _versus(evaluations, "linf", 0.1)
    few = _versus(evaluations, "l2", 1.5)
    words = (
        "**Look at bit depth before you praise a purifier.** MNIST is nearly black and white, so a "
        f"one-line threshold is hard to beat as long as every pixel may change by little{wide}. "
        "That says more about MNIST than about purifiers"
    )
    elsewhere = "where the change may gather on few pixels (L2), and on the grey Fashion-MNIST"
    if not few:
        return f"{words}: {elsewhere}, thresholding has to show itself anew."
    return f"{words}. Another matter is L2, where the change may gather on few pixels{few}."


def _versus(evaluations: Sequence[Evaluation], norm: str, epsilon: float) -> str:
    """The threshold and the faithful LQ-VAE at one budget under the strongest attack stored."""
    found = {
        one.defense: one
        for one in adaptive_figures(evaluations, least=LEAST)
        if (one.norm, one.epsilon) == (norm, epsilon)
        and one.classifier == CLASSIFIERS[one.evaluations[0].specification.dataset][0]
    }
    if not {"bit_depth", "lq_vae"} <= found.keys():
        return ""
    threshold, faithful = found["bit_depth"].accuracy, found["lq_vae"].accuracy
    examined = "; read the warnings beside the first figure" if found["bit_depth"].warnings else ""
    return (
        f": at {budget_title(norm, epsilon)} it keeps {100 * threshold.value:.1f} % under an "
        f"adaptive attack, and the faithful {defense_title('lq_vae')} "
        f"{100 * faithful.value:.1f} % ({min(threshold.n, faithful.n):,} images{examined})"
    )


def _averages(table: PaperTable) -> str:
    """Our averages, each beside the printed one where there is one."""
    told = []
    for name, title in OURS:
        average = table.averages.get(name)
        if average is None or average.ours is None:
            continue
        # The slides have one LQ-VAE; its figure is said once.
        printed = average.paper if name == "lq_vae" else None
        beside = "" if printed is None else f" (slides: {printed:.2f} %)"
        told.append(f"{average.ours:.1f} % behind {title}{beside}")
    return listed(told)


def _uncounted(table: PaperTable) -> str:
    bare = table.averages.get("none")
    if table.table != "white-box" or bare is None or bare.measured != bare.rows:
        return ""
    left = bare.rows - bare.counting
    if not left:
        return ""
    return (
        f"In {left} of {bare.rows} rows the attack leaves the bare classifier too often right to "
        "compare anything by."
    )


def _without_budget(table: PaperTable) -> str:
    """How much further away DeepFool must go for a classifier that was trained on attacks."""
    for row in table.rows:
        usual, robust = (row.cells.get(name) for name in ("none", "madry"))
        if row.line.attack != "deepfool" or not (usual and usual.ours and robust and robust.ours):
            continue
        near, far = usual.ours.mean_l2, robust.ours.mean_l2
        if near and far:
            return (
                "An attack without a budget finds an image for a classifier trained on PGD too, "
                f"only further away: DeepFool at a mean L2 of {far:.2f} instead of {near:.2f}. "
                "The slides, which print no size, leave it more."
            )
    return ""


def _meaning(table: PaperTable) -> str:
    bare = table.averages.get("none")
    if table.table == "black-box" and bare is not None and bare.ours is not None:
        return (
            f"The bare classifiers keep {bare.ours:.1f} % themselves: what is not carried over "
            "to another network tells nothing about a defense."
        )
    if table.table == "bpda":
        return "One step is no upper bound, whatever it is called."
    return "That is no robustness: these attacks were made for a classifier without a defense."
