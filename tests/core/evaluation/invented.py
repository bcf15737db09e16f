"""Invented evaluations: figures that nobody measured, for tables in tests."""

from collections.abc import Sequence
from typing import Any

import torch

from core.evaluation.accuracy import Accuracy
from core.evaluation.records import pack
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.suites import SUITES


def accuracy(share: float, n: int) -> Accuracy:
    """That share of n images, rounded to whole ones."""
    return Accuracy(correct=round(share * n), n=n)


def invent(
    specification: Specification,
    *,
    robust: float = 0.9,
    attacked: float = 0.0,
    warnings: Sequence[str] = (),
    **changes: Any,  # noqa: ANN401 - any field of Evaluation
) -> Evaluation:
    """An evaluation with these shares of right answers; the first images are the right ones."""
    n, defended = specification.n, specification.defense is not None
    under = specification.attack is not None
    values: dict[str, Any] = {
        "specification": specification,
        "clean": accuracy(0.99, n),
        "clean_defended": accuracy(0.97, n) if defended else None,
        "attacked": accuracy(attacked, n) if under else None,
        "robust": accuracy(robust, n) if under and defended else None,
        "mean_l2": 1.25 if under else None,
        "mean_linf": 0.15 if under else None,
        "attack_ms": 3.0 if under else None,
        "warnings": tuple(warnings),
    }
    right = torch.arange(n) < round(robust * n)
    values["outcomes"] = {"robust": pack(right)} if values["robust"] else {}
    return Evaluation(**(values | changes))


def suite(name: str, dataset: str = "mnist", **shares: float) -> list[Evaluation]:
    """All cells of a suite."""
    return [invent(one, **shares) for one in SUITES[name](dataset)]  # type: ignore[arg-type]


def adaptive(
    defense: str, share: float, *, epsilon: float = 0.1, attack: str = "pgd"
) -> Evaluation:
    """PGD, or another attack, on a defense that it knows."""
    spec = Specification(
        dataset="mnist",
        classifier="a",
        defense=defense,
        attack=attack,
        parameters=(("epsilon", epsilon), ("steps", 100)),
        threat="adaptive",
        n=500,
    )
    return invent(spec, robust=share, attacked=0.02)
