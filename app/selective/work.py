"""What the page computes: an attack on one image, its verdict, many images, other looks at it."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from app import cache
from app.results import Results
from app.runs.obtain import obtain
from app.runs.picture import Picture
from app.selective.crowd import Crowd, judge_crowd, made_once
from app.selective.settings import JOINT, NO_ATTACK, PAPERS_JOINT, Settings
from core.attacks import make_attack
from core.checkpoints import find_row
from core.devices import generator_for, pick_device
from core.selective import (
    BudgetJoint,
    GmVaeClassifier,
    JointResult,
    Judgement,
    PaperJoint,
    Reclassification,
    reclassify,
    searches_of,
)
from core.types import OnStep

POOL = 1_000
"""Validation images, of other classes, towards which the joint attack may start."""

ATTACKED = 500
"""Images that FGSM attacks when the limits are asked to tell them from clean ones."""

KEPT = 24
QUICK_JOINT = {"targets": 2, "weightings": ("even", "hardest"), "steps": 60}
"""The joint attack on this page tries less than the stored measurement, to end in some seconds."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One image before the classifier.

    Attributes:
        classifier: With the limits of its training images.
        key: Tells image and weights from all others.
        image: (1, c, h, w) in [0, 1], on the classifier's device.
        label: Its class; of an unlabelled picture the classifier's answer.
        told: Whether the class is known rather than the classifier's answer.
    """

    classifier: GmVaeClassifier
    key: tuple[Hashable, ...]
    image: Tensor
    label: int
    told: bool


@st.cache_resource(show_spinner=False)
def _crowds() -> Results:
    return Results(most=KEPT)


def load_subject(settings: Settings, picture: Picture) -> Subject:
    """Load the classifier for an image.

    Raises:
        LabError: The weights are missing or damaged; the message says how to mend them.
    """
    classifier = cache.selective(settings.dataset, settings.model)
    image = picture.image.to(pick_device()).unsqueeze(0)
    label = picture.label
    if label is None:
        label = int(judged(classifier, image).classes)
    digest = picture.digest or str(settings.index)
    key = (settings.dataset, _weights(settings), digest, label)
    return Subject(classifier, key, image, label, picture.label is not None)


def judged(classifier: GmVaeClassifier, images: Tensor) -> Judgement:
    """What the classifier finds out about images (n, c, h, w), without gradients."""
    with torch.no_grad():
        return classifier.judge(images)


def attacked(subject: Subject, settings: Settings) -> Tensor | None:
    """The image after its attack (1, c, h, w); None while that runs, with a bar on the page.

    Raises:
        LabError: The server is busy, or there are no images to start towards.
    """
    if settings.attack == NO_ATTACK:
        return subject.image
    target = settings.target if settings.attack == PAPERS_JOINT else None
    epsilon = None if settings.attack == PAPERS_JOINT else settings.epsilon
    key = ("selective attack", *subject.key, settings.attack, epsilon, target)

    def compute(on_step: OnStep) -> Tensor:
        return _strike(subject, settings, target, on_step)

    return obtain("selective", key, compute, "Attacking")


def _strike(subject: Subject, settings: Settings, target: int | None, on_step: OnStep) -> Tensor:
    classifier, image = subject.classifier, subject.image
    labels = torch.tensor([subject.label], device=image.device)
    generator = generator_for(image.device, 0)
    if settings.attack == PAPERS_JOINT:
        wanted = nearest_other(classifier, image, subject.label) if target is None else target
        aims = torch.full_like(labels, wanted)
        return PaperJoint().change(classifier, image, labels, aims, on_step=on_step).images
    if settings.attack == JOINT:
        images, known = cache.validation(settings.dataset)
        pool = images[:POOL].to(image.device), known[:POOL].to(image.device)
        attack = BudgetJoint(epsilon=settings.epsilon, **QUICK_JOINT)  # type: ignore[arg-type]
        return attack(
            classifier, image, labels, pool=pool, generator=generator, on_step=on_step
        ).images
    plain = make_attack(settings.attack, epsilon=settings.epsilon)
    # The encoder alone: minus the distances to the means are the logits.
    return plain(classifier.model, image, labels, generator=generator, on_step=on_step).images


def nearest_other(classifier: GmVaeClassifier, image: Tensor, label: int) -> int:
    """The class whose mean is nearest to an image (1, c, h, w) beside its own."""
    distances = judged(classifier, image).distances[0].clone()
    distances[label] = torch.inf
    return int(distances.argmin())


def clean_crowd(settings: Settings) -> Crowd | None:
    """All validation images judged; None while that runs, with a bar on the page.

    Raises:
        LabError: The images or the weights are missing, or the server is busy.
    """
    return _crowd(settings, 0.0, cache.MAX_PICTURES, "Judging the validation images")


def attacked_crowd(settings: Settings) -> Crowd | None:
    """The first validation images after FGSM on the encoder; None while that runs.

    Raises:
        LabError: As for ``clean_crowd``.
    """
    title = f"Attacking {ATTACKED} images"
    return _crowd(settings, float(settings.against), ATTACKED, title)


def _crowd(settings: Settings, epsilon: float, most: int, title: str) -> Crowd | None:
    classifier = cache.selective(settings.dataset, settings.model)
    images, labels = (part[:most].to(pick_device()) for part in cache.validation(settings.dataset))
    # Of one's own data set the images may change under the same name.
    bytes_of = hashlib.sha256(images[:: max(1, len(images) // 8)].cpu().numpy().tobytes())
    name = f"{_weights(settings)[:16]}-{bytes_of.hexdigest()[:8]}-{len(images)}-{epsilon:g}"

    def compute(on_step: OnStep) -> Crowd:
        return made_once(name, lambda: judge_crowd(classifier, images, labels, epsilon, on_step))

    slot = "selective attacked crowd" if epsilon else "selective crowd"
    return obtain(slot, ("crowd", name), compute, title, _crowds())


def looked_up(
    subject: Subject, images: Tensor, made_by: Hashable, search: str
) -> Reclassification | None:
    """The image (1, c, h, w) reclassified; None while that runs, with a bar on the page.

    Args:
        subject: Its classifier and its key.
        images: The image as the classifier saw it.
        made_by: Tells its attack from others.
        search: One of its searches.
    """
    how = searches_of(subject.classifier)[search]

    def compute(on_step: OnStep) -> Reclassification:
        return reclassify(subject.classifier, images, search=how, on_step=on_step)

    key = ("reclassified", *subject.key, made_by, search)
    return obtain("selective reclassified", key, compute, "Searching for what it is after all")


def fooling_images(settings: Settings, classifier: GmVaeClassifier) -> JointResult | None:
    """One image from noise towards each class; None while they are made, with a bar on the page.

    Raises:
        LabError: The server is busy.
    """
    device = pick_device()

    def compute(on_step: OnStep) -> JointResult:
        targets = torch.arange(classifier.model.classes, device=device)
        generator = generator_for(device, settings.samples)
        return PaperJoint().fool(classifier, targets, generator=generator, on_step=on_step)

    key = ("fooling", settings.dataset, _weights(settings), settings.samples)
    return obtain("selective fooling", key, compute, "Making fooling images")


def drawn(classifier: GmVaeClassifier, seed: int, each: int) -> tuple[Tensor, Tensor]:
    """Images drawn from the Gaussian of every class, and whether each is accepted as it.

    Returns:
        Images (k, each, c, h, w) in [0, 1], and (k, each), bool.
    """
    model = classifier.model
    device = model.means.device
    classes = torch.arange(model.classes, device=device).repeat_interleave(each)
    size = (len(classes), model.latent_size)
    noise = torch.randn(size, generator=generator_for(device, seed), device=device)
    with torch.no_grad():
        images = model.decoder(model.means[classes] + classifier.statistics.variance**0.5 * noise)
        found = classifier.judge(images)
    accepted = found.accepted & (found.classes == classes)
    shape = (model.classes, each)
    return images.reshape(*shape, *images.shape[1:]), accepted.reshape(shape)


def _weights(settings: Settings) -> str:
    return find_row(settings.dataset, settings.model).sha256
