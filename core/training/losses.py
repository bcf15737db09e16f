"""Losses as pure functions that return named parts; ``total`` is what is minimised."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.models.lq_vae import LqVae
from core.models.vae import Vae

Parts = Mapping[str, Tensor]


def cross_entropy(model: nn.Module, images: Tensor, labels: Tensor) -> Parts:
    """Mean cross-entropy of a classifier's logits."""
    logits = model(images)
    return {
        "total": functional.cross_entropy(logits, labels),
        "accuracy": (logits.argmax(1) == labels).float().mean(),
    }


def half_mirrored(images: Tensor, generator: Generator) -> Tensor:
    """Images (n, c, h, w), each with even odds turned left to right."""
    draws = torch.rand((len(images), 1, 1, 1), generator=generator, device=images.device)
    return torch.where(draws < 0.5, images.flip(-1), images)


def with_noise(images: Tensor, largest: float, generator: Generator | None) -> Tensor:
    """Images (n, c, h, w) with noise of random sign, up to ``largest``, drawn anew for each."""
    amplitude = torch.rand((len(images), 1, 1, 1), generator=generator, device=images.device)
    signs = _signs_like(images, generator)
    return (images + largest * amplitude * signs).clamp(0, 1)


def random_crops(images: Tensor, side: int, generator: Generator) -> Tensor:
    """From each image (n, c, h, w) a square (n, c, side, side) at a place drawn anew."""
    n, channels, height, width = images.shape

    def places(length: int) -> Tensor:
        draws = torch.rand((n, 1), generator=generator, device=images.device)
        starts = (draws * (length - side + 1)).long()
        return starts + torch.arange(side, device=images.device)

    rows, columns = places(height), places(width)
    batch = torch.arange(n, device=images.device)
    channel = torch.arange(channels, device=images.device)
    return images[
        batch.view(-1, 1, 1, 1),
        channel.view(1, -1, 1, 1),
        rows.view(n, 1, side, 1),
        columns.view(n, 1, 1, side),
    ]


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """Mean over batch and latents of KL(N(mean, exp(log_var)) || N(0, 1))."""
    return -0.5 * (1 + log_var - mean.square() - log_var.exp()).mean()


def full_range_error(reconstructed: Tensor, images: Tensor) -> Tensor:
    """Mean squared error in the authors' pixel range [-1, 1], from images in [0, 1]."""
    return 4 * functional.mse_loss(reconstructed, images)


def gradient_penalty(images: Tensor, outputs: Tensor, target: float) -> Tensor:
    """Two-sided penalty on the gradient norm of the summed outputs, mean over the batch.

    Args:
        images: Images (n, c, h, w) in [0, 1] that require a gradient and led to ``outputs``.
        outputs: Any (n, d); the gradient is that of the sum over d.
        target: The norm K the gradient is pulled to, per unit of the range [-1, 1].
    """
    (gradient,) = torch.autograd.grad(outputs.sum(), images, create_graph=True)
    # One unit of [0, 1] is two of the authors' range, so their gradient is half of ours.
    norms = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt() / 2
    return (norms - target).square().mean()


