"""Layers and losses in 16 bits give what they give in 32, less what 16 bits hold, and so do the layers' gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from tests.parity.layer_table import ROWS, Row
from tests.parity.loss_table import CASES
from unifw import nn

NAMES = list(dict.fromkeys(row.name for row in ROWS))
STEP = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
TIMES = 24
"""How many steps of the dtype a result may be off, relative to its largest number: inputs and sums are rounded."""


@pytest.mark.parametrize("dtype", STEP)
@pytest.mark.parametrize("name", NAMES)
def test_a_layer_in_16_bits_is_one_in_32_rounded(backend: str, name: str, dtype: str) -> None:
    for row in [row for row in ROWS if row.name == name][:3]:
        layer = row.build()
        narrow = row.build().to(getattr(unifw, dtype))
        narrow.load_state_dict(layer.state_dict())
        inputs = [laid(x, row) for x in row.inputs(np.random.default_rng(0), "float32")]
        rounded = [x.to(narrow_dtype(x, dtype)) for x in inputs]
        for training in (True, False):
            wanted = outputs_and_gradients(
                layer.train(training), [x.to(y.dtype) for x, y in zip(rounded, inputs, strict=True)]
            )
            got = outputs_and_gradients(narrow.train(training), rounded)
            for one, other in zip(got, wanted, strict=True):
                close(one, other, STEP[dtype] * TIMES, f"{row.label}, training={training}")


@pytest.mark.parametrize("dtype", STEP)
@pytest.mark.parametrize("case", CASES)
def test_a_loss_in_16_bits_is_one_in_32_rounded(backend: str, case: str, dtype: str) -> None:
    name, options, draw = CASES[case]
    given = {key: unifw.asarray(x) if isinstance(x, np.ndarray) else x for key, x in options.items()}
    wide, narrow = (getattr(nn, name)(**given).to(kind) for kind in (unifw.float32, getattr(unifw, dtype)))
    inputs = [unifw.asarray(np.float32(x) if x.dtype.kind == "f" else x) for x in draw(np.random.default_rng(0))]
    rounded = [x.to(narrow_dtype(x, dtype)) for x in inputs]
    got = narrow(*rounded)
    assert got.dtype is getattr(unifw, dtype)
    wanted = wide(*(x.to(y.dtype) for x, y in zip(rounded, inputs, strict=True)))
    close(got, wanted, STEP[dtype] * TIMES, case)


def laid(x: Any, row: Row) -> unifw.Tensor:
    return unifw.asarray(np.ascontiguousarray(np.moveaxis(x, 1, -1)) if row.images and x.ndim > 2 else x)


def narrow_dtype(x: unifw.Tensor, dtype: str) -> unifw.DType:
    return getattr(unifw, dtype) if x.dtype is unifw.float32 else x.dtype


def outputs_and_gradients(layer: nn.Module, inputs: list[unifw.Tensor]) -> list[Any]:
    floats = tuple(i for i, x in enumerate(inputs) if "floating" in x.dtype.kind)

    def output(*inputs: unifw.Tensor) -> unifw.Tensor:
        return next(iter(unifw.tree.leaves(layer(*inputs))))

    def total(*inputs: unifw.Tensor) -> unifw.Tensor:
        y = output(*inputs).to(unifw.float32)  # weighed, as the plain sum of a norm or a softmax is the same for all
        return unifw.sum(y * unifw.reshape(unifw.cos(unifw.arange(y.size, dtype=unifw.float32)), y.shape))

    gradients = unifw.grad(total, argnums=floats)(*inputs) if floats else ()
    return [output(*inputs), *gradients]


def close(got: unifw.Tensor, wanted: unifw.Tensor, tolerance: float, label: str) -> None:
    one, other = (x.to(unifw.float32).numpy() for x in (got, wanted))
    scale = max(1e-2, np.abs(other).max(initial=0))
    assert np.abs(one - other).max(initial=0) <= tolerance * scale, label
