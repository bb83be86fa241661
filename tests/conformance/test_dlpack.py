"""Memory shared with other libraries through DLPack, and values that stay each Tensor's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw.errors import CopyError, OperandError

from .oracle import assert_same

DTYPES = [dtype.name for dtype in unifw.dtypes.ALL if dtype.name != "bfloat16"]
SHAPES = [(), (3,), (2, 3), (0, 2)]


def aligned(values: Any, offset: int = 0) -> Any:
    """The same values at an address that is a multiple of 64 bytes, plus an offset in elements."""
    memory = np.empty(values.size + 64 + offset, values.dtype)
    start = -(memory.ctypes.data // values.itemsize) % (64 // values.itemsize) + offset
    result = memory[start : start + values.size].reshape(values.shape)
    result[...] = values
    return result


class Foreign:
    """An object that has nothing but the DLPack protocol."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_to_numpy_and_back(backend: str, dtype: str, shape: tuple[int, ...]) -> None:
    x = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
    there = np.from_dlpack(unifw.asarray(x))
    np.testing.assert_array_equal(there, x)
    assert there.dtype == x.dtype
    for source in (there, aligned(x), aligned(x, 1), Foreign(aligned(x))):
        back = unifw.from_dlpack(source)
        assert back.backend.name == backend
        assert_same(back, x)
    if shape:
        assert_same(unifw.from_dlpack(x[..., ::-1]), x[..., ::-1])
        assert_same(unifw.from_dlpack(x.T), x.T)


@pytest.mark.parametrize("offset", range(5))
def test_memory_of_any_alignment(backend: str, offset: int) -> None:
    x = aligned(np.arange(64, dtype="float32"), offset)
    assert_same(unifw.from_dlpack(x) * 2, x * 2)
    assert_same(unifw.sum(unifw.from_dlpack(x)), np.float32(2016))


def test_read_only_memory(backend: str) -> None:
    x = aligned(np.arange(3.0))
    x.flags.writeable = False
    got = unifw.from_dlpack(x)
    got[0] = 5.0
    assert_same(got, np.float64([5, 1, 2]))
    assert_same(unifw.from_dlpack(x), np.arange(3.0))


def test_the_device(backend: str) -> None:
    x = unifw.ones(2)
    assert x.__dlpack_device__() == (1, 0)
    assert unifw.from_dlpack(x, device="cpu").device == "cpu"
    assert np.from_dlpack(x, device="cpu").tolist() == [1, 1]
    capsule = x.__dlpack__(dl_device=(1, 0), copy=True, max_version=(1, 0))
    assert "dltensor" in repr(capsule)


def test_exported_memory_is_a_copy(backend: str) -> None:
    x = unifw.asarray([1.0, 2.0])
    same = x[...]
    for copy in (None, True):
        there = np.from_dlpack(Foreign(x), copy=copy)
        if there.flags.writeable:
            there[0] = 9
    assert_same(x, np.float32([1, 2]))
    assert_same(same, np.float32([1, 2]))


def test_an_assignment_changes_no_other_tensor(backend: str) -> None:
    source = aligned(np.arange(4, dtype="float32"))
    first, second = unifw.from_dlpack(source), unifw.from_dlpack(source)
    third = unifw.from_dlpack(first)
    first[0] = 9.0
    first += 1
    third[1:] = 7.0
    assert_same(second, np.arange(4, dtype="float32"))
    assert_same(first, np.float32([10, 2, 3, 4]))
    assert_same(third, np.float32([0, 7, 7, 7]))
    assert source.tolist() == [0, 1, 2, 3]


def test_a_copy_is_a_copy(backend: str) -> None:
    source = aligned(np.arange(4, dtype="float32"))
    got = unifw.from_dlpack(source, copy=True)
    source[...] = -1
    assert_same(got, np.arange(4, dtype="float32"))


def test_a_copy_that_is_refused(backend: str) -> None:
    reversed_memory = np.arange(4.0)[::-1]
    with pytest.raises(CopyError, match="from_dlpack: got copy=False"):
        unifw.from_dlpack(reversed_memory, copy=False)
    with pytest.raises(BufferError):
        unifw.from_dlpack(reversed_memory, copy=False)
    if backend != "toy":  # the plugin shares nothing with other libraries
        assert_same(unifw.from_dlpack(aligned(np.arange(4.0)), copy=False), np.arange(4.0))


def test_tensors_and_native_tensors_of_every_backend(backend: str, backends: list[str]) -> None:
    for other in [*backends, "torch", "tensorflow"]:
        for values in (np.arange(6.0).reshape(2, 3), np.zeros((0, 2), "int32"), np.asarray([True, False])):
            with unifw.using_backend(other):
                source = unifw.asarray(values)
            for x in (source, source.native):
                for copy in (None, True):
                    got = unifw.from_dlpack(x, copy=copy)
                    assert got.backend.name == backend
                    assert_same(got, values)
            got[...] = True
            assert_same(source, values)


def test_bfloat16_and_parameters(backend: str) -> None:
    if backend == "toy":  # which has no bfloat16
        return
    x = unifw.asarray([1.5, 2.5], dtype="bfloat16")
    for other in ("torch", "tensorflow"):
        assert unifw.from_dlpack(x.to_backend(other)).tolist() == [1.5, 2.5]
    parameter = unifw.Parameter([1.0, 2.0])
    there, tensor = np.from_dlpack(parameter), unifw.from_dlpack(parameter)
    parameter.assign([3.0, 4.0])
    assert there.tolist() == [1, 2]
    assert_same(tensor, np.float32([1, 2]))
    with pytest.raises(CopyError):
        unifw.from_dlpack(parameter, copy=False)


def test_what_has_no_memory(backend: str) -> None:
    with pytest.raises(OperandError, match="from_dlpack: got list"):
        unifw.from_dlpack([1, 2])