@dataclass(frozen=True, kw_only=True)
class LqVaeLoss:
    """Algorithm 1 of LQ-VAE (arXiv 1903.09940), resolved as the authors' code does.

    Attributes:
        penalty_norm: K, the gradient norm the encoder is pulled to.
        random_projection: Penalise the gradient of a random +-1 projection of the latent means
            (its expected square is the squared Frobenius norm of the Jacobian) instead of
            their plain sum, which is the authors' choice.
        reconstruction_weight: Weight of each mean squared error.
        penalty_weight: Weight of the gradient penalty.
        kl_weight: Weight of the mean KL divergence.
        input_noise: Largest amplitude of the random-sign noise added to what the encoder sees,
            in [0, 1] pixel units; the amplitude is drawn anew for each image. The target stays
            clean. The authors use none.
        code_flips: Largest share of the code's bits flipped at random; drawn for each image.
    """

    penalty_norm: float = 0.1
    random_projection: bool = False
    reconstruction_weight: float = 10.0
    penalty_weight: float = 10.0
    kl_weight: float = 1.0
    input_noise: float = 0.0
    code_flips: float = 0.0

    def encoder(self, model: LqVae, images: Tensor, generator: Generator | None) -> Parts:
        """KL + reconstruction through the soft decoder + gradient penalty."""
        seen = self._seen(images, generator).requires_grad_()
        mean, log_var = model.encode(seen)
        latents = model.noisy_latents(mean, log_var, _normal_like(mean, generator))
        codes = model.quantizer.soft(latents)
        soft = full_range_error(model.soft_decoder(self._flipped(codes, generator)), images)
        outputs = mean * _signs_like(mean, generator) if self.random_projection else mean
        penalty = gradient_penalty(seen, outputs, self.penalty_norm)
        kl = kl_to_standard_normal(mean, log_var)
        total = (
            self.kl_weight * kl + self.reconstruction_weight * soft + self.penalty_weight * penalty
        )
        bits = model.quantizer.bits(latents.detach())
        return {
            "total": total,
            "kl": kl,
            "soft": soft,
            "penalty": penalty,
            "plus_share": (bits > 0).float().mean(),
            "bits": bits,
        }

    def sample(self, model: LqVae, images: Tensor, generator: Generator | None) -> Tensor:
        """Noisy latents (n, d) of images seen through the input noise."""
        mean, log_var = model.encode(self._seen(images, generator))
        return model.noisy_latents(mean, log_var, _normal_like(mean, generator))

    def soft_decoder(
        self, model: LqVae, images: Tensor, latents: Tensor, generator: Generator | None
    ) -> Parts:
        """Reconstruction through the soft decoder from given latents."""
        codes = self._flipped(model.quantizer.soft(latents), generator)
        soft = full_range_error(model.soft_decoder(codes), images)
        return {"total": self.reconstruction_weight * soft, "soft": soft}

    def hard_decoder(
        self, model: LqVae, images: Tensor, bits: Tensor, generator: Generator | None
    ) -> Parts:
        """Reconstruction through the decoder of hard bits; no gradient reaches the encoder."""
        hard = full_range_error(model.hard_decoder(self._flipped(bits, generator)), images)
        return {"total": self.reconstruction_weight * hard, "hard": hard}

    def _seen(self, images: Tensor, generator: Generator | None) -> Tensor:
        if self.input_noise == 0:
            return images.detach().clone()
        return with_noise(images, self.input_noise, generator)

    def _flipped(self, codes: Tensor, generator: Generator | None) -> Tensor:
        if self.code_flips == 0:
            return codes
        rate = self.code_flips * torch.rand(
            (len(codes), 1), generator=generator, device=codes.device
        )
        draws = torch.rand(codes.shape, generator=generator, device=codes.device)
        return torch.where(draws < rate, -codes, codes)


@dataclass(frozen=True, kw_only=True)
class VaeLoss:
    """Reconstruction and divergence of a VAE, weighed as ``LqVaeLoss`` weighs them.

    Luo & Pfister (2018, arXiv 1812.02891) weigh the sums over pixels and latents, squared error
    to divergence as 1 to beta; ``of_sums`` says that in means.

    Attributes:
        reconstruction_weight: Weight of the mean squared error in the range [-1, 1].
        kl_weight: Weight of the mean KL divergence.
        penalty_weight: Weight of the gradient penalty on the encoder; 0 leaves it out.
        penalty_norm: The gradient norm that the encoder is then pulled to.
    """

    reconstruction_weight: float = 10.0
    kl_weight: float = 1.0
    penalty_weight: float = 0.0
    penalty_norm: float = 0.1

    @classmethod
    def of_sums(cls, *, beta: float, pixels: int, latents: int) -> "VaeLoss":
        """Squared error + beta * KL, both sums, for images of ``pixels`` values; divided by them.

        Args:
            beta: Weight of the divergence.
            pixels: Values of an image, c * h * w, in [0, 1].
            latents: Number of latents.
        """
        return cls(reconstruction_weight=0.25, kl_weight=beta * latents / pixels)

    def __call__(self, model: Vae, images: Tensor, generator: Generator | None) -> Parts:
        """The loss of images (n, c, h, w) and its parts."""
        seen = images.detach().clone().requires_grad_(self.penalty_weight != 0)
        mean, log_var = model.encode(seen)
        latents = model.noisy_latents(mean, log_var, _normal_like(mean, generator))
        error = full_range_error(model.decoder(latents), images)
        kl = kl_to_standard_normal(mean, log_var)
        total = self.reconstruction_weight * error + self.kl_weight * kl
        parts = {"error": error, "kl": kl}
        if self.penalty_weight:
            parts["penalty"] = gradient_penalty(seen, mean, self.penalty_norm)
            total = total + self.penalty_weight * parts["penalty"]
        return {"total": total, **parts}


def _normal_like(tensor: Tensor, generator: Generator | None) -> Tensor:
    return torch.randn(tensor.shape, generator=generator, device=tensor.device)


def _signs_like(tensor: Tensor, generator: Generator | None) -> Tensor:
    uniform = torch.rand(tensor.shape, generator=generator, device=tensor.device)
    return torch.where(uniform < 0.5, -1.0, 1.0)
