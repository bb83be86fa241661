"""Every layer with its variants: what `torch.nn` calls it, and what it is given. Others add rows here.

A row is built on both sides by the same name and arguments, ours with a layout where the layer has images, and is given
the same numbers in torch's axes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from unifw import nn

LAYOUTS = ("channels_last", "channels_first")


@dataclass(frozen=True)
class Row:
    """One variant of one layer.

    `shapes` are those of the inputs, in torch's axes; `draw` says what numbers they have: "normal", "edges" (multiples
    of a half, on which functions have their corners), "ties" (few different numbers), or an integer, below which
    integers lie.
    """

    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ((6, 5),)
    draw: str | int = "normal"
    images: bool = False
    variant: str = ""
    ours: dict[str, Any] = field(default_factory=dict)
    double: float = 1e-11  # the relative error allowed in float64
    places: bool = False  # whether the last input is of positions, as `positions` draws them

    @property
    def label(self) -> str:
        """The layer's name and what is special about the variant."""
        given = ",".join(f"{key}={value}" for key, value in self.options.items())
        return "-".join(part for part in (self.name, self.variant, given.replace(" ", "")) if part)

    def theirs(self, torch_nn: Any) -> Any:
        """The module of torch."""
        return getattr(torch_nn, self.name)(*self.args, **self.options)

    def build(self, layout: str = LAYOUTS[0]) -> nn.Module:
        """The layer of unifw."""
        where = {"data_format": layout} if self.images else {}
        layer: nn.Module = getattr(nn, self.name)(*self.args, **{**self.options, **self.ours}, **where)
        return layer

    def inputs(self, rng: np.random.Generator, dtype: str) -> list[Any]:
        """Numbers for each input, in torch's axes."""
        last = len(self.shapes) - self.places
        drawn = [self._drawn(rng, shape, dtype) for shape in self.shapes[:last]]
        return [*drawn, *(positions(rng, shape) for shape in self.shapes[last:])]

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
        if isinstance(self.draw, int):
            return rng.integers(0, self.draw, shape)
        if self.draw == "edges":
            return (rng.integers(-9, 16, shape) / 2).astype(dtype)
        if self.draw == "ties":
            return rng.integers(-1, 2, shape).astype(dtype)
        return rng.standard_normal(shape).astype(dtype)


def positions(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Those of all elements of a space, in any order, for each channel; in torch's axes."""
    flat = np.arange(np.prod(shape[2:]))
    return rng.permuted(np.broadcast_to(flat, (*shape[:2], len(flat))), axis=-1).reshape(shape)


FLAT, SEQUENCE, IMAGE, VOLUME = (4, 6), (2, 4, 9), (2, 4, 8, 7), (2, 4, 5, 6, 4)
SPACES = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}


def images(name: str, *args: Any, dims: int = 2, draw: str | int = "normal", **options: Any) -> Row:
    """A row whose input has `dims` axes of space."""
    return Row(name, args, options, (SPACES[dims],), draw, images=True)


def dense() -> list[Row]:
    """Linear layers and tables."""
    integers: dict[str, Any] = {"shapes": ((3, 5),), "draw": 7}
    return [
        Row("Linear", (5, 3)),
        Row("Linear", (5, 3), {"bias": False}, ((2, 3, 5),)),
        Row("Linear", (5, 3), shapes=((5,),), variant="vector"),
        Row("Bilinear", (5, 4, 3), shapes=((6, 5), (6, 4))),
        Row("Bilinear", (5, 4, 3), {"bias": False}, ((2, 3, 5), (2, 3, 4))),
        Row("Embedding", (7, 4), **integers),
        Row("Embedding", (7, 4), {"padding_idx": 2}, **integers),
        Row("Embedding", (7, 4), {"padding_idx": -1, "scale_grad_by_freq": True}, **integers),
        Row("Embedding", (7, 4), {"max_norm": 1.0}, **integers),
        Row("Embedding", (7, 4), {"max_norm": 0.7, "norm_type": 1.0}, **integers),
        *(Row("EmbeddingBag", (7, 4), {"mode": mode}, **integers) for mode in ("sum", "mean", "max")),
        *(Row("EmbeddingBag", (7, 4), {"mode": m, "padding_idx": 3}, **integers) for m in ("sum", "mean", "max")),
    ]


