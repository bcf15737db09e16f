"""The result of the live panel: four figures, distances, warnings, and what the table says."""

import json
from dataclasses import replace
from html import escape

import streamlit as st

from app.robustness.names import attack_title, defense_title, inline
from app.robustness.settings import PAGE
from app.robustness.table_view import interval, percent
from app.stored import TABLES, stored_suites
from app.theme import ROLES, RoleName
from core.evaluation import Accuracy, Evaluation
from core.evaluation.commands import command_for
from core.evaluation.paper_matching import find_ours
from core.evaluation.specification import Draws, Specification
from core.models import classifier_title

MOST_TRIED = 100
"""Images a stored evaluation must have to be compared with."""

STYLE = """
<style>
.live { display: grid; gap: 0.6rem;
  grid-template-columns: repeat(auto-fit, minmax(min(47%, 12rem), 1fr)); }
.live > div { border: 1px solid color-mix(in srgb, var(--tone) 50%, transparent); min-width: 0;
  border-left: 5px solid var(--tone); border-radius: 8px; padding: 0.6rem 0.8rem; }
.live .name { font-size: 0.88rem; line-height: 1.3; font-weight: 600; min-height: 2.6em; }
.live .number { font-size: 1.7rem; font-weight: 700; line-height: 1.15; }
.live .main .number { font-size: 2.4rem; }
.live .range { font-size: 0.8rem; opacity: 0.78; }
</style>
"""


def show_result(evaluation: Evaluation) -> None:
    """Draw a finished trial."""
    st.markdown(headline(evaluation))
    st.html(tiles(evaluation))
    for warning in evaluation.warnings:
        st.warning(warning, icon=":material/help:")
    st.markdown(size_words(evaluation))
    st.markdown(table_words(evaluation))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        st.code(command_for(evaluation.specification), language="bash", wrap_lines=True)
    right.download_button(
        "This result (JSON)",
        lambda: json.dumps(evaluation.as_dict(), indent=1),
        file_name="robustness-trial.json",
        mime="application/json",
        key=f"{PAGE}_trial_json",
        on_click="ignore",
        help="The specification, every figure with its interval, checkpoint hashes and times.",
    )


def headline(evaluation: Evaluation) -> str:
    """What came out, in one sentence."""
    spec = evaluation.specification
    accuracy = evaluation.robust or evaluation.attacked or evaluation.clean
    who = f"classifier {classifier_title(spec.classifier)}"
    if spec.defense is not None:
        who += f" behind {defense_title(spec.defense)}"
    fell = accuracy.n - accuracy.correct
    return (
        f"**{attack_title(str(spec.attack))}, {spec.threat}:** {who} is right on "
        f"{accuracy.correct} of {accuracy.n} images and wrong on {fell}."
    )


def tiles(evaluation: Evaluation) -> str:
    """The figures as HTML; the one the attack is about is the largest."""
    threat = evaluation.specification.threat
    parts: list[tuple[str, RoleName, Accuracy | None, bool]] = [
        ("Clean, no defense", "clean", evaluation.clean, False),
        ("Clean, through the defense", "clean", evaluation.clean_defended, False),
        ("Attacked, no defense", "adversarial", evaluation.attacked, evaluation.robust is None),
        (
            f"Attacked, through the defense ({threat})",
            "adversarial" if threat == "adaptive" else "purified",
            evaluation.robust,
            True,
        ),
    ]
    cells = "".join(
        f'<div role="listitem" class="{"main" if main else ""}" '
        f'style="--tone:{ROLES[role].color}"><div class="name">{escape(name)}</div>'
        f'<div class="number">{percent(accuracy)}&nbsp;%</div>'
        f'<div class="range">{interval(accuracy)}, {accuracy.correct} of {accuracy.n} right</div>'
        "</div>"
        for name, role, accuracy, main in parts
        if accuracy is not None
    )
    return f'{STYLE}<div class="live" role="list">{cells}</div>'


def size_words(evaluation: Evaluation) -> str:
    """How large the changes are, and what broke the defense."""
    words = []
    if evaluation.mean_l2 is not None and evaluation.mean_linf is not None:
        words.append(
            f"The changes measure {evaluation.mean_l2:.2f} in L2 and {evaluation.mean_linf:.3f} in "
            "Linf on average."
        )
    fell = {name: count for name, count in evaluation.broken_by.items() if count}
    if fell:
        told = ", ".join(f"{count} through *{_view(name)}*" for name, count in fell.items())
        words.append(f"Fallen: {told}.")
    words += evaluation.notes
    if evaluation.draws is not None:
        words.append(draws_words(evaluation.draws))
    return " ".join(words)


def draws_words(draws: Draws) -> str:
    """The three ways to score a random defense, the one that counts last."""
    return (
        f"This defense is random. Right in one draw: {draws.one.value:.1%}; in most of {draws.n} "
        f"draws: {draws.majority.value:.1%}; in all of them: {draws.worst.value:.1%}. The last one "
        "counts, since an attacker may submit the same image again."
    )


def table_words(evaluation: Evaluation) -> str:
    """What the stored tables say of the same attack."""
    spec = evaluation.specification
    stored = table_twin(spec)
    if stored is None:
        return "The stored tables do not have this attack on this pair, so nothing to compare with."
    theirs = stored.robust if spec.defense is not None else stored.attacked
    ours = evaluation.robust if spec.defense is not None else evaluation.attacked
    if theirs is None or ours is None:
        return "The stored tables have no figure for this."
    low, high = ours.interval
    agrees = low <= theirs.value <= high
    verdict = "lies within" if agrees else "lies outside"
    other = " Yours are other images, since the test split is not on this machine."
    other = "" if spec.split == "test" else other
    return (
        f"**The stored table says {percent(theirs)} %** ({interval(theirs)}) for the same on "
        f"{theirs.n:,} test images, which {verdict} the interval of your {ours.n}.{other}"
    )


def table_twin(spec: Specification) -> Evaluation | None:
    """The stored evaluation of the same attack on more images."""
    wanted = replace(spec, split="test")
    evaluations, _ = stored_suites(spec.dataset, (*TABLES, "curves", "convergence"))
    bare = spec.defense is None
    return find_ours(wanted, evaluations, any_defense=bare, least=MOST_TRIED)


def _view(name: str) -> str:
    return inline(name.replace("_", " "))
