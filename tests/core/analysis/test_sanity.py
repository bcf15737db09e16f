"""Every check holds on a sound pipeline, and fails on the one that is broken where it looks."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.analysis.attack_checks import Point, check_monotone
from core.analysis.checks import Check, percent
from core.analysis.code_checks import check_dead, check_round_trip, check_walls
from core.analysis.lipschitz import (
    AUTHORS_NORM,
    Penalty,
    gradient_norms,
    lipschitz_ratios,
    penalty_of,
)
from core.analysis.sanity import BUDGETS, Pipeline, check_quantizer, why_not
from core.analysis.sanity_file import load_pipeline
from core.analysis.sanity_report import Sanity, soft_curve
from core.attacks import ATTACKS
from core.checkpoints import checkpoint_folder, find_row
from core.data import load_dataset
from core.defenses import BitDepth
from core.evaluation import Accuracy
from core.models.quantizers import QUANTIZERS
from core.training.losses import LqVaeLoss, gradient_penalty
from core.types import Cancelled, LabError, Step
from tests.core.analysis.broken import BROKEN, COUNT, SPEC, images, labels, pipeline, tiny_model

MEASURED = {"lipschitz", "round_trip"}


def examine(subject: Pipeline) -> Sanity:
    return check_quantizer(SPEC, subject, images(), labels())


def failed(checks: Sequence[Check]) -> set[str]:
    return {check.name for check in checks if check.passed is False}


def test_a_sound_pipeline_passes() -> None:
    sanity = examine(pipeline())
    assert failed(sanity.checks) == set()
    assert {check.name for check in sanity.checks if check.passed is None} == MEASURED
    assert len({check.name for check in sanity.checks}) == len(sanity.checks) == 12
    counts = {check.name: check.n for check in sanity.checks}
    assert counts["dead"] == COUNT
    assert counts["monotone"] == SPEC.n
    assert sanity.code is not None
    assert len(sanity.code.gradients) == len(sanity.code.adversarial) == SPEC.n
    assert len(sanity.code.kept) == COUNT
    assert len(sanity.code.plus) == 6


@pytest.mark.parametrize("name", BROKEN)
def test_each_check_can_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = BROKEN[name]
    monkeypatch.setitem(ATTACKS, "fgsm", broken.attack)
    sanity = examine(broken.build())
    assert broken.check in failed(sanity.checks)
    (check,) = [check for check in sanity.checks if check.name == broken.check]
    assert broken.reason in check.reason


def test_every_demand_is_broken_by_something() -> None:
    demanded = {check.name for check in examine(pipeline()).checks} - MEASURED
    assert {broken.check for broken in BROKEN.values()} == demanded


def test_a_purifier_without_a_code_is_checked_as_far_as_it_goes() -> None:
    sanity = examine(replace(pipeline(), purifier=BitDepth(bits=1)))
    assert sanity.code is None
    assert [check.name for check in sanity.checks] == [
        "epsilon_zero",
        "budget",
        "monotone",
        "range",
    ]


def test_the_budgets_go_from_nothing_to_the_attack_s_own() -> None:
    points = examine(pipeline()).points
    assert [point.epsilon for point in points] == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert len(points) == BUDGETS
    assert points[0].largest == 0
    assert all(point.largest == pytest.approx(point.epsilon, abs=1e-6) for point in points)


def test_only_attacks_with_a_budget_can_be_used() -> None:
    refused = {name for name in ATTACKS if why_not(name)}
    unbounded = {"deepfool", "cw", "jsma", "fab", "fab_linf", "one_pixel"}
    unbounded |= {"one_step_bpda", "fooling", "flips_l0", "hop_skip_jump", "hop_skip_jump_linf"}
    assert refused == unbounded | {"noise", "noise_l2"}
    with pytest.raises(LabError, match="no epsilon"):
        check_quantizer(replace(SPEC, attack="cw"), pipeline(), images(), labels())


def test_too_few_images_are_refused() -> None:
    with pytest.raises(LabError, match="want 40 images, but only 39"):
        check_quantizer(SPEC, pipeline(), images()[:39], labels()[:39])


def test_progress_ends_the_work_when_told() -> None:
    seen: list[float] = []

    def report(step: Step) -> None:
        seen.append(step.index / step.of)
        if step.index / step.of > 0.5:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        check_quantizer(SPEC, pipeline(), images(), labels(), report)
    assert seen == sorted(seen)


def test_round_trip_counts_bits_by_image() -> None:
    bits = torch.ones(2, 8)
    again = bits.clone()
    again[1, :3] = -1
    check, kept = check_round_trip(bits, again)
    assert kept.tolist() == [1, 0.625]
    assert check.passed is None
    assert "1 of 2 images" in check.reason


@pytest.mark.parametrize(("minority", "dead"), [(0, 1), (1, 1), (2, 0)])
def test_a_bit_is_dead_below_one_in_a_thousand(minority: int, dead: int) -> None:
    bits = torch.ones(1999, 1)
    bits[:minority] = -1
    check, _ = check_dead(bits)
    assert check.value == f"{dead} of 1 bits"
    assert check.passed is (dead == 0)


def point(epsilon: float, bare: int, defended: int = 90) -> Point:
    counts = (Accuracy(correct=count, n=100) for count in (bare, defended))
    return Point(epsilon=epsilon, bare=next(counts), defended=next(counts), largest=epsilon)


@pytest.mark.parametrize(
    ("bare", "passed"),
    [
        ((98, 50, 2), True),
        ((98, 50, 59), True),  # 59 lies within the interval of 50 of 100: 40.4 to 59.6 %
        ((98, 50, 60), False),
        ((98, 97, 96), False),  # the attack does next to nothing
    ],
)
def test_accuracy_may_rise_only_within_its_interval(
    bare: tuple[int, int, int], passed: bool
) -> None:
    points = [point(epsilon, count) for epsilon, count in zip((0, 0.1, 0.2), bare, strict=True)]
    assert check_monotone(points).passed is passed


def test_a_rise_of_the_defended_accuracy_is_seen() -> None:
    check = check_monotone([point(0, 98, 90), point(0.1, 50, 40), point(0.2, 3, 80)])
    assert check.passed is False
    assert "defended" in check.reason


@pytest.mark.parametrize("name", QUANTIZERS)
def test_walls_of_every_quantizer_are_its_thresholds(name: str) -> None:
    quantizer = QUANTIZERS[name]()
    assert check_walls(quantizer).passed
    curve = soft_curve(quantizer)
    for row in range(quantizer.bits_per_latent):
        hard = torch.tensor(curve.hard[row])
        changes = (hard[1:] != hard[:-1]).nonzero().flatten().tolist()
        for place in changes:
            low, high = curve.latents[place], curve.latents[place + 1]
            assert any(low - 1e-5 <= wall <= high + 1e-5 for wall in quantizer.walls)


@pytest.mark.parametrize("random_projection", [False, True])
def test_gradient_norms_are_those_of_the_training_penalty(random_projection: bool) -> None:
    model, pictures = tiny_model(), images()
    penalty = Penalty(norm=0.07, random_projection=random_projection)
    norms = gradient_norms(model, pictures, penalty)
    seen = pictures.clone().requires_grad_()
    outputs = model.encode(seen)[0]
    if random_projection:
        draws = torch.rand(outputs.shape, generator=torch.Generator().manual_seed(0))
        outputs = outputs * torch.where(draws < 0.5, -1.0, 1.0)
    expected = gradient_penalty(seen, outputs, penalty.norm)
    assert float((norms - penalty.norm).square().mean()) == pytest.approx(expected.item(), rel=1e-4)


def test_the_authors_k_is_the_loss_s_default() -> None:
    assert LqVaeLoss().penalty_norm == AUTHORS_NORM
    assert LqVaeLoss().penalty_weight == Penalty().weight


def test_ratios_of_a_linear_map() -> None:
    pictures = torch.zeros(3, 1, 1, 2)
    moved = pictures.clone()
    moved[0, 0, 0, 0] = 0.5
    moved[1, 0, 0] = torch.tensor([0.3, 0.4])

    def latents(batch: Tensor) -> Tensor:
        return 3 * batch.flatten(1)

    # 3 per unit of [0, 1] is 1.5 per unit of [-1, 1]; the pair that did not move has no ratio.
    ratios = lipschitz_ratios(pictures, moved, latents(pictures), latents(moved))
    assert ratios.tolist() == pytest.approx([1.5, 1.5])


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "100 %"), (0.9999, "99.9 %"), (0.0001, "0.1 %"), (0.0, "0 %"), (0.123, "12.3 %")],
)
def test_percent_never_rounds_to_all_or_none(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize("defense", ["lq_vae", "lq_vae_plus"])
def test_the_shipped_defenses_pass(
    defense: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (checkpoint_folder() / f"mnist-{defense}.safetensors").exists():
        pytest.skip(f"{defense} is not trained yet")
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    spec = replace(SPEC, classifier="a", defense=defense, n=20)
    sanity = check_quantizer(
        spec, load_pipeline(spec), *load_dataset("mnist", "validation", count=1000)
    )
    assert failed(sanity.checks) == set()
    assert sanity.code is not None
    assert sanity.code.penalty == penalty_of(find_row("mnist", defense))
    assert sanity.code.penalty.norm == {"lq_vae": 0.1, "lq_vae_plus": 1.0}[defense]
