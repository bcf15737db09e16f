"""Adversarial images of one classifier, made in batches and kept: every defense faces the same."""

import json
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.attacks import Attack, AttackResult, warnings_of
from core.devices import generator_for, in_batches
from core.evaluation.checking import hashes_of
from core.evaluation.keeping import Keeping, OnNotice
from core.evaluation.specification import Specification
from core.types import Classifier, OnStep, part_of


@dataclass(frozen=True, eq=False)
class Crafted:
    """Adversarial images (n, c, h, w), the seconds they took, and warnings about their attack."""

    images: Tensor
    seconds: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Crafting:
    """The images of a cell, and how to attack them.

    Attributes:
        images: Clean images (n, c, h, w).
        labels: Their labels (n,).
        batch: Images attacked at a time.
        keeping: Where crafted images are kept.
        on_step: Progress.
        on_notice: Receives a sentence when a batch was too large for the memory.
    """

    images: Tensor
    labels: Tensor
    batch: int
    keeping: Keeping
    on_step: OnStep | None = None
    on_notice: OnNotice | None = None

    def against(
        self, classifier: Classifier, attack: Attack, specification: Specification
    ) -> Crafted:
        """Adversarial images of one classifier, made now or found.

        Args:
            classifier: Who is attacked.
            attack: With what.
            specification: What the images depend on; they are kept under its fingerprint.
        """
        key = specification.fingerprint(hashes_of(specification))
        known = self.keeping.images("crafted", key)
        if known is not None:
            images, said = known
            seconds = float(said["seconds"]) if "seconds" in said else None
            warnings = tuple(json.loads(said.get("warnings", "[]")))
            return Crafted(images.to(self.images.device), seconds, warnings)
        started = time.perf_counter()
        generator = generator_for(self.images.device, specification.seed)
        batches, done = -(-len(self.images) // self.batch), 0
        results: list[AttackResult] = []

        def craft(indices: Tensor) -> Tensor:
            nonlocal done
            result = attack(
                classifier,
                self.images[indices],
                self.labels[indices],
                generator=generator,
                # Batches that were halved for lack of memory are more than were counted.
                on_step=part_of(self.on_step, min(done, batches - 1), batches),
            )
            done += 1
            # Without its trajectory, which nobody looks at here.
            results.append(replace(result, trajectory=None))
            return result.images

        everything = torch.arange(len(self.images), device=self.images.device)
        crafted = in_batches(craft, everything, batch_size=self.batch, on_notice=self.on_notice)
        seconds = time.perf_counter() - started
        warnings = warnings_of(results)
        said = {"seconds": repr(seconds), "warnings": json.dumps(warnings)}
        self.keeping.keep_images("crafted", key, crafted, said)
        return Crafted(crafted, seconds, warnings)
