"""Every layer, loss and function of layers, with inputs at which it is smooth: one table for all tests of derivatives.

Most rows are those that the oracles have; what they lack is here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import unifw
from unifw import nn
from unifw.nn import functional as F

from ..parity import layer_table, loss_table

Array = Any


@dataclass(frozen=True)
class Case:
    """A layer, its inputs, of which whole numbers have no gradient, and how it is called."""

    make: Callable[[], nn.Module]
    inputs: tuple[Array, ...]
    call: Callable[..., Any] = lambda layer, *xs: layer(*xs)
    training: bool = True
    allowed: float = 1e-8  # the error of the first derivatives, relative to the largest

    def built(self) -> Any:
        """The layer in float64, with running statistics that differ."""
        model: Any = self.make().to(unifw.float64).train(self.training)
        rng = np.random.default_rng(5)
        for name, value in model.named_buffers():
            if name.startswith("running"):
                value.assign(rng.uniform(0.5, 2.0, tuple(value.shape)))
        return model


def spread(*shape: int) -> Array:
    """Numbers from -4 to 4 that are all far apart, for the sake of maxima, and off the corners of functions."""
    size = int(np.prod(shape))
    return (np.random.default_rng(5).permutation(size).reshape(shape) + 0.37) * (8 / size) - 4


def whole(below: int, *shape: int) -> Array:
    return np.random.default_rng(5).integers(0, below, shape)


# ---- from the oracles' tables

# What has, by its definition, another gradient than its values: of padding none, of what is frequent less.
_OTHER_GRADIENT = {"padding_idx", "scale_grad_by_freq", "max_norm"}
# Inputs on corners, at which the oracle has the gradients.
_CORNERS = {
    "bce-edges", "l1-equal", "smooth-l1-zero", "huber-edge", "ranking-edge", "similarity-zero", "bce-logits-zero",
}  # fmt: skip


def _rows() -> Iterator[tuple[str, Case]]:
    """Each row of `layer_table`, away from corners; those that then are the same, once."""
    seen = set()
    for row in layer_table.ROWS:
        key = row.name, repr(row.args), repr(row.options), row.shapes
        if key not in seen and not _OTHER_GRADIENT & row.options.keys():
            seen.add(key)
            inputs = tuple(_of_row(row, shape) for shape in row.shapes[: len(row.shapes) - row.places])
            if row.places:
                where = layer_table.positions(np.random.default_rng(5), row.shapes[-1])
                inputs += (np.moveaxis(where, 1, -1).copy(),)
            yield _named(row), Case(row.build, inputs, allowed=max(1e-8, row.double))


def _named(row: layer_table.Row) -> str:
    parts = [row.name, *map(str, row.args), *(f"{key}={value}" for key, value in row.options.items())]
    return "-".join([*parts, f"{len(row.shapes[0])}d"]).replace(" ", "")


def _of_row(row: layer_table.Row, shape: tuple[int, ...]) -> Array:
    if isinstance(row.draw, int):
        return whole(row.draw, *shape)
    return np.moveaxis(spread(*shape), 1, -1).copy() if row.images and len(shape) > 2 else spread(*shape)


def _losses() -> Iterator[tuple[str, Case]]:
    for label, (name, settings, inputs) in {**loss_table.CASES, **loss_table.SIMPLE}.items():
        if label not in _CORNERS:
            given = tuple(_without_labels(x) for x in inputs(np.random.default_rng(0)))
            if name == "BCELoss":  # whose logarithms are steep near 0 and 1
                given = tuple(0.1 + 0.8 * x for x in given)
            yield f"{name}-{label}", Case(lambda name=name, own=settings: _loss(name, own), given)  # type: ignore[misc]


def _loss(name: str, settings: dict[str, Any]) -> nn.Module:
    own = {key: unifw.asarray(x) if isinstance(x, np.ndarray) else x for key, x in settings.items()}
    loss: nn.Module = getattr(nn, name)(**own)
    return loss


def _without_labels(x: Array) -> Array:
    """Targets of 1 and -1 as whole numbers: between them nothing is defined."""
    return x.astype(np.int64) if set(x.ravel()) <= {-1.0, 1.0} else x


# ---- what these lack

X, LENGTHS = spread(4, 5, 6) * 0.3, np.array([5, 1, 3, 4])
TARGETS, WANTED = np.array([[1, 1, 2], [1, 2, 3], [3, 0, 0], [0, 0, 0]]), np.array([3, 3, 1, 0])
_eval = {"training": False}


def _recurrent(kind: type[nn.Module], **options: Any) -> Case:
    return Case(
        lambda: kind(6, 4, **options),
        (X, LENGTHS),
        lambda layer, x, lengths: layer(x, lengths=lengths)[0],
    )


def _own() -> dict[str, Case]:
    block: dict[str, Any] = {"dim_feedforward": 7, "dropout": 0.0, "activation": "gelu"}
    encoder = lambda: nn.TransformerEncoderLayer(6, 2, **block)  # noqa: E731
    decoder = lambda: nn.TransformerDecoderLayer(6, 2, **block, norm_first=True)  # noqa: E731
    h, none = spread(4, 3), lambda layer, *xs: layer(*xs)
    pair = lambda layer, x, h, c: unifw.stack(layer(x, (h, c)))  # noqa: E731
    return {
        "BatchNorm2d-eval": Case(lambda: nn.BatchNorm2d(3), (spread(2, 4, 3, 3),), training=False),
        "RNN": _recurrent(nn.RNN), "LSTM": _recurrent(nn.LSTM), "GRU": _recurrent(nn.GRU),
        "RNN-stack": _recurrent(nn.RNN, num_layers=2, bidirectional=True, nonlinearity="relu"),
        "LSTM-stack": _recurrent(nn.LSTM, num_layers=2, bidirectional=True, proj_size=2),
        "GRU-stack": _recurrent(nn.GRU, num_layers=2, bidirectional=True, bias=False),
        "RNNCell": Case(lambda: nn.RNNCell(5, 3), (spread(4, 5), h), none),
        "GRUCell": Case(lambda: nn.GRUCell(5, 3), (spread(4, 5), h), none),
        "LSTMCell": Case(lambda: nn.LSTMCell(5, 3), (spread(4, 5), h, h + 0.3), pair),
        "MultiheadAttention": Case(
            lambda: nn.MultiheadAttention(6, 2), (X, X[:, :3], X[:, :3] + 1), lambda layer, *xs: layer(*xs)[0]
        ),
        "MultiheadAttention-causal": Case(
            lambda: nn.MultiheadAttention(6, 2), (X,), lambda layer, x: layer(x, x, x, is_causal=True)[1]
        ),
        "scaled_dot_product_attention": Case(
            nn.Identity, (X, X + 1, X - 1), lambda _, *xs: F.scaled_dot_product_attention(*xs, is_causal=True)
        ),
        "TransformerEncoderLayer": Case(encoder, (X,)),
        "TransformerDecoderLayer": Case(decoder, (X, X[:, :3] + 1)),
        "TransformerEncoder": Case(lambda: nn.TransformerEncoder(encoder(), 2, nn.LayerNorm(6)), (X,)),
        "TransformerDecoder": Case(lambda: nn.TransformerDecoder(decoder(), 2), (X, X[:, :3] + 1)),
        "Transformer": Case(lambda: nn.Transformer(6, 2, 1, 1, **block), (X, X[:, :3] + 1)),
        "SinusoidalPositions": Case(lambda: nn.SinusoidalPositions(6), (X,)),
        "RotaryPositions": Case(lambda: nn.RotaryPositions(6, convention="interleaved"), (X,)),
        "rotary": Case(nn.Identity, (X, X[0, :, :3], X[1, :, :3]), lambda _, *xs: F.rotary(*xs)),
        "AdaptiveLogSoftmaxWithLoss": Case(
            lambda: nn.AdaptiveLogSoftmaxWithLoss(6, 9, [2, 5]), (X[0], np.array([0, 8, 4, 2, 6])),
            lambda layer, *xs: layer(*xs).output,
        ),
        "CTCLoss": Case(
            lambda: nn.CTCLoss(zero_infinity=True), (X, TARGETS, LENGTHS, WANTED),
            lambda loss, x, *rest: loss(unifw.log_softmax(x), *rest),
        ),
        "weight_norm": Case(lambda: nn.parametrizations.weight_norm(nn.Linear(6, 3)), (X,)),
        "spectral_norm": Case(lambda: nn.parametrizations.spectral_norm(nn.Linear(6, 3)), (X,), **_eval),  # type: ignore[arg-type]
        "pad": Case(nn.Identity, (X,), lambda _, x: F.pad(x, (1, 2), mode="reflect")),
        "normalize": Case(nn.Identity, (X,), lambda _, x: F.normalize(x, dim=-1)),
        "gumbel_softmax": Case(nn.Identity, (X,), lambda _, x: F.gumbel_softmax(x, tau=0.7)),
        "interpolate": Case(
            nn.Identity, (spread(2, 5, 4, 3),), lambda _, x: F.interpolate(x, (7, 3), mode="bilinear", antialias=True)
        ),
        "Sequential": Case(lambda: nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 2)), (X,)),
        **{
            name: Case(lambda name=name: getattr(nn, name)(0.4), (spread(3, 5, 4, 2)[(..., *[0] * cut)],))  # type: ignore[misc]
            for name, cut in {
                "Dropout": 0, "Dropout1d": 1, "Dropout2d": 0, "AlphaDropout": 0, "FeatureAlphaDropout": 0,
            }.items()
        },
        "Dropout3d": Case(lambda: nn.Dropout3d(0.4), (spread(2, 3, 2, 2, 4),)),
        "RReLU": Case(nn.RReLU, (spread(5, 4),)),
    }  # fmt: skip


OWN = _own()
CASES: dict[str, Case] = {**dict(_rows()), **dict(_losses()), **OWN}
RANDOM = frozenset(name for name in OWN if "Dropout" in name or name in ("RReLU", "gumbel_softmax"))
"""Layers that draw numbers, which are others on each backend."""

NO_LAYERS = frozenset({"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList"})
"""Classes that compute nothing."""
NO_DERIVATIVE = frozenset({"one_hot"})


def variants() -> set[str]:
    """Names of the rows that are not the first of their layer."""
    seen: set[str] = set()
    found = set()
    for name in CASES:
        layer = name.partition("-")[0]
        if layer in seen:
            found.add(name)
        seen.add(layer)
    return found


def missing() -> list[str]:
    """Public layers and functions that have no row; a function has that of its layer, or one of its own name."""
    layers = {name for name, x in vars(nn).items() if inspect.isclass(x) and issubclass(x, nn.Module)} - NO_LAYERS
    functions = {name for name, x in vars(F).items() if inspect.isfunction(x) and not name.startswith("_")}
    functions -= NO_DERIVATIVE
    covered = {name.partition("-")[0] for name in CASES}
    words = {_word(name) for name in covered}
    return sorted(layers - covered) + sorted(name for name in functions if _word(name) not in words)


def _word(name: str) -> str:
    """A name without what tells layers from functions."""
    word = name.replace("_", "").lower()
    word = {"binarycrossentropy": "bce", "binarycrossentropywithlogits": "bcewithlogits"}.get(word, word)
    return word.removesuffix("loss").rstrip("123d") if word[-1:] == "d" else word.removesuffix("loss")


# ---- one case as a function of numbers


class Point:
    """A layer with its inputs, as one vector of numbers."""

    def __init__(self, case: Case) -> None:
        unifw.seed(0)
        self.case, self.model = case, case.built()
        self.parameters = list(self.model.parameters())
        self.places = [i for i, x in enumerate(case.inputs) if x.dtype.kind == "f"]
        self.argnums = (0,) * bool(self.parameters) + tuple(i + 1 for i in self.places)
        self.arrays = [p.numpy() for p in self.parameters] + [case.inputs[i] for i in self.places]
        shape = tuple(self.output(self.model, *self.inputs(self.arrays)).shape)
        self.weights = unifw.asarray(np.random.default_rng(7).uniform(0.5, 1.5, shape))

    def output(self, model: Any, *xs: Any) -> Any:
        """What the layer gives, with the same random numbers each time."""
        unifw.seed(3)
        return self.case.call(model, *xs)

    def loss(self, model: Any, *xs: Any) -> Any:
        """A number that depends on every output, with curvature."""
        return unifw.sum(unifw.sin(self.case.call(model, *xs)) * self.weights)

    def inputs(self, arrays: Sequence[Array]) -> list[unifw.Tensor]:
        """Give the layer these numbers; the inputs."""
        for parameter, value in zip(self.parameters, arrays, strict=False):
            parameter.assign(value)
        given = dict(zip(self.places, arrays[len(self.parameters) :], strict=True))
        return [unifw.asarray(given.get(i, x)) for i, x in enumerate(self.case.inputs)]

    def value(self, arrays: Sequence[Array]) -> Array:
        inputs = self.inputs(arrays)
        unifw.seed(3)
        return self.loss(self.model, *inputs).numpy()

    def gradient(self, arrays: Sequence[Array]) -> Array:
        inputs = self.inputs(arrays)
        unifw.seed(3)
        return flat(unifw.grad(self.loss, self.argnums)(self.model, *inputs))

    def product(self, along: Sequence[Array]) -> Array:
        """The second derivatives times a direction."""
        every, count = [self.model, *self.inputs(self.arrays)], len(self.parameters)
        names = [name for name, _ in self.model.named_parameters()]
        directions: list[Any] = [unifw.asarray(x) for x in along]
        given = [dict(zip(names, directions[:count], strict=True))] * bool(count) + directions[count:]

        def loss(*chosen: Any) -> Any:
            arguments = list(every)
            for place, argument in zip(self.argnums, chosen, strict=True):
                arguments[place] = argument
            return self.loss(*arguments)

        unifw.seed(3)
        return flat(unifw.hvp(loss, [every[i] for i in self.argnums], given)[1])


def flat(gradients: Any) -> Array:
    """All numbers of a tree of tensors."""
    return np.concatenate([x.numpy().ravel() for x in unifw.tree.leaves(gradients)])
