"""vmap: axes, trees, Modules, nesting, derivatives, randomness, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, AxisError, OperandError, ShapeError, TracedValueError

ROWS = np.array([[1.0, 2.0, 3.0], [4.0, -1.0, 0.5]])


def rows() -> unifw.Tensor:
    return unifw.asarray(ROWS)


def test_axes_of_inputs_and_outputs(backend: str) -> None:
    def dot(a: Any, b: Any) -> Any:
        return unifw.sum(a * b)

    x, y = rows(), unifw.asarray(ROWS.T + 1)
    wanted = (ROWS * (ROWS + 1)).sum(1)
    assert unifw.vmap(dot, in_axes=(0, 1))(x, y).tolist() == wanted.tolist()
    assert unifw.vmap(dot, in_axes=(-2, -1))(x, y).tolist() == wanted.tolist()
    assert unifw.vmap(dot, in_axes=(0, None))(x, x[0, :]).tolist() == (ROWS @ ROWS[0]).tolist()
    assert unifw.vmap(lambda a: a * 2, out_axes=1)(x).tolist() == (2 * ROWS.T).tolist()
    assert unifw.vmap(lambda a: a * 2, in_axes=1, out_axes=-1)(x).tolist() == (2 * ROWS).tolist()


def test_trees_values_and_keywords(backend: str) -> None:
    def function(given: Any, scale: float, *, shift: float) -> Any:
        return {"sum": given["x"] + given["pair"][0] * scale, "rest": [given["pair"][1] + shift]}

    x = rows()
    mapped = unifw.vmap(function, in_axes=({"x": 0, "pair": (None, 0)}, None))
    found = mapped({"x": x, "pair": (x[1, :], x)}, 2.0, shift=1.0)
    np.testing.assert_allclose(found["sum"].numpy(), ROWS + 2 * ROWS[1], rtol=1e-15)
    np.testing.assert_allclose(found["rest"][0].numpy(), ROWS + 1, rtol=1e-15)


def test_modules_are_the_same_for_every_element(backend: str) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(unifw.float64)
    np.testing.assert_allclose(unifw.vmap(model)(rows()).numpy(), model(rows()).numpy(), rtol=1e-14)


def test_the_gradient_of_every_row(backend: str) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).to(unifw.float64)

    def loss(model: Any, x: Any) -> Any:
        return unifw.sum(model(x) ** 2)

    found = unifw.vmap(unifw.grad(loss), in_axes=(None, 0))(model, rows())
    for i in range(2):
        for name, gradient in unifw.grad(loss)(model, rows()[i, :]).items():
            np.testing.assert_allclose(found[name][i, ...].numpy(), gradient.numpy(), rtol=1e-13, atol=1e-15)


def test_nested_and_with_derivatives(backend: str) -> None:
    def cubes(x: Any) -> Any:
        return unifw.sum(x**3)

    x, v = rows(), unifw.asarray(ROWS[::-1].copy())
    table = unifw.vmap(unifw.vmap(lambda a, b: a * b, in_axes=(0, None)), in_axes=(None, 0))(x[0, :], x[1, :])
    assert table.tolist() == np.outer(ROWS[1], ROWS[0]).tolist()
    outer = unifw.grad(lambda x: unifw.sum(unifw.vmap(cubes)(x) * unifw.asarray([1.0, 2.0], dtype=unifw.float64)))(x)
    np.testing.assert_allclose(outer.numpy(), 3 * ROWS**2 * [[1], [2]], rtol=1e-14)
    np.testing.assert_allclose(unifw.vmap(unifw.grad(cubes))(x).numpy(), 3 * ROWS**2, rtol=1e-14)
    hessians = unifw.vmap(unifw.hessian(cubes))(x).numpy()
    np.testing.assert_allclose(hessians, [np.diag(6 * row) for row in ROWS], rtol=1e-13)
    inner = unifw.vmap(lambda x, v: unifw.jvp(cubes, (x,), (v,))[1])(x, v)
    np.testing.assert_allclose(inner.numpy(), (3 * ROWS**2 * ROWS[::-1]).sum(1), rtol=1e-14)
    around = unifw.jvp(unifw.vmap(cubes), (x,), (v,))[1]
    np.testing.assert_allclose(around.numpy(), inner.numpy(), rtol=1e-14)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: unifw.softmax(x),
    "sort": lambda x: unifw.sort(x),
    "norm": lambda x: unifw.linalg.vector_norm(x),
    "inverse": lambda x: unifw.linalg.inv(x * unifw.eye(3, dtype=x.dtype) + 1),
    "eigenvalues": lambda x: unifw.linalg.eigvalsh(unifw.linalg.outer(x, x)),
    "index": lambda x: x[unifw.asarray([2, 0])] + x[-1],
    "where": lambda x: unifw.where(x > 1, x, -x),
    "cumulative": lambda x: unifw.cumulative_sum(x),
    "clip": lambda x: unifw.clip(x, 0.0, 2.0),
    "fft": lambda x: unifw.abs(unifw.fft.fft(x)),
    "extreme": lambda x: unifw.maximum(x, 0.7) + unifw.max(x) + unifw.argmax(x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_every_kind(backend: str, name: str) -> None:
    function = FUNCTIONS[name]
    wanted = np.stack([function(unifw.asarray(row)).numpy() for row in ROWS])
    np.testing.assert_allclose(unifw.vmap(function)(rows()).numpy(), wanted, rtol=1e-13, atol=1e-14)


def test_random_functions_draw_anew_for_each_element(backend: str) -> None:
    drawn = unifw.vmap(lambda x: x + unifw.random.uniform((3,)))(unifw.zeros((4, 3))).numpy()
    assert len(np.unique(drawn)) == drawn.size
    dropped = unifw.vmap(nn.Dropout(0.5))(unifw.ones((4, 100))).numpy()
    assert len({row.tobytes() for row in dropped}) == 4


ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "sizes": (
        lambda: unifw.vmap(lambda a, b: a)(unifw.ones(2), unifw.ones(3)),
        ShapeError,
        "mapped axes of sizes 2, 3; expected one size. Write in_axes=None",
    ),
    "axis": (lambda: unifw.vmap(lambda a: a, in_axes=1)(unifw.ones(2)), AxisError, r"axis 1 for shape \(2,\)"),
    "scalar": (lambda: unifw.vmap(lambda a: a)(unifw.ones(())), AxisError, r"axis 0 for shape \(\)"),
    "out-axis": (lambda: unifw.vmap(lambda a: a, out_axes=1)(unifw.ones(2)), AxisError, "output axis 1 for 1 axes"),
    "nothing": (lambda: unifw.vmap(lambda a: a)(2.0), ArgumentError, "got no tensor to map over"),
    "count": (lambda: unifw.vmap(lambda a: a, in_axes=(0, 0))(unifw.ones(2)), ArgumentError, "expected 1, one for"),
    "form": (lambda: unifw.vmap(lambda a: a[0], in_axes=([0],))([unifw.ones(2)] * 2), ArgumentError, r"\[0, 1\]"),
    "word": (lambda: unifw.vmap(lambda a: a, in_axes="x")(unifw.ones(2)), ArgumentError, "the axis 'x'"),
    "output": (lambda: unifw.vmap(lambda a: 1.0)(unifw.ones(2)), OperandError, "returned float 1.0; expected Tensors"),
    "if": (lambda: unifw.vmap(lambda a: a if a > 0 else -a)(unifw.ones(2)), TracedValueError, "where"),
}


@pytest.mark.parametrize(("call", "error", "words"), ERRORS.values(), ids=ERRORS)
def test_what_cannot_be_mapped_is_an_error(backend: str, call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