def convolutions() -> list[Row]:
    """Both directions over one, two and three axes."""
    rows = []
    for dims in (1, 2, 3):
        for options in (
            {}, {"stride": 2, "padding": 1}, {"padding": "same"}, {"padding": "valid", "bias": False},
            {"dilation": 2, "padding": 2}, {"groups": 2, "padding": 1}, {"groups": 4, "stride": 2},
            {"groups": 4, "dilation": 2, "padding": 2}, {"padding": 1, "padding_mode": "reflect"},
        ):  # fmt: skip
            rows += [images(f"Conv{dims}d", 4, 8, 3, dims=dims, **options)]
        for options in (
            {}, {"stride": 2, "padding": 1}, {"stride": 2, "padding": 1, "output_padding": 1}, {"bias": False},
            {"dilation": 2, "padding": 1}, {"groups": 2}, {"groups": 4, "stride": 2, "output_padding": 1},
            {"stride": 1, "dilation": 3, "output_padding": 2},
        ):  # fmt: skip
            rows += [images(f"ConvTranspose{dims}d", 4, 8, 3, dims=dims, **options)]
    return [
        *rows,
        images("Conv2d", 4, 8, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        images("Conv2d", 4, 8, (2, 4), padding="same"),
        images("Conv2d", 4, 4, 3, groups=4, stride=(2, 1)),
        images("Conv2d", 4, 4, 1),
        images("Conv2d", 4, 8, 3, groups=2, dilation=2, stride=2),
        images("Conv2d", 4, 8, 3, padding=2, padding_mode="replicate"),
        images("Conv2d", 4, 8, 3, padding=(2, 1), padding_mode="circular", stride=2),
        images("Conv2d", 4, 8, (2, 4), padding="same", padding_mode="reflect"),
        images("ConvTranspose2d", 4, 8, 2, stride=3, output_padding=(1, 2)),
        images("ConvTranspose2d", 4, 8, (1, 4), stride=(2, 1), padding=(0, 3)),
        images("ConvTranspose2d", 4, 4, 3, groups=4),
        images("ConvTranspose2d", 4, 8, 3, padding=2, dilation=2, groups=2),
    ]


def pools() -> list[Row]:
    """Windows over one, two and three axes."""
    rows = []
    for dims in (1, 2, 3):
        for options in (
            {}, {"stride": 1}, {"padding": 1, "stride": 2}, {"ceil_mode": True}, {"dilation": 2, "stride": 1},
            {"ceil_mode": True, "padding": 1, "stride": 2},
        ):  # fmt: skip
            rows += [images(f"MaxPool{dims}d", 2, dims=dims, **options)]
        rows.append(images(f"MaxPool{dims}d", 2, dims=dims, draw="ties"))
        rows.append(images(f"MaxPool{dims}d", 2, dims=dims, draw="ties", dilation=2, stride=2))
        for options in (
            {}, {"stride": 1}, {"padding": 1, "stride": 2}, {"padding": 1, "count_include_pad": False},
            {"ceil_mode": True}, {"ceil_mode": True, "padding": 1, "stride": 2},
        ):  # fmt: skip
            rows += [images(f"AvgPool{dims}d", 2 if dims == 3 else 3, dims=dims, **options)]
        for p, options in ((2, {}), (2.0, {"stride": 1}), (4, {"ceil_mode": True}), (1, {"stride": 3})):
            rows.append(images(f"LPPool{dims}d", p, 2, dims=dims, **options))
        for options in ({}, {"stride": 1}, {"stride": 3, "padding": 1}):
            row = images(f"MaxUnpool{dims}d", 2, dims=dims, **options)
            rows.append(replace(row, shapes=row.shapes * 2, places=True))
        for kind in ("Avg", "Max"):
            rows += [images(f"Adaptive{kind}Pool{dims}d", size, dims=dims) for size in (1, 2, 3)]
        rows.append(images(f"AdaptiveMaxPool{dims}d", 3, dims=dims, draw="ties"))
    return [
        *rows,
        images("MaxPool2d", (3, 2), stride=(2, 1), padding=(1, 0)),
        images("AvgPool2d", (3, 2), stride=(2, 3), padding=(1, 0), ceil_mode=True, count_include_pad=False),
        images("AvgPool2d", 2, divisor_override=3),
        images("AvgPool3d", 2, dims=3, divisor_override=3, padding=1),
        images("AdaptiveAvgPool2d", (None, 3)),
        images("AdaptiveAvgPool2d", (4, 7)),
        images("AdaptiveMaxPool2d", (5, None)),
    ]


def norms() -> list[Row]:
    """Normalisation."""
    rows = []
    for dims in (1, 2, 3):
        for options in (
            {"momentum": 0.3, "eps": 1e-3}, {"affine": False}, {"track_running_stats": False}, {"momentum": None},
        ):  # fmt: skip
            rows += [images(f"BatchNorm{dims}d", 4, dims=dims, **options)]
        for options in ({}, {"affine": True}, {"affine": True, "track_running_stats": True, "momentum": 0.3}):
            rows += [images(f"InstanceNorm{dims}d", 4, dims=dims, **options)]
        rows += [images("GroupNorm", groups, 4, dims=dims) for groups in (1, 2, 4)]
        rows.append(images("LocalResponseNorm", 3, dims=dims, alpha=0.5))
    return [
        *rows,
        Row("BatchNorm1d", (5,), images=True, variant="rows"),
        Row("GroupNorm", (2, 16), {"affine": False}, ((3, 16),), images=True),
        images("BatchNorm2d", 4, bias=False),
        images("GroupNorm", 2, 4, bias=False),
        images("InstanceNorm2d", 4, affine=True, bias=False),
        images("LocalResponseNorm", 4, alpha=1.0, beta=0.5, k=2.0),
        Row("LayerNorm", (5,)),
        Row("LayerNorm", ((3, 5),), {"eps": 1e-2}, ((2, 3, 5),)),
        Row("LayerNorm", (5,), {"elementwise_affine": False}),
        Row("LayerNorm", (5,), {"bias": False}),
        Row("RMSNorm", (5,)),
        Row("RMSNorm", ((3, 5),), {"eps": 1e-2}, ((2, 3, 5),)),
        Row("RMSNorm", (5,), {"elementwise_affine": False}),
    ]


def activations() -> list[Row]:
    """Elementwise functions, at random numbers and on their corners."""
    plain = [
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink",
        "Softshrink", "Sigmoid", "LogSigmoid", "Tanh", "Tanhshrink", "SiLU", "Mish", "Softplus", "Softsign", "GELU",
        "PReLU",
    ]  # fmt: skip
    rows = [Row(name, shapes=((6, 8),), draw=draw, variant=draw) for name in plain for draw in ("normal", "edges")]
    other: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("LeakyReLU", (0.3,), {}), ("ELU", (0.5,), {}), ("CELU", (2.0,), {}), ("Hardtanh", (-2.0, 1.5), {}),
        ("Threshold", (0.5, -3.0), {}), ("Hardshrink", (1.0,), {}), ("Softshrink", (1.0,), {}),
        ("Softplus", (2.0, 3.0), {}), ("Softplus", (0.5,), {}), ("GELU", (), {"approximate": "tanh"}),
    ]  # fmt: skip
    rows += [Row(name, args, options, ((6, 8),), "edges", variant=f"{args}") for name, args, options in other]
    rows = [replace(row, double=1e-7) if row.name == "Hardsigmoid" else row for row in rows]  # torch's sixth is float32
    return [Row("Identity"), *rows, *(images("PReLU", 4, dims=dims) for dims in (1, 2, 3))]


