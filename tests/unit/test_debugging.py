"""debug_nans finds the operation that made the first NaN or infinity; eager() runs training steps as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.data import ArrayDataset, DataLoader
from unifw.eagerly import runs_eagerly
from unifw.errors import NonFiniteError


class Root(nn.Module):
    """sqrt(x @ weight.T): NaN for some inputs, and an infinite gradient at 0."""

    def __init__(self) -> None:
        self.linear = nn.Linear(2, 2)
        self.linear.load_state_dict({"weight": np.array([[1.0, -1.0], [1.0, 1.0]]), "bias": np.zeros(2)})

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to the same shape."""
        return unifw.sqrt(self.linear(x))


class Model(nn.Module):
    """A Root in a list."""

    def __init__(self) -> None:
        self.layers = [nn.ReLU(), Root()]

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to the same shape."""
        for layer in self.layers:
            x = layer(x)
        return x


def ones(*values: float) -> unifw.Tensor:
    return unifw.asarray([list(values)])


X = (0.0, 1.0)
FORWARD: dict[str, tuple[Callable[[], Any], str]] = {
    "log": (lambda: unifw.log(ones(*X)), r"log made -inf in 1 of 2 elements, from x = Tensor of shape \(1, 2\)"),
    "operator": (lambda: ones(*X) / ones(0.0, 1.0), r"divide made NaN in 1 of 2 elements, from x1 = .* and x2 = "),
    "infinity": (lambda: unifw.exp(ones(1.0, 1000.0)), r"exp made inf in 1 of 2 elements"),
    "reduction": (lambda: unifw.sum(ones(1e38, 3e38)), r"sum made inf in 1 of 1 elements, from x = "),
    "model": (
        lambda: Model()(ones(1.0, 2.0)),
        r"sqrt made NaN in 1 of 2 elements.* in layers\.1 \(Root\)\. Its operands",
    ),
    "linear": (lambda: Model()(ones(1e38, 3e38)), r"linear made inf in 1 of 2.* in layers\.1\.linear \(Linear\)"),
    "given": (lambda: ones(1.0, np.nan) + ones(1.0, 2.0), r"add made NaN.*not the first: x1 already holds NaN"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_it_raises_at_the_operation(backend: str, name: str) -> None:
    call, words = FORWARD[name]
    call()
    with pytest.raises(NonFiniteError, match="debug_nans: " + words), unifw.debug_nans():
        call()
    call()


def spoilt() -> Any:
    model = Model()
    model.layers[1].linear.bias.assign([np.inf, 0.0])
    return model(ones(1.0, 1.0))


def test_a_parameter_that_is_spoilt_is_named(backend: str) -> None:
    words = r"linear made inf.*not the first: bias already holds inf"
    with pytest.raises(FloatingPointError, match=words), unifw.debug_nans():
        spoilt()


FINE: dict[str, Callable[[], Any]] = {
    "mask": lambda: unifw.softmax(unifw.where(ones(1.0, 0.0) > 0, ones(1.0, 2.0), -unifw.inf)),
    "mask as tensor": lambda: unifw.softmax(ones(1.0, 2.0) + ones(0.0, -np.inf)),
    "created": lambda: (unifw.full((2,), unifw.nan), unifw.asarray([unifw.inf])),
    "integers": lambda: unifw.asarray([1, 2]) * 2,
    "model": lambda: Model()(ones(2.0, 1.0)),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_in_order_passes_with_the_same_result(backend: str, name: str) -> None:
    unifw.seed(0)
    wanted = FINE[name]()
    with unifw.debug_nans():
        got = FINE[name]()
    for a, b in zip(unifw.tree.leaves(got), unifw.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_infinities_may_pass(backend: str) -> None:
    with unifw.debug_nans(infinities=False):
        assert unifw.exp(ones(1000.0)).item() == np.inf
        with pytest.raises(NonFiniteError, match="subtract made NaN"):
            unifw.exp(ones(1000.0)) - unifw.exp(ones(1000.0))


def loss(model: nn.Module, x: unifw.Tensor) -> unifw.Tensor:
    return unifw.sum(model(x))


def test_the_gradient_of_what_is_passed_in_is_looked_at(backend: str) -> None:
    with pytest.raises(NonFiniteError, match="the backward pass of sqrt made inf in 1 of 2"), unifw.debug_nans():
        unifw.grad(lambda x: unifw.sum(unifw.sqrt(x)))(ones(0.0, 1.0))
    with unifw.debug_nans():
        assert unifw.grad(lambda x: unifw.sum(unifw.sqrt(x)))(ones(1.0, 4.0)).tolist() == [[0.5, 0.25]]
    assert unifw.grad(lambda x: unifw.sum(unifw.sqrt(x)))(ones(0.0, 1.0)).tolist() == [[np.inf, 0.5]]


def test_backward_passes_are_looked_into(backend: str) -> None:
    model = Model()
    assert not np.isfinite(unifw.grad(loss)(model, ones(1.0, 1.0))["layers.1.linear.weight"].numpy()).all()
    words = r"the backward pass of sqrt, in layers\.1 \(Root\) made inf in 1 of 2"
    with pytest.raises(NonFiniteError, match=words), unifw.debug_nans():
        unifw.grad(loss)(model, ones(1.0, 1.0))
    with unifw.debug_nans(gradients=False):
        unifw.grad(loss)(model, ones(1.0, 1.0))


def test_a_parameter_that_goes_straight_into_the_operation(backend: str) -> None:
    model = nn.ParameterList([unifw.zeros(2)])
    with pytest.raises(NonFiniteError, match=r"the backward pass of sqrt made inf in 2 of 2"), unifw.debug_nans():
        unifw.grad(lambda model: unifw.sum(unifw.sqrt(model[0])))(model)
    with unifw.debug_nans():
        gradients = unifw.grad(lambda model: unifw.sum(unifw.exp(model[0] * 2)))(model)
    assert gradients["0"].tolist() == [2.0, 2.0]


def test_gradients_are_the_same_inside(backend: str) -> None:
    model, x = Model(), ones(3.0, 1.0)
    wanted = unifw.grad(loss)(model, x)
    with unifw.debug_nans():
        got = unifw.grad(loss)(model, x)
    for name, value in wanted.items():
        np.testing.assert_array_equal(got[name].numpy(), value.numpy())


def test_nothing_is_left_behind(backend: str) -> None:
    classes = [getattr(unifw.get_backend(), kind) for kind in ("Tensor", "Parameter", "Buffer")]
    before = [dict(vars(cls)) for cls in classes]
    with pytest.raises(NonFiniteError), unifw.debug_nans(), unifw.debug_nans():
        unifw.log(ones(0.0))
    assert [dict(vars(cls)) for cls in classes] == before
    assert not runs_eagerly()


def test_other_errors_pass_through(backend: str) -> None:
    with unifw.using_backend("toy"):
        elsewhere = unifw.ones(1)
    for call in (lambda: ones(1.0) @ ones(1.0, 2.0).mT, lambda: ones(1.0) + elsewhere, lambda: int("x")):
        with pytest.raises(Exception) as wanted:  # noqa: PT011  # whatever it is
            call()
        with pytest.raises(type(wanted.value)) as got, unifw.debug_nans():
            call()
        assert str(got.value) == str(wanted.value)
        assert type(got.value.__cause__) is type(wanted.value.__cause__)


class Spy(nn.Module):
    """Notes what it sees."""

    def __init__(self) -> None:
        self.scale = unifw.Parameter([1.0])
        self.seen: set[float] = set()

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 1) to the same shape."""
        y = x * self.scale
        self.seen.add(float(unifw.sum(y)))  # which a traced graph refuses
        return unifw.sqrt(y)


