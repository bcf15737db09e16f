"""The adaptive figures beside a table: larger, since they are the ones to judge by."""

from collections.abc import Sequence
from html import escape

from app.robustness.names import budget_title, defense_title, inline
from app.robustness.table_view import interval, percent
from app.runs.estimate import duration_words
from app.runs.words import listed
from app.theme import ROLES
from core.attacks import ATTACKS
from core.evaluation import (
    SUITES,
    Evaluation,
    Specification,
    estimated_hours,
    table_command,
)
from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import AdaptiveFigure
from core.models import classifier_title

ORDER = ("lq_vae", "lq_vae_plus", "bit_depth")
"""Defenses that are always shown large, in this order; others follow."""

STYLE = f"""
<style>
.adaptive {{ --tone: {ROLES["adversarial"].color}; border: 2px solid var(--tone);
  border-radius: 10px; padding: 0.8rem 1rem 0.9rem; }}
.adaptive h4 {{ margin: 0; padding: 0; font-size: 1.05rem; line-height: 1.3; font-weight: 700; }}
.adaptive .what {{ font-size: 0.84rem; line-height: 1.4; opacity: 0.85; margin-top: 0.15rem; }}
.adaptive h5 {{ margin: 0.9rem 0 0.2rem; padding: 0.5rem 0 0; font-size: 0.95rem; font-weight: 700;
  border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent); }}
.adaptive .one {{ display: grid; grid-template-columns: 1fr auto; column-gap: 0.6rem;
  align-items: baseline; padding: 0.25rem 0; font-variant-numeric: tabular-nums; }}
.adaptive .name {{ font-size: 0.92rem; font-weight: 600; }}
.adaptive .number {{ font-size: 2rem; font-weight: 750; line-height: 1.1; text-align: right; }}
.adaptive .bare .number {{ font-size: 1.25rem; font-weight: 550; }}
.adaptive .also {{ padding: 0.12rem 0; }}
.adaptive .also .name {{ font-weight: 500; }}
.adaptive .also .number {{ font-size: 1.15rem; font-weight: 650; }}
.adaptive .also .bar {{ height: 4px; }}
.adaptive .also small {{ display: inline-block; white-space: nowrap; font-size: 0.78rem;
  font-weight: 400; opacity: 0.78; }}
.adaptive .bar {{ grid-column: 1 / -1; height: 6px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 12%, transparent); }}
.adaptive .bar i {{ display: block; height: 100%; background: var(--tone); }}
.adaptive .bare .bar i {{ background: {ROLES["noise"].color}; }}
.adaptive .range {{ grid-column: 1 / -1; font-size: 0.78rem; opacity: 0.78; }}
.adaptive .warning {{ grid-column: 1 / -1; font-size: 0.82rem; line-height: 1.35;
  margin-top: 2px; }}
.adaptive .gone {{ padding: 0.35rem 0 0.25rem; font-size: 0.86rem; line-height: 1.4; }}
.adaptive .rest {{ font-size: 0.82rem; line-height: 1.4; margin-top: 0.8rem; padding-top: 0.5rem;
  border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent); }}
.adaptive .rest code {{ overflow-wrap: anywhere; }}
.adaptive .how {{ font-size: 0.78rem; line-height: 1.4; opacity: 0.78; margin-top: 0.35rem; }}
</style>
"""

WHAT = (
    "An attacker who sees classifier and defense, and attacks through every stand-in of it. Right "
    "answers left, in percent, with 95 % intervals."
)


def adaptive_html(figures: Sequence[AdaptiveFigure], missing: str) -> str:
    """The panel as HTML.

    Args:
        figures: Adaptive figures of one data set.
        missing: What is not measured, as Markdown without links; empty when all is.
    """
    budgets = dict.fromkeys((one.classifier, one.norm, one.epsilon) for one in figures)
    parts = "".join(
        _budget([one for one in figures if (one.classifier, one.norm, one.epsilon) == budget])
        for budget in sorted(budgets, key=lambda key: (key[0], key[1] != "linf", key[2]))
    )
    open_ones = f'<div class="{"rest" if parts else "what"}">{inline(missing)}</div>'
    return (
        f'{STYLE}<div class="adaptive"><h4>If the attacker knows the defense</h4>'
        f'<div class="what">{WHAT}</div>{parts}{open_ones if missing else ""}</div>'
    )