def paddings() -> list[Row]:
    """Padding layers."""
    rows = []
    for dims in (1, 2, 3):
        widths = (1, 2, 2, 0, 1, 1)[: 2 * dims]
        for name in ("ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"):
            rows += [images(f"{name}{dims}d", pad, dims=dims) for pad in (1, widths)]
        rows.append(images(f"ConstantPad{dims}d", widths, 3.5, dims=dims))
    return [*rows, images("ZeroPad2d", (-1, 2, 0, -2))]


def shapes() -> list[Row]:
    """What changes shapes, and sizes of images."""
    rows = []
    for dims, linear in ((1, "linear"), (2, "bilinear"), (3, "trilinear")):
        size, scale = (13, 5, 7)[:dims], (1.7, 2.0, 0.6)[:dims]
        for mode in ("nearest", "nearest-exact", "area", linear):
            rows += [images("Upsample", size, dims=dims, mode=mode)]
            rows += [images("Upsample", dims=dims, scale_factor=scale, mode=mode)]
        rows += [images("Upsample", size, dims=dims, mode=linear, align_corners=True)]
    return [
        *rows,
        images("Upsample", (13, 5), mode="bicubic"),
        images("Upsample", (13, 5), mode="bicubic", align_corners=True),
        images("Upsample", scale_factor=1.7, mode="bicubic"),
        images("Upsample", scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
        images("UpsamplingNearest2d", scale_factor=2),
        images("UpsamplingBilinear2d", scale_factor=2),
        images("PixelShuffle", 2),
        *(images("ChannelShuffle", 2, dims=dims) for dims in (2, 3)),
        images("Unfold", (2, 3)),
        images("Unfold", 2, dilation=2, padding=1, stride=(2, 1)),
        Row("Fold", ((8, 7), (2, 3)), shapes=((2, 24, 35),), images=True),
        Row("Fold", ((8, 7), 2), {"dilation": 2, "padding": 1, "stride": (2, 1)}, ((2, 16, 28),), images=True),
        Row("PixelUnshuffle", (2,), shapes=((2, 3, 8, 6),), images=True),
        *(images("Flatten", dims=dims) for dims in (2, 3)),
        Row("Unflatten", (1, (3, 4, 2)), shapes=((2, 24),), images=True),
        Row("Unflatten", (1, (-1, 4)), shapes=((2, 24),), variant="two"),
    ]


def softmaxes() -> list[Row]:
    """Functions along an axis."""
    rows = [
        Row(name, (), {"dim": dim}, ((2, 4, 6),)) for name in ("Softmax", "Softmin", "LogSoftmax") for dim in (1, -1)
    ]
    return [*rows, Row("GLU", (), {}, ((2, 4, 6),)), Row("GLU", (1,), {}, ((2, 4, 6),)), images("Softmax2d")]


ROWS = [*dense(), *convolutions(), *pools(), *norms(), *activations(), *paddings(), *shapes(), *softmaxes()]
