"""Recurrent layers against their formulas in NumPy, step by step; lengths, dropout, graphs, and what they refuse."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DTypeError, OperandError, ShapeError

Array = Any
N, T, F, H = 4, 5, 3, 2
LENGTHS = np.asarray([5, 0, 2, 3])


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def step(name: str, gates: Array, hidden: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """One step of one sequence."""
    if name == "RNN":
        return np.tanh(gates + hidden), c
    if name == "GRU":
        (xr, xz, xn), (hr, hz, hn) = np.split(gates, 3), np.split(hidden, 3)
        z, n = sigmoid(xz + hz), np.tanh(xn + sigmoid(xr + hr) * hn)
        return (1 - z) * n + z * h, c
    i, f, g, o = np.split(gates + hidden, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def by_hand(name: str, layer: Any, x: Array, lengths: Array) -> tuple[Array, Array, Array]:
    """Output (N, T, 2H), and the last h and c (2, N, H), of a layer that runs both ways, sequence by sequence."""
    y, last = np.zeros((len(x), x.shape[1], 2 * H)), np.zeros((2, 2, len(x), H))
    for direction, suffix in enumerate(("_l0", "_l0_reverse")):
        w_ih, w_hh, b_ih, b_hh = (
            getattr(layer, part + suffix).numpy() for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        for row, length in enumerate(lengths):
            h = c = np.zeros(H)
            for t in range(length) if direction == 0 else reversed(range(length)):
                h, c = step(name, w_ih @ x[row, t] + b_ih, w_hh @ h + b_hh, h, c)
                y[row, t, direction * H : (direction + 1) * H] = h
            last[:, direction, row] = h, c
    return y, last[0], last[1]


def layer_of(name: str, **options: Any) -> Any:
    return getattr(nn, name)(F, H, **options).to(unifw.float64)


@pytest.mark.parametrize("lengths", [None, LENGTHS, LENGTHS[[0, 2, 2, 3]]], ids=["whole", "with-zero", "above-zero"])
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_formulas_step_by_step(backend: str, rng: np.random.Generator, name: str, lengths: Any) -> None:
    """Zero beyond a length, the state at the length, and the reverse direction from each sequence's own end."""
    layer, x = layer_of(name, bidirectional=True), rng.standard_normal((N, T, F))
    y, last = layer(unifw.asarray(x), lengths=lengths)
    wanted = by_hand(name, layer, x, np.full(N, T) if lengths is None else lengths)
    found = [y, *last] if name == "LSTM" else [y, last]
    for got, value in zip(found, wanted, strict=False):
        np.testing.assert_allclose(got.numpy(), value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("given", [list, np.int32, unifw.asarray], ids=["list", "int32", "tensor"])
def test_lengths_come_in_any_form_and_never_look_beyond(backend: str, rng: np.random.Generator, given: Any) -> None:
    layer, x = layer_of("LSTM", num_layers=2, bidirectional=True), rng.standard_normal((N, T, F))
    first = layer(unifw.asarray(x), lengths=given(LENGTHS))
    for row, length in enumerate(LENGTHS):
        x[row, length:] = np.nan if length else 0.0
    x = np.where(np.isnan(x), 1e6, x)
    second = layer(unifw.asarray(x), lengths=given(LENGTHS))
    for a, b in zip((first[0], *first[1]), (second[0], *second[1]), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_without_a_batch_and_time_first(backend: str, rng: np.random.Generator, name: str) -> None:
    layer, x = layer_of(name), unifw.asarray(rng.standard_normal((T, F)))
    other = copy.deepcopy(layer)
    other._stack = type(layer._stack)(**{**_fields(layer._stack), "batch_first": False})
    y, _ = layer(x)
    assert y.shape == (T, H)
    np.testing.assert_array_equal(other(unifw.expand_dims(x, axis=1))[0].numpy()[:, 0], y.numpy())
    np.testing.assert_array_equal(layer(unifw.expand_dims(x, axis=0))[0].numpy()[0], y.numpy())


def _fields(stack: Any) -> dict[str, Any]:
    return {name: getattr(stack, name) for name in stack.__dataclass_fields__}


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_cells_make_the_layer(backend: str, rng: np.random.Generator, name: str) -> None:
    layer, cell = layer_of(name), getattr(nn, f"{name}Cell")(F, H).to(unifw.float64)
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in layer.state_dict().items()})
    x, state = rng.standard_normal((N, T, F)), None
    y, _ = layer(unifw.asarray(x))
    for t in range(T):
        state = cell(unifw.asarray(x[:, t]), state)
        h = state[0] if name == "LSTM" else state
        np.testing.assert_allclose(h.numpy(), y.numpy()[:, t], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "steps"), [("RNN", 13), ("GRU", 14), ("LSTM", 13)])
