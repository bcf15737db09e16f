"""Measure one specification: clean and robust accuracy, strength of the attack, distances, time."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Generator, Tensor

from core.attacks import Attack, make_attack
from core.checkpoints import load_classifier
from core.data import get_dataset, load_dataset
from core.defenses import load_defense
from core.devices import batch_for, generator_for, in_batches, pick_device
from core.evaluation.accuracy import Accuracy
from core.evaluation.checking import PAPERNOT, PAPERNOT_IMAGES, check, hashes_of
from core.evaluation.crafting import Crafting
from core.evaluation.distances import with_distances
from core.evaluation.doubted import Doubted
from core.evaluation.doubts import UNDOUBTED, find_doubts
from core.evaluation.keeping import Keeping, OnNotice
from core.evaluation.papernot import labels_only, train_substitute
from core.evaluation.records import pack
from core.evaluation.selected import Selected
from core.evaluation.selecting import Selecting
from core.evaluation.specification import Evaluation, Specification, bare_of
from core.evaluation.strength import too_weak
from core.evaluation.threats import OBLIVIOUS_NOTE, Broken, attack_adaptively, defended
from core.models import classifier_title
from core.types import Classifier, OnStep, Purifier, part_of

DOUBTS_PART = 3
"""Progress of an adaptive evaluation: the doubts are its last third, or about that."""


def evaluate(
    specification: Specification,
    *,
    on_step: OnStep | None = None,
    on_notice: OnNotice | None = None,
    cache: Path | None = None,
) -> Evaluation:
    """Measure one cell.

    Args:
        specification: What to measure.
        on_step: Progress of the attack.
        on_notice: Receives sentences such as "out of memory; going on with batches of 125".
        cache: Folder that keeps finished cells and crafted images by specification and checkpoint
            hashes, so that nothing is computed twice; None keeps nothing.

    Returns:
        The measured cell.

    Raises:
        LabError: Data or checkpoints are missing, or the specification cannot be measured.
    """
    check(specification)
    keeping = Keeping(cache, on_notice)
    key = specification.fingerprint(hashes_of(specification))
    known = keeping.text("cells", key)
    if known is not None and (kept := Evaluation.from_dict(json.loads(known))).outcomes:
        return kept
    evaluation = _Cell(specification, on_step, on_notice, keeping).measure()
    keeping.keep_text("cells", key, json.dumps(evaluation.as_dict()))
    return evaluation


class _Cell:
    """One evaluation with everything it has loaded."""

    def __init__(
        self,
        specification: Specification,
        on_step: OnStep | None,
        on_notice: OnNotice | None,
        keeping: Keeping,
    ) -> None:
        spec = self.spec = specification
        self.on_step, self.on_notice = on_step, on_notice
        self.device = pick_device()
        self.batch = batch_for(self.device)
        self.images, self.labels = self._load(spec.n)
        self.classifier = load_classifier(spec.dataset, spec.classifier)
        self.purifier: Purifier | None = None
        if spec.defence is not None:
            self.purifier = load_defense(spec.dataset, spec.defence, **dict(spec.settings))
        self.crafting = Crafting(
            images=self.images,
            labels=self.labels,
            batch=self.batch,
            keeping=keeping,
            on_step=on_step,
            on_notice=on_notice,
        )
        self.outcomes: dict[str, str] = {}
        self.selecting = Selecting.of(spec, self.labels, self.batch)
        self.selected: dict[str, Selected] = {}

    def measure(self) -> Evaluation:
        spec = self.spec
        found = Evaluation(
            specification=spec,
            clean=self._accuracy("clean", self.classifier, self.images),
            hashes=hashes_of(spec),
            device=str(self.device),
            measured=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if self.purifier is not None:
            started = time.perf_counter()
            right = self._accuracy("clean_defended", self._pipeline(), self.images)
            found = replace(found, clean_defended=right, purify_ms=self._ms_since(started))
        if spec.attack is not None:
            found = self._attacked(found, make_attack(spec.attack, **dict(spec.parameters)))
        return replace(found, outcomes=self.outcomes, selected=self.selected)

    def _attacked(self, found: Evaluation, attack: Attack) -> Evaluation:
        if self.spec.threat == "adaptive":
            return self._adaptive(replace(found, attacked=self._strength_of(attack)), attack)
        adversarial, seconds, notes = self._crafted(attack)
        found = replace(
            found,
            attacked=self._accuracy("attacked", self.classifier, adversarial),
            attack_ms=None if seconds is None else round(1000 * seconds / len(adversarial), 2),
            notes=notes,
        )
        found = with_distances(found, self.images, adversarial)
        if self.purifier is None:
            return found
        assert found.attacked is not None
        weak = too_weak(self.spec, found.attacked) if self.spec.threat == "oblivious" else None
        return replace(
            found,
            robust=self._accuracy("robust", self._pipeline(), adversarial),
            doubts=(weak,) if weak else (),
        )

    def _strength_of(self, attack: Attack) -> Accuracy:
        """The bare classifier under the same attack, made for it."""
        # Quick beside the attack on the defence, whose progress is the one that is told.
        crafting = replace(self.crafting, on_step=None)
        adversarial, _ = crafting.against(self.classifier, attack, bare_of(self.spec))
        return self._accuracy("attacked", self.classifier, adversarial)

    def _adaptive(self, found: Evaluation, attack: Attack) -> Evaluation:
        assert self.purifier is not None
        generator = generator_for(self.device, self.spec.seed)
        started = time.perf_counter()
        parts: list[Broken] = []
        starts = range(0, len(self.images), self.batch)
        on_attack = part_of(self.on_step, 0, DOUBTS_PART if self.spec.doubted else 1)
        for index, start in enumerate(starts):
            parts.append(
                attack_adaptively(
                    attack,
                    self.classifier,
                    self.purifier,
                    self.images[start : start + self.batch],
                    self.labels[start : start + self.batch],
                    generator=generator,
                    surrogates=self.spec.surrogates,
                    draws=self.spec.draws,
                    on_step=part_of(on_attack, index, len(starts)),
                )
            )
        spent = self._ms_since(started)
        fooled = torch.cat([part.fooled for part in parts])
        adversarial = torch.cat([part.images for part in parts])
        found = with_distances(found, self.images, adversarial)
        if self.purifier.random:
            # The images were chosen by what they did to some draws; new ones judge them.
            robust = self._accuracy("robust", self._pipeline(1), adversarial)
        else:
            robust = self._record("robust", ~fooled)
            self._select("robust", adversarial)
        doubted = Doubted(
            attack=attack,
            classifier=self.classifier,
            purifier=self.purifier,
            images=self.images,
            labels=self.labels,
            fooled=fooled,
            surrogates=self.spec.surrogates,
            draws=self.spec.draws,
            linf=found.mean_linf,
        )
        return replace(
            found,
            robust=robust,
            broken_by={
                name: sum(part.broken_by[name] for part in parts) for name in parts[0].broken_by
            },
            attack_ms=spent,
            doubts=self._doubts(doubted, generator),
        )

    def _doubts(self, doubted: Doubted, generator: Generator) -> tuple[str, ...]:
        if not self.spec.doubted:
            return (UNDOUBTED,)
        return find_doubts(doubted, generator, part_of(self.on_step, 1, DOUBTS_PART))

    def _crafted(self, attack: Attack) -> tuple[Tensor, float | None, tuple[str, ...]]:
        """Images made without sight of the defence, the seconds, and what a reader must know."""
        spec = self.spec
        bare = bare_of(spec)
        if spec.threat == "oblivious":
            note = OBLIVIOUS_NOTE if self.purifier else "No defence: the attack sees all there is."
            return *self.crafting.against(self.classifier, attack, bare), (note,)
        if spec.substitute == PAPERNOT:
            return self._from_answers(attack)
        bare = replace(bare, classifier=str(spec.substitute))
        substitute = load_classifier(spec.dataset, bare.classifier)
        name = classifier_title(bare.classifier)
        note = f"Made on classifier {name}, without sight of the attacked one."
        return *self.crafting.against(substitute, attack, bare), (note,)

    def _from_answers(self, attack: Attack) -> tuple[Tensor, float | None, tuple[str, ...]]:
        """Images made on a substitute that was trained from the pipeline's own answers."""
        held, _ = self._load(self.spec.n + PAPERNOT_IMAGES)
        substitute = train_substitute(
            labels_only(self._pipeline()),
            held[self.spec.n :],
            classes=len(get_dataset(self.spec.dataset).classes),
            seed=self.spec.seed,
            on_step=part_of(self.on_step, 0, 2),
        )
        note = (
            f"Made on a substitute trained from {substitute.queries:,} answers of the attacked "
            f"system to pictures grown from {PAPERNOT_IMAGES}."
        )
        crafting = replace(self.crafting, on_step=part_of(self.on_step, 1, 2))
        return *crafting.against(substitute.classifier, attack, self.spec), (note,)

    def _load(self, n: int) -> tuple[Tensor, Tensor]:
        images, labels = load_dataset(self.spec.dataset, self.spec.split, count=n)
        return images.to(self.device), labels.to(self.device)

    def _pipeline(self, offset: int = 0) -> Classifier:
        generator = generator_for(self.device, self.spec.seed + offset)
        return defended(self.classifier, self.purifier, generator)

    def _accuracy(self, name: str, classifier: Classifier, images: Tensor) -> Accuracy:
        with torch.no_grad():
            logits = in_batches(classifier, images, batch_size=self.batch, on_notice=self.on_notice)
        self._select(name, images)
        return self._record(name, logits.argmax(1) == self.labels)

    def _select(self, name: str, images: Tensor) -> None:
        if self.selecting is not None:
            self.selected[name] = self.selecting.counts(name, images, self.purifier)

    def _record(self, name: str, right: Tensor) -> Accuracy:
        self.outcomes[name] = pack(right)
        return Accuracy(correct=int(right.sum()), n=len(right))

    def _ms_since(self, started: float) -> float:
        return round((time.perf_counter() - started) * 1000 / len(self.images), 3)
