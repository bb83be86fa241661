"""Residual networks (He et al., 2015, arXiv:1512.03385), with torchvision's parameter names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from unifw import nn
from unifw.models.convolution import bare_convolution, global_average
from unifw.nn import init
from unifw.tensor import Tensor


class _Block(nn.Module):
    """Convolutions beside a shortcut; `last_norm` names the normalisation before the sum."""

    expansion: ClassVar[int]
    last_norm: ClassVar[str]
    relu: nn.ReLU
    downsample: nn.Sequential | None

    def residual(self, x: Tensor) -> Any:
        """What is added to the shortcut."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, in_channels) to (N, H / stride, W / stride, expansion * channels)."""
        shortcut: Tensor = x if self.downsample is None else self.downsample(x)
        y: Tensor = self.relu(self.residual(x) + shortcut)
        return y


class BasicBlock(_Block):
    """Two 3 x 3 convolutions beside a shortcut: the block of ResNet-18 and 34.

    >>> import unifw
    >>> unifw.models.BasicBlock(8, 16, stride=2)(unifw.zeros((1, 6, 6, 8))).shape
    (1, 3, 3, 16)
    """

    expansion, last_norm = 1, "bn2"

    def __init__(self, in_channels: int, channels: int, stride: int = 1, data_format: str = "channels_last") -> None:
        self.conv1 = bare_convolution(in_channels, channels, 3, stride, data_format=data_format)
        self.bn1 = nn.BatchNorm2d(channels, data_format=data_format)
        self.relu = nn.ReLU()
        self.conv2 = bare_convolution(channels, channels, 3, data_format=data_format)
        self.bn2 = nn.BatchNorm2d(channels, data_format=data_format)
        self.downsample = _shortcut(in_channels, channels, stride, data_format)

    def residual(self, x: Tensor) -> Any:
        """What is added to the shortcut."""
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))


class Bottleneck(_Block):
    """A 3 x 3 convolution between two of 1 x 1, beside a shortcut: the block of ResNet-50; the 3 x 3 has the stride.

    >>> import unifw
    >>> unifw.models.Bottleneck(8, 4, stride=2)(unifw.zeros((1, 6, 6, 8))).shape
    (1, 3, 3, 16)
    """

    expansion, last_norm = 4, "bn3"

    def __init__(self, in_channels: int, channels: int, stride: int = 1, data_format: str = "channels_last") -> None:
        out_channels = self.expansion * channels
        self.conv1 = bare_convolution(in_channels, channels, 1, data_format=data_format)
        self.bn1 = nn.BatchNorm2d(channels, data_format=data_format)
        self.conv2 = bare_convolution(channels, channels, 3, stride, data_format=data_format)
        self.bn2 = nn.BatchNorm2d(channels, data_format=data_format)
        self.conv3 = bare_convolution(channels, out_channels, 1, data_format=data_format)
        self.bn3 = nn.BatchNorm2d(out_channels, data_format=data_format)
        self.relu = nn.ReLU()
        self.downsample = _shortcut(in_channels, out_channels, stride, data_format)

    def residual(self, x: Tensor) -> Any:
        """What is added to the shortcut."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.bn3(self.conv3(y))


def _shortcut(in_channels: int, out_channels: int, stride: int, data_format: str) -> nn.Sequential | None:
    """A convolution where the block changes the shape, else None."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        bare_convolution(in_channels, out_channels, 1, stride, data_format=data_format),
        nn.BatchNorm2d(out_channels, data_format=data_format),
    )


class ResNet(nn.Module):
    """Images (N, H, W, 3) to logits (N, num_classes); (N, 3, H, W) with data_format="channels_first".

    `layers` are the numbers of blocks of the four stages, the first `width` channels wide and each next twice that.
    With `zero_init_residual` each block starts as its shortcut.

    >>> import unifw
    >>> model = unifw.models.ResNet(unifw.models.BasicBlock, [1, 1, 1, 1], num_classes=10, width=4)
    >>> model(unifw.zeros((2, 32, 32, 3))).shape, list(model.state_dict())[0]
    ((2, 10), 'conv1.weight')
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        width: int = 64,
        data_format: str = "channels_last",
    ) -> None:
        self.data_format = data_format
        self.conv1 = bare_convolution(3, width, 7, 2, data_format=data_format)
        self.bn1 = nn.BatchNorm2d(width, data_format=data_format)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1, data_format=data_format)
        stages, in_channels = [], width
        for i, count in enumerate(layers):
            stages.append(_stage(block, in_channels, width * 2**i, count, 1 if i == 0 else 2, data_format))
            in_channels = width * 2**i * block.expansion
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(in_channels, num_classes)
        if zero_init_residual:
            self._start_as_shortcuts()

    def _start_as_shortcuts(self) -> None:
        for _, module in self.named_modules():
            if isinstance(module, _Block):
                init.zeros_(getattr(module, module.last_norm).weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, 3) to logits (N, num_classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(global_average(x, self.data_format))
        return logits


def _stage(
    block: type[BasicBlock | Bottleneck], in_channels: int, channels: int, count: int, stride: int, data_format: str
) -> nn.Sequential:
    """Blocks one after the other, of which the first changes the shape."""
    first = block(in_channels, channels, stride, data_format)
    rest = (block(channels * block.expansion, channels, 1, data_format) for _ in range(count - 1))
    return nn.Sequential(first, *rest)


def resnet18(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-18: 11.7 million parameters with 1000 classes; `options` are those of `ResNet`.

    >>> import unifw
    >>> unifw.models.resnet18(num_classes=10).fc
    Linear(512, 10, bias=True)
    """
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes, **options)


def resnet34(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-34: 21.8 million parameters with 1000 classes; `options` are those of `ResNet`.

    >>> import unifw
    >>> len(unifw.models.resnet34(width=4).layer3)
    6
    """
    return ResNet(BasicBlock, (3, 4, 6, 3), num_classes, **options)


def resnet50(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-50: 25.6 million parameters with 1000 classes; `options` are those of `ResNet`.

    >>> import unifw
    >>> unifw.models.resnet50(num_classes=10, width=4).fc
    Linear(128, 10, bias=True)
    """
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, **options)
