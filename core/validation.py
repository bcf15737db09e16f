"""What is refused before anything is computed: parameters, images, labels, logits.

Attacks, purifiers and certificates all check here, so one kind of mistake has one sentence.
"""

import math
from collections.abc import Callable
from dataclasses import Field
from typing import Any

import torch
from torch import Tensor, nn

PROBABILITY_SLACK = 1e-3
"""How far a row may be from summing to 1 and still be taken for probabilities."""


def check_parameter(field: Field[Any], value: object) -> None:
    """Hold a hyper-parameter to the type of its default and to its ``control`` metadata.

    Raises:
        ValueError: Wrong type, not one of the choices, or below the least allowed value.
    """
    name, default = field.name, field.default
    choices = field.metadata.get("choices", ())
    if value is None and default is None:
        return
    if choices:
        if value not in choices:
            raise ValueError(f"{name} must be one of {list(choices)}, got {value!r}")
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {value!r}")
    else:
        _check_number(name, value, isinstance(default, int), field.metadata.get("low") or 0)


def _check_number(name: str, value: object, whole: bool, low: float) -> None:
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        raise ValueError(f"{name} must be {'a whole' if whole else 'a'} number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low:g}, got {value}")


def check_images(images: Tensor) -> None:
    """Hold images to floating point, (n, c, h, w), n at least 1, in [0, 1].

    Raises:
        ValueError: They are not; the message has the shape and the range that came.
    """
    if not isinstance(images, Tensor):
        raise ValueError(f"images must be a torch.Tensor, got {type(images).__name__}")
    if images.dim() != 4 or not images.is_floating_point():
        raise ValueError(
            "images must be floating point of shape (n, c, h, w), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
            + ("; divide bytes by 255" if images.dtype == torch.uint8 else "")
        )
    if images.numel() == 0:
        raise ValueError(f"images must hold at least one image, got shape {tuple(images.shape)}")
    low, high = (float(value) for value in images.detach().aminmax())
    # Written so that NaN, which compares false with everything, is refused too.
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"images must lie in [0, 1], got values from {low:g} to {high:g}"
            + ("; divide by 255" if 1 < high <= 255 and low >= 0 else "")
        )


def check_image_shape(images: Tensor, shape: tuple[int, ...], what: str) -> None:
    """Hold a batch (n, c, h, w) to the one image shape (c, h, w) that a network takes.

    Raises:
        ValueError: It has another.
    """
    if tuple(images.shape[1:]) != tuple(shape):
        seen, known = ("x".join(map(str, one)) for one in (images.shape[1:], shape))
        raise ValueError(f"this {what} takes images of {known} values, got {seen}")


def check_logits(logits: object, n: int) -> Tensor:
    """Hold a classifier's answer to finite floating-point logits (n, k), k at least 2.

    Raises:
        ValueError: It is something else; the message says what a classifier has to return.
    """
    if not isinstance(logits, Tensor):
        raise ValueError(
            "the classifier must return a tensor of logits (n, k), got "
            f"{type(logits).__name__}; wrap it in a function that returns the logits alone"
        )
    if logits.dim() != 2 or len(logits) != n:
        raise ValueError(
            f"the classifier must return logits of shape ({n}, k), got {tuple(logits.shape)}"
        )
    if logits.shape[1] < 2:
        raise ValueError(
            "the classifier must return logits of at least 2 classes, got 1 column; a single "
            "score s is the logits (0, s)"
        )
    if not logits.is_floating_point():
        raise ValueError(
            f"the classifier must return floating-point logits, got {logits.dtype}: classes or "
            "votes do not say which way to go"
        )
    broken = int((~logits.isfinite()).any(dim=1).sum())
    if broken:
        raise ValueError(
            f"the classifier returns logits that are no finite numbers for {broken} of {n} images"
        )
    if _are_probabilities(logits):
        raise ValueError(
            "the classifier returns probabilities (rows that are at least 0 and sum to 1), where "
            "logits are expected: leave its softmax out, or return the logarithms"
        )
    return logits


def _are_probabilities(logits: Tensor) -> bool:
    sums = logits.detach().double().sum(dim=1)
    return bool((logits >= 0).all()) and bool(((sums - 1).abs() < PROBABILITY_SLACK).all())


def check_classes(name: str, classes: Tensor, images: Tensor, count: int) -> None:
    """Hold labels or targets to int64, one an image, on its device, in 0 to count - 1.

    Raises:
        ValueError: They are not.
    """
    if classes.shape != (len(images),) or classes.dtype != torch.int64:
        raise ValueError(
            f"{name} must be int64 of shape ({len(images)},), "
            f"got {classes.dtype} of shape {tuple(classes.shape)}"
        )
    if classes.device != images.device:
        raise ValueError(f"{name} must be on {images.device} like the images, got {classes.device}")
    if bool((classes < 0).any()) or bool((classes >= count).any()):
        raise ValueError(
            f"{name} must lie in 0 to {count - 1}, got {sorted(set(classes.tolist()))}"
        )


def device_of(classifier: Callable[..., object], fallback: torch.device) -> torch.device:
    """Where a classifier computes: its parameters' device; of a plain function, the fallback."""
    if isinstance(classifier, nn.Module):
        for parameter in classifier.parameters():
            return parameter.device
    return fallback
