"""Initial values as in `torch.nn.init`, drawn on the host so that they have the same bits on every backend.

`name(shape, ...)` returns values for a constructor: `Parameter(init.kaiming_normal((8, 4)))`. `name_(parameter, ...)`
sets a Parameter that exists, in place, and returns it. A weight's shape is (out, in, *kernel), as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TypeVar

import numpy as np

from unifw import names as _names
from unifw.errors import ArgumentError, OperandError, ShapeError, describe
from unifw.spec import Numpy
from unifw.streams import host_generator
from unifw.variable import Variable

Shape = tuple[int, ...]
Mode = Literal["fan_in", "fan_out"]
V = TypeVar("V", bound=Variable)
_LEAST_ACCEPTANCE = 0.1


# ---- sizes and gains


def fans(shape: Shape) -> tuple[int, int]:
    """The inputs and outputs of each unit, (in kernel, out kernel). Raises ShapeError below two axes.

    >>> fans((8, 4, 3, 3))
    (36, 72)
    """
    if len(shape) < 2:
        raise ShapeError(f"init: got shape {shape}; expected a weight of (out, in, *kernel). Write init.normal_(x).")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def fan_in_bound(weight_shape: Shape) -> float:
    """PyTorch's bound for weights and biases of linear and convolution layers, 1 / sqrt(fan_in).

    >>> fan_in_bound((8, 4))
    0.5
    """
    fan_in = math.prod(weight_shape[1:])
    return 1 / fan_in**0.5 if fan_in else 0.0


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the size of values after an activation: sqrt(2) for "relu", 5/3 for "tanh", ...

    `param` is the slope of "leaky_relu", 0.01 unless given. Raises ArgumentError.

    >>> calculate_gain("leaky_relu", 0.0) == 2**0.5
    True
    """
    slope = 0.01 if param is None else param
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + slope**2)), "selu": 0.75}
    gains |= dict.fromkeys(("linear", "sigmoid", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3))), 1.0)
    if nonlinearity not in gains:
        raise ArgumentError(f"calculate_gain: got {nonlinearity!r}; expected one of {', '.join(gains)}.")
    return gains[nonlinearity]


def _kaiming_std(shape: Shape, a: float, mode: Mode, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f'init: got mode={mode!r}; expected "fan_in" or "fan_out".')
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(shape)[mode == "fan_out"])


# ---- values


def uniform(shape: Shape, bound: float, *, dtype: str = "float32") -> Numpy:
    """The uniform distribution on [-bound, bound).

    >>> bool((abs(uniform((100,), 0.5)) <= 0.5).all())
    True
    """
    if _blank.get():
        return np.zeros(shape, dtype)
    return host_generator().uniform(-bound, bound, shape).astype(dtype)


def normal(shape: Shape, mean: float = 0.0, std: float = 1.0, *, dtype: str = "float32") -> Numpy:
    """The normal distribution.

    >>> normal((2, 3)).shape
    (2, 3)
    """
    if _blank.get():
        return np.zeros(shape, dtype)
    return host_generator().normal(mean, std, shape).astype(dtype)


_blank: ContextVar[bool] = ContextVar("unifw_blank", default=False)


@contextmanager
def blank() -> Iterator[None]:
    """Inside the `with` block layers start with zeros, undrawn: for a model that then draws every value itself.

    >>> with blank():
    ...     uniform((2,), 1.0).tolist()
    [0.0, 0.0]
    """
    token = _blank.set(True)
    try:
        yield
    finally:
        _blank.reset(token)


def trunc_normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, dtype: str = "float32"
) -> Numpy:
    """The normal distribution cut off at `a` and `b`, which are values, not standard deviations.

    >>> bool((abs(trunc_normal((100,), std=2.0)) <= 2).all())
    True
    """
    if not a < b or std <= 0:
        raise ArgumentError(f"trunc_normal: got a={a}, b={b}, std={std}; expected a below b and a positive std.")
    from statistics import NormalDist

    bell, size = NormalDist(mean, std), math.prod(shape)
    low, high = bell.cdf(a), bell.cdf(b)
    if high - low < _LEAST_ACCEPTANCE:  # far out: invert the distribution function
        draws = low + (high - low) * host_generator().uniform(np.finfo(float).tiny, 1, size)
        far = np.array([bell.inv_cdf(min(max(u, 1e-300), 1 - 1e-16)) for u in draws.tolist()])
        return np.asarray(np.clip(far, a, b), dtype).reshape(shape)
    values: Numpy = host_generator().normal(mean, std, size)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = host_generator().normal(mean, std, int(outside.sum()))
    return np.asarray(values, dtype).reshape(shape)