def test_long_sequences_are_short_ones_in_turn(backend: str, rng: np.random.Generator, name: str, steps: int) -> None:
    """A turn of a loop may take several steps: two turns of 7 have 14, and one too many for 13."""
    layer, x = layer_of(name), unifw.asarray(rng.standard_normal((2, steps, F)))
    weight = unifw.asarray(rng.standard_normal((2, steps, H)))

    def whole(layer: Any, x: Any) -> Any:
        return unifw.sum(layer(x)[0] * weight)

    def in_turn(layer: Any, x: Any) -> Any:
        total, state = 0.0, None
        for t in range(0, steps, 5):
            y, state = layer(x[:, t : t + 5], state)
            total = total + unifw.sum(y * weight[:, t : t + 5])
        return total

    wanted, slopes = unifw.value_and_grad(in_turn, argnums=(0, 1))(layer, x)
    for function in (whole, unifw.compile(whole)):
        value, found = unifw.value_and_grad(function, argnums=(0, 1))(layer, x)
        assert value.item() == pytest.approx(wanted.item(), rel=1e-12)
        for got, slope in zip(unifw.tree.leaves(found), unifw.tree.leaves(slopes), strict=True):
            np.testing.assert_allclose(got.numpy(), slope.numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_second_derivative(backend: str, rng: np.random.Generator, name: str) -> None:
    """Against differences of the first, for the input and a weight."""
    layer, x = layer_of(name), rng.standard_normal((2, 3, F))

    def slope(x: Any) -> Any:
        first = unifw.grad(lambda x: unifw.sum(layer(x)[0] ** 2))(x)
        return unifw.sum(first * first)

    second, eps = unifw.grad(slope)(unifw.asarray(x)).numpy(), 1e-6
    for index in [(0, 0, 0), (0, 1, 2), (1, 2, 1)]:
        step = np.zeros_like(x)
        step[index] = eps
        difference = (slope(unifw.asarray(x + step)).item() - slope(unifw.asarray(x - step)).item()) / (2 * eps)
        assert difference == pytest.approx(second[index], rel=1e-6, abs=1e-8)


def test_forward_mode_and_second_derivatives_of_a_compiled_layer(backend: str, rng: np.random.Generator) -> None:
    for layer in (layer_of("LSTM"), layer_of("GRU")):
        x, v = (unifw.asarray(rng.standard_normal((2, 5, F))) for _ in range(2))

        def loss(x: unifw.Tensor, layer: Any = layer) -> unifw.Tensor:
            return unifw.sum(layer(x)[0] ** 2)

        slope = unifw.sum(unifw.grad(loss)(x) * v).item()
        bend = (unifw.grad(loss)(x + 1e-5 * v) - unifw.grad(loss)(x - 1e-5 * v)) / 2e-5
        for function in (loss, unifw.compile(loss)):
            assert unifw.jvp(function, (x,), (v,))[1].item() == pytest.approx(slope, rel=1e-12)
            product = unifw.grad(lambda x, f=function, v=v: unifw.sum(unifw.grad(f)(x) * v))(x)
            np.testing.assert_allclose(product.numpy(), bend.numpy(), rtol=1e-6, atol=1e-9)


def test_dropout_is_between_layers_and_in_training_only(backend: str, rng: np.random.Generator) -> None:
    x = unifw.asarray(rng.standard_normal((N, T, F)))
    alone, deep = layer_of("GRU", dropout=0.0), layer_of("GRU", num_layers=2, dropout=0.9)
    assert (deep(x)[0].numpy() != deep(x)[0].numpy()).any()
    assert (deep.eval()(x)[0].numpy() == deep(x)[0].numpy()).all()
    assert (alone(x)[0].numpy() == alone(x)[0].numpy()).all()


def test_initial_values_are_uniform_on_one_over_the_root_of_the_size(backend: str) -> None:
    layer = nn.LSTM(7, 16, num_layers=2, bidirectional=True, proj_size=5)
    values = np.concatenate([parameter.numpy().ravel() for parameter in layer.parameters()])
    assert values.max() <= 0.25
    assert values.min() >= -0.25
    assert values.std() == pytest.approx(0.25 / 3**0.5, rel=0.03)
    assert layer.weight_ih_l1_reverse.shape == (64, 10)
    assert layer.weight_hr_l0.shape == (5, 16)


class Tagger(nn.Module):
    """Sequences and their lengths to the outputs and the last state."""

    def __init__(self, name: str) -> None:
        self.layer = getattr(nn, name)(F, H, bidirectional=True)

    def forward(self, x: unifw.Tensor, lengths: unifw.Tensor) -> dict[str, unifw.Tensor]:
        """(N, T, F) and (N,)."""
        y, last = self.layer(x, lengths=lengths)
        return {"y": y, "h": last[0] if isinstance(last, tuple) else last}


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_exported_with_lengths_as_an_input(backend: str, rng: np.random.Generator, name: str, tmp_path: Path) -> None:
    """The batch size is free, and the lengths are."""
    format, ending = next(iter(unifw.get_backend().info.formats.items()))
    model, x = Tagger(name), rng.standard_normal((N, T, F)).astype("float32")
    path = tmp_path / f"model{ending}"
    unifw.export(model, path, format=format, inputs=(x, np.maximum(LENGTHS, 1)))
    x, lengths = rng.standard_normal((7, T, F)).astype("float32"), np.asarray([1, 5, 0, 2, 3, 4, 5])
    got = unifw.load_artifact(path)(unifw.asarray(x), unifw.asarray(lengths))
    wanted = model(unifw.asarray(x), unifw.asarray(lengths))
    for key, value in wanted.items():
        np.testing.assert_allclose(got[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [[5, 9], [5, -1]])
def test_a_graph_refuses_the_lengths_that_eager_code_does(backend: str, lengths: list[int]) -> None:
    """Also where only the outputs are used, for which such lengths might be cut."""
    layer, x = nn.GRU(F, H), unifw.ones((2, T, F))
    compiled = unifw.compile(lambda x, lengths: layer(x, lengths=lengths)[0])
    compiled(x, unifw.asarray([5, 0]))
    for run in (compiled, lambda x, lengths: layer(x, lengths=lengths)):
        with pytest.raises(
            ArgumentError, match=rf"gru: got lengths from {min(lengths)} to {max(lengths)}; expected 0 to"
        ):
            run(x, unifw.asarray(lengths))
    assert compiled.trace_count == 1
    with pytest.raises(DTypeError, match="got lengths of dtype float32"):
        compiled(x, unifw.asarray([5.0, 1.0]))
    with pytest.raises(ShapeError, match=r"got lengths of shape \(1, 2\); expected \(2,\)"):
        compiled(x, unifw.asarray([[5, 1]]))


ones = unifw.ones
BAD: dict[str, tuple[Any, Any, str]] = {
    "features": (
        lambda: nn.LSTM(3, 2)(ones((4, 5, 2))),
        ShapeError,
        r"lstm: got .*\(4, 5, 2\).*\(N, T, 3\)",
    ),
    "rank": (lambda: nn.GRU(3, 2)(ones((1, 4, 5, 3))), ShapeError, r"gru: got .*\(1, 4, 5, 3\).*\(N, T, 3\)"),
    "steps": (lambda: nn.RNN(3, 2)(ones((4, 0, 3))), ShapeError, r"rnn: got .*\(4, 0, 3\).*at least one step"),
    "dtype": (lambda: nn.LSTM(3, 2)(ones((4, 5, 3), dtype=unifw.float64)), DTypeError, "lstm: .*float64.*float32"),
    "array": (lambda: nn.LSTM(3, 2)(np.ones((4, 5, 3), "float32")), OperandError, "lstm: got ndarray.*asarray"),
    "negative": (
        lambda: nn.LSTM(3, 2)(ones((2, 5, 3)), lengths=[1, -1]),
        ArgumentError,
        "lengths from -1 to 1; expected 0 to 5",
    ),
    "too-long": (
        lambda: nn.GRU(3, 2)(ones((2, 5, 3)), lengths=[1, 6]),
        ArgumentError,
        "lengths from 1 to 6; expected 0 to 5.*batch_first=False",
    ),
    "float-lengths": (
        lambda: nn.GRU(3, 2)(ones((2, 5, 3)), lengths=[1.0, 2.0]),
        DTypeError,
        "lengths of dtype float64",
    ),
    "more-lengths": (lambda: nn.GRU(3, 2)(ones((2, 5, 3)), lengths=[1, 2, 3]), ShapeError, r"lengths of shape \(3,\)"),
    "state-shape": (
        lambda: nn.GRU(3, 2)(ones((2, 5, 3)), ones((1, 3, 2))),
        ShapeError,
        r"initial h of shape \(1, 3, 2\); expected \(1, 2, 2\)",
    ),
    "state-dtype": (
        lambda: nn.GRU(3, 2)(ones((2, 5, 3)), ones((1, 2, 2), dtype=unifw.float64)),
        DTypeError,
        "initial h of dtype float64",
    ),
    "one-state": (lambda: nn.LSTM(3, 2)(ones((2, 5, 3)), ones((1, 2, 2))), OperandError, r"expected the pair \(h, c\)"),
    "cell": (lambda: nn.LSTMCell(3, 2)(ones((4, 2))), ShapeError, r"lstm_cell: got .*\(4, 2\).*\(N, 3\)"),
    "cell-state": (lambda: nn.GRUCell(3, 2)(ones((4, 3)), ones((3, 2))), ShapeError, r"\(3, 2\); expected \(4, 2\)"),
    "sizes": (lambda: nn.LSTM(0, 2), ArgumentError, "input_size: got 0"),
    "proj": (lambda: nn.LSTM(3, 2, proj_size=2), ArgumentError, "proj_size=2.*below hidden_size=2"),
    "dropout": (lambda: nn.LSTM(3, 2, dropout=1.5), ArgumentError, "dropout=1.5"),
    "nonlinearity": (lambda: nn.RNN(3, 2, nonlinearity="gelu"), ArgumentError, "nonlinearity: got 'gelu'"),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_input(backend: str, call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
