"""Every layer by its formula in NumPy: a layer, its inputs, and what comes out. Images are channels-last."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy import signal, special

import unifw
from unifw import nn

Array = Any
Known = tuple[nn.Module, list[Array], Array]
Formula = Callable[[np.random.Generator], Known]

DOUBLE = unifw.float64


def weights(layer: nn.Module) -> dict[str, Array]:
    return {name: value.numpy() for name, value in layer.state_dict().items()}


def space(rng: np.random.Generator, dims: int, channels: int = 3) -> Array:
    return rng.standard_normal((2, *(6, 4, 8)[:dims], channels))


def windows(x: Array) -> Array:
    """(N, *space, C) as (N, C, *space / 2, elements of a window of 2)."""
    dims = x.ndim - 2
    sizes = [n for size in x.shape[1:-1] for n in (size // 2, 2)]
    split = np.moveaxis(x, -1, 1).reshape(x.shape[0], x.shape[-1], *sizes)
    order = [0, 1, *range(2, 2 + 2 * dims, 2), *range(3, 3 + 2 * dims, 2)]
    return split.transpose(order).reshape(x.shape[0], x.shape[-1], *(n // 2 for n in x.shape[1:-1]), -1)


# ---- functions of each element


def elementwise(make: Callable[[], nn.Module], function: Callable[[Array], Array]) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = np.concatenate([rng.standard_normal(20) * 3, np.linspace(-4, 4, 13)])
        return make(), [x], function(x)

    return known


def along_last(make: Callable[[], nn.Module], function: Callable[[Array], Array]) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = rng.standard_normal((2, 3, 4, 6))
        return make(), [x], function(x)

    return known


ELEMENTWISE: dict[str, Formula] = {
    "Identity": elementwise(nn.Identity, lambda x: x),
    "ReLU": elementwise(nn.ReLU, lambda x: np.where(x > 0, x, 0)),
    "ReLU6": elementwise(nn.ReLU6, lambda x: np.clip(x, 0, 6)),
    "LeakyReLU": elementwise(lambda: nn.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
    "PReLU": elementwise(nn.PReLU, lambda x: np.where(x > 0, x, 0.25 * x)),
    "RReLU": elementwise(lambda: nn.RReLU(0.2, 0.4).eval(), lambda x: np.where(x > 0, x, 0.3 * x)),
    "ELU": elementwise(lambda: nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0)))),
    "SELU": elementwise(
        nn.SELU, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))
    ),
    "CELU": elementwise(lambda: nn.CELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2))),
    "GELU": elementwise(nn.GELU, lambda x: x * special.ndtr(x)),
    "SiLU": elementwise(nn.SiLU, lambda x: x * special.expit(x)),
    "Mish": elementwise(nn.Mish, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    "Sigmoid": elementwise(nn.Sigmoid, special.expit),
    "LogSigmoid": elementwise(nn.LogSigmoid, special.log_expit),
    "Tanh": elementwise(nn.Tanh, np.tanh),
    "Tanhshrink": elementwise(nn.Tanhshrink, lambda x: x - np.tanh(x)),
    "Softplus": elementwise(lambda: nn.Softplus(2.0), lambda x: np.log1p(np.exp(2 * x)) / 2),
    "Softsign": elementwise(nn.Softsign, lambda x: x / (1 + abs(x))),
    "Softshrink": elementwise(lambda: nn.Softshrink(0.7), lambda x: np.sign(x) * np.maximum(abs(x) - 0.7, 0)),
    "Hardshrink": elementwise(lambda: nn.Hardshrink(0.7), lambda x: np.where(abs(x) > 0.7, x, 0)),
    "Hardtanh": elementwise(lambda: nn.Hardtanh(-2.0, 1.5), lambda x: np.clip(x, -2, 1.5)),
    "Hardsigmoid": elementwise(nn.Hardsigmoid, lambda x: np.clip(x + 3, 0, 6) / 6),
    "Hardswish": elementwise(nn.Hardswish, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "Threshold": elementwise(lambda: nn.Threshold(0.5, -7.0), lambda x: np.where(x > 0.5, x, -7)),
    "Softmax": along_last(nn.Softmax, lambda x: special.softmax(x, -1)),
    "Softmin": along_last(lambda: nn.Softmin(1), lambda x: special.softmax(-x, 1)),
    "LogSoftmax": along_last(nn.LogSoftmax, lambda x: special.log_softmax(x, -1)),
    "Softmax2d": along_last(nn.Softmax2d, lambda x: special.softmax(x, -1)),
    "GLU": along_last(nn.GLU, lambda x: x[..., :3] * special.expit(x[..., 3:])),
}


# ---- windows, padding, places


def pooling(name: str, dims: int, reduce: Callable[[Array, int], Array]) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = space(rng, dims)
        size = tuple(n // 2 for n in x.shape[1:-1]) if name.startswith("Adaptive") else 2
        return getattr(nn, name)(size), [x], np.moveaxis(reduce(windows(x), -1), 1, -1)

    return known


def lp_pooling(dims: int) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = space(rng, dims)
        norms = np.linalg.norm(windows(x), 2, -1)
        return getattr(nn, f"LPPool{dims}d")(2, 2), [x], np.moveaxis(norms, 1, -1)

    return known


def unpooling(dims: int) -> Formula:
    """A picture in which every window of 2 has one element other than 0, from these and where they are."""

    def known(rng: np.random.Generator) -> Known:
        whole = space(rng, dims)
        seen = windows(whole)
        chosen = rng.integers(0, seen.shape[-1], seen.shape[:-1])[..., None]
        flat = np.broadcast_to(np.arange(whole[0, ..., 0].size).reshape(*whole.shape[1:-1], 1), whole.shape)
        pick = lambda x: np.moveaxis(np.take_along_axis(windows(x), chosen, -1)[..., 0], 1, -1)  # noqa: E731
        x, where = pick(whole), pick(flat)
        y = np.zeros((2, flat[0, ..., 0].size, 3))
        np.put_along_axis(y, where.reshape(2, -1, 3), x.reshape(2, -1, 3), 1)
        return getattr(nn, f"MaxUnpool{dims}d")(2), [x, where], y.reshape(whole.shape)

    return known


def padding(name: str, dims: int, mode: str) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = space(rng, dims)
        pairs, value = [(1, 2), (2, 0), (0, 1)][:dims], (3.5,) if name.startswith("Constant") else ()
        layer = getattr(nn, name)(tuple(n for pair in reversed(pairs) for n in pair), *value)
        more = {"constant_values": value[0]} if value else {}
        return layer, [x], np.pad(x, [(0, 0), *pairs, (0, 0)], mode, **more)

    return known


WINDOWS: dict[str, Formula] = {}
for dims in (1, 2, 3):
    for kind, reduce in (("Max", np.max), ("Avg", np.mean)):
        for prefix in ("", "Adaptive"):
            WINDOWS[f"{prefix}{kind}Pool{dims}d"] = pooling(f"{prefix}{kind}Pool{dims}d", dims, reduce)
    WINDOWS[f"LPPool{dims}d"] = lp_pooling(dims)
    WINDOWS[f"MaxUnpool{dims}d"] = unpooling(dims)
    for kind, mode in (
        ("Zero", "constant"), ("Constant", "constant"), ("Reflection", "reflect"), ("Replication", "edge"),
        ("Circular", "wrap"),
    ):  # fmt: skip
        WINDOWS[f"{kind}Pad{dims}d"] = padding(f"{kind}Pad{dims}d", dims, mode)


def corners(x: Array, axis: int, size: int) -> Array:
    """Linear interpolation in which the corners stay where they are."""
    old, new = np.linspace(0, 1, x.shape[axis]), np.linspace(0, 1, size)
    return np.apply_along_axis(lambda line: np.interp(new, old, line), axis, x)


def patches(x: Array) -> Array:
    """Windows (2, 3) at every second row, as rows with the channel as the slower axis."""
    each = np.lib.stride_tricks.sliding_window_view(x, (2, 3), (1, 2))[:, ::2]
    return each.reshape(x.shape[0], -1, x.shape[-1] * 6)


def folded(x: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of `patches`, by its definition."""
    total = np.zeros(shape)
    rows, columns = (shape[1] - 2) // 2 + 1, shape[2] - 2
    parts = x.reshape(shape[0], rows, columns, shape[3], 2, 3)
    for i, j, a, b in product(range(rows), range(columns), range(2), range(3)):
        total[:, 2 * i + a, j + b] += parts[:, i, j, :, a, b]
    return total


