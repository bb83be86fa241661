"""Custom operations: one name, an implementation for each backend, one gradient; and the example in C++."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import (
    ArgumentError,
    GradientError,
    MixedBackendError,
    OperandError,
    ShapeError,
    UnknownBackendError,
    UnsupportedError,
)

ROOT = Path(__file__).parents[2]
numbers = count()


def name() -> str:
    return f"tests::op{next(numbers)}"


def sine_torch(x, factor: float = 1.0):  # type: ignore[no-untyped-def]
    """Not made of torch's operations: no tracer sees through it."""
    return importlib.import_module("torch").from_numpy(np.sin(x.detach().numpy()) * np.asarray(factor, x.numpy().dtype))


def sine_tensorflow(x, factor: float = 1.0):  # type: ignore[no-untyped-def]
    tf = importlib.import_module("tensorflow")
    return tf.numpy_function(lambda x: np.sin(x) * np.asarray(factor, x.dtype), [x], x.dtype)


SINE: dict[str, Any] = {"torch": sine_torch, "tensorflow": sine_tensorflow}
sine = unifw.custom_op(
    "tests::sine",
    gradient=lambda upstream, x, factor=1.0: upstream * unifw.cos(x) * factor,
    shape=lambda x, factor=1.0: x.shape,
    **SINE,
)


