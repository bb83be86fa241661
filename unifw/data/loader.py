"""Batches of a dataset as tensors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unifw.data.dataset import ArrayDataset
from unifw.data.sampler import epoch_order
from unifw.dtypes import as_dtype
from unifw.errors import ArgumentError, OperandError, describe
from unifw.registry import get_backend
from unifw.streams import host_generator
from unifw.tensor import Tensor


class DataLoader:
    """The batches of a dataset, each a tuple of Tensors on the backend that is active when the epoch starts.

    `shuffle` gives every epoch another order, the same on every backend; `seed` decides it, else `unifw.seed` does.
    Raises OperandError for arrays that are no dataset, and ArgumentError for a batch size below 1.

    >>> import numpy as np, unifw
    >>> loader = unifw.data.DataLoader(unifw.data.ArrayDataset(np.arange(5)), batch_size=2)
    >>> len(loader), [x.tolist() for x, in loader]
    (3, [[0, 1], [2, 3], [4]])
    """

    def __init__(
        self,
        dataset: ArrayDataset,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | None = None,
    ) -> None:
        if isinstance(dataset, (list, tuple, np.ndarray, Tensor)) or not hasattr(dataset, "__getitem__"):
            raise OperandError(
                f"DataLoader: got {describe(dataset)}; expected a dataset, as dataset[indices] is a tuple of arrays. "
                "Write ArrayDataset(images, labels)."
            )
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ArgumentError(f"DataLoader: got batch_size={batch_size!r}; expected an integer of at least 1.")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.epoch = 0
        drawn = int(host_generator().integers(2**63)) if shuffle and seed is None else seed
        self.seed = drawn if shuffle else None

    def __len__(self) -> int:
        rows = len(self.dataset)
        return rows // self.batch_size if self.drop_last else -(-rows // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        order = epoch_order(len(self.dataset), self.seed, self.epoch)
        self.epoch += 1
        backend = get_backend()
        from_numpy, wrap = backend.array.from_numpy, backend.Tensor
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            rows = self.dataset[order[start : start + self.batch_size]]
            # Without a copy: picking by position has made one, which only this batch sees.
            yield tuple(wrap(from_numpy(np.ascontiguousarray(row), as_dtype(row.dtype), None, False)) for row in rows)
