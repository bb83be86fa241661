"""Every differentiable array function with inputs at which it is smooth: one table for all tests of derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import unifw

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """A function of float64 tensors, and arrays to call it with."""

    function: Callable[..., Any]
    arrays: tuple[Array, ...]


def scalar(function: Callable[..., Any], *xs: unifw.Tensor) -> unifw.Tensor:
    """One number from all outputs: their sum, each weighed differently."""
    outputs = function(*xs)
    total = unifw.zeros((), dtype=unifw.float64)
    for output in outputs if isinstance(outputs, (tuple, list)) else (outputs,):
        parts = [output] if output.dtype.kind == "real floating" else [unifw.real(output), unifw.imag(output)]
        for part in parts:
            weights = 0.5 + np.cos(np.arange(float(np.prod(part.shape, dtype=int))) * 1.7 + len(parts))
            total = total + unifw.sum(part * unifw.asarray(weights.reshape(part.shape)))
    return total


_rng = np.random.default_rng(5)
ANY = np.array([[-1.3, 0.4, 2.1], [0.7, -0.6, 1.9]])
OTHER = np.array([[0.8, -1.7, 0.5], [1.2, 2.3, -0.9]])
POSITIVE = np.array([[0.3, 1.4, 2.5], [0.7, 3.1, 1.9]])
UNIT = np.array([[-0.8, 0.1, 0.6], [0.35, -0.45, 0.9]])
SQUARE = np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.6], [-0.7, 0.2, 3.0]])
STACK = np.stack([SQUARE, SQUARE.T + np.diag([0.1, 0.9, -0.4])])
TALL = _rng.standard_normal((4, 3))
VECTOR = np.array([0.9, -0.2, 1.6])
LINE = np.array([0.4, -1.1, 2.2, 0.3, -0.7, 1.5])
MASK = np.array([[True, False, True], [False, True, True]])


def _positive_definite(x: Any) -> Any:
    return x @ unifw.matrix_transpose(x) + 2 * unifw.eye(x.shape[-1], dtype=x.dtype)


def _without_signs(parts: Any) -> Any:
    """Vectors that are unique up to a sign, squared."""
    return [part * part for part in parts]


def _set(x: Any, value: Any) -> Any:
    y = x * 1.0
    y[0, 1:] = value[0, :2]
    y[:, 0] = 3.0
    return y


_i = lambda *values: unifw.asarray(np.array(values))  # noqa: E731

UNARY: dict[str, tuple[Array, ...]] = {
    **dict.fromkeys(["acos", "asin", "atanh"], (UNIT,)),
    **dict.fromkeys(["acosh"], (POSITIVE + 1.2,)),
    **dict.fromkeys(["log", "log10", "log1p", "log2", "sqrt"], (POSITIVE,)),
    **dict.fromkeys(
        ["abs", "asinh", "atan", "conj", "cos", "cosh", "exp", "expm1", "negative", "positive", "real", "reciprocal",
         "sin", "sinh", "square", "tan", "tanh", "sign", "floor", "ceil", "trunc", "round", "imag"],
        (ANY,),
    ),
}  # fmt: skip
BINARY: dict[str, tuple[Array, ...]] = {
    **dict.fromkeys(
        ["add", "subtract", "multiply", "divide", "atan2", "copysign", "hypot", "logaddexp", "maximum", "minimum"],
        (ANY, OTHER),
    ),
    "remainder": (ANY, OTHER + 3.0),
    "floor_divide": (ANY, OTHER + 3.0),
    "pow": (POSITIVE, OTHER),
}  # fmt: skip
REDUCTIONS = ["sum", "mean", "prod", "max", "min", "std", "var"]

CASES: dict[str, Case] = {
    **{name: Case(getattr(unifw, name), arrays) for name, arrays in UNARY.items()},
    **{name: Case(getattr(unifw, name), arrays) for name, arrays in BINARY.items()},
    **{f"{name}-broadcast": Case(getattr(unifw, name), (a, b[:1, :])) for name, (a, b) in BINARY.items()},
    **{name: Case(getattr(unifw, name), (ANY,)) for name in REDUCTIONS},
    **{f"{name}-axis": Case(partial(getattr(unifw, name), axis=1, keepdims=True), (ANY,)) for name in REDUCTIONS},
    "prod-one-zero": Case(unifw.prod, (np.array([2.0, 0.0, 3.0]),)),
    "prod-two-zeros": Case(unifw.prod, (np.array([2.0, 0.0, 3.0, 0.0]),)),
    "cumulative_prod": Case(lambda x: unifw.cumulative_prod(x, axis=1), (ANY,)),
    "cumulative_prod-zeros": Case(unifw.cumulative_prod, (np.array([2.0, 0.0, 3.0, 0.0, 1.5]),)),
    "cumulative_sum": Case(lambda x: unifw.cumulative_sum(x, axis=0, include_initial=True), (ANY,)),
    "cumsum": Case(lambda x: unifw.cumsum(x, axis=1), (ANY,)),
    "var-correction": Case(lambda x: unifw.var(x, axis=0, correction=1), (ANY,)),
    "pow-scalar": Case(lambda x: x**3.0 + 2.0**x, (ANY,)),
    "clip": Case(lambda x: unifw.clip(x, -0.5, 1.5), (ANY,)),
    "clip-tensors": Case(lambda x, a: unifw.clip(x, a - 1, a + 1), (ANY, OTHER)),
    "where": Case(lambda a, b: unifw.where(unifw.asarray(MASK), a, b * b), (ANY, OTHER)),
    "astype": Case(lambda x: unifw.astype(unifw.astype(x, unifw.complex128), unifw.complex128), (ANY,)),
    # shapes
    "reshape": Case(lambda x: unifw.reshape(x, (3, -1)) ** 2, (ANY,)),
    "permute_dims": Case(lambda x: unifw.permute_dims(x, (1, 0)) ** 2, (ANY,)),
    "matrix_transpose": Case(lambda x: unifw.matrix_transpose(x) ** 2, (ANY,)),
    "moveaxis": Case(lambda x: unifw.moveaxis(x, 0, 1) ** 2, (ANY,)),
    "expand_dims": Case(lambda x: unifw.expand_dims(x, axis=1) ** 2, (ANY,)),
    "squeeze": Case(lambda x: unifw.squeeze(x[:1], axis=0) ** 2, (ANY,)),
    "broadcast_to": Case(lambda x: unifw.broadcast_to(x, (4, 2, 3)) ** 2, (ANY,)),
    "broadcast_arrays": Case(lambda x, y: unifw.broadcast_arrays(x * x, y[:1]), (ANY, OTHER)),
    "concat": Case(lambda x, y: unifw.concat([x, y * y], axis=1), (ANY, OTHER)),
    "stack": Case(lambda x, y: unifw.stack([x * y, y], axis=1), (ANY, OTHER)),
    "unstack": Case(lambda x: [a * a for a in unifw.unstack(x, axis=1)], (ANY,)),
    "flip": Case(lambda x: unifw.flip(x, axis=1) ** 2, (ANY,)),
    "roll": Case(lambda x: unifw.roll(x, 2, axis=1) ** 2, (ANY,)),
    "repeat": Case(lambda x: unifw.repeat(x, 2, axis=0) ** 2, (ANY,)),
    "tile": Case(lambda x: unifw.tile(x, (2, 1)) ** 2, (ANY,)),
    "tril": Case(lambda x: unifw.tril(x) ** 2, (SQUARE,)),
    "triu": Case(lambda x: unifw.triu(x, k=1) ** 2, (SQUARE,)),
    "meshgrid": Case(lambda x, y: unifw.meshgrid(x * x, y), (VECTOR, LINE)),
    "diff": Case(lambda x: unifw.diff(x, axis=1) ** 2, (ANY,)),
    "pad": Case(lambda x: unifw.pad(x, ((1, 0), (2, 1))) ** 2, (ANY,)),
    # indexing
    "index": Case(lambda x: x[0, :] * x[1, ::-1], (ANY,)),
    "index-arrays": Case(lambda x: x[:, _i(2, 2, 0)] ** 2, (ANY,)),
    "index-mask": Case(lambda x: unifw.sum(x[unifw.asarray(MASK)] ** 3), (ANY,)),
    "assignment": Case(lambda x, v: _set(x, v) ** 2, (ANY, OTHER)),
    "take": Case(lambda x: unifw.take(x, _i(1, 1, 0), axis=0) ** 2, (ANY,)),
    "take_along_axis": Case(lambda x: unifw.take_along_axis(x, _i([1], [2]), axis=1) ** 2, (ANY,)),
    "gather": Case(lambda x: unifw.gather(x, _i([1, 1], [2, 0]), axis=1) ** 2, (ANY,)),
    "scatter_add": Case(lambda x, v: unifw.scatter_add(x, _i([1, 1, 0], [2, 0, 1]), v, axis=1) ** 2, (ANY, OTHER)),
    "segment_sum": Case(lambda x: unifw.segment_sum(x, _i(1, 1), 3) ** 2, (ANY,)),
    "sort": Case(lambda x: unifw.sort(x, axis=1) ** 2, (ANY,)),
    "top_k": Case(lambda x: unifw.top_k(x, 2)[0] ** 2, (ANY,)),
    # products
    "matmul": Case(unifw.matmul, (ANY, SQUARE)),
    "matmul-vectors": Case(unifw.matmul, (VECTOR, VECTOR + 1)),
    "matmul-stacks": Case(unifw.matmul, (STACK, TALL.T)),
    "matmul-vector": Case(unifw.matmul, (STACK, VECTOR)),
    "tensordot": Case(lambda x, y: unifw.tensordot(x, y, axes=2), (ANY, OTHER)),
    "vecdot": Case(unifw.vecdot, (ANY, OTHER)),
    "einsum": Case(lambda x, y: unifw.einsum("ij,kj->ik", x, y), (ANY, OTHER)),
    "softmax": Case(unifw.softmax, (ANY,)),
    "softmax-axis": Case(lambda x: unifw.softmax(x, axis=0), (ANY,)),
    "log_softmax": Case(unifw.log_softmax, (ANY,)),
    "logsumexp": Case(lambda x: unifw.logsumexp(x, axis=1), (ANY,)),
    # linear algebra
    "linalg.cholesky": Case(lambda x: unifw.linalg.cholesky(_positive_definite(x)), (STACK,)),
    "linalg.cross": Case(unifw.linalg.cross, (ANY, OTHER)),
    "linalg.det": Case(unifw.linalg.det, (STACK,)),
    "linalg.diagonal": Case(lambda x: unifw.linalg.diagonal(x) ** 2, (SQUARE,)),
    "linalg.eigh": Case(lambda x: _without_signs(unifw.linalg.eigh(_positive_definite(x))), (SQUARE,)),
    "linalg.eig": Case(lambda x: unifw.sum(unifw.linalg.eig(x)[0] ** 3), (SQUARE,)),
    "linalg.eigvals": Case(lambda x: unifw.sum(unifw.linalg.eigvals(x) ** 3), (SQUARE,)),
    "linalg.eigvalsh": Case(lambda x: unifw.linalg.eigvalsh(_positive_definite(x)), (STACK,)),
    "linalg.inv": Case(unifw.linalg.inv, (STACK,)),
    "linalg.matrix_norm": Case(unifw.linalg.matrix_norm, (STACK,)),
    "linalg.matrix_norm-nuc": Case(lambda x: unifw.linalg.matrix_norm(x, ord="nuc"), (SQUARE,)),
    "linalg.matrix_norm-2": Case(lambda x: unifw.linalg.matrix_norm(x, ord=2), (SQUARE,)),
    "linalg.matrix_power": Case(lambda x: unifw.linalg.matrix_power(x, 3), (SQUARE,)),
    "linalg.matrix_power-negative": Case(lambda x: unifw.linalg.matrix_power(x, -2), (SQUARE,)),
    "linalg.outer": Case(unifw.linalg.outer, (VECTOR, LINE)),
    "linalg.pinv": Case(unifw.linalg.pinv, (TALL,)),
    "linalg.qr": Case(lambda x: unifw.linalg.qr(x), (TALL,)),
    "linalg.slogdet": Case(lambda x: unifw.linalg.slogdet(x)[1], (STACK,)),
    "linalg.solve": Case(unifw.linalg.solve, (SQUARE, TALL[:3])),
    "linalg.solve-vector": Case(unifw.linalg.solve, (SQUARE, VECTOR)),
    "linalg.svd": Case(lambda x: _without_signs(unifw.linalg.svd(x, full_matrices=False)), (TALL,)),
    "linalg.svdvals": Case(unifw.linalg.svdvals, (TALL,)),
    "linalg.trace": Case(lambda x: unifw.linalg.trace(x) ** 2, (SQUARE,)),
    "linalg.vector_norm": Case(lambda x: unifw.linalg.vector_norm(x, axis=1), (ANY,)),
    "linalg.vector_norm-1": Case(lambda x: unifw.linalg.vector_norm(x, ord=1), (ANY,)),
    "linalg.vector_norm-3": Case(lambda x: unifw.linalg.vector_norm(x, ord=3), (ANY,)),
    "linalg.vector_norm-inf": Case(lambda x: unifw.linalg.vector_norm(x, ord=float("inf")), (ANY,)),
    # Fourier transforms
    "fft.fft": Case(lambda x: unifw.fft.fft(x) ** 2, (ANY,)),
    "fft.fft-n": Case(lambda x: unifw.fft.fft(x, n=5, norm="ortho") ** 2, (ANY,)),
    "fft.ifft": Case(lambda x: unifw.fft.ifft(x, axis=0) ** 2, (ANY,)),
    "fft.rfft": Case(lambda x: unifw.fft.rfft(x) ** 2, (LINE,)),
    "fft.rfft-odd": Case(lambda x: unifw.fft.rfft(x[:5]) ** 2, (LINE,)),
    "fft.irfft": Case(lambda x: unifw.fft.irfft(x + 1j * x * x) ** 2, (LINE,)),
    "fft.irfft-odd": Case(lambda x: unifw.fft.irfft(x + 1j * x * x, n=7) ** 2, (LINE,)),
    "fft.hfft": Case(lambda x: unifw.fft.hfft(x + 1j * x * x) ** 2, (LINE,)),
    "fft.ihfft": Case(lambda x: unifw.fft.ihfft(x) ** 2, (LINE,)),
    "fft.fftn": Case(lambda x: unifw.fft.fftn(x) ** 2, (ANY,)),
    "fft.ifftn": Case(lambda x: unifw.fft.ifftn(x) ** 2, (ANY,)),
    "fft.rfftn": Case(lambda x: unifw.fft.rfftn(x) ** 2, (ANY,)),
    "fft.irfftn": Case(lambda x: unifw.fft.irfftn(x + 1j * x * x) ** 2, (ANY,)),
    "fft.fftshift": Case(lambda x: unifw.fft.fftshift(x) ** 2, (LINE,)),
    "fft.ifftshift": Case(lambda x: unifw.fft.ifftshift(x) ** 2, (LINE,)),
    # complex numbers
    "complex-abs": Case(lambda x, y: unifw.abs(x + 1j * y), (ANY, OTHER)),
    "complex-exp": Case(lambda x, y: unifw.exp((x + 1j * y) * (y - 2j)), (ANY, OTHER)),
    "complex-matmul": Case(lambda x, y: (x + 1j * y) @ (y.mT - 1j * x.mT), (ANY, OTHER)),
    "complex-inv": Case(lambda x: unifw.linalg.inv(x + 1j * x.mT), (SQUARE,)),
}  # fmt: skip

# What has no derivative: integers, booleans and positions come out of it, or it only makes tensors.
NOT_DIFFERENTIABLE = frozenset(
    {
        "all", "any", "arange", "argmax", "argmin", "argsort", "asarray", "bitwise_and", "bitwise_invert",
        "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "broadcast_shapes", "can_cast",
        "count_nonzero", "empty", "empty_like", "equal", "eye", "finfo", "from_dlpack", "full", "full_like", "greater",
        "greater_equal", "iinfo", "isdtype", "isfinite", "isin", "isinf", "isnan", "less", "less_equal", "linspace",
        "logical_and", "logical_not", "logical_or", "logical_xor", "nextafter", "nonzero", "not_equal", "one_hot",
        "ones", "ones_like", "result_type", "searchsorted", "signbit", "unique_all", "unique_counts", "unique_inverse",
        "unique_values", "zeros", "zeros_like", "linalg.matrix_rank", "fft.fftfreq", "fft.rfftfreq",
    }
)  # fmt: skip
