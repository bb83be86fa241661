"""The words of the contract: native tensors, storage, axes."""

from __future__ import annotations

from typing import Any

import numpy as np

Native = Any
"""A native tensor: `torch.Tensor`, `tf.Tensor`, ... or, as an operand, a Python scalar."""

Storage = Any
"""What holds a parameter or buffer and can be changed in place: a leaf `torch.Tensor`, a `tf.Variable`."""

Axes = int | tuple[int, ...] | None
Numpy = np.ndarray[Any, Any]

Sizes = tuple[int, ...]
"""One number for each axis of space."""

Pairs = tuple[tuple[int, int], ...]
"""(before, after) for each axis of space."""
