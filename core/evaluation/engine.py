"""Measure one specification: clean and robust accuracy, strength of the attack, distances, time."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Generator, Tensor

from core.attacks import Attack, make_attack
from core.attacks.adaptive import AdaptiveAttack, attack_adaptively
from core.checkpoints import load_classifier
from core.data import get_dataset, load_dataset
from core.defenses import load_defense
from core.devices import batch_for, generator_for, in_batches, pick_device
from core.evaluation.accuracy import Accuracy
from core.evaluation.checking import PAPERNOT, PAPERNOT_IMAGES, check, hashes_of
from core.evaluation.crafting import Crafted, Crafting
from core.evaluation.diagnostics import UNCHECKED, find_warnings
from core.evaluation.distances import with_distances
from core.evaluation.examined import Examined
from core.evaluation.keeping import Keeping, OnNotice
from core.evaluation.papernot import labels_only, train_substitute
from core.evaluation.records import pack
from core.evaluation.selected import Selected
from core.evaluation.selecting import Selecting
from core.evaluation.specification import Draws, Evaluation, Specification, bare_of
from core.evaluation.strength import too_weak
from core.evaluation.threats import OBLIVIOUS_NOTE
from core.models import classifier_title
from core.system import defended
from core.types import Classifier, OnStep, Purifier, part_of, share_of

CHECKS_PART = 3
"""Progress of an adaptive evaluation: the warnings are its last third, or about that."""


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
        if spec.defense is not None:
            self.purifier = load_defense(spec.dataset, spec.defense, **dict(spec.settings))
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
        crafted, note = self._crafted(attack)
        adversarial, seconds = crafted.images, crafted.seconds
        found = replace(
            found,
            attacked=self._accuracy("attacked", self.classifier, adversarial),
            attack_ms=None if seconds is None else round(1000 * seconds / len(adversarial), 2),
            notes=(note,),
            warnings=crafted.warnings,
        )
        found = with_distances(found, self.images, adversarial)
        if self.purifier is None:
            return found
        assert found.attacked is not None
        weak = too_weak(self.spec, found.attacked) if self.spec.threat == "oblivious" else None
        return replace(
            self._judged(found, adversarial),
            warnings=(*([weak] if weak else []), *crafted.warnings),
        )

    def _judged(self, found: Evaluation, adversarial: Tensor) -> Evaluation:
        """The evaluation with the accuracy behind the defense on attacked images (n, c, h, w).

        A random defense is asked again and again, each time with new draws: with another seed than
        an attack that saw some draws of it had.
        """
        pipeline = self._pipeline(1 if self.spec.threat == "adaptive" else 0)
        if self.purifier is None or not self.purifier.random:
            return replace(found, robust=self._accuracy("robust", pipeline, adversarial))
        right = torch.stack(
            [self._right(pipeline, adversarial) for _ in range(self.spec.resubmissions)]
        )
        draws = Draws.counted(right)
        self._select("robust", adversarial)
        self.outcomes["robust_one"] = pack(right[0])
        self.outcomes["robust_majority"] = pack(right.float().mean(0) > 0.5)
        return replace(found, robust=self._record("robust", right.all(0)), draws=draws)

    def _strength_of(self, attack: Attack) -> Accuracy:
        """The bare classifier under the same attack, made for it."""
        # Quick beside the attack on the defense, whose progress is the one that is told.
        crafting = replace(self.crafting, on_step=None)
        crafted = crafting.against(self.classifier, attack, bare_of(self.spec))
        return self._accuracy("attacked", self.classifier, crafted.images)

    def _adaptive(self, found: Evaluation, attack: Attack) -> Evaluation:
        assert self.purifier is not None
        generator = generator_for(self.device, self.spec.seed)
        started = time.perf_counter()
        broken = attack_adaptively(
            attack,
            self.classifier,
            self.purifier,
            self.images,
            self.labels,
            generator=generator,
            surrogates=self.spec.surrogates,
            draws=self.spec.draws,
            starts=self._made_elsewhere(attack),
            at_once=self.batch,
            on_step=share_of(self.on_step, 0, CHECKS_PART if self.spec.checked else 1),
        )
        spent = self._ms_since(started)
        key = self.spec.fingerprint(hashes_of(self.spec))
        self.crafting.keeping.keep_images("adaptive", key, broken.images, {})
        found = with_distances(found, self.images, broken.images)
        found = self._judged(found, broken.images)
        examined = Examined(
            attack=attack,
            classifier=self.classifier,
            purifier=self.purifier,
            images=self.images,
            labels=self.labels,
            fooled=broken.fooled,
            surrogates=self.spec.surrogates,
            draws=self.spec.draws,
            mean=found.mean_l2 if attack.norm == "l2" else found.mean_linf,
        )
        return replace(
            found,
            broken_by=broken.broken_by,
            attack_ms=spent,
            warnings=(*broken.warnings, *self._warnings(examined, generator)),
        )

    def _made_elsewhere(self, attack: Attack) -> tuple[Tensor, ...]:
        """What an attack that tries everything is given to begin with: the oblivious images."""
        if not isinstance(attack, AdaptiveAttack):
            return ()
        name = "pgd_l2" if attack.norm == "l2" else "pgd"
        parameters = (("epsilon", attack.epsilon), ("steps", 40))
        bare = replace(bare_of(self.spec), attack=name, parameters=parameters)
        crafting = replace(self.crafting, on_step=None)
        pgd = make_attack(name, **dict(parameters))
        return (crafting.against(self.classifier, pgd, bare).images,)

    def _warnings(self, examined: Examined, generator: Generator) -> tuple[str, ...]:
        if not self.spec.checked:
            return (UNCHECKED,)
        return find_warnings(
            examined, generator, share_of(self.on_step, CHECKS_PART - 1, CHECKS_PART)
        )

    def _crafted(self, attack: Attack) -> tuple[Crafted, str]:
        """Images made without sight of the defense, and what a reader must know of them."""
        spec = self.spec
        bare = bare_of(spec)
        if spec.threat == "oblivious":
            note = OBLIVIOUS_NOTE if self.purifier else "No defense: the attack sees all there is."
            return self.crafting.against(self.classifier, attack, bare), note
        if spec.substitute == PAPERNOT:
            return self._from_answers(attack)
        bare = replace(bare, classifier=str(spec.substitute))
        substitute = load_classifier(spec.dataset, bare.classifier)
        name = classifier_title(bare.classifier)
        note = f"Made on classifier {name}, without sight of the attacked one."
        return self.crafting.against(substitute, attack, bare), note

    def _from_answers(self, attack: Attack) -> tuple[Crafted, str]:
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
        return crafting.against(substitute.classifier, attack, self.spec), note

    def _load(self, n: int) -> tuple[Tensor, Tensor]:
        images, labels = load_dataset(self.spec.dataset, self.spec.split, count=n)
        return images.to(self.device), labels.to(self.device)

    def _pipeline(self, offset: int = 0) -> Classifier:
        generator = generator_for(self.device, self.spec.seed + offset)
        return defended(self.classifier, self.purifier, generator)

    def _accuracy(self, name: str, classifier: Classifier, images: Tensor) -> Accuracy:
        self._select(name, images)
        return self._record(name, self._right(classifier, images))

    def _right(self, classifier: Classifier, images: Tensor) -> Tensor:
        """Who of some images (n, c, h, w) is classified right, bool (n,)."""
        with torch.no_grad():
            logits = in_batches(classifier, images, batch_size=self.batch, on_notice=self.on_notice)
        return logits.argmax(1) == self.labels

    def _select(self, name: str, images: Tensor) -> None:
        if self.selecting is not None:
            self.selected[name] = self.selecting.counts(name, images, self.purifier)

    def _record(self, name: str, right: Tensor) -> Accuracy:
        self.outcomes[name] = pack(right)
        return Accuracy(correct=int(right.sum()), n=len(right))

    def _ms_since(self, started: float) -> float:
        return round((time.perf_counter() - started) * 1000 / len(self.images), 3)
