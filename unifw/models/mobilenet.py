"""MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381), with torchvision's parameter names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from unifw import nn
from unifw.errors import ArgumentError
from unifw.models.convolution import bare_convolution, global_average
from unifw.models.initial import start
from unifw.nn import init
from unifw.tensor import Tensor

Setting = Sequence[tuple[int, int, int, int]]

_PUBLISHED: Setting = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """A depthwise convolution of `expand_ratio` times the channels between two of 1 x 1, beside a shortcut if it fits.

    >>> import unifw
    >>> unifw.models.InvertedResidual(8, 16, stride=2, expand_ratio=6)(unifw.zeros((1, 6, 6, 8))).shape
    (1, 3, 3, 16)
    """

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int, data_format: str = "channels_last") -> None:
        if stride not in (1, 2):
            raise ArgumentError(f"InvertedResidual: got stride {stride}; expected 1 or 2.")
        hidden = inp * expand_ratio
        wider = [] if expand_ratio == 1 else [_normed(inp, hidden, 1, 1, 1, data_format)]
        self.conv = nn.Sequential(
            *wider,
            _normed(hidden, hidden, 3, stride, hidden, data_format),
            bare_convolution(hidden, oup, 1, data_format=data_format),
            nn.BatchNorm2d(oup, data_format=data_format),
        )
        self.use_res_connect = stride == 1 and inp == oup

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, inp) to (N, H / stride, W / stride, oup)."""
        y: Tensor = self.conv(x)
        return x + y if self.use_res_connect else y


def _normed(inp: int, oup: int, kernel: int, stride: int, groups: int, data_format: str) -> nn.Sequential:
    """Convolution, normalisation and activation."""
    return nn.Sequential(
        bare_convolution(inp, oup, kernel, stride, groups, data_format),
        nn.BatchNorm2d(oup, data_format=data_format),
        nn.ReLU6(),
    )


class MobileNetV2(nn.Module):
    """Images (N, H, W, 3) to logits (N, num_classes); (N, 3, H, W) with data_format="channels_first".

    `width_mult` scales the channels, which are rounded to multiples of `round_nearest`. Each row of
    `inverted_residual_setting` says of a stage (expand_ratio, channels, number of blocks, stride of the first).

    >>> import unifw
    >>> model = unifw.models.MobileNetV2(10, width_mult=0.25, inverted_residual_setting=[(1, 16, 1, 1), (6, 24, 2, 2)])
    >>> model(unifw.zeros((2, 32, 32, 3))).shape, list(model.state_dict())[0]
    ((2, 10), 'features.0.0.weight')
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Setting | None = None,
        round_nearest: int = 8,
        dropout: float = 0.2,
        data_format: str = "channels_last",
    ) -> None:
        self.data_format = data_format
        first = _rounded(32 * width_mult, round_nearest)
        last = _rounded(1280 * max(1.0, width_mult), round_nearest)
        rows = [
            (t, _rounded(c * width_mult, round_nearest), n, s) for t, c, n, s in inverted_residual_setting or _PUBLISHED
        ]
        self.features = nn.Sequential(
            _normed(3, first, 3, 2, 1, data_format),
            *_blocks(first, rows, data_format),
            _normed(rows[-1][1], last, 1, 1, 1, data_format),
        )
        head = nn.Linear(last, num_classes)
        start(head, init.normal((num_classes, last), std=0.01))
        self.classifier = nn.Sequential(nn.Dropout(dropout), head)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, 3) to logits (N, num_classes)."""
        logits: Tensor = self.classifier(global_average(self.features(x), self.data_format))
        return logits


def _blocks(inp: int, rows: Setting, data_format: str) -> Iterator[InvertedResidual]:
    for ratio, channels, count, first_stride in rows:
        for i in range(count):
            yield InvertedResidual(inp, channels, first_stride if i == 0 else 1, ratio, data_format)
            inp = channels


def _rounded(channels: float, divisor: int) -> int:
    """The nearest multiple of `divisor`, at least one and not below nine tenths of `channels`."""
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * channels else nearest + divisor


def mobilenet_v2(num_classes: int = 1000, **options: Any) -> MobileNetV2:
    """MobileNetV2: 3.5 million parameters with 1000 classes; `options` are those of `MobileNetV2`.

    >>> import unifw
    >>> len(unifw.models.mobilenet_v2(num_classes=10, width_mult=0.25).features)
    19
    """
    return MobileNetV2(num_classes, **options)
