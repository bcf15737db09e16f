"""Per-image records, and the worst case made from them."""

from dataclasses import replace

import pytest
import torch

from core.evaluation.accuracy import Accuracy
from core.evaluation.records import pack, right_under, unpack, worst_case
from core.evaluation.specification import Evaluation, Specification
from core.types import LabError


def evaluation(right: list[bool], **changes: str) -> Evaluation:
    specification = Specification(
        dataset="mnist", classifier="a", defense="lq_vae", attack="pgd", n=len(right)
    )
    return Evaluation(
        specification=replace(specification, **changes),  # type: ignore[arg-type]
        clean=Accuracy(correct=len(right), n=len(right)),
        outcomes={"clean": pack(torch.ones(len(right))), "robust": pack(torch.tensor(right))},
    )


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1000])
def test_a_record_survives_being_packed(n: int, generator: torch.Generator) -> None:
    right = torch.rand(n, generator=generator) > 0.5
    assert torch.equal(unpack(pack(right), n), right)


def test_four_images_are_one_digit() -> None:
    assert pack(torch.tensor([True, False, False, False, False, True, True, True])) == "87"


def test_a_record_of_other_images_is_refused() -> None:
    with pytest.raises(ValueError, match="a record of 9 images has 2 bytes, got 1"):
        unpack("ff", 9)


def test_the_worst_case_is_made_image_by_image() -> None:
    one = evaluation([True, True, False, True])
    two = evaluation([True, False, True, True])
    assert worst_case([one, two]) == Accuracy(correct=2, n=4), "not the lesser of 3 and 3"
    assert worst_case([one]) == Accuracy(correct=3, n=4)


def test_the_worst_case_is_over_the_images_all_have_seen() -> None:
    many, few = evaluation([True] * 10), evaluation([True, False])
    assert worst_case([many, few]) == Accuracy(correct=1, n=2)


def test_a_worst_case_of_different_images_is_refused() -> None:
    one, other = evaluation([True]), evaluation([True], split="validation")
    with pytest.raises(ValueError, match="expected cells of one data set and split"):
        worst_case([one, other])


def test_a_cell_without_records_is_said() -> None:
    with pytest.raises(LabError, match="without per-image records; measure it again"):
        right_under(replace(evaluation([True]), outcomes={}))
