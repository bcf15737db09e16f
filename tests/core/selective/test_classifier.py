"""Who is accepted, who is not and why; loading; what a rejected image is after all."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core import load_selective
from core.checkpoints import CheckpointError, save_checkpoint, write_row
from core.contrast import contrasted
from core.models.gm_vae import GmVae
from core.selective import (
    SEARCHES,
    STATISTICS,
    Search,
    Thresholds,
    chi_square_limit,
    reclassify,
    searches_of,
)
from core.types import Cancelled, SelectiveClassifier, Step
from tests.core.selective import toy as toys
from tests.core.selective.toy import picture, pictures, toy

PAPERS = Search(prior=0)


def test_what_is_near_a_mean_and_reproduced_is_accepted() -> None:
    classifier, (images, labels) = toy(), pictures()
    assert isinstance(classifier, SelectiveClassifier)
    found = classifier(images)
    assert found.accepted.all()
    assert found.reasons == ("",) * 8
    assert torch.equal(found.logits.argmax(1), labels)
    # Two one-hot means are 2 apart, squared; half of that in units of the variance.
    assert found.logits[0].tolist() == pytest.approx([0, *[-1 / toys.VARIANCE] * 3])


def test_a_rejected_image_says_which_limit_it_is_beyond() -> None:
    between, rough = picture(0.5, 0.5, 0, 0), picture(1, 0, 0, 0)
    rough[..., :4:2] -= 0.4  # lines: a mean grey of 0.8 that flat quarters cannot show
    both = picture(0.7, 0.7, 0, 0)
    both[..., :4:2] -= 0.6
    images = torch.cat([picture(1, 0, 0, 0), between, rough, both])
    found = toy().judge(images)
    assert found.reasons == ("", "latent", "output", "both")
    assert found.accepted.tolist() == [True, False, False, False]
    assert found.classes[:3].tolist() == [0, 0, 0]
    assert found.errors[1].item() == 0
    assert found.nearest[1].item() == pytest.approx(0.5 / toys.VARIANCE)


def test_moved_limits_need_no_new_pass() -> None:
    classifier, image = toy(), picture(0.5, 0.5, 0, 0)
    found = classifier.judge(image)
    wide = Thresholds(latent=math.inf, output=math.inf)
    assert classifier.verdict(found.distances, found.errors, wide) == (torch.tensor([True]), ("",))
    assert classifier.judge(image, wide).accepted.all()
    nothing = Thresholds(latent=0, output=0)
    noise = torch.rand((5, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    assert not classifier.judge(noise, nothing).accepted.any()


def test_images_of_another_shape_are_refused() -> None:
    for images in (torch.rand(2, 1, 28, 28), torch.rand(1, 8, 8)):
        with pytest.raises(ValueError, match="takes images of 1x8x8, got"):
            toy()(images)
    assert toy()(torch.rand(0, 1, 8, 8)).reasons == ()


def test_gradients_reach_the_image_through_both_limits() -> None:
    model = GmVae(widths=(4, 8), hidden=16).eval().requires_grad_(False)
    classifier = replace(toy(), model=model)
    images = torch.rand((2, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    for part in range(2):
        leaf = images.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(classifier.measure(leaf)[part].sum(), leaf)
        assert (gradient.flatten(1).abs().sum(1) > 0).all()


@pytest.fixture
def stored(checkpoint_copy: Path) -> Path:
    """A small mixture among the checkpoints, with statistics."""
    arguments = {"widths": [4, 8], "hidden": 16}
    row = {"dataset": "mnist", "name": "gm_vae", "model": "gm_vae", "arguments": arguments}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        saved = save_checkpoint(GmVae(widths=(4, 8), hidden=16), row)
    write_row(replace(saved, figures={STATISTICS: toys.STATISTICS.as_dict()}))
    return checkpoint_copy


@pytest.mark.usefixtures("stored")
def test_a_selective_classifier_is_loaded_with_its_limits() -> None:
    classifier = load_selective("mnist")
    assert classifier.statistics == toys.STATISTICS
    assert classifier.thresholds.latent == chi_square_limit(0.9973, 10)
    assert classifier.thresholds.output == pytest.approx(0.55)
    other = load_selective("mnist", "gm_vae", latent=math.inf, output=0)
    assert other.thresholds == Thresholds(latent=math.inf, output=0)
    images = torch.rand((3, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    found = classifier(images)
    assert found.logits.shape == (3, 10)
    assert found.accepted.dtype == torch.bool
    with pytest.raises(ValueError, match="the latent threshold must be 0 or more"):
        load_selective("mnist", latent=-1)


def test_what_is_no_mixture_or_lacks_statistics_is_refused(stored: Path) -> None:
    with pytest.raises(CheckpointError, match=r"Train it: `python -m core train gm_vae_semi"):
        load_selective("mnist", "gm_vae_semi")
    manifest = stored / "manifest.json"
    content = json.loads(manifest.read_text())
    content["checkpoints"][0]["figures"] = {}
    manifest.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="lacks the training statistics"):
        load_selective("mnist")
    content["checkpoints"][0]["model"] = "b"
    manifest.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="is no selective classifier"):
        load_selective("mnist")


def test_a_rejected_image_is_classified_by_the_decoder() -> None:
    """The decoder is linear, so the latents of the nearest picture are its greys."""
    image = picture(0.0, 0.4, 0.9, 0.0)
    wide = toy(latent=math.inf)
    found = reclassify(wide, image, steps=200, search=PAPERS)
    assert found.latents[0].tolist() == pytest.approx([0.0, 0.4, 0.9, 0.0], abs=0.01)
    assert found.classes.tolist() == [2]
    assert found.accepted.all()
    assert found.errors.item() == pytest.approx(0, abs=0.01)
    assert found.starts.shape == (1, 4)
    assert (found.path.diff(dim=0) <= 0).all(), "the best so far is kept"
    fooling = reclassify(toy(), image, steps=200, search=PAPERS)
    assert fooling.reasons == ("latent",)
    assert fooling.classes.tolist() == [2], "whoever must have a class may have it"
    two = torch.cat([picture(1, 0, 0, 0), image])
    alone = reclassify(wide, two, steps=200, search=PAPERS)
    assert torch.allclose(alone.latents[1], found.latents[0], atol=1e-4), "images do not mix"


def test_the_way_from_a_mean_has_its_price() -> None:
    """Between two classes the error is least; the nearer mean is what a prior leads back to."""
    image, wide = picture(0.0, 0.5, 0.7, 0.0), toy(latent=math.inf)
    free, priced = (
        reclassify(wide, image, steps=200, search=search) for search in (PAPERS, Search())
    )
    apart = [(found.latents - wide.model.means[2]).norm().item() for found in (free, priced)]
    assert free.classes.tolist() == priced.classes.tolist() == [2]
    assert apart[1] < 0.9 * apart[0]
    assert priced.errors > free.errors
    assert priced.starts.amin() > priced.errors, "the way is part of the cost"
    held = reclassify(wide, image, steps=200, search=Search(prior=1e6))
    assert held.latents[0].tolist() == pytest.approx([0, 0, 1, 0], abs=0.01)
    with pytest.raises(ValueError, match="prior must be 0 or more, got -1"):
        Search(prior=-1)
    with pytest.raises(ValueError, match="contrast must be 0 or more, got nan"):
        Search(contrast=math.nan)


def test_through_a_threshold_the_greys_of_an_attack_are_not_reproduced() -> None:
    """Every quarter moved by 0.3 towards the other class: black and white stay what they are."""
    attacked = picture(0.7, 0.3, 0.3, 0.3)
    sharp = replace(toy(), contrast=8.0)
    assert list(searches_of(sharp)) == list(SEARCHES)
    assert list(searches_of(toy())) == ["error", "near"], "greys may mean something"
    assert not sharp.judge(attacked).accepted, "the first look knows no threshold"
    grey = reclassify(sharp, attacked, steps=200, search=searches_of(sharp)["near"])
    clear = reclassify(sharp, attacked, steps=200)
    assert torch.equal(clear.seen, contrasted(attacked, 8.0))
    assert torch.equal(grey.seen, attacked)
    assert grey.reasons != ("",)
    assert clear.accepted.all()
    assert clear.classes.tolist() == [0]
    assert (clear.latents - sharp.model.means[0]).norm() < (
        grey.latents - sharp.model.means[0]
    ).norm() / 4
    # Its limit is held against what it saw.
    assert clear.errors.item() == pytest.approx((clear.images - clear.seen).square().sum().item())


def test_a_search_reports_and_can_be_cancelled() -> None:
    steps: list[Step] = []
    reclassify(toy(), picture(1, 0, 0, 0), steps=5, on_step=steps.append)
    assert [(step.index, step.of) for step in steps] == [(i, 5) for i in range(1, 6)]

    def stop(step: Step) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reclassify(toy(), picture(1, 0, 0, 0), steps=5, on_step=stop)
    with pytest.raises(ValueError, match="must be at least 1, got 5 and 0"):
        reclassify(toy(), torch.rand(0, 1, 8, 8), steps=5)
