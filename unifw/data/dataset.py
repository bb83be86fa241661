"""Datasets: arrays of equal length, and random parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unifw.errors import ArgumentError, ShapeError
from unifw.spec import Numpy
from unifw.streams import host_generator
from unifw.tensor import Tensor


class ArrayDataset:
    """Rows of one or more arrays: `dataset[indices]` is a tuple with those rows of each.

    64-bit floats become float32, the default dtype. Raises ShapeError for arrays of unequal length.

    >>> import numpy as np, unifw
    >>> dataset = unifw.data.ArrayDataset(np.arange(6).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(dataset), dataset[[2, 0]][1].tolist()
    (3, [0, 0])
    """

    def __init__(self, *arrays: Any) -> None:
        self.arrays = tuple(_rows(array) for array in arrays)
        lengths = [len(array) for array in self.arrays]
        if not lengths or len(set(lengths)) != 1:
            raise ShapeError(
                f"ArrayDataset: got arrays of {lengths or 'no'} rows; expected one or more of equal length."
            )

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, indices: Any) -> tuple[Numpy, ...]:
        return tuple(array[indices] for array in self.arrays)


def _rows(array: Any) -> Numpy:
    try:
        values = array.numpy() if isinstance(array, Tensor) else np.asarray(array)
    except ValueError as error:
        raise ShapeError(f"ArrayDataset: got rows of uneven lengths ({error}); expected a full rectangle.") from None
    if not values.ndim:
        raise ShapeError("ArrayDataset: got an array without axes; expected rows on the first axis.")
    return values.astype(np.float32) if values.dtype == np.float64 else values


def random_split(dataset: ArrayDataset, fractions: Sequence[float], seed: int | None = None) -> list[ArrayDataset]:
    """Disjoint random parts of a dataset; `fractions` sum to 1, or are the numbers of rows. The same on every backend.

    `seed` decides the parts; without it the stream of `unifw.seed` does. Raises ArgumentError.

    >>> import numpy as np, unifw
    >>> parts = unifw.data.random_split(unifw.data.ArrayDataset(np.arange(8)), [0.75, 0.25], seed=0)
    >>> [len(part) for part in parts]
    [6, 2]
    """
    rows = len(dataset)
    lengths = all(isinstance(part, int) for part in fractions) and sum(fractions) == rows
    shares = [part / rows for part in fractions] if lengths and rows else fractions
    if any(share < 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise ArgumentError(
            f"random_split: got {list(fractions)}; expected positive fractions that sum to 1, or numbers of rows that "
            f"sum to {rows}."
        )
    generator = host_generator() if seed is None else np.random.Generator(np.random.Philox(seed))
    order = generator.permutation(rows)
    ends = np.round(np.cumsum(shares) * rows).astype(int)
    return [ArrayDataset(*dataset[part]) for part in np.split(order, ends[:-1])]