class Wave(nn.Module):
    """An operation of the user's between two layers."""

    def __init__(self) -> None:
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 3) to (N, 2)."""
        return self.last(sine(self.first(x), 2.0))


X = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -0.25]])


def test_values_and_gradients_to_the_second_order(backend: str) -> None:
    x = unifw.asarray(X)
    np.testing.assert_allclose(sine(x, 3.0).numpy(), 3 * np.sin(X), rtol=1e-14)
    np.testing.assert_allclose(sine(x).numpy(), np.sin(X), rtol=1e-14)
    first = unifw.grad(lambda x: unifw.sum(sine(x, 3.0) ** 2))
    np.testing.assert_allclose(first(x).numpy(), 9 * np.sin(2 * X), rtol=1e-12)
    second = unifw.grad(lambda x: unifw.sum(first(x)))
    np.testing.assert_allclose(second(x).numpy(), 18 * np.cos(2 * X), rtol=1e-12)


def test_every_kind_of_derivative(backend: str) -> None:
    def wave(x: unifw.Tensor) -> unifw.Tensor:
        return sine(x, 2.0)

    x, row = unifw.asarray(X), unifw.asarray(X[0])
    np.testing.assert_allclose(unifw.vmap(wave)(x).numpy(), 2 * np.sin(X), rtol=1e-14)
    slopes = unifw.vmap(unifw.grad(lambda row: unifw.sum(wave(row))))(x)
    np.testing.assert_allclose(slopes.numpy(), 2 * np.cos(X), rtol=1e-12)
    _, tangent = unifw.jvp(wave, (x,), (x,))
    np.testing.assert_allclose(tangent.numpy(), 2 * np.cos(X) * X, rtol=1e-12)
    np.testing.assert_allclose(unifw.jacobian(wave)(row).numpy(), np.diag(2 * np.cos(X[0])), rtol=1e-12)
    bend = unifw.hessian(lambda row: unifw.sum(wave(row)))(row)
    np.testing.assert_allclose(bend.numpy(), -np.diag(2 * np.sin(X[0])), rtol=1e-12)


def test_it_trains_inside_a_model(backend: str) -> None:
    model, x = Wave(), unifw.asarray(X, dtype=unifw.float32)
    gradients = unifw.grad(lambda model: unifw.sum(model(x)))(model)
    hidden = x.numpy() @ model.first.weight.numpy().T + model.first.bias.numpy()
    expected = (2 * np.cos(hidden) * model.last.weight.numpy().sum(0)).sum(0)
    np.testing.assert_allclose(gradients["first.bias"].numpy(), expected, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_it_is_compiled_with_its_gradient(backend: str) -> None:
    model, x = Wave(), unifw.asarray(X, dtype=unifw.float32)

    def loss(model: nn.Module, x: unifw.Tensor) -> unifw.Tensor:
        return unifw.mean(model(x) ** 2)

    compiled = unifw.compile(unifw.value_and_grad(loss))
    for rows in (x, unifw.concat([x, x])):
        (value, gradients), (wanted, expected) = compiled(model, rows), unifw.value_and_grad(loss)(model, rows)
        np.testing.assert_allclose(value.item(), wanted.item(), rtol=1e-6)
        for name, gradient in expected.items():
            np.testing.assert_allclose(gradients[name].numpy(), gradient.numpy(), rtol=1e-5, atol=1e-6)
    assert compiled.trace_count >= 1


FORMATS = {"torch": ("pt2", "torchscript"), "tensorflow": ("saved_model",)}


def test_it_is_exported_and_read_back(backend: str, tmp_path: Path) -> None:
    for format in FORMATS[backend]:
        target = tmp_path / f"model.{'pt2' if format == 'pt2' else format}"
        report = unifw.export(Wave(), target, format=format, inputs=X.astype(np.float32))
        assert report.batch_sizes == (2, 3)
        assert report.max_difference < 1e-6


def traced(backend: str, function: Callable[..., unifw.Tensor], x: unifw.Tensor) -> Callable[[Any], Any]:
    """A graph of the function for any number of rows, run on native tensors."""
    wrap = x.backend.Tensor
    if backend == "torch":
        torch = importlib.import_module("torch")
        make_fx = importlib.import_module("torch.fx.experimental.proxy_tensor").make_fx
        graph = make_fx(lambda x: function(wrap(x)).native, tracing_mode="symbolic")(x.native)
        assert any("sine" in str(node.target) for node in graph.graph.nodes)
        return lambda x: graph(torch.as_tensor(x))
    tf = importlib.import_module("tensorflow")
    specs = [tf.TensorSpec((None, *x.shape[1:]), x.native.dtype)]
    return tf.function(lambda x: function(wrap(x)).native, input_signature=specs, autograph=False)  # type: ignore[no-any-return]


@pytest.mark.parametrize("what", ["value", "gradient"])
def test_a_graph_holds_it_for_any_number_of_rows(backend: str, what: str) -> None:
    def value(x: unifw.Tensor) -> unifw.Tensor:
        return sine(x, 2.0) + x

    def gradient(x: unifw.Tensor) -> unifw.Tensor:
        return unifw.grad(lambda x: unifw.sum(value(x)))(x)

    function = {"value": value, "gradient": gradient}[what]
    run = traced(backend, function, unifw.asarray(X))
    more = np.concatenate([X, X + 1, X * 2])
    expected = 2 * np.sin(more) + more if what == "value" else 2 * np.cos(more) + 1
    np.testing.assert_allclose(np.asarray(run(more)), expected, rtol=1e-12)


@pytest.fixture
def implementations(backend: str) -> dict[str, Any]:
    """The product and the sum."""
    return {"torch": lambda x, y: (x * y, x + y), "tensorflow": lambda x, y: (x * y, x + y)}


def test_several_results(backend: str, implementations: dict[str, Any]) -> None:
    def gradient(upstream: Any, x: Any, y: Any) -> Any:
        return upstream[0] * y + upstream[1], upstream[0] * x + upstream[1]

    both = unifw.custom_op(name(), gradient=gradient, outputs=2, **implementations)
    x, y = unifw.asarray([2.0, 3.0]), unifw.asarray([5.0, 7.0])
    product, total = both(x, y)
    assert (product.tolist(), total.tolist()) == ([10.0, 21.0], [7.0, 10.0])
    found = unifw.grad(lambda x, y: unifw.sum(both(x, y)[0] * 2 + both(x, y)[1]), argnums=(0, 1))(x, y)
    assert [g.tolist() for g in found] == [[11.0, 15.0], [5.0, 7.0]]
    only = unifw.grad(lambda x: unifw.sum(both(x, y)[1]))(x)
    assert only.tolist() == [1.0, 1.0]


def test_a_gradient_for_each_backend_and_the_frameworks_own(backend: str) -> None:
    square = {"torch": lambda x: x * x, "tensorflow": lambda x: x * x}
    by_hand = unifw.custom_op(name(), gradient=dict.fromkeys(square, lambda upstream, x: upstream * x * 2), **square)
    native = unifw.custom_op(name(), gradient="native", **square)
    x = unifw.asarray([1.0, 3.0])
    for operation in (by_hand, native):
        assert operation(x).tolist() == [1.0, 9.0]
        assert unifw.grad(lambda x, f=operation: unifw.sum(f(x)))(x).tolist() == [2.0, 6.0]
    parameter = nn.ParameterList([unifw.asarray([3.0])])
    assert unifw.grad(lambda m: unifw.sum(by_hand(m[0])))(parameter)["0"].tolist() == [6.0]


def test_integers_need_no_gradient(backend: str) -> None:
    take = {
        "torch": lambda x, i: x[i],
        "tensorflow": lambda x, i: importlib.import_module("tensorflow").gather(x, i),
    }

    def gradient(upstream: Any, x: Any, i: Any) -> Any:
        return unifw.scatter_add(unifw.zeros_like(x), i, upstream, axis=0), None

    operation = unifw.custom_op(name(), gradient=gradient, **take)
    x, i = unifw.asarray([1.0, 2.0, 3.0]), unifw.asarray([2, 0, 2])
    assert operation(x, i).tolist() == [3.0, 1.0, 3.0]
    assert unifw.grad(lambda x: unifw.sum(operation(x, i)))(x).tolist() == [1.0, 0.0, 2.0]


@pytest.fixture
def other(backend: str) -> str:
    """A backend that is not there in the operation."""
    return {"torch": "tensorflow", "tensorflow": "torch"}[backend]


def test_what_is_wrong_with_a_definition(backend: str) -> None:
    taken = name()
    unifw.custom_op(taken, torch=lambda x: x + 1)
    with pytest.raises(ArgumentError, match=f"the name '{taken}' is taken"):
        unifw.custom_op(taken, torch=lambda x: x + 1)
    with pytest.raises(ArgumentError, match="has no implementation"):
        unifw.custom_op(name())
    with pytest.raises(UnknownBackendError, match="jax"):
        unifw.custom_op(name(), jax=lambda x: x)
    with pytest.raises(OperandError, match="expected a function"):
        unifw.custom_op(name(), torch=3)  # type: ignore[arg-type]


def test_what_is_wrong_with_a_call(backend: str, other: str) -> None:
    there = unifw.custom_op(name(), **{other: lambda x: x + 1})
    with pytest.raises(
        UnsupportedError, match=f"the backend '{backend}' has no implementation; expected one of {other}"
    ):
        there(unifw.ones(1))
    with pytest.raises(OperandError, match="got no Tensor"):
        sine(3.0)
    with unifw.using_backend("toy"):
        constant = unifw.ones(1)
    with pytest.raises(MixedBackendError):
        sine(unifw.ones(1), constant)


@pytest.mark.parametrize("wrong", [3.0, None, [1, 2]], ids=str)
def test_what_is_wrong_with_a_result(backend: str, wrong: Any) -> None:
    for gradient in ("native", lambda upstream, x: upstream):
        operation = unifw.custom_op(name(), gradient=gradient, **{backend: lambda x: wrong})
        with pytest.raises(OperandError, match=r"the implementation returned .*; expected 1 Tensor of the framework"):
            operation(unifw.ones(2))


def test_a_third_backend_takes_part(backend: str) -> None:
    operation = unifw.custom_op(name(), gradient="native", toy=lambda x: x + 1)
    with unifw.using_backend("toy"):
        assert operation(unifw.ones(2)).tolist() == [2.0, 2.0]
    with pytest.raises(UnsupportedError, match=f"the backend '{backend}' has no implementation; expected one of toy"):
        operation(unifw.ones(2))


def test_a_shape_that_is_not_so(backend: str) -> None:
    for shape in (lambda x: (3,), lambda x: (x.shape, unifw.float64)):
        operation = unifw.custom_op(name(), shape=shape, torch=lambda x: x * 2, tensorflow=lambda x: x * 2)
        with pytest.raises(ShapeError, match=r"shape= says .* and the implementation returned"):
            operation(unifw.ones(2))


def test_what_is_wrong_with_a_gradient(backend: str) -> None:
    double = {"torch": lambda x, y: x * y, "tensorflow": lambda x, y: x * y}
    x = unifw.ones(2)
    for gradient, kind, words in (
        (None, GradientError, "it has no gradient"),
        ({}, GradientError, "it has no gradient"),
        (lambda up, x, y: up, GradientError, "returned 1 values for 2 tensor arguments"),
        (
            lambda up, x, y: (unifw.sum(up), up),
            GradientError,
            r"the gradient Tensor of shape \(\).* for Tensor of shape",
        ),
    ):
        operation = unifw.custom_op(name(), gradient=gradient, **double)
        assert operation(x, x).tolist() == [1.0, 1.0]
        with pytest.raises(kind, match=words):
            unifw.grad(lambda x, f=operation: unifw.sum(f(x, x)))(x)


# ---- the example in C++


@pytest.fixture
def example(backend: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The operation of examples/custom_op, built with this machine's compiler."""
    monkeypatch.syspath_prepend(ROOT / "examples" / "custom_op")
    if importlib.import_module("libraries").compiler() is None:
        pytest.skip("no C++ compiler on this machine")
    return importlib.import_module("swish")


