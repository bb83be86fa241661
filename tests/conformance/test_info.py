"""Limits of data types, casting, and the inspection API, against NumPy, ml_dtypes and array_api_strict."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import product

import array_api_strict
import ml_dtypes
import numpy as np
import pytest

import unifw
from unifw import errors
from unifw.errors import ArgumentError, DTypeError

STANDARD = list(array_api_strict.__array_namespace_info__().dtypes())
FLOATING = [name for name in STANDARD if "float" in name or "complex" in name]
INTEGERS = [name for name in STANDARD if "int" in name]


@pytest.mark.parametrize("name", [*FLOATING, "float16", "bfloat16"])
def test_finfo(backend: str, name: str) -> None:
    info, theirs = unifw.finfo(name), ml_dtypes.finfo(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    for field in ("bits", "eps", "max", "min", "smallest_normal"):
        value = getattr(info, field)
        assert type(value) is (int if field == "bits" else float)
        assert value == float(getattr(theirs, field)), field
    assert info.dtype is unifw.dtypes.as_dtype(str(theirs.dtype))
    if name != "bfloat16":
        assert unifw.finfo(unifw.zeros(2, dtype=name)) == info


@pytest.mark.parametrize("name", INTEGERS)
def test_iinfo(backend: str, name: str) -> None:
    info, theirs = unifw.iinfo(getattr(unifw, name)), np.iinfo(name)
    assert (info.bits, info.max, info.min) == (theirs.bits, theirs.max, theirs.min)
    assert info.dtype is getattr(unifw, name)
    assert unifw.iinfo(unifw.zeros(2, dtype=name)) == info


def test_limits_are_frozen_and_ask_for_their_kind() -> None:
    with pytest.raises(FrozenInstanceError):
        unifw.finfo(unifw.float32).eps = 0.0  # type: ignore[misc]
    with pytest.raises(DTypeError, match=r"finfo: got unifw\.int8; expected a floating dtype\. Write unifw\.iinfo"):
        unifw.finfo(unifw.int8)
    with pytest.raises(DTypeError, match=r"iinfo: got unifw\.bool; expected an integer dtype\. Write unifw\.finfo"):
        unifw.iinfo(unifw.bool)


def test_can_cast(backend: str) -> None:
    for first, second in product(STANDARD, repeat=2):
        same_kind = [np.dtype(name).kind in "iu" for name in (first, second)]
        theirs = array_api_strict.can_cast(*(getattr(array_api_strict, name) for name in (first, second)))
        if same_kind[0] == same_kind[1] and "bool" not in (first, second):  # the standard's table, else ours is wider
            assert unifw.can_cast(getattr(unifw, first), getattr(unifw, second)) is theirs, (first, second)
    assert unifw.can_cast(unifw.zeros(2), unifw.float64)
    assert not unifw.can_cast(unifw.zeros(2), unifw.int64)
    assert unifw.can_cast(unifw.bool, unifw.int8)


@pytest.mark.parametrize("kind", [None, "bool", "integral", "numeric", "complex floating", ("bool", "real floating")])
def test_dtypes_of_a_kind(kind: str | tuple[str, ...] | None) -> None:
    theirs = array_api_strict.__array_namespace_info__().dtypes(kind=kind)
    ours = unifw.__array_namespace_info__().dtypes(kind=kind)
    assert ours == {name: getattr(unifw, name) for name in theirs}


def test_defaults_are_what_new_tensors_have(backend: str) -> None:
    info = unifw.__array_namespace_info__()
    defaults = info.default_dtypes(device=info.default_device())
    assert unifw.asarray(1.5).dtype is unifw.zeros(2).dtype is defaults["real floating"]
    assert unifw.asarray(1).dtype is unifw.arange(2).dtype is defaults["integral"]
    assert unifw.asarray(1j).dtype is defaults["complex floating"]
    assert unifw.argmax(unifw.zeros(2)).dtype is defaults["indexing"]
    assert unifw.zeros(2).device == info.default_device()
    assert info.devices() == tuple(unifw.devices())
    assert set(info.capabilities()) == {"boolean indexing", "data-dependent shapes", "max dimensions"}
    most = info.capabilities()["max dimensions"]
    assert unifw.sum(unifw.ones((1, 2) * (most // 2)) + 1).item() == 2 * 2 ** (most // 2)


def test_the_namespace_and_its_version(backend: str) -> None:
    assert unifw.__array_api_version__ == "2025.12"
    x = unifw.zeros(2)
    for version in (None, "2021.12", "2024.12", "2025.12"):
        assert x.__array_namespace__(api_version=version) is unifw
    with pytest.raises(ArgumentError, match=r"got version '1999.01'; expected one of 2021.12, .* Write x\."):
        x.__array_namespace__(api_version="1999.01")


def test_info_of_what_there_is_not(backend: str) -> None:
    info = unifw.__array_namespace_info__()
    with pytest.raises(errors.DTypeError, match=r"^dtypes: got kind 'foo'"):
        info.dtypes(kind="foo")
    for ask in (info.dtypes, info.default_dtypes):
        assert ask(device="cpu")
        with pytest.raises(errors.DeviceError, match=r"got 'foo'; expected one of cpu"):
            ask(device="foo")
