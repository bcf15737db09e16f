from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis import ROLES, Attacked, Role
from core.analysis.attacked import Classes
from core.analysis.attacking import make_attacked, seed_of
from core.attacks import Norm, same_norm_noise
from core.defenses import BitDepth
from core.devices import generator_for
from core.models.quantizers import QUANTIZERS
from core.types import Cancelled, LabError, Step
from tests.core.analysis import tiny_run
from tests.core.analysis.tiny_run import SPEC, attacked, classifier, images, labels


@pytest.fixture(scope="module")
def run() -> Attacked:
    return attacked()


def test_what_is_kept_is_what_the_models_say(run: Attacked) -> None:
    purifier = tiny_run.purifier()
    expected = SPEC.build_attack()(classifier, images(), labels()).images
    assert run.linf.max() <= 0.2 + 1e-6
    np.testing.assert_array_equal(run.adversarial, (expected * 255).round().to(torch.uint8))
    np.testing.assert_allclose(run.l2, (expected - images()).flatten(1).norm(dim=1), rtol=1e-5)
    assert run.bits is not None
    sources: dict[Role, Tensor] = {
        "clean": images(),
        "adversarial": expected,
        "purified": purifier(expected),
    }
    for role, pictures in sources.items():
        np.testing.assert_array_equal(run.bits[role], purifier.code(pictures))
    np.testing.assert_array_equal(run.purified, bytes_of(purifier(expected)))
    np.testing.assert_array_equal(run.purified_clean, bytes_of(purifier(images())))
    for name, pictures in sources.items():
        np.testing.assert_array_equal(getattr(run, f"said_{name}"), classifier(pictures).argmax(1))
    said = classifier(purifier(images())).argmax(1)
    np.testing.assert_array_equal(run.said_purified_clean, said)
    assert (run.said_clean != run.labels).sum() == 3


def test_every_role_has_a_code_that_follows_from_its_latents(run: Attacked) -> None:
    assert run.latents is not None
    assert run.bits is not None
    assert tuple(run.latents) == tuple(run.bits) == ROLES
    quantizer = tiny_run.purifier().quantizer
    for role in ROLES:
        bits = quantizer.bits(torch.from_numpy(run.latents[role]))
        np.testing.assert_array_equal(run.bits[role], bits)
        flips = [(a != b).sum() for a, b in zip(run.bits["clean"], run.bits[role], strict=True)]
        np.testing.assert_array_equal(run.flips_of(role), flips)
    assert run.flips.sum() > 0
    assert not run.flips_of("clean").any()
    assert len({run.latents[role].tobytes() for role in ROLES}) == len(ROLES)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_level_steps_are_the_walls_between_as_the_quantizer_counts_them(name: str) -> None:
    purifier = tiny_run.purifier(quantizer=name)
    quantizer = purifier.quantizer
    latents = torch.linspace(-0.3, 0.3, 6 * tiny_run.N).view(tiny_run.N, 6)
    # Some lie exactly on a wall, where rounding a comparison differently would move a step.
    latents[0, : len(quantizer.walls)] = torch.tensor(quantizer.walls)
    moved = latents.flip(0).roll(1, dims=1)
    run = attacked(purifier)
    assert run.latents is not None
    run = replace(
        run, latents={**run.latents, "clean": latents.numpy(), "adversarial": moved.numpy()}
    )
    expected = (quantizer.cells(latents) - quantizer.cells(moved)).abs().sum(1)
    np.testing.assert_array_equal(run.level_steps("adversarial"), expected)
    assert expected.max() > 0