def of_image(make: Callable[[], nn.Module], function: Callable[[Array], Array], channels: int = 4) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x = space(rng, 2, channels)
        return make(), [x], function(x)

    return known


PLACES: dict[str, Formula] = {
    "PixelShuffle": of_image(
        lambda: nn.PixelShuffle(2),
        lambda x: x.reshape(2, 6, 4, 1, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(2, 12, 8, 1),
    ),
    "PixelUnshuffle": of_image(
        lambda: nn.PixelUnshuffle(2),
        lambda x: x.reshape(2, 3, 2, 2, 2, 4).transpose(0, 1, 3, 5, 2, 4).reshape(2, 3, 2, 16),
    ),
    "ChannelShuffle": of_image(
        lambda: nn.ChannelShuffle(2), lambda x: x.reshape(2, 6, 4, 2, 2).swapaxes(-1, -2).reshape(x.shape)
    ),
    "Flatten": of_image(nn.Flatten, lambda x: np.moveaxis(x, -1, 1).reshape(2, -1)),
    "Unflatten": lambda rng: (nn.Unflatten(1, (2, 3)), [np.eye(2, 6)], np.eye(2, 6).reshape(2, 2, 3)),
    "Upsample": of_image(lambda: nn.Upsample(scale_factor=2), lambda x: x.repeat(2, 1).repeat(2, 2)),
    "UpsamplingNearest2d": of_image(lambda: nn.UpsamplingNearest2d((12, 4)), lambda x: x.repeat(2, 1)),
    "UpsamplingBilinear2d": of_image(
        lambda: nn.UpsamplingBilinear2d((11, 9)), lambda x: corners(corners(x, 1, 11), 2, 9)
    ),
    "Unfold": of_image(lambda: nn.Unfold((2, 3), stride=(2, 1)), patches),
    "Fold": lambda rng: (lambda x: (nn.Fold((6, 4), (2, 3), stride=(2, 1)), [x], folded(x, (2, 6, 4, 5))))(
        rng.standard_normal((2, 6, 30))
    ),
}  # fmt: skip


# ---- normalisation


def normalised(x: Array, axes: tuple[int, ...], eps: float = 1e-5) -> Array:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def group_norm(rng: np.random.Generator) -> Known:
    x = space(rng, 2, 4)
    return nn.GroupNorm(2, 4), [x], normalised(x.reshape(2, 6, 4, 2, 2), (1, 2, 4)).reshape(x.shape)


def local_response_norm(rng: np.random.Generator) -> Known:
    """The size is odd: as many channels before as after."""
    x = space(rng, 2, 4)
    squares = np.pad(x**2, [(0, 0)] * 3 + [(1, 1)])
    sums = squares[..., :-2] + squares[..., 1:-1] + squares[..., 2:]
    return nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), [x], x / (2.0 + 0.5 / 3 * sums) ** 0.6


