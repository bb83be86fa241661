"""Errors of the array functions: one type and one wording on every backend."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    MixedBackendError,
    OperandError,
    OutOfRangeError,
    ShapeError,
)

NUMPY = np.ones(3, "float32")


def assign(x: Any, key: Any, value: Any) -> None:
    """Item assignment as a function."""
    x[key] = value


def z(*shape: int, dtype: str = "float32") -> Any:
    """A tensor of zeros."""
    return unifw.zeros(shape, dtype=dtype)


SHAPES: dict[str, Callable[[], Any]] = {
    "add": lambda: z(2) + z(3),
    "less": lambda: z(2, 3) < z(2),
    "pow of two dtypes": lambda: unifw.pow(z(2), z(3, dtype="int64")),
    "maximum": lambda: unifw.maximum(z(2, 1), z(3, 4)),
    "logical_and": lambda: unifw.logical_and(z(2, dtype="bool"), z(3, dtype="bool")),
    "bitwise_or": lambda: unifw.bitwise_or(z(2, dtype="int64"), z(3, dtype="int64")),
    "where": lambda: unifw.where(z(2, dtype="bool"), z(3), z(2)),
    "where of a scalar": lambda: unifw.where(z(2, dtype="bool"), z(3), 0.0),
    "matmul": lambda: z(2, 3) @ z(2, 3),
    "matmul of vectors": lambda: z(2) @ z(3),
    "matmul of a vector and a matrix": lambda: z(2) @ z(3, 2),
    "matmul of batches": lambda: z(2, 3, 4) @ z(3, 4, 5),
    "matmul without axes": lambda: z() @ z(2),
    "vecdot": lambda: unifw.vecdot(z(2), z(3)),
    "reshape": lambda: unifw.reshape(z(6), (4,)),
    "reshape with a free size": lambda: unifw.reshape(z(6), (4, -1)),
    "reshape with two free sizes": lambda: unifw.reshape(z(6), (-1, -1)),
    "broadcast_to": lambda: unifw.broadcast_to(z(2), (3,)),
    "broadcast_to fewer axes": lambda: unifw.broadcast_to(z(2, 2), (2,)),
    "squeeze": lambda: unifw.squeeze(z(2, 3), 0),
    "concat": lambda: unifw.concat([z(2, 3), z(2, 4)]),
    "concat of other ranks": lambda: unifw.concat([z(2, 3), z(3)]),
    "concat of nothing": lambda: unifw.concat([]),
    "stack": lambda: unifw.stack([z(2), z(3)]),
    "stack of nothing": lambda: unifw.stack([]),
    "T": lambda: z(2, 3, 4).T,
    "mT": lambda: z(2).mT,
    "matrix_transpose": lambda: unifw.matrix_transpose(z(2)),
    "max": lambda: unifw.max(z(0)),
    "argmax": lambda: unifw.argmax(z(0)),
    "argmin along an axis": lambda: unifw.argmin(z(0, 2), axis=0),
    "fft": lambda: unifw.fft.fft(z(0)),
    "zeros": lambda: unifw.zeros((-1,)),
    "full": lambda: unifw.full((2, -3), 1),
    "ones of a fraction": lambda: unifw.ones(2.5),
    "zeros of None": lambda: unifw.zeros(None),
    "zeros of True": lambda: unifw.zeros(True),
    "eye": lambda: unifw.eye(-1),
    "linspace": lambda: unifw.linspace(0, 1, -1),
    "linspace of a fraction": lambda: unifw.linspace(0, 1, 2.5),
    "broadcast_to a negative size": lambda: unifw.broadcast_to(z(3), (2, -1)),
    "broadcast_shapes": lambda: unifw.broadcast_shapes((1.5,), (2,)),
    "reshape of no elements into any number of rows": lambda: unifw.reshape(z(0, 3), (-1, 0)),
    "permutation": lambda: unifw.random.permutation(z()),
    "arange": lambda: unifw.arange(0, 1, 0),
    "asarray of uneven lists": lambda: unifw.asarray([[1, 2], [3]]),
    "setitem": lambda: assign(z(2, 3), 0, z(2)),
    "setitem of a slice": lambda: assign(z(3, 3), slice(2), z(3, 3)),
    "in-place add": lambda: z(2).__iadd__(z(3)),
}
AXES: dict[str, Callable[[], Any]] = {
    **{name: lambda name=name: getattr(unifw, name)(z(2, 3), axis=2) for name in ("sum", "prod", "mean", "max", "min")},
    **{name: lambda name=name: getattr(unifw, name)(z(2, 3), axis=-3) for name in ("any", "all", "var", "std")},
    **{name: lambda name=name: getattr(unifw, name)(z(2), axis=1) for name in ("argmax", "argmin", "sort", "argsort")},
    "sum of a repeated axis": lambda: unifw.sum(z(2, 3), axis=(0, -2)),
    "mean of a repeated axis": lambda: unifw.mean(z(2, 3), axis=(1, 1)),
    "any of a repeated axis": lambda: unifw.any(z(2, 3), axis=(0, 0)),
    "prod of a repeated axis": lambda: unifw.prod(z(2, 3), axis=(0, -2)),
    "prod of a tuple": lambda: unifw.prod(z(2, 3), axis=(0, 2)),
    "max of a tuple": lambda: unifw.max(z(2, 3), axis=(0, 5)),
    "all of a tuple": lambda: unifw.all(z(2, 3), axis=(0, 5)),
    "sum without axes": lambda: unifw.sum(z(), axis=0),
    "prod without axes": lambda: unifw.prod(z(), axis=-1),
    "max without axes": lambda: unifw.max(z(), axis=0),
    "any without axes": lambda: unifw.any(z(), axis=0),
    "var without axes": lambda: unifw.var(z(), axis=0),
    "sort without axes": lambda: unifw.sort(z()),
    "flip": lambda: unifw.flip(z(2), axis=1),
    "expand_dims": lambda: unifw.expand_dims(z(2), axis=2),
    "squeeze": lambda: unifw.squeeze(z(1), 1),
    "permute_dims": lambda: unifw.permute_dims(z(2, 3), (0, 2)),
    "permute_dims of too few": lambda: unifw.permute_dims(z(2, 3), (0,)),
    "permute_dims of a repeated axis": lambda: unifw.permute_dims(z(2, 3), (0, 0)),
    "concat": lambda: unifw.concat([z(2), z(2)], axis=1),
    "concat of empty tensors": lambda: unifw.concat([z(0), z(0)], axis=1),
    "count_nonzero": lambda: unifw.count_nonzero(z(2), axis=1),
    "concat without axes": lambda: unifw.concat([z(), z()]),
    "stack": lambda: unifw.stack([z(2), z(2)], axis=2),
    "take": lambda: unifw.take(z(2), unifw.asarray([0]), axis=1),
    "vecdot": lambda: unifw.vecdot(z(2), z(2), axis=1),
    "vector_norm": lambda: unifw.linalg.vector_norm(z(2), axis=1),
}
INDICES: dict[str, Callable[[], Any]] = {
    "integer": lambda: z(2)[2],
    "negative integer": lambda: z(2)[-3],
    "second axis": lambda: z(2, 3)[0, 3],
    "too many": lambda: z(2)[0, 0],
    "array": lambda: z(2)[unifw.asarray([0, 2])],
    "mask of another shape": lambda: z(2)[unifw.asarray([True, False, True])],
    "take": lambda: unifw.take(z(2), unifw.asarray([2])),
    "take of a negative index": lambda: unifw.take(z(2, 3), unifw.asarray([-4]), axis=1),
    "setitem": lambda: assign(z(2), 2, 0.0),
    "setitem of an array": lambda: assign(z(2), unifw.asarray([-3]), 0.0),
    "setitem of too many": lambda: assign(z(2), (0, 0), 0.0),
}
OPERANDS: dict[str, Callable[[], Any]] = {
    "add": lambda: z(3) + NUMPY,
    "reflected subtract": lambda: NUMPY - z(3),
    "matmul": lambda: z(3) @ NUMPY,
    "matmul of a number": lambda: z(3) @ 2,
    "reflected matmul of a number": lambda: 2 @ z(3),
    "equal": lambda: z(3) == NUMPY,
    "multiply": lambda: unifw.multiply(NUMPY, z(3)),
    "maximum of no tensors": lambda: unifw.maximum(1.0, 2.0),
    "list": lambda: z(3) + [1, 2, 3],  # noqa: RUF005
    "NumPy scalar": lambda: z(3) * np.float32(2),
    "exp": lambda: unifw.exp(NUMPY),
    "sum": lambda: unifw.sum(NUMPY),
    "argmax": lambda: unifw.argmax(NUMPY),
    "sort": lambda: unifw.sort(NUMPY),
    "correction": lambda: unifw.var(z(3), correction=z()),
    "choice": lambda: unifw.random.choice(NUMPY, (2,)),
    "unique_values": lambda: unifw.unique_values(NUMPY),
    "where": lambda: unifw.where(NUMPY > 0, z(3), z(3)),
    "clip": lambda: unifw.clip(NUMPY, 0, 1),
    "take": lambda: unifw.take(z(3), np.asarray([0])),
    "reshape": lambda: unifw.reshape(NUMPY, (3, 1)),
    "permute_dims": lambda: unifw.permute_dims(NUMPY, (0,)),
    "expand_dims": lambda: unifw.expand_dims(NUMPY),
    "squeeze": lambda: unifw.squeeze(NUMPY, ()),
    "broadcast_to": lambda: unifw.broadcast_to(NUMPY, (3,)),
    "flip": lambda: unifw.flip(NUMPY),
    "concat": lambda: unifw.concat([z(3), NUMPY]),
    "stack": lambda: unifw.stack([NUMPY, z(3)]),
    "zeros_like": lambda: unifw.zeros_like(NUMPY),
    "matrix_transpose": lambda: unifw.matrix_transpose(NUMPY),
    "astype": lambda: unifw.astype(NUMPY, "float64"),
    "fft": lambda: unifw.fft.fft(NUMPY),
    "vector_norm": lambda: unifw.linalg.vector_norm(NUMPY),
    "setitem": lambda: assign(z(3), 0, NUMPY[0]),
    "in-place add": lambda: z(3).__iadd__(NUMPY),
    "axis": lambda: unifw.sort(z(3), axis=0.5),
    "asarray of text": lambda: unifw.asarray(["a"]),
    "asarray of a dict": lambda: unifw.asarray([{"a": 1}]),
}
DTYPES: dict[str, Callable[[], Any]] = {
    "astype": lambda: unifw.astype(z(2), "float31"),
    "zeros": lambda: unifw.zeros(2, dtype="complex32"),
    "isdtype": lambda: unifw.isdtype(unifw.float32, "floating"),
    "isdtype of a tensor": lambda: unifw.isdtype(z(2), "bool"),
    "result_type": lambda: unifw.result_type(z(2), "text"),
    "result_type of a list": lambda: unifw.result_type(z(2), [1]),
}
ARGUMENTS: dict[str, Callable[[], Any]] = {
    "tensordot": lambda: unifw.tensordot(z(2), z(2), axes=(0, 0)),
    "diff": lambda: unifw.diff(z(2), n=1.5),
    "__dlpack__": lambda: z(2).__dlpack__(stream=1),
    "normal": lambda: unifw.random.normal((2.5,)),
    "uniform": lambda: unifw.random.uniform("a"),
    "integers": lambda: unifw.random.integers(0.5, 3),
    "integers of a negative size": lambda: unifw.random.integers(0, 3, (-1,)),
}
ERRORS: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    f"{kind.__name__} of {name}": (kind, call)
    for kind, cases in (
        (ShapeError, SHAPES), (AxisError, AXES), (OutOfRangeError, INDICES), (OperandError, OPERANDS),
        (DTypeError, DTYPES), (ArgumentError, ARGUMENTS),
    )
    for name, call in cases.items()
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_the_type_of_an_error(backend: str, case: str) -> None:
    expected, call = ERRORS[case]
    with pytest.raises(unifw.UnifwError) as caught:
        call()
    assert caught.type is expected, caught.value


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_has_one_wording(backends: list[str], case: str) -> None:
    found = {}
    for name in backends:
        with unifw.using_backend(name), pytest.raises(Exception) as caught:  # noqa: PT011  # the other test has the type
            ERRORS[case][1]()
        wording = str(caught.value).partition("The native framework says")[0].replace(f"backend={name}", "")
        found[name] = f"{caught.type.__name__}: {wording}"
    assert len(set(found.values())) == 1, found


MIXED: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "matmul": lambda x, y: x @ y,
    "equal": lambda x, y: x == y,
    "in-place add": lambda x, y: x.__iadd__(y),
    "where": lambda x, y: unifw.where(x > 0, x, y),
    "concat": lambda x, y: unifw.concat([x, y]),
    "stack": lambda x, y: unifw.stack([x, y]),
    "take": lambda x, y: unifw.take(x, y.to(unifw.int64)),
    "vecdot": lambda x, y: unifw.vecdot(x, y),
    "setitem": lambda x, y: assign(x, 0, y[0]),
    "index": lambda x, y: x[y > 0],
    "setitem by a mask": lambda x, y: assign(x, y > 0, 1.0),
}


@pytest.mark.parametrize("name", MIXED)
def test_tensors_of_two_backends(backends: list[str], name: str) -> None:
    for first, second in permutations(backends, 2):
        x, y = (unifw.ones(3).to_backend(one) for one in (first, second))
        with pytest.raises(MixedBackendError, match=rf'{first} and .*{second}.* Write x\.to_backend\("{first}"\)'):
            MIXED[name](x, y)


ARGUMENTS: dict[str, tuple[type[Exception], str, Callable[[], Any]]] = {
    "a float as an index": (OperandError, r"index: got 1\.0; expected integers", lambda: z(3)[1.0]),
    "a float in an index": (OperandError, r"index: got 1\.0; expected integers", lambda: z(3, 3)[0, 1.0]),
    "text as an index": (OperandError, "index: got '1'; expected integers", lambda: z(3)["1"]),
    "a float in a slice": (OperandError, r"index: got slice\(1\.0, None, None\)", lambda: z(3)[1.0:]),
    "a step of 0": (ArgumentError, r"index: got slice\(None, None, 0\); expected a step", lambda: z(3)[::0]),
    "a float as an axis": (
        OperandError,
        r"sum: got axis float 1\.0; expected an integer",
        lambda: unifw.sum(z(3), axis=1.0),
    ),
    "a float as a size": (
        ShapeError,
        r"reshape: got shape \(3\.0,\); expected int",
        lambda: unifw.reshape(z(3), (3.0,)),
    ),
    "a complex bound": (DTypeError, "clip: got a complex number; expected real", lambda: unifw.clip(z(3), 1j)),
    "a complex divisor": (DTypeError, "floor_divide: got a complex number; expected real", lambda: z(3) // 1j),
    "an array added": (OperandError, "add: got ndarray", lambda: z(3) + np.ones(3)),
    "an array subtracted": (OperandError, "subtract: got ndarray", lambda: z(3) - np.ones(3)),
    "an array multiplied as matrix": (OperandError, "matmul: got ndarray", lambda: z(3) @ np.ones(3)),
    "a native tensor added": (OperandError, "add: got .*expected a unifw Tensor", lambda: z(3) + z(3).native),
    "if of several": (ShapeError, r"bool\(\): got shape \(3,\).* Write unifw\.all\(x\)", lambda: bool(z(3))),
    "float of several": (ShapeError, r"float\(\): got shape \(3,\); expected one", lambda: float(z(3))),
    "item of several": (ShapeError, r"item\(\): got shape \(3,\); expected one", lambda: z(3).item()),
    "format of several": (ShapeError, r"format '\.2f': got shape \(3,\); expected one", lambda: f"{z(3):.2f}"),
    "no dtype": (ArgumentError, r"result_type: got \(1,\); expected at least one", lambda: unifw.result_type(1)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_of_no_use(backend: str, name: str) -> None:
    error, message, call = ARGUMENTS[name]
    for _ in range(2):
        with pytest.raises(error, match=message):
            call()


def test_numbers_that_are_not_of_python(backend: str) -> None:
    x = unifw.asarray(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    assert unifw.sum(x, axis=np.int64(1)).tolist() == unifw.sum(x, axis=[1]).tolist() == [3.0, 12.0]
    assert unifw.flip(x, axis=np.int32(0)).tolist() == [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]
    assert unifw.result_type(unifw.float64, 1) is unifw.float64
    assert unifw.result_type(unifw.asarray([1], dtype="int8"), 1.0, True) is unifw.float32


OF_ONE_AXIS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda axis: unifw.sum(z(2, 3), axis=axis),
    "sum of two": lambda axis: unifw.sum(z(2, 3), axis=(axis,)),
    "max": lambda axis: unifw.max(z(2, 3), axis=axis),
    "argmax": lambda axis: unifw.argmax(z(2, 3), axis=axis),
    "concat": lambda axis: unifw.concat([z(2, 3), z(2, 3)], axis=axis),
    "stack": lambda axis: unifw.stack([z(2, 3)], axis=axis),
    "flip": lambda axis: unifw.flip(z(2, 3), axis=axis),
    "sort": lambda axis: unifw.sort(z(2, 3), axis=axis),
    "permute_dims": lambda axis: unifw.permute_dims(z(2, 3), (axis, 0)),
    "cumulative_sum": lambda axis: unifw.cumulative_sum(z(2, 3), axis=axis),
    "vector_norm": lambda axis: unifw.linalg.vector_norm(z(2, 3), axis=axis),
}


@pytest.mark.parametrize("name", OF_ONE_AXIS)
def test_a_truth_value_is_no_axis(backend: str, name: str) -> None:
    with pytest.raises(OperandError, match="got axis bool True; expected an integer"):
        OF_ONE_AXIS[name](True)
