"""Measure one specification: clean and robust accuracy, strength of the attack, distances, time."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from core.attacks import Attack, make_attack
from core.checkpoints import find_row, load_classifier
from core.data import load_dataset
from core.defenses import DEFENSES, load_defense
from core.devices import generator_for, in_batches, pick_device
from core.evaluation.accuracy import Accuracy
from core.evaluation.doubts import find_doubts, too_weak
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.threats import OBLIVIOUS_NOTE, Broken, attack_adaptively, defended
from core.types import Classifier, OnStep, Purifier, part_of

CPU_BATCH, GPU_BATCH = 32, 250
"""On a CPU the activations of a small batch stay in the cache, which makes C 1.6 times faster."""

OnNotice = Callable[[str], None]


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
        LabError: Data or checkpoints are missing.
    """
    return _Cell(specification, on_step, on_notice, cache).measure()


class _Cell:
    """One evaluation with everything it has loaded."""

    def __init__(
        self,
        specification: Specification,
        on_step: OnStep | None,
        on_notice: OnNotice | None,
        cache: Path | None,
    ) -> None:
        self.spec = specification
        self.on_step = on_step
        self.on_notice = on_notice
        self.cache = cache
        names = [specification.classifier]
        if specification.defence is not None:
            checkpoint = DEFENSES[specification.defence].checkpoint
            names += [checkpoint] if checkpoint else []
        dataset = specification.dataset
        self.hashes = {name: find_row(dataset, name).sha256 for name in names}

    def measure(self) -> Evaluation:
        stored = self._file("cells", self.spec.fingerprint(self.hashes), "json")
        if stored is not None and stored.exists():
            return Evaluation.from_dict(json.loads(stored.read_text()))
        evaluation = self._measure()
        if stored is not None:
            _replace(stored, lambda path: path.write_text(json.dumps(evaluation.as_dict())))
        return evaluation

    def _measure(self) -> Evaluation:
        spec, self.device = self.spec, pick_device()
        self.batch = GPU_BATCH if self.device.type == "cuda" else CPU_BATCH
        images, labels = load_dataset(spec.dataset, spec.split, count=spec.n)
        self.images, self.labels = images.to(self.device), labels.to(self.device)
        self.classifier = load_classifier(spec.dataset, spec.classifier)
        self.purifier: Purifier | None = None
        if spec.defence is not None:
            self.purifier = load_defense(spec.dataset, spec.defence)
        found = Evaluation(
            specification=spec,
            clean=self._accuracy(self.classifier, self.images),
            hashes=self.hashes,
            device=str(self.device),
            measured=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if self.purifier is not None:
            started = time.perf_counter()
            right = self._accuracy(self._pipeline(), self.images)
            spent = (time.perf_counter() - started) * 1000 / len(images)
            found = replace(found, clean_defended=right, purify_ms=round(spent, 3))
        if spec.attack is None:
            return found
        attack = make_attack(spec.attack, **dict(spec.parameters))
        started = time.perf_counter()
        adversarial = self._craft(attack)
        spent = (time.perf_counter() - started) * 1000 / len(images)
        found = replace(
            found, attacked=self._accuracy(self.classifier, adversarial), attack_ms=round(spent, 2)
        )
        if spec.threat == "adaptive":
            return self._adaptive(found, attack)
        return self._oblivious(found, adversarial)

    def _oblivious(self, found: Evaluation, adversarial: Tensor) -> Evaluation:
        found = self._with_distances(found, adversarial)
        if self.purifier is None:
            return replace(found, notes=("No defence: the attack sees all there is.",))
        robust = self._accuracy(self._pipeline(), adversarial)
        assert found.attacked is not None
        weak = too_weak(self.spec, found.attacked)
        doubts = (weak,) if weak else ()
        return replace(found, robust=robust, doubts=doubts, notes=(OBLIVIOUS_NOTE,))

    def _adaptive(self, found: Evaluation, attack: Attack) -> Evaluation:
        assert self.purifier is not None
        generator = generator_for(self.device, self.spec.seed)
        started = time.perf_counter()
        parts: list[Broken] = []
        starts = range(0, len(self.images), self.batch)
        for index, start in enumerate(starts):
            parts.append(
                attack_adaptively(
                    attack,
                    self.classifier,
                    self.purifier,
                    self.images[start : start + self.batch],
                    self.labels[start : start + self.batch],
                    generator=generator,
                    on_step=part_of(self.on_step, index, len(starts)),
                )
            )
        fooled = torch.cat([part.fooled for part in parts])
        doubts = find_doubts(
            self.classifier,
            self.purifier,
            self.images,
            self.labels,
            fooled=fooled,
            epsilon=getattr(attack, "epsilon", None) if attack.norm == "linf" else None,
            generator=generator,
        )
        spent = (time.perf_counter() - started) * 1000 / len(fooled)
        found = self._with_distances(found, torch.cat([part.images for part in parts]))
        return replace(
            found,
            robust=Accuracy(correct=int((~fooled).sum()), n=len(fooled)),
            broken_by={
                name: sum(part.broken_by[name] for part in parts) for name in parts[0].broken_by
            },
            attack_ms=round(spent, 2),
            doubts=doubts,
        )

    def _craft(self, attack: Attack) -> Tensor:
        """Adversarial images against the bare classifier; kept, since every defence faces them."""
        bare = replace(self.spec, defence=None, threat="oblivious")
        hashes = {bare.classifier: self.hashes[bare.classifier]}
        stored = self._file("crafted", bare.fingerprint(hashes), "safetensors")
        if stored is not None and stored.exists():
            from safetensors.torch import load_file

            return load_file(stored)["images"].to(self.device)
        generator = generator_for(self.device, self.spec.seed)
        done = 0

        def craft(indices: Tensor) -> Tensor:
            nonlocal done
            result = attack(
                self.classifier,
                self.images[indices],
                self.labels[indices],
                generator=generator,
                on_step=part_of(self.on_step, done, -(-len(self.images) // self.batch)),
            )
            done += 1
            return result.images

        everything = torch.arange(len(self.images), device=self.device)
        crafted = in_batches(craft, everything, batch_size=self.batch, on_notice=self.on_notice)
        if stored is not None:
            from safetensors.torch import save_file

            _replace(stored, lambda path: save_file({"images": crafted.cpu()}, path))
        return crafted

    def _pipeline(self) -> Classifier:
        generator = generator_for(self.device, self.spec.seed)
        return defended(self.classifier, self.purifier, generator)

    def _accuracy(self, classifier: Classifier, images: Tensor) -> Accuracy:
        with torch.no_grad():
            logits = in_batches(classifier, images, batch_size=self.batch, on_notice=self.on_notice)
        return Accuracy(correct=int((logits.argmax(1) == self.labels).sum()), n=len(images))

    def _with_distances(self, found: Evaluation, adversarial: Tensor) -> Evaluation:
        change = (adversarial - self.images).flatten(1)
        return replace(
            found,
            mean_l2=round(change.norm(dim=1).mean().item(), 4),
            mean_linf=round(change.abs().amax(1).mean().item(), 4),
        )

    def _file(self, kind: str, name: str, ending: str) -> Path | None:
        if self.cache is None:
            return None
        folder = self.cache / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.{ending}"


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    write(partial)
    partial.replace(path)
