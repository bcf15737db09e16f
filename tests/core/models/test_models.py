import math

import pytest
import torch

from core.models import MODELS
from core.models.classifiers import ClassifierA
from core.models.lq_vae import LqVae
from core.models.resnet import ResNet
from core.models.vae import Vae


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("a", 1_285_194),
        ("b", 710_218),
        ("c", 1_387_210),
        ("d", 199_210),
        ("e", 199_210),
        ("f", 710_218),
    ],
)
def test_classifiers_have_the_papers_sizes(name: str, parameters: int) -> None:
    assert sum(p.numel() for p in MODELS[name]().parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "rates"),
    [("a", [0.25, 0.5]), ("b", [0.2, 0.5]), ("c", [0.25, 0.5]), ("d", [0.5]), ("e", []), ("f", [])],
)
def test_classifiers_drop_at_the_papers_rates(name: str, rates: list[float]) -> None:
    layers = MODELS[name]().modules()
    assert [layer.p for layer in layers if isinstance(layer, torch.nn.Dropout)] == rates


@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "f"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_classifiers_take_other_image_shapes(name: str, shape: tuple[int, int, int]) -> None:
    logits = MODELS[name](image_shape=shape, classes=7).eval()(torch.rand(2, *shape))
    assert logits.shape == (2, 7)


def test_every_output_unit_starts_with_unit_weights() -> None:
    for module in ClassifierA().modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            norms = module.weight.flatten(1).norm(dim=1)
            assert torch.allclose(norms, torch.ones_like(norms), atol=1e-5)


@pytest.mark.parametrize("sharpness", [None, 5.0])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_lq_vae_encodes_and_decodes(shape: tuple[int, int, int], sharpness: float | None) -> None:
    model = LqVae(
        image_shape=shape, latent_size=6, widths=(4, 8), hidden=16, threshold_sharpness=sharpness
    )
    images = torch.rand(3, *shape)
    bits = model.code(images)
    assert bits.shape == (3, 6)
    assert set(bits.flatten().tolist()) <= {-1.0, 1.0}
    for decoder in (model.hard_decoder, model.soft_decoder):
        decoded = decoder(bits)
        assert decoded.shape == images.shape
        assert decoded.min() >= 0
        assert decoded.max() <= 1


def test_lq_vae_refuses_a_size_it_cannot_halve_twice() -> None:
    with pytest.raises(ValueError, match="multiples of 4, got 30x28"):
        LqVae(image_shape=(1, 30, 28))


def test_latent_noise_has_the_quantizers_scale(generator: torch.Generator) -> None:
    model = LqVae(latent_size=4, widths=(2, 2), hidden=4)
    mean = torch.zeros(20_000, 4)
    log_var = torch.full((20_000, 4), 2 * math.log(3))
    noise = torch.randn(mean.shape, generator=generator)
    spread = model.noisy_latents(mean, log_var, noise).std()
    assert spread == pytest.approx(3 * 0.05, rel=0.02)


def test_more_bits_a_latent_make_a_longer_code(images: torch.Tensor) -> None:
    model = LqVae(latent_size=3, widths=(2, 2), hidden=4, quantizer="uniform")
    assert model.code_size == 6
    code = model.code(images)
    assert code.shape == (8, 6)
    assert model.hard_decoder(code).shape == images.shape


@pytest.mark.parametrize("model", [LqVae, Vae])
def test_latents_on_a_grid_see_their_own_neighbourhood(model: type[LqVae] | type[Vae]) -> None:
    tiny = model(image_shape=(3, 32, 32), latent_size=128, widths=(4, 8), hidden=None, blocks=1)
    images = torch.rand(2, 3, 32, 32)
    mean, log_var = tiny.encode(images)
    assert mean.shape == log_var.shape == (2, 128)
    far = images.clone()
    far[..., 24:] = 0.5
    changed = (tiny.encode(far)[0] != mean).view(2, 2, 8, 8)
    assert changed[..., 7].all(), "right under the change"
    assert not changed[..., :3].any(), "far from it"


@pytest.mark.parametrize("model", [LqVae, Vae])
def test_a_grid_takes_only_numbers_it_can_share_out(model: type[LqVae] | type[Vae]) -> None:
    with pytest.raises(ValueError, match="8x8: their number must be a multiple of 64, got 100"):
        model(image_shape=(3, 32, 32), latent_size=100, hidden=None)


def test_a_vae_is_as_large_as_an_lq_vae_with_one_decoder() -> None:
    vae, lq_vae = Vae(latent_size=64), LqVae(latent_size=64)
    spare = sum(p.numel() for p in lq_vae.soft_decoder.parameters())
    sizes = [sum(p.numel() for p in model.parameters()) for model in (vae, lq_vae)]
    assert sizes[0] == sizes[1] - spare


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_the_residual_network_has_twelve_layers_in_its_blocks(shape: tuple[int, int, int]) -> None:
    network = ResNet(image_shape=shape, classes=7, width=4).eval()
    assert network(torch.rand(2, *shape)).shape == (2, 7)
    deep = [
        module
        for module in network.modules()
        if isinstance(module, torch.nn.Linear)
        or (isinstance(module, torch.nn.Conv2d) and module.kernel_size == (3, 3))
    ]
    # The shortcuts of 1x1 that widen are not counted, but the last layer is.
    assert len(deep) == 1 + 3 * 2 * 2 + 1