def xavier_uniform(shape: Shape, gain: float = 1.0, *, dtype: str = "float32") -> Numpy:
    """U(-b, b) with b = gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> bool((abs(xavier_uniform((3, 3))) <= 1).all())
    True
    """
    return uniform(shape, gain * (6 / sum(fans(shape))) ** 0.5, dtype=dtype)


def xavier_normal(shape: Shape, gain: float = 1.0, *, dtype: str = "float32") -> Numpy:
    """N(0, s^2) with s = gain sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> xavier_normal((3, 2)).shape
    (3, 2)
    """
    return normal(shape, 0.0, gain * (2 / sum(fans(shape))) ** 0.5, dtype=dtype)


def kaiming_uniform(
    shape: Shape, a: float = 0.0, mode: Mode = "fan_in", nonlinearity: str = "leaky_relu", *, dtype: str = "float32"
) -> Numpy:
    """U(-b, b) with b = gain sqrt(3 / fan) (He et al., 2015); `a` is the slope of a leaky ReLU.

    >>> bool((abs(kaiming_uniform((3, 6))) <= 1).all())
    True
    """
    return uniform(shape, 3**0.5 * _kaiming_std(shape, a, mode, nonlinearity), dtype=dtype)


def kaiming_normal(
    shape: Shape, a: float = 0.0, mode: Mode = "fan_in", nonlinearity: str = "leaky_relu", *, dtype: str = "float32"
) -> Numpy:
    """N(0, s^2) with s = gain / sqrt(fan) (He et al., 2015); `a` is the slope of a leaky ReLU.

    >>> kaiming_normal((3, 2), mode="fan_out", nonlinearity="relu").shape
    (3, 2)
    """
    return normal(shape, 0.0, _kaiming_std(shape, a, mode, nonlinearity), dtype=dtype)


def orthogonal(shape: Shape, gain: float = 1.0, *, dtype: str = "float32") -> Numpy:
    """A random matrix (out, in kernel) with orthogonal rows or columns, times `gain` (Saxe et al., 2014).

    >>> q = orthogonal((2, 3))
    >>> bool(np.allclose(q @ q.T, np.eye(2), atol=1e-6))
    True
    """
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(host_generator().normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)


def sparse(shape: Shape, sparsity: float, std: float = 0.01, *, dtype: str = "float32") -> Numpy:
    """N(0, std^2) with the share `sparsity` of each column set to 0, for a matrix (Martens, 2010).

    >>> int((sparse((10, 2), 0.5) == 0).sum())
    10
    """
    if len(shape) != 2:
        raise ShapeError(f"sparse: got shape {shape}; expected two axes.")
    values = normal(shape, 0.0, std, dtype=dtype)
    zeros = math.ceil(sparsity * shape[0])
    for column in range(shape[1]):
        values[host_generator().permutation(shape[0])[:zeros], column] = 0
    return values