def missing_words(dataset: str, evaluations: Sequence[Evaluation]) -> str:
    """Which cells of the adaptive suite are not stored, what measures them, and how long it takes.

    Args:
        dataset: One that has suites.
        evaluations: Everything stored of it.
    """
    there = {one.specification for one in evaluations}
    wanted = SUITES["adaptive"](dataset)
    left = [cell for cell in wanted if cell not in there]
    if not left:
        return ""
    command = f"`{table_command('adaptive', dataset)}`"
    if len(left) == len(wanted):
        return f"Not measured yet. This fills it, and goes on after a kill: {command}"
    names = dict.fromkeys(_attack_title(cell) for cell in left)
    hours = [estimated_hours(cell) for cell in left]
    known = sum(one for one in hours if one is not None)
    takes = "" if None in hours else f" It takes {duration_words(3600 * known)}, by like cells."
    return (
        f"{len(left)} of its {len(wanted)} cells are not measured yet ({', '.join(names)}): "
        f"{command} goes on with them.{takes}"
    )


def _attack_title(cell: Specification) -> str:
    attack = ATTACKS[str(cell.attack)]
    budget = dict(cell.parameters)["epsilon"]
    norm = "" if attack.norm == "l2" else " Linf"
    return f"{attack.title}{norm} {budget:g}"


def _budget(figures: Sequence[AdaptiveFigure]) -> str:
    first = figures[0]
    budget = budget_title(first.norm, first.epsilon)
    title = f"{budget}, classifier {classifier_title(first.classifier)}"
    ordered = sorted(figures, key=lambda one: _place(one.defense))
    bare = [one.bare for one in figures if one.bare is not None]
    rows = ""
    if bare:
        rows = _one("No defense", min(bare, key=lambda one: one.value), kind="bare")
    # What has nothing left needs no bar of its own, unless it is one of those that always have.
    gone = [one for one in ordered if not (one.accuracy.correct or _warnings(one))]
    gone = [one for one in gone if one.defense not in ORDER]
    rows += "".join(
        _one(
            defense_title(one.defense),
            one.accuracy,
            kind="" if one.defense in ORDER else "also",
            clean=one.clean,
            warnings=_warnings(one),
        )
        for one in ordered
        if one not in gone
    )
    rows += _gone(gone) if gone else ""
    how = dict.fromkeys(attack for one in figures for attack in one.attacks)
    return f'<h5>{title}</h5>{rows}<div class="how">{escape("; ".join(how))}.</div>'


def _one(
    name: str,
    accuracy: Accuracy,
    *,
    kind: str = "",
    clean: Accuracy | None = None,
    warnings: Sequence[str] = (),
) -> str:
    without = "" if clean is None else f"; clean\u00a0{percent(clean)}"
    said = "".join(f'<div class="warning">? {inline(warning)}</div>' for warning in warnings)
    # Of the others the number of images stands once, below with the attacks.
    beside = f" <small>{interval(accuracy)}{without}</small>" if kind == "also" else ""
    below = f'<span class="range">{interval(accuracy)}, {accuracy.n:,} images{without}</span>'
    return (
        f'<div class="one {kind}"><span class="name">{escape(name)}{beside}</span>'
        f'<span class="number">{percent(accuracy)}</span>'
        f'<span class="bar"><i style="width:{100 * accuracy.value:.1f}%"></i></span>'
        f"{'' if beside else below}{said}</div>"
    )


def _gone(figures: Sequence[AdaptiveFigure]) -> str:
    """Those behind which nothing is left, in one line."""
    names = [
        f"{defense_title(one.defense)}{f' (clean {percent(one.clean)})' if one.clean else ''}"
        for one in figures
    ]
    # Of the fewest images, whose interval is the widest.
    least = min((one.accuracy for one in figures), key=lambda one: one.n)
    return (
        f'<div class="gone"><b>Nothing left</b> behind {escape(listed(names))}.'
        f'<div class="range">{interval(least)}, {least.n:,} images</div></div>'
    )


def _warnings(figure: AdaptiveFigure) -> tuple[str, ...]:
    inexact = (
        "The least of several attacks' figures: they were stored without records of the single "
        "images, so the worst case may be lower."
    )
    return figure.warnings if figure.exact else (*figure.warnings, inexact)


def _place(defense: str) -> int:
    return ORDER.index(defense) if defense in ORDER else len(ORDER)
