"""Verdicts on one image, and what became of many, in words."""

from app.runs.words import Badge
from core.evaluation.accuracy import Accuracy
from core.evaluation.selected import Selected
from core.selective import REASONS


def verdict_badge(accepted: bool, reason: str, answer: str, right: bool) -> Badge:
    """What the classifier says of an image, in a few words.

    Args:
        accepted: Whether it answers.
        reason: A key of ``REASONS``, empty where it does.
        answer: The class of the nearest mean.
        right: Whether that is the image's class.
    """
    if not accepted:
        return Badge(f"Rejected: {REASONS[reason]}", "noise", ":material/block:")
    if right:
        return Badge(f"Accepted as {answer}", "purified", ":material/check_circle:")
    return Badge(f"Accepted as {answer}, which is wrong", "adversarial", ":material/error:")


def second_badge(accepted: bool, answer: str, right: bool) -> Badge:
    """What a rejected image is after a second look, in a few words."""
    if not accepted:
        return Badge("Rejected again: a fooling image", "noise", ":material/block:")
    if right:
        return Badge(f"Reclassified as {answer}", "purified", ":material/find_replace:")
    return Badge(f"Reclassified as {answer}, which is wrong", "adversarial", ":material/error:")


def verdict_words(
    nearest: str, label: str, accepted: bool, told: bool, attacked: bool, changed: bool
) -> str:
    """What happened to the image, in a sentence or two.

    Args:
        nearest: Name of the class whose mean is nearest.
        label: Name of the right class.
        accepted: Whether the classifier answers.
        told: Whether the right class is known, and not the classifier's own answer.
        attacked: Whether the image was attacked.
        changed: Whether the nearest mean is another one than before the attack.
    """
    image = "attacked image" if attacked else "image"
    right = nearest == label
    if accepted:
        said = f"The {image} lies within both limits, so the answer is {nearest}."
    elif right:
        said = (
            f"The nearest mean is that of {nearest}, which is right, but the {image} lies beyond "
            "a limit, so no answer is given."
        )
    else:
        said = f"The nearest mean is that of {nearest}, but the {image} lies beyond a limit."
    if attacked and changed and not accepted:
        said += " The attack changed the class, and was noticed."
    elif attacked and changed and accepted and not right:
        said += " The attack changed the class, and went unnoticed."
    elif attacked and not changed:
        said += " The attack did not change the class."
    if not told:
        said += " Nobody has labelled this picture: the classifier's own answer counts as right."
    return said


def share(accuracy: Accuracy) -> str:
    """A share of images in percent, with two digits where it is small."""
    value = 100 * accuracy.value
    return f"{value:.2f} %" if value < 10 else f"{value:.1f} %"


def with_interval(accuracy: Accuracy) -> str:
    """A share with its 95 % interval."""
    low, high = (100 * end for end in accuracy.interval)
    # In a narrow cell the interval goes on the next line, and neither breaks.
    percent = share(accuracy).replace(" ", "\u00a0")
    return f"{percent} ({low:.1f}\u2060–\u2060{high:.1f})"


def selected_words(selected: Selected) -> str:
    """Accuracy, error and rejection in one sentence, as they always belong together."""
    return (
        f"accuracy {share(selected.accuracy)}, error {share(selected.error)}, "
        f"rejection {share(selected.rejection)}"
    )