def eye(shape: Shape, *, dtype: str = "float32") -> Numpy:
    """Ones on the diagonal of a matrix, zeros elsewhere.

    >>> eye((2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    if len(shape) != 2:
        raise ShapeError(f"eye: got shape {shape}; expected two axes.")
    return np.eye(*shape, dtype=dtype)


def dirac(shape: Shape, groups: int = 1, *, dtype: str = "float32") -> Numpy:
    """The convolution that passes its channels on, as many as there are in and out, in each group.

    >>> dirac((1, 1, 3)).tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    if not 3 <= len(shape) <= 5 or shape[0] % groups:
        raise ShapeError(f"dirac: got shape {shape} for {groups} groups; expected (out, in, *kernel), out a multiple.")
    values, per_group = np.zeros(shape, dtype), shape[0] // groups
    centre = tuple(size // 2 for size in shape[2:])
    for group in range(groups):
        for channel in range(min(per_group, shape[1])):
            values[(group * per_group + channel, channel, *centre)] = 1
    return values


# ---- in place


def _set(x: V, values: Numpy) -> V:
    if not isinstance(x, Variable):
        raise OperandError(f"init: got {describe(x)}; expected a Parameter or Buffer, as layer.weight.")
    return x.assign(values)


def _shape(x: Variable) -> Shape:
    return tuple(x.shape)


def uniform_(x: V, a: float = 0.0, b: float = 1.0) -> V:
    """Set `x` to draws from the uniform distribution on [a, b).

    >>> import unifw
    >>> bool(unifw.all(uniform_(unifw.Parameter(unifw.zeros(9)), 1.0, 2.0) >= 1))
    True
    """
    return _set(x, host_generator().uniform(a, b, _shape(x)))


def normal_(x: V, mean: float = 0.0, std: float = 1.0) -> V:
    """Set `x` to `normal` values.

    >>> import unifw
    >>> normal_(unifw.Parameter(unifw.zeros((2, 3))), std=0.02).shape
    (2, 3)
    """
    return _set(x, normal(_shape(x), mean, std, dtype="float64"))


def trunc_normal_(x: V, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> V:
    """Set `x` to `trunc_normal` values.

    >>> import unifw
    >>> bool(unifw.all(abs(trunc_normal_(unifw.Parameter(unifw.zeros(9)))) <= 2))
    True
    """
    return _set(x, trunc_normal(_shape(x), mean, std, a, b, dtype="float64"))


def constant_(x: V, val: float) -> V:
    """Set `x` to one number.

    >>> import unifw
    >>> constant_(unifw.Parameter(unifw.zeros(2)), 3.0).tolist()
    [3.0, 3.0]
    """
    return _set(x, np.full(_shape(x), val))


def ones_(x: V) -> V:
    """Set `x` to ones.

    >>> import unifw
    >>> ones_(unifw.Parameter(unifw.zeros(2))).tolist()
    [1.0, 1.0]
    """
    return constant_(x, 1.0)


def zeros_(x: V) -> V:
    """Set `x` to zeros.

    >>> import unifw
    >>> zeros_(unifw.Parameter(unifw.ones(2))).tolist()
    [0.0, 0.0]
    """
    return constant_(x, 0.0)


def xavier_uniform_(x: V, gain: float = 1.0) -> V:
    """Set `x` to `xavier_uniform` values.

    >>> import unifw
    >>> bool(unifw.all(abs(xavier_uniform_(unifw.Parameter(unifw.zeros((3, 3))))) <= 1))
    True
    """
    return _set(x, xavier_uniform(_shape(x), gain, dtype="float64"))


def xavier_normal_(x: V, gain: float = 1.0) -> V:
    """Set `x` to `xavier_normal` values.

    >>> import unifw
    >>> xavier_normal_(unifw.nn.Linear(3, 2).weight).shape
    (2, 3)
    """
    return _set(x, xavier_normal(_shape(x), gain, dtype="float64"))


def kaiming_uniform_(x: V, a: float = 0.0, mode: Mode = "fan_in", nonlinearity: str = "leaky_relu") -> V:
    """Set `x` to `kaiming_uniform` values.

    >>> import unifw
    >>> kaiming_uniform_(unifw.nn.Linear(3, 2).weight, nonlinearity="relu").shape
    (2, 3)
    """
    return _set(x, kaiming_uniform(_shape(x), a, mode, nonlinearity, dtype="float64"))


def kaiming_normal_(x: V, a: float = 0.0, mode: Mode = "fan_in", nonlinearity: str = "leaky_relu") -> V:
    """Set `x` to `kaiming_normal` values.

    >>> import unifw
    >>> layer = unifw.nn.Linear(4, 3)
    >>> kaiming_normal_(layer.weight, nonlinearity="relu") is layer.weight
    True
    """
    return _set(x, kaiming_normal(_shape(x), a, mode, nonlinearity, dtype="float64"))


def orthogonal_(x: V, gain: float = 1.0) -> V:
    """Set `x` to `orthogonal` values.

    >>> import unifw
    >>> q = orthogonal_(unifw.Parameter(unifw.zeros((2, 2))))
    >>> bool(abs(unifw.linalg.det(q).item()) > 0.999)
    True
    """
    return _set(x, orthogonal(_shape(x), gain, dtype="float64"))


def sparse_(x: V, sparsity: float, std: float = 0.01) -> V:
    """Set `x` to `sparse` values.

    >>> import unifw
    >>> int(unifw.count_nonzero(sparse_(unifw.Parameter(unifw.zeros((10, 2))), 0.5)))
    10
    """
    return _set(x, sparse(_shape(x), sparsity, std, dtype="float64"))


def eye_(x: V) -> V:
    """Set `x` to the identity.

    >>> import unifw
    >>> eye_(unifw.Parameter(unifw.zeros((2, 2)))).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return _set(x, eye(_shape(x), dtype="float64"))


def dirac_(x: V, groups: int = 1) -> V:
    """Set `x` to the convolution that passes its channels on.

    >>> import unifw
    >>> dirac_(unifw.Parameter(unifw.zeros((1, 1, 3)))).tolist()
    [[[0.0, 1.0, 0.0]]]
    """
    return _set(x, dirac(_shape(x), groups, dtype="float64"))


__all__ = _names.of_module(globals())


def __dir__() -> list[str]:
    return __all__
