"""The order of the rows in an epoch."""

from __future__ import annotations

import numpy as np

from unifw.spec import Numpy


def epoch_order(rows: int, seed: int | None, epoch: int) -> Numpy:
    """The positions of the rows: in order without a seed, else shuffled, anew in each epoch.

    >>> epoch_order(3, None, 0).tolist()
    [0, 1, 2]
    """
    if seed is None:
        return np.arange(rows)
    return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(rows)