@pytest.mark.parametrize(("attack", "norm"), [("fgsm", "linf"), ("deepfool", "l2"), ("jsma", "l0")])
def test_the_control_is_as_large_as_the_perturbation(
    attack: str, norm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def spy(
        clean: Tensor, size: Tensor, asked: Norm, *, generator: torch.Generator | None
    ) -> Tensor:
        seen.update(size=size, norm=asked)
        return same_norm_noise(clean, size, asked, generator=generator)

    monkeypatch.setattr("core.analysis.attacking.same_norm_noise", spy)
    attacked(attack=attack, parameters=())
    result = replace(SPEC, attack=attack, parameters=()).build_attack()(
        classifier, images(), labels()
    )
    assert seen["norm"] == norm
    torch.testing.assert_close(seen["size"], getattr(result, norm), rtol=1e-5, atol=1e-6)


def test_redrawn_latents_have_the_noise_of_the_model(run: Attacked) -> None:
    model = tiny_run.model()
    mean, log_var = model.encode(images())
    noise = torch.cat(
        [torch.randn((n, 6), generator=g) for g in [generator(run, "redrawn")] for n in (32, 8)]
    )
    assert run.latents is not None
    expected = model.noisy_latents(mean, log_var, noise)
    np.testing.assert_allclose(run.latents["redrawn"], expected, rtol=1e-5, atol=1e-6)


def test_a_noisy_model_draws_anew_for_every_picture_and_decodes_the_code_that_is_shown() -> None:
    purifier = tiny_run.noisy_purifier()
    run = attacked(purifier, parameters=(("epsilon", 0.0),))
    np.testing.assert_array_equal(run.adversarial, run.clean)
    assert run.flips.sum() > 0, "two draws of one picture differ"
    assert run.bits is not None
    decoded = purifier.model.hard_decoder(torch.from_numpy(run.bits["adversarial"]).float())
    np.testing.assert_array_equal(run.purified, bytes_of(decoded))
    again = attacked(purifier, parameters=(("epsilon", 0.0),))
    np.testing.assert_array_equal(run.flips, again.flips)


def test_a_purifier_without_a_code_has_pictures_and_answers_alone() -> None:
    run = attacked(BitDepth(bits=1), defense="bit_depth")
    assert run.latents is None
    assert run.bits is None
    assert (run.code_size, run.walls, run.bits_per_latent) == (0, (), 0)
    assert run.purified.shape == run.clean.shape
    with pytest.raises(ValueError, match="bit_depth has no code"):
        _ = run.flips
    with pytest.raises(ValueError, match="bit_depth has no code"):
        run.level_steps("adversarial")


@pytest.mark.parametrize(
    ("clean", "adversarial", "purified", "word"),
    [
        (1, 0, 0, "wrong before"),
        (0, 1, 0, "repaired"),
        (0, 1, 2, "not repaired"),
        (0, 0, 0, "not fooled"),
        (0, 0, 1, "spoiled"),
    ],
)
def test_the_outcome_in_words(
    run: Attacked, clean: int, adversarial: int, purified: int, word: str
) -> None:
    def all_say(answer: int) -> Classes:
        return np.full(tiny_run.N, answer, np.int64)

    told = replace(
        run,
        labels=all_say(0),
        said_clean=all_say(clean),
        said_adversarial=all_say(adversarial),
        said_purified=all_say(purified),
    )
    assert set(told.outcome) == {word}


def test_progress_only_grows_and_ends_at_the_end() -> None:
    steps: list[Step] = []
    make_attacked(SPEC, classifier, tiny_run.purifier(), images(), labels(), steps.append)
    done = [step.index / step.of for step in steps]
    assert done == sorted(done)
    assert done[-1] == 1
    assert len(done) > 5


def test_can_be_ended() -> None:
    def stop(_: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        make_attacked(SPEC, classifier, tiny_run.purifier(), images(), labels(), stop)


def test_wants_as_many_images_as_it_says() -> None:
    with pytest.raises(LabError, match="first 40 images of validation of mnist, got 39; choose"):
        make_attacked(SPEC, classifier, tiny_run.purifier(), images()[1:], labels()[1:])


def bytes_of(pictures: Tensor) -> Tensor:
    return (pictures * 255).round().to(torch.uint8)


def generator(run: Attacked, role: Role) -> torch.Generator:
    return generator_for("cpu", seed_of(run.spec, role))
