"""The tensor as a Python object: length, iteration, conversion, text, pickles, copies, and variables."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import unifw
from unifw.errors import CopyError, DTypeError, ShapeError

from .oracle import assert_same
from .strategies import EVERY, arrays, filled_shapes, quick

KINDS = [unifw.Parameter, unifw.Buffer]
COPIES = {"pickle": lambda x: pickle.loads(pickle.dumps(x)), "deepcopy": copy.deepcopy, "copy": copy.copy}


@quick
@given(x=arrays(EVERY))
def test_attributes(backend: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    assert (tensor.shape, tensor.ndim, tensor.size) == (x.shape, x.ndim, x.size)
    assert (tensor.device, tensor.backend.name) == ("cpu", backend)
    assert not hasattr(tensor, "__dict__")


@quick
@given(x=arrays(EVERY))
def test_values(backend: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    np.testing.assert_array_equal(tensor.numpy(), x)
    np.testing.assert_array_equal(np.asarray(tensor), x)
    assert np.asarray(tensor, "float64").dtype == "float64"
    assert tensor.tolist() == x.tolist()
    with pytest.raises(CopyError, match="as a copy; write copy=None"):
        np.asarray(tensor, copy=False)


@quick
@given(x=arrays(EVERY, filled_shapes))
def test_length_and_iteration(backend: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    assert len(tensor) == len(x)
    for got, want in zip(tensor, x, strict=True):
        assert_same(got, want)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_as_a_python_number(backend: str, shape: tuple[int, ...]) -> None:
    x = unifw.full(shape, -2.75)
    assert (bool(x), int(x), float(x), complex(x), x.item()) == (True, -2, -2.75, -2.75 + 0j, -2.75)
    assert bool(unifw.zeros(shape)) is False
    whole = unifw.full(shape, 2**53 + 1)
    assert (operator.index(whole), int(whole), whole.item()) == (2**53 + 1,) * 3
    assert type(whole.item()) is int


def test_an_integer_tensor_is_an_index(backend: str) -> None:
    assert [10, 20, 30][unifw.asarray(1)] == 20
    assert list(range(unifw.asarray(3))) == [0, 1, 2]
    with pytest.raises(DTypeError, match="index: got"):
        operator.index(unifw.asarray(1.0))
    with pytest.raises(DTypeError, match="index: got"):
        operator.index(unifw.asarray(True))


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index, unifw.Tensor.item])
@pytest.mark.parametrize("shape", [(2,), (0,)])
def test_only_one_element_is_a_number(backend: str, convert: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="expected one element"):
        convert(unifw.zeros(shape, dtype="int64"))


@pytest.mark.parametrize("function", [len, iter, list])
def test_a_tensor_without_axes_has_no_length(backend: str, function: Any) -> None:
    with pytest.raises(ShapeError, match=r"len\(\): got a tensor without axes"):
        function(unifw.asarray(1.0))


def test_repr(backend: str) -> None:
    x = unifw.asarray([[1.0, 2.5]])
    facts = f"dtype=float32, device=cpu, backend={backend})"
    assert repr(x) == f"Tensor([[1. , 2.5]], {facts}"
    assert repr(unifw.Parameter(x)) == f"Parameter([[1. , 2.5]], {facts}"
    assert repr(unifw.Buffer(x)) == f"Buffer([[1. , 2.5]], {facts}"
    assert repr(unifw.asarray(True)) == f"Tensor(True, dtype=bool, device=cpu, backend={backend})"
    assert "..." in repr(unifw.arange(1000))
    assert repr(unifw.zeros((0,))) == f"Tensor([], {facts}"


@pytest.mark.parametrize("how", COPIES)
@quick
@given(x=arrays(EVERY))
def test_copies_of_tensors(backend: str, how: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    again = COPIES[how](tensor)
    assert again is not tensor
    assert type(again) is type(tensor)
    assert_same(again, x)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_variables(backend: str, how: str, kind: Any) -> None:
    variable = kind([1.0, 2.0])
    again = COPIES[how](variable)
    assert type(again) is type(variable)
    assert isinstance(again, kind)
    again.assign([3.0, 4.0])
    assert_same(variable, np.float32([1, 2]))
    assert_same(again, np.float32([3, 4]))


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("trainable", [True, False])
def test_copies_of_parameters_keep_trainable(backend: str, how: str, trainable: bool) -> None:
    assert COPIES[how](unifw.Parameter([1.0], trainable)).trainable is trainable


def test_integer_parameters_stay_as_they_are(backend: str) -> None:
    frozen = unifw.Parameter([1, 2], trainable=False)
    for same in (copy.deepcopy(frozen), pickle.loads(pickle.dumps(frozen)), frozen.to_backend("toy")):
        assert (same.tolist(), same.dtype, same.trainable) == ([1, 2], unifw.int64, False)
    with pytest.raises(DTypeError, match="expected a floating dtype"):
        frozen.trainable = True
    model = unifw.nn.ParameterList([frozen, unifw.Parameter([1.0])]).freeze().unfreeze()
    assert [parameter.trainable for parameter in model.parameters()] == [False, True]


def test_copies_keep_what_is_shared(backend: str) -> None:
    weight = unifw.Parameter([1.0])
    for again in (copy.deepcopy([weight, weight]), pickle.loads(pickle.dumps([weight, weight]))):
        assert again[0] is again[1]


@pytest.mark.parametrize("kind", KINDS)
def test_variables_have_storage_of_their_own(backend: str, kind: Any) -> None:
    source = unifw.asarray([[1.0, 2.0]])
    first, second = kind(source), kind(source)
    first.assign([[5.0, 6.0]])
    first += 1
    first[0, 0] = 0.0
    assert_same(first, np.float32([[0, 7]]))
    assert_same(second, np.float32([[1, 2]]))
    assert_same(source, np.float32([[1, 2]]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_variable_never_changes_a_tensor_taken_from_it(backend: str, kind: Any) -> None:
    variable = kind([[1.0, 2.0], [3.0, 4.0]])
    taken = {
        "row": variable[0],
        "transpose": variable.mT,
        "reshape": unifw.reshape(variable, (4,)),
        "expand_dims": unifw.expand_dims(variable),
        "asarray": unifw.asarray(variable),
        "positive": +variable,
    }
    before = {name: x.numpy() for name, x in taken.items()}
    variable.assign(unifw.zeros((2, 2)))
    changed = [name for name, x in taken.items() if not np.array_equal(x.numpy(), before[name])]
    assert not changed


@pytest.mark.parametrize("kind", KINDS)
def test_assign_keeps_dtype_and_shape(backend: str, kind: Any) -> None:
    variable = kind([1.0, 2.0])
    assert variable.assign(unifw.asarray(np.float64([3, 4]))) is variable
    assert_same(variable, np.float32([3, 4]))
    with pytest.raises(ShapeError, match="assign: got shape"):
        variable.assign([1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_variables_take_part_in_operations(backend: str, kind: Any) -> None:
    variable = kind([[1.0, 2.0], [3.0, 4.0]])
    assert type(variable + 1) is variable.backend.Tensor
    assert_same(variable @ unifw.asarray([1.0, 1.0]), np.float32([3, 7]))
    assert_same(unifw.sum(variable, axis=0), np.float32([4, 6]))
    assert (variable.shape, variable.ndim, variable.size, variable.dtype) == ((2, 2), 2, 4, unifw.float32)


def test_a_tensor_is_its_own_namespaces(backend: str) -> None:
    assert unifw.ones(1).__array_namespace__() is unifw
    assert unifw.ones(2).to("cpu").device == unifw.ones(2).to_device("cpu").device == "cpu"


def test_a_number_in_text(backend: str) -> None:
    """As `print(f"{loss:.4f}")` has it."""
    x = unifw.asarray(1.5)
    assert f"{x:.2f} {unifw.asarray([7]):03d}" == "1.50 007"
    assert f"{x}" == repr(x)
