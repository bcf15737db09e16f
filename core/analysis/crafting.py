"""Adversarial images of the bare classifier, kept on disk: every defense faces the same ones."""

import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.encoding import batch_size
from core.analysis.storage import damaged, find, forget, keep, replace_file
from core.devices import generator_for, in_batches
from core.evaluation.specification import Specification
from core.types import Classifier, OnStep, Step, part_of

KIND = "crafted"

KEEP_EVERY = 20.0
"""Seconds between two writes of a long attack's finished batches; short attacks write none."""


def crafted_images(
    spec: AttackedSpec,
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> Tensor:
    """Adversarial images (n, c, h, w) in [0, 1] of an attack that sees the bare classifier.

    They are kept by what decides them, without the defense, under the same name and in the same
    form as the evaluation keeps its own; a long attack that was stopped goes on where it was. For
    a classifier that is in no manifest nothing is kept.

    Args:
        spec: The attack, the split, the number of images and the seed.
        classifier: The bare classifier.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their classes (n,).
        on_step: Progress over all batches; may raise ``Cancelled``.
    """
    name = _name(spec)
    if name is None:
        return _craft(spec, classifier, images, labels, _Begun(images, spec.seed, None), on_step)
    kept = find(KIND, name, lambda path: _read(path, images))
    if kept is not None:
        return kept
    begun = _Begun(images, spec.seed, f"begun-{name}")
    crafted = _craft(spec, classifier, images, labels, begun, on_step)
    keep(KIND, name, lambda path: _write(path, {"images": crafted}))
    begun.forget()
    return crafted


class _Begun:
    """The batches finished so far, which outlive the process when the attack takes long.

    The state of the generator is kept beside them, so that a run that was stopped goes on to the
    very images it would have made.
    """

    def __init__(self, images: Tensor, seed: int, name: str | None) -> None:
        self.name = name
        self.generator = generator_for(images.device, seed)
        self.parts: list[Tensor] = []
        self.kept_at = time.monotonic()
        part = None if name is None else find(KIND, name, lambda path: self._read(path, images))
        if part is not None:
            self.parts.append(part.to(images))

    def _read(self, path: Path, images: Tensor) -> Tensor:
        """The first adversarial images; the generator goes to where it was after them."""
        state = _tensors(path)
        part = state["images"]
        if part.shape[1:] != images.shape[1:] or len(part) > len(images):
            raise damaged(path, f"its images have shape {tuple(part.shape)}")
        try:
            self.generator.set_state(state["generator"])
        except (KeyError, RuntimeError) as error:  # a state of another device has another size
            raise damaged(path, error) from error
        return part

    @property
    def count(self) -> int:
        """How many images are finished."""
        return sum(len(part) for part in self.parts)

    def add(self, part: Tensor) -> None:
        """Add a batch; what was added is kept on disk every KEEP_EVERY seconds."""
        self.parts.append(part)
        if self.name is None or time.monotonic() - self.kept_at < KEEP_EVERY:
            return
        state = {"images": torch.cat(self.parts), "generator": self.generator.get_state()}
        keep(KIND, self.name, lambda path: _write(path, state))
        self.kept_at = time.monotonic()

    def forget(self) -> None:
        """Remove it from the disk: the whole is finished."""
        if self.name is not None:
            forget(KIND, self.name)


def _craft(
    spec: AttackedSpec,
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    begun: _Begun,
    on_step: OnStep | None,
) -> Tensor:
    attack = spec.build_attack()
    size = batch_size(images)
    batches = -(-len(images) // size)

    def craft(chosen: Tensor) -> Tensor:
        place = min(begun.count // size, batches - 1)
        result = attack(
            classifier,
            images[chosen],
            labels[chosen],
            generator=begun.generator,
            on_step=part_of(on_step, place, batches),
        )
        begun.add(result.images)
        if on_step is not None:
            on_step(Step(place + 1, batches))
        return result.images

    if begun.count < len(images):
        rest = torch.arange(begun.count, len(images), device=images.device)
        in_batches(craft, rest, batch_size=size)
    return torch.cat(begun.parts)


def _name(spec: AttackedSpec) -> str | None:
    """The file's name, which is the evaluation's own for this cell without a defense."""
    known = spec.hashes()
    if spec.classifier not in known:
        return None
    cell = Specification(
        dataset=spec.dataset,
        classifier=spec.classifier,
        attack=spec.attack,
        parameters=spec.parameters,
        split=spec.split,
        n=spec.n,
        seed=spec.seed,
    )
    return cell.fingerprint({spec.classifier: known[spec.classifier]}) + ".safetensors"


def _write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save_file

    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_file(path, lambda partial: save_file(whole, partial))


def _read(path: Path, images: Tensor) -> Tensor:
    """Finished adversarial images, as many as there are clean ones."""
    crafted = _tensors(path)["images"]
    if crafted.shape != images.shape:
        raise damaged(path, f"its images have shape {tuple(crafted.shape)}")
    return crafted.to(images)


def _tensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Tensor] = load_file(path)
        _ = tensors["images"]
    except (OSError, SafetensorError, KeyError) as error:
        raise damaged(path, error) from error
    return tensors