def test_the_kernel_in_cpp(backend: str, example: Any, tmp_path: Path) -> None:
    for dtype, tolerance in ((np.float32, 2e-6), (np.float64, 1e-14)):
        values = np.linspace(-6, 6, 24, dtype=dtype).reshape(4, 6)
        x, v = unifw.asarray(values), values.astype(np.float64)
        s = 1 / (1 + np.exp(-v))
        np.testing.assert_allclose(example.swish(x).numpy(), v * s, rtol=tolerance, atol=tolerance)
        first = unifw.grad(lambda x: unifw.sum(example.swish(x)))
        np.testing.assert_allclose(first(x).numpy(), s * (1 + v * (1 - s)), rtol=tolerance, atol=tolerance)
        second = unifw.grad(lambda x, f=first: unifw.sum(f(x)))(x)
        np.testing.assert_allclose(
            second.numpy(), s * (1 - s) * (2 + v * (1 - 2 * s)), rtol=5 * tolerance, atol=5 * tolerance
        )
    np.testing.assert_array_equal(example.swish(x.mT).numpy(), example.swish(x).numpy().T)  # rows out of order
    with pytest.raises(Exception, match=r"(?i)not implemented|allowed values"):
        example.swish(unifw.asarray([1, 2]))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_the_example_shows_that_every_way_agrees(
    backend: str, example: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module("run").show(backend)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{backend}: largest difference from the reference"
    errors = {line[:28].strip(): float(line[28:]) for line in lines[1:]}
    assert {"eager", "gradient", "second gradient", "compiled"} < set(errors)
    assert errors["eager"] < 1e-14
    assert max(errors.values()) < 1e-5  # of finite differences


SERVE = """
import sys
import numpy as np, unifw
import swish  # without this the file names an operation that the process does not know
served = unifw.load_artifact(sys.argv[1])
print(served(np.load(sys.argv[2])).numpy().sum(dtype="float64"))
"""


def test_a_fresh_process_reads_the_file_once_it_knows_the_operation(backend: str, example: Any, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), example.Swish(), nn.Linear(4, 2))
    x = X.astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    format, ending = ("pt2", ".pt2") if backend == "torch" else ("saved_model", "")
    unifw.export(model, tmp_path / f"model{ending}", format=format, inputs=x)
    environment = {**os.environ, "UNIFW_BACKEND": backend, "PYTHONPATH": f"{ROOT}:{ROOT / 'examples' / 'custom_op'}"}
    command = [sys.executable, "-c", SERVE, str(tmp_path / f"model{ending}"), str(tmp_path / "x.npy")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_allclose(float(done.stdout), model(unifw.asarray(x)).numpy().sum(dtype="float64"), rtol=1e-5)
