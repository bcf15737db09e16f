"""``MEASURES``: what is told of a selective classifier, row by row, each from one job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from core.analysis.selective_attacks import fooling, joint, paper_joint, second_look
from core.analysis.selective_bench import Bench, Row
from core.analysis.selective_curves import SCORES, errors_at, risk_coverage, roc
from core.devices import in_batches
from core.evaluation.selected import Selected
from core.selective import Search, Thresholds, reclassify, searches_of

EPSILONS = (0.1, 0.2, 0.3)

PAPERS_EPSILONS = (0.06, 0.12, 0.18, 0.24, 0.3)
"""Of the paper's Table 2."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One subject.

    Attributes:
        title: What it tells, as a sentence begins.
        row: Measures one job.
        jobs: The jobs for a number of classes; each is part of its row.
        most: Images unless told otherwise; None takes all of the split.
    """

    title: str
    row: Callable[[Bench, Mapping[str, Any]], Row]
    jobs: Callable[[int], Sequence[Row]]
    most: int | None = None


def plain(bench: Bench, _: Mapping[str, Any]) -> Row:
    """Clean images, without and with the limits."""
    return bench.judged(bench.images)[0]


def encoder_attacked(bench: Bench, job: Mapping[str, Any]) -> Row:
    """An attack on the encoder alone."""
    return bench.judged(bench.attacked(job["attack"], job["parameters"]))[0]


def reclassified(bench: Bench, job: Mapping[str, Any]) -> Row:
    """What a second look makes of images, clean or by FGSM: of the rejected ones, and of all.

    Every search there is gives its classes to the rejected ones (``searches``); the rest is about
    the best of them. ``both_looks`` is what the classifier answers together with what that one
    makes of the rest, ``unchosen`` what it makes of all.
    """
    epsilon = job["epsilon"]
    images = bench.attacked("fgsm", {"epsilon": epsilon}) if epsilon else bench.images
    first = Selected.from_dict(bench.judged(images)[0]["selected"])
    with torch.no_grad():
        rejected = in_batches(bench.classifier.answers, images)[:, 1] == 0
    searches = searches_of(bench.classifier)
    *others, best = searches
    classes, accepted = _looked_up(bench, images, searches[best])
    row: Row = {"rejected": first.rejected}
    found = first
    if first.rejected:
        labels = bench.labels[rejected]
        everyone = torch.ones_like(labels, dtype=torch.bool)
        found = Selected.counted(classes[rejected], everyone, labels)
        row["searches"] = {
            name: Selected.counted(
                _looked_up(bench, images[rejected], searches[name])[0], everyone, labels
            ).as_dict()
            for name in others
        }
        row["searches"][best] = found.as_dict()
        again = Selected.counted(classes[rejected], accepted[rejected], labels)
        row["rejecting"] = again.as_dict()
        found = Selected(
            right=first.right + found.right, wrong=first.wrong + found.wrong, rejected=0
        )
    row["both_looks"] = found.as_dict()
    everyone = torch.ones_like(bench.labels, dtype=torch.bool)
    row["unchosen"] = Selected.counted(classes, everyone, bench.labels).as_dict()
    return row


def strangers(bench: Bench, _: Mapping[str, Any]) -> Row:
    """What is none of its classes: whom it answers all the same, at once and after each search.

    Any answer is wrong. The searches are told of those that were rejected at first.
    """
    row: Row = {}
    for source, images in bench.strangers().items():
        with torch.no_grad():
            answered = in_batches(bench.classifier.answers, images)[:, 1] == 1
        told: Row = {"first": _answered(answered)}
        rejected = images[~answered]
        if len(rejected):
            told["searches"] = {
                name: _answered(_looked_up(bench, rejected, search)[1])
                for name, search in searches_of(bench.classifier).items()
            }
        row[source] = told
    return {"strangers": row}


def _answered(accepted: Tensor) -> Row:
    """Counts of images without a right answer, from whether each was answered (n,)."""
    wrong = int(accepted.sum())
    return Selected(right=0, wrong=wrong, rejected=len(accepted) - wrong).as_dict()


def _looked_up(bench: Bench, images: Tensor, search: Search) -> tuple[Tensor, Tensor]:
    """The class that the search gives each image (n,), and whether the limits allow it (n,)."""

    def work(batch: Tensor, _: Tensor) -> Tensor:
        found = reclassify(bench.classifier, batch, search=search)
        return torch.stack([found.classes, found.accepted.long()], dim=1)

    given = bench.batchwise(work, images, images)
    return given[:, 0], given[:, 1].bool()


def curve(bench: Bench, job: Mapping[str, Any]) -> Row:
    """Risk over coverage on clean images; or how well the limits tell an attack from them."""
    model = bench.classifier.model
    limits = Thresholds.calibrated(bench.classifier.statistics, model.latent_size)
    _, before = bench.judged(bench.images)
    clean = before.scores(limits)
    if "score" in job:
        return {"risk_coverage": asdict(risk_coverage(clean[job["score"]], before.right))}
    _, after = bench.judged(bench.attacked(job["attack"], job["parameters"]))
    attacked = after.scores(limits)
    # An image whose class the attack did not change has nothing that must be told.
    fooled = ~after.right
    told = SCORES if fooled.any() else ()
    wrong = errors_at(clean["both"], attacked["both"], after.right)
    return {
        "fooled": int(fooled.sum()),
        "roc": {score: asdict(roc(clean[score], attacked[score][fooled])) for score in told},
        "wrong_at_rejection": {str(share): count for share, count in wrong.items()},
    }


def _attack(name: str, **parameters: object) -> Row:
    return {"attack": name, "parameters": parameters}


def _iterative() -> list[Row]:
    steps = (("pgd", 40), ("mi_fgsm", 10))
    return [_attack(name, epsilon=e, steps=count) for name, count in steps for e in EPSILONS]


def _told_apart() -> list[Row]:
    return [
        *({"score": score} for score in SCORES),
        *(_attack("fgsm", epsilon=epsilon) for epsilon in EPSILONS),
        *(_attack("pgd", epsilon=epsilon, steps=40) for epsilon in EPSILONS),
    ]


def _budgets() -> list[Row]:
    return [
        *({"norm": "linf", "epsilon": epsilon} for epsilon in EPSILONS),
        {"norm": "l2", "epsilon": 1.5},
    ]


MEASURES: Mapping[str, Measure] = {
    "clean": Measure(
        title="Clean images without and with the limits (Table 1)",
        row=plain,
        jobs=lambda classes: [{}],
    ),
    "sweep": Measure(
        title="FGSM on the encoder over its budget (Figures 3 and 5)",
        row=encoder_attacked,
        jobs=lambda classes: [_attack("fgsm", epsilon=round(0.02 * i, 2)) for i in range(16)],
    ),
    "iterative": Measure(
        title="PGD and MI-FGSM on the encoder",
        row=encoder_attacked,
        jobs=lambda classes: _iterative(),
        most=1_000,
    ),
    "reclassified": Measure(
        title="What is rejected, and what it is after all (Table 2)",
        row=reclassified,
        jobs=lambda classes: [{"epsilon": epsilon} for epsilon in (0.0, *PAPERS_EPSILONS)],
        most=500,
    ),
    "strangers": Measure(
        title="What is none of its classes, at first and in a second look",
        row=strangers,
        jobs=lambda classes: [{}],
        most=500,
    ),
    "curves": Measure(
        title="Risk over coverage, and attacks told from clean images",
        row=curve,
        jobs=lambda classes: _told_apart(),
        most=1_000,
    ),
    "joint": Measure(
        title="Margin and both limits attacked at once, within a hard budget",
        row=joint,
        jobs=lambda classes: _budgets(),
        most=200,
    ),
    "second_look": Measure(
        title="Second looks under an attacker who knows them, within a hard budget",
        row=second_look,
        jobs=lambda classes: [{"norm": "linf", "epsilon": 0.0}, *_budgets()],
        most=100,
    ),
    "paper_joint": Measure(
        title="The paper's attack on both limits (Eq. 10)",
        row=paper_joint,
        jobs=lambda classes: [{"origin": origin} for origin in range(classes)],
        most=1_000,
    ),
    "fooling": Measure(
        title="The paper's fooling images from noise (Eq. 11)",
        row=fooling,
        jobs=lambda classes: [{"target": target} for target in range(classes)],
    ),
}
