"""One run of the attack lab: its models loaded, its results from the table or a job."""

from dataclasses import dataclass, replace

from torch import Tensor

from app import cache
from app.runs.obtain import obtain
from core.analysis import RunSpec, Thresholds, Triplet, make_triplet, smallest_epsilons
from core.checkpoints import find_row
from core.devices import pick_device
from core.types import Classifier, OnStep, Purifier


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything one run needs, loaded.

    Attributes:
        spec: The run, in names and numbers.
        image: (c, h, w) in [0, 1], on the device of the models.
        label: Its class.
        classifier: The bare classifier.
        purifier: The defense, or None.
        hashes: sha256 of the weights, part of the key of every result.
    """

    spec: RunSpec
    image: Tensor
    label: int
    classifier: Classifier
    purifier: Purifier | None
    hashes: tuple[str, ...]


def load_subject(spec: RunSpec, image: Tensor) -> Subject:
    """Load the models of a run.

    Args:
        spec: The run. Without a label the classifier's own answer counts as right.
        image: (c, h, w) in [0, 1].

    Raises:
        LabError: A model is missing or damaged; the message says how to mend it.
    """
    classifier = cache.classifier(spec.dataset, spec.classifier)
    purifier = None if spec.defense is None else cache.purifier(spec.dataset, spec.defense)
    hashes = [find_row(spec.dataset, spec.classifier).sha256]
    if spec.defense is not None:
        hashes.append(cache.defense_hash(spec.dataset, spec.defense))
    image = image.to(pick_device())
    label = spec.label
    if label is None:
        label = int(classifier(image.unsqueeze(0)).argmax(1))
    return Subject(spec, image, label, classifier, purifier, tuple(hashes))


def triplet_of(subject: Subject) -> Triplet | None:
    """The run's result; None while it is computed, with a progress bar on the page."""

    def compute(on_step: OnStep) -> Triplet:
        return make_triplet(
            subject.classifier,
            subject.purifier,
            subject.image,
            subject.label,
            subject.spec,
            on_step,
        )

    return obtain("attack", ("attack", subject.spec, subject.hashes), compute, "Attacking")


def thresholds_of(subject: Subject) -> Thresholds | None:
    """The smallest budgets; None while they are looked for, with a progress bar on the page."""

    def compute(on_step: OnStep) -> Thresholds:
        return smallest_epsilons(
            subject.classifier,
            subject.purifier,
            subject.image,
            subject.label,
            subject.spec,
            on_step,
        )

    key = ("smallest", threshold_key(subject.spec), subject.hashes)
    return obtain("smallest", key, compute, "Looking for the smallest epsilon")


def threshold_key(spec: RunSpec) -> RunSpec:
    """What decides the smallest epsilon: the run without its own epsilon."""
    rest = tuple(pair for pair in spec.parameters if pair[0] != "epsilon")
    return replace(spec, parameters=rest)
