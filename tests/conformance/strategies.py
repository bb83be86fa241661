"""Hypothesis strategies for the arrays that the tests start from."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FLOATS = ("float32", "float64")
INTEGERS = ("int32", "int64")
NUMBERS = FLOATS + INTEGERS
EVERY = (*NUMBERS, "bool")

quick = settings(
    deadline=None,
    derandomize=True,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""Decorates each property test: the same few examples in each run."""

shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
filled_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)
broadcastable = hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=3, min_side=0, max_side=3)


def elements(dtype: str, low: float = -100, high: float = 100) -> st.SearchStrategy[Any]:
    """Numbers in [low, high], without subnormal ones, which TensorFlow flushes to zero."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return st.booleans()
    if kind == "i":
        return st.integers(int(low), int(high))
    width = 32 if dtype == "float32" else 64
    low, high = (float(np.dtype(dtype).type(bound)) for bound in (low, high))
    return st.floats(low, high, width=width, allow_subnormal=False)


@st.composite
def arrays(
    draw: Any,
    dtypes: tuple[str, ...] = NUMBERS,
    shape: st.SearchStrategy[tuple[int, ...]] | tuple[int, ...] = shapes,
    low: float = -100,
    high: float = 100,
    **options: Any,
) -> np.ndarray[Any, Any]:
    """A NumPy array of one of the dtypes."""
    dtype = draw(st.sampled_from(dtypes))
    return draw(hnp.arrays(dtype, shape, elements=elements(dtype, low, high), **options))


def axes_of(ndim: int) -> st.SearchStrategy[Any]:
    """The `axis` argument of a reduction: None, an integer from either end, or a tuple."""
    if not ndim:
        return st.sampled_from([None, ()])
    several = st.lists(st.integers(-ndim, ndim - 1), unique_by=lambda axis: axis % ndim, max_size=ndim).map(tuple)
    return st.none() | st.integers(-ndim, ndim - 1) | several
