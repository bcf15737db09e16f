import pytest
import torch
from torch import Tensor

from core.models.lq_vae import LqVae
from core.models.vae import Vae
from core.training.losses import (
    LqVaeLoss,
    VaeLoss,
    full_range_error,
    gradient_penalty,
    half_mirrored,
    kl_to_standard_normal,
    random_crops,
)


def test_kl_is_zero_for_the_prior_and_has_the_known_value_elsewhere() -> None:
    zeros = torch.zeros(3, 5)
    assert kl_to_standard_normal(zeros, zeros) == 0
    assert kl_to_standard_normal(zeros + 2, zeros) == pytest.approx(2.0)


def test_error_is_that_of_the_range_minus_one_to_one(images: Tensor) -> None:
    other = images.flip(0)
    expected = ((2 * images - 1) - (2 * other - 1)).square().mean()
    assert full_range_error(images, other) == pytest.approx(expected.item())


def test_gradient_penalty_of_a_linear_map_is_known(images: Tensor) -> None:
    seen = images.clone().requires_grad_()
    # The sum of the outputs has gradient 4 at each of 784 pixels: norm 4 * 28, halved by the range.
    outputs = torch.stack([seen.flatten(1).sum(1), 3 * seen.flatten(1).sum(1)], dim=1)
    penalty = gradient_penalty(seen, outputs, target=50.0)
    assert penalty == pytest.approx((4 * 28 / 2 - 50) ** 2, rel=1e-4)


def test_gradient_penalty_reaches_the_encoder(images: Tensor, generator: torch.Generator) -> None:
    model = LqVae(latent_size=4, widths=(2, 4), hidden=8)
    parts = LqVaeLoss().encoder(model, images, generator)
    (gradient,) = torch.autograd.grad(parts["penalty"], model.mean_head.weight)
    assert gradient.abs().sum() > 0


def reached(total: Tensor, *parameters: Tensor) -> list[bool]:
    """Which parameters a loss sends a gradient to."""
    gradients = torch.autograd.grad(total, parameters, allow_unused=True)
    return [gradient is not None for gradient in gradients]


def test_each_loss_trains_its_own_part(images: Tensor, generator: torch.Generator) -> None:
    model = LqVae(latent_size=4, widths=(2, 4), hidden=8)
    loss = LqVaeLoss()
    parts = model.mean_head.weight, next(model.hard_decoder.parameters())
    encoder = loss.encoder(model, images, generator)
    assert reached(encoder["total"], *parts) == [True, False]
    hard = loss.hard_decoder(model, images, encoder["bits"], generator)
    assert reached(hard["total"], *parts) == [False, True], "hard bits carry no gradient"


def test_code_flips_and_input_noise_stay_within_their_limits(
    images: Tensor, generator: torch.Generator
) -> None:
    loss = LqVaeLoss(input_noise=0.4, code_flips=0.2)
    seen = loss._seen(images, generator)
    assert (seen - images).abs().max() <= 0.4 + 1e-6
    assert seen.min() >= 0
    assert seen.max() <= 1
    codes = torch.ones(2_000, 64)
    share = (loss._flipped(codes, generator) < 0).float().mean(1)
    assert 0.08 < share.mean() < 0.12, "the mean of a uniform draw up to 0.2"
    assert share.max() < 0.4


def test_about_half_of_the_images_are_mirrored_and_none_is_changed_otherwise() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((400, 1, 4, 4), generator=generator)
    seen = half_mirrored(images, generator)
    same = (seen == images).flatten(1).all(1)
    turned = (seen == images.flip(-1)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert 160 < int(turned.sum()) < 240


def test_beta_weighs_sums(images: Tensor) -> None:
    model = Vae(latent_size=4, widths=(2, 4), hidden=8)
    beta = 0.3
    loss = VaeLoss.of_sums(beta=beta, pixels=784, latents=4)
    draw = torch.Generator().manual_seed(5)
    total = loss(model, images, draw)["total"]
    mean, log_var = model.encode(images)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(5))
    decoded = model.decoder(model.noisy_latents(mean, log_var, noise))
    error = (decoded - images).square().sum()
    divergence = 4 * kl_to_standard_normal(mean, log_var) * len(images)
    assert 784 * len(images) * total.item() == pytest.approx((error + beta * divergence).item())


def test_a_penalty_is_paid_only_where_it_is_asked(images: Tensor) -> None:
    model = Vae(latent_size=4, widths=(2, 4), hidden=8)
    plain, paid = (
        VaeLoss(penalty_weight=weight)(model, images, torch.Generator().manual_seed(1))
        for weight in (0.0, 10.0)
    )
    assert "penalty" not in plain
    extra = 10 * paid["penalty"].item()
    assert paid["total"].item() == pytest.approx(plain["total"].item() + extra, rel=1e-4)


def test_crops_are_pieces_of_their_own_image(generator: torch.Generator) -> None:
    # Every pixel says where it is and in which image and channel.
    ramp = torch.arange(4 * 2 * 6 * 9).view(4, 2, 6, 9).float()
    crops = random_crops(ramp, 3, generator)
    assert crops.shape == (4, 2, 3, 3)
    pieces = ramp.unfold(2, 3, 1).unfold(3, 3, 1)
    for whole, crop in zip(pieces, crops, strict=True):
        assert any(
            torch.equal(whole[:, row, column], crop) for row in range(4) for column in range(7)
        )
    firsts = {float(random_crops(ramp, 3, generator)[0, 0, 0, 0]) for _ in range(400)}
    assert len(firsts) == 28, "every place is drawn"
