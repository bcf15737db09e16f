"""What an attack refuses: checks of its parameters and of the data it is called with."""

import math
from dataclasses import Field
from typing import Any

import torch
from torch import Tensor


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
        ValueError: They are not.
    """
    if images.dim() != 4 or not images.is_floating_point():
        raise ValueError(
            "images must be floating point of shape (n, c, h, w), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    if images.numel() == 0:
        raise ValueError(f"images must hold at least one image, got shape {tuple(images.shape)}")
    low, high = (float(value) for value in images.detach().aminmax())
    # Written so that NaN, which compares false with everything, is refused too.
    if not (low >= 0 and high <= 1):
        raise ValueError(f"images must lie in [0, 1], got values from {low:g} to {high:g}")


def check_logits(logits: Tensor, n: int) -> int:
    """Hold a classifier's answer to shape (n, k), and return the number of classes k.

    Raises:
        ValueError: It has another shape.
    """
    if logits.dim() != 2 or len(logits) != n:
        raise ValueError(
            f"the classifier must return logits of shape ({n}, k), got {tuple(logits.shape)}"
        )
    return logits.shape[1]


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
