"""A compact wide residual network (Zagoruyko & Komodakis, 2016, arXiv 1605.07146)."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override


class PreActivated(nn.Module):
    """Normalise, rectify, convolve, twice, beside a shortcut; the first step may shrink."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first_norm = nn.BatchNorm2d(before)
        self.first = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut: nn.Module | None = None
        if before != after or stride != 1:
            self.shortcut = nn.Conv2d(before, after, 1, stride=stride, bias=False)

    @override
    def forward(self, features: Tensor) -> Tensor:
        active = functional.relu(self.first_norm(features))
        kept = features if self.shortcut is None else self.shortcut(active)
        change = self.second(functional.relu(self.second_norm(self.first(active))))
        result: Tensor = kept + change
        return result


class ResNet(nn.Module):
    """Images (n, c, h, w) in [0, 1] to logits (n, k): three stages, each at half the side.

    Args:
        image_shape: (c, h, w).
        classes: Number k of classes.
        width: Channels of the first stage; the others have two and four times as many.
        blocks: Residual blocks in each stage.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
        width: int = 48,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        channels = width
        stages: list[nn.Module] = []
        for stage in range(3):
            for block in range(blocks):
                after = width * 2**stage
                stages.append(PreActivated(channels, after, 2 if stage and not block else 1))
                channels = after
        self.layers = nn.Sequential(
            nn.Conv2d(image_shape[0], width, 3, padding=1, bias=False),
            *stages,
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @override
    def forward(self, images: Tensor) -> Tensor:
        # Centred, and scaled to about a unit deviation on photographs.
        logits: Tensor = self.layers((images - 0.5) * 4)
        return logits