NORMS: dict[str, Formula] = {
    "GroupNorm": group_norm,
    "LocalResponseNorm": local_response_norm,
    "LayerNorm": along_last(lambda: nn.LayerNorm((4, 6)), lambda x: normalised(x, (-1, -2))),
    "RMSNorm": along_last(
        lambda: nn.RMSNorm(6, eps=1e-3), lambda x: x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3)
    ),
}


def norm_of_space(name: str, dims: int) -> Formula:
    axes = tuple(range(0 if name == "BatchNorm" else 1, dims + 1))

    def known(rng: np.random.Generator) -> Known:
        x = space(rng, dims) * 3 + 1
        return getattr(nn, f"{name}{dims}d")(3), [x], normalised(x, axes)

    return known


for dims in (1, 2, 3):
    for kind in ("BatchNorm", "InstanceNorm"):
        NORMS[f"{kind}{dims}d"] = norm_of_space(kind, dims)


# ---- products


def linear(rng: np.random.Generator) -> Known:
    layer, x = nn.Linear(3, 2).to(DOUBLE), rng.standard_normal((4, 3))
    own = weights(layer)
    return layer, [x], x @ own["weight"].T + own["bias"]


def bilinear(rng: np.random.Generator) -> Known:
    layer, x, y = nn.Bilinear(3, 4, 2).to(DOUBLE), rng.standard_normal((5, 3)), rng.standard_normal((5, 4))
    own = weights(layer)
    return layer, [x, y], np.einsum("ni,oij,nj->no", x, own["weight"], y) + own["bias"]


def embedding(rng: np.random.Generator) -> Known:
    layer, x = nn.Embedding(5, 3).to(DOUBLE), rng.integers(0, 5, (2, 4))
    return layer, [x], weights(layer)["weight"][x]


def embedding_bag(rng: np.random.Generator) -> Known:
    layer, x = nn.EmbeddingBag(5, 3).to(DOUBLE), rng.integers(0, 5, (2, 4))
    return layer, [x], weights(layer)["weight"][x].mean(1)


def convolution(dims: int, transposed: bool) -> Formula:
    """Two channels to one: the sum of SciPy's correlations, or of its convolutions."""

    def known(rng: np.random.Generator) -> Known:
        kind = nn.__dict__[f"Conv{'Transpose' if transposed else ''}{dims}d"]
        layer, x = kind(2, 1, 3).to(DOUBLE), rng.standard_normal((1, *(6, 5, 4)[:dims], 2))
        own = weights(layer)
        kernels = own["weight"][:, 0] if transposed else own["weight"][0]
        apply, how = (signal.convolve, "full") if transposed else (signal.correlate, "valid")
        y = sum(apply(x[0, ..., i], kernels[i], how) for i in range(2)) + own["bias"][0]
        return layer, [x], y[None, ..., None]

    return known


def rnn_cell(rng: np.random.Generator) -> Known:
    layer, x, h = nn.RNNCell(3, 2).to(DOUBLE), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    own = weights(layer)
    inner = x @ own["weight_ih"].T + own["bias_ih"] + h @ own["weight_hh"].T + own["bias_hh"]
    return layer, [x, h], np.tanh(inner)


PRODUCTS: dict[str, Formula] = {
    "RNNCell": rnn_cell, "Linear": linear, "Bilinear": bilinear, "Embedding": embedding, "EmbeddingBag": embedding_bag,
    **{f"Conv{dims}d": convolution(dims, False) for dims in (1, 2, 3)},
    **{f"ConvTranspose{dims}d": convolution(dims, True) for dims in (1, 2, 3)},
}  # fmt: skip

LAYERS: dict[str, Formula] = {**ELEMENTWISE, **WINDOWS, **PLACES, **NORMS, **PRODUCTS}
