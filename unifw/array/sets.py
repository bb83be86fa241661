"""Distinct elements. Each NaN is distinct, and the two zeros are equal."""

from __future__ import annotations

from typing import NamedTuple

from unifw.array.arithmetic import imag, real
from unifw.array.axes import ndim_of
from unifw.array.bitwise import logical_not
from unifw.array.comparison import equal, minimum, not_equal
from unifw.array.creation import full_like
from unifw.array.data_type import astype
from unifw.array.manipulation import concat, expand_dims, reshape
from unifw.array.scatter import gather
from unifw.array.searching import beside, nonzero, searchsorted
from unifw.array.sorting import argsort, sort
from unifw.array.statistical import cumulative_sum
from unifw.array.statistical import sum as sum_
from unifw.array.utility import any as any_
from unifw.array.utility import diff
from unifw.dtypes import bool_, int64, promote
from unifw.operators import Scalar
from unifw.tensor import Tensor


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Tensor
    inverse_indices: Tensor


class _Runs(NamedTuple):
    """The flattened elements in order, and where runs of equal ones start."""

    ordered: Tensor
    order: Tensor
    is_start: Tensor
    starts: Tensor


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct elements in rising order (complex ones by real, then imaginary part): (n,).

    >>> import unifw
    >>> unifw.unique_values(unifw.asarray([2, 1, 2])).tolist()
    [1, 2]
    """
    runs = _runs("unique_values", x)
    return gather(runs.ordered, runs.starts, axis=0)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """The distinct elements in rising order, and how often each occurs (int64): both (n,).

    >>> import unifw
    >>> unifw.unique_counts(unifw.asarray([2, 1, 2])).counts.tolist()
    [1, 2]
    """
    runs = _runs("unique_counts", x)
    return UniqueCounts(gather(runs.ordered, runs.starts, axis=0), _counts(runs))


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """The distinct elements in rising order (n,), and the place of each element of `x` among them (int64).

    >>> import unifw
    >>> unifw.unique_inverse(unifw.asarray([2, 1, 2])).inverse_indices.tolist()
    [1, 0, 1]
    """
    runs = _runs("unique_inverse", x)
    return UniqueInverse(gather(runs.ordered, runs.starts, axis=0), _inverse(runs, x))


def unique_all(x: Tensor, /) -> UniqueAll:
    """The distinct elements, the flat position of the first of each, the place of each element, the counts.

    >>> import unifw
    >>> values, indices, inverse_indices, counts = unifw.unique_all(unifw.asarray([2, 1, 2]))
    >>> indices.tolist(), inverse_indices.tolist(), counts.tolist()
    ([1, 0], [1, 0, 1], [1, 2])
    """
    runs = _runs("unique_all", x)
    values, indices = gather(runs.ordered, runs.starts, axis=0), gather(runs.order, runs.starts, axis=0)
    return UniqueAll(values, indices, _inverse(runs, x), _counts(runs))


def _runs(name: str, x: Tensor) -> _Runs:
    ndim_of(name, x)
    flat = reshape(x, (-1,))
    order = _order(flat)
    ordered = gather(flat, order, axis=0)
    first = full_like(ordered[:1], True, dtype=bool_)
    is_start = concat([first, not_equal(ordered[1:], ordered[:-1])])
    return _Runs(ordered, order, is_start, nonzero(is_start)[0])


def _order(flat: Tensor) -> Tensor:
    if flat.dtype.kind != "complex floating":
        return argsort(flat)
    by_imaginary = argsort(imag(flat))
    return gather(by_imaginary, argsort(gather(real(flat), by_imaginary, axis=0)), axis=0)


def _counts(runs: _Runs) -> Tensor:
    count = sum_(full_like(runs.order, 1), keepdims=True)  # a tensor, as a graph may leave the size open
    return diff(runs.starts, append=count)


def _inverse(runs: _Runs, x: Tensor) -> Tensor:
    group = cumulative_sum(astype(runs.is_start, int64)) - 1
    return reshape(gather(group, argsort(runs.order), axis=0), x.shape)


def isin(x1: Tensor | Scalar, x2: Tensor | Scalar, /, *, invert: bool = False) -> Tensor:
    """Whether each element of `x1` is an element of `x2`, or is none with `invert=True`: bool, the shape of `x1`.

    NaN is in nothing. One of the two may be a Python number.

    >>> import unifw
    >>> unifw.isin(unifw.asarray([1, 2, 3]), unifw.asarray([3, 1])).tolist()
    [True, False, True]
    """
    if not isinstance(x1, Tensor):
        ndim_of("isin", x2)
        assert isinstance(x2, Tensor)
        x1 = beside("isin", x1, x2)
    x2 = beside("isin", x2, x1)
    common = promote(x1.dtype, x2.dtype)
    found = _is_in(astype(x1, common, copy=False), reshape(astype(x2, common, copy=False), (-1,)))
    return logical_not(found) if invert else found


def _is_in(x: Tensor, row: Tensor) -> Tensor:
    if row.native.shape[0] == 0:
        return full_like(x, False, dtype=bool_)
    if x.dtype.kind == "complex floating":  # which cannot be searched for
        return any_(equal(expand_dims(x, axis=-1), row), axis=-1)
    row = sort(row)
    place = minimum(searchsorted(row, x), row.shape[0] - 1)
    return equal(reshape(gather(row, reshape(place, (-1,)), axis=0), x.shape), x)