def trainer() -> tuple[unifw.Trainer, DataLoader]:
    model = Spy()
    built = unifw.Trainer(model, unifw.optim.SGD(model, lr=3.0), lambda y, t: unifw.mean(y - t), progress=False)
    return built, DataLoader(ArrayDataset(np.ones((4, 1), np.float32), np.zeros((4, 1), np.float32)), batch_size=4)


def test_a_training_step_is_plain_python_inside_eager(backend: str) -> None:
    built, data = trainer()
    with unifw.eager():
        assert runs_eagerly()
        history = built.fit(data, epochs=1)
    assert built.model.seen == {4.0}
    assert history[0]["loss"] == 1.0
    np.testing.assert_allclose(built.model.scale.item(), 1 - 3 * 0.5, rtol=1e-6)


def test_a_trainer_raises_where_training_goes_wrong(backend: str) -> None:
    built, data = trainer()
    words = r"sqrt made NaN in 4 of 4 elements.*in the Spy itself"
    with pytest.raises(NonFiniteError, match=words), unifw.debug_nans():
        built.fit(data, epochs=2)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_compiled_functions_are_plain_python_inside(backend: str) -> None:
    seen: list[bool] = []

    @unifw.compile
    def f(x: unifw.Tensor) -> unifw.Tensor:
        seen.append(x.ops.is_traced(x.native))
        return unifw.log(x)

    f(ones(1.0, 2.0))
    f(ones(1.0, 2.0))
    assert seen == [True]
    with unifw.eager():
        f(ones(1.0, 2.0))
    assert seen == [True, False]
    f(ones(1.0, 0.0))
    with pytest.raises(NonFiniteError, match="log made -inf in 1 of 2"), unifw.debug_nans():
        f(ones(1.0, 0.0))
    assert seen == [True, False, False]
