"""What a backend makes once and keeps (slices, axes, shapes): right for keys that look alike, and in graphs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.errors import UnifwError

VALUES = np.arange(12.0, dtype=np.float32).reshape(3, 4)


def test_keys_that_are_equal_and_mean_different_things(backend: str) -> None:
    x = unifw.asarray(VALUES)
    assert x[1].shape == (4,)
    assert x[True].shape == (1, 3, 4)
    assert x[1, 0].item() == 4.0
    assert x[1, True].shape == (1, 4)
    assert x[np.int64(1)].tolist() == x[1].tolist() == VALUES[1].tolist()
    assert x[1:].shape == (2, 4)
    assert x[: np.int64(2)].shape == (2, 4)
    for key in (slice(1.0, None), (slice(None), slice(1.0)), 1.0, "1"):
        with pytest.raises((UnifwError, TypeError)):
            x[key]
    assert unifw.reshape(x, (4, 3)).shape == (4, 3)
    with pytest.raises((UnifwError, TypeError)):
        unifw.reshape(x, (4.0, 3))  # type: ignore[arg-type]
    assert unifw.sum(x, axis=1).shape == (3,)
    assert unifw.zeros((2, 1)).shape == (2, 1)
    with pytest.raises((UnifwError, TypeError)):
        unifw.sum(x, axis=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [3, -4, (0, 4), (slice(None), -5), (0, 0, 0), (Ellipsis, Ellipsis)])
def test_an_index_out_of_range_is_an_error_each_time(backend: str, index: Any) -> None:
    x = unifw.asarray(VALUES)
    for _ in range(2):
        with pytest.raises(IndexError, match=r"index: got"):
            x[index]


def test_many_indices(backend: str) -> None:
    x = unifw.arange(3000)
    assert [x[i].item() for i in range(0, 3000, 7)] == list(range(0, 3000, 7))


def test_every_backward_slice(backend: str) -> None:
    ends = (None, *range(-6, 7))
    for key in (slice(start, stop, -step) for start in ends for stop in ends for step in (1, 2, 5)):
        expected = VALUES.copy()
        np.testing.assert_array_equal(unifw.asarray(VALUES)[:, key].numpy(), expected[:, key])
        x = unifw.asarray(VALUES)
        x[:, key] = unifw.asarray(VALUES)[:, key] * 2.0
        expected[:, key] *= 2.0
        np.testing.assert_array_equal(x.numpy(), expected, err_msg=str(key))


def changed(x: unifw.Tensor) -> unifw.Tensor:
    x = x + 0.0
    x[1:, ::2] = 7.0
    x[0] = x[-1] * 2.0
    return x


FUNCTIONS: dict[str, Callable[[unifw.Tensor], unifw.Tensor]] = {
    "row": lambda x: x[1],
    "last column": lambda x: x[..., -1],
    "backwards": lambda x: x[::-1, 1:3],
    "new axis": lambda x: x[:, None, 0],
    "reshape": lambda x: unifw.reshape(x, (-1, 2)),
    "transpose": lambda x: unifw.permute_dims(x, (1, 0)),
    "sum": lambda x: unifw.sum(x, axis=1, keepdims=True),
    "mean": lambda x: unifw.mean(x),
    "max": lambda x: unifw.max(x, axis=(0, 1)),
    "expand and squeeze": lambda x: unifw.squeeze(unifw.expand_dims(x, axis=1), axis=1),
    "concat": lambda x: unifw.concat([x, x * 2.0], axis=1),
    "stack": lambda x: unifw.stack([x, x], axis=1),
    "flip": lambda x: unifw.flip(x, axis=0),
    "roll": lambda x: unifw.roll(x, 1, axis=0),
    "maximum": lambda x: unifw.maximum(x, 5.0),
    "zeros": lambda x: x + unifw.zeros((1, 4)) + unifw.ones(4),
    "remainder": lambda x: x % 2.5,
    "assignment": changed,
    "astype": lambda x: unifw.astype(x, unifw.float64),
}


def traced(backend: str, function: Callable[[Any], Any], x: Any) -> Callable[[Any], Any]:
    """The function as a graph of the framework, for any number of rows."""
    if backend == "torch":
        make_fx: Any = import_module("torch.fx.experimental.proxy_tensor").make_fx
        graph: Callable[[Any], Any] = make_fx(function, tracing_mode="symbolic")(x)
        return graph
    tf = import_module("tensorflow")
    signature = [tf.TensorSpec((None, 4), tf.float32)]
    return tf.function(function, input_signature=signature, autograph=False).get_concrete_function()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_eagerly_in_a_graph_and_for_gradients(backend: str, name: str) -> None:
    function, x = FUNCTIONS[name], unifw.asarray(VALUES).native

    def loss(x: unifw.Tensor) -> unifw.Tensor:
        y = function(x)
        return unifw.sum(y * y)

    def native(x: Any) -> tuple[Any, ...]:
        value, gradient = unifw.value_and_grad(loss)(unifw.asarray(x))
        return function(unifw.asarray(x)).native, value.native, gradient.native

    graph = traced(backend, native, x)
    traced_first, eager = graph(x), native(x)
    for later in (traced_first, graph(x), native(x)):
        for got, expected in zip(later, eager, strict=True):
            np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-6)
    longer = unifw.asarray(np.concatenate([VALUES, VALUES + 1.0])).native
    for got, expected in zip(graph(longer), native(longer), strict=True):
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-6)
