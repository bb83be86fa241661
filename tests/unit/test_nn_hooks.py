"""Forward hooks, intermediates, and where in a model an error arose."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ShapeError


class Block(nn.Module):
    """A layer that runs twice, between others."""

    def __init__(self) -> None:
        self.inner = [nn.Linear(2, 2), nn.ReLU()]
        self.out = nn.Linear(2, 1)

    def forward(self, x: unifw.Tensor, scale: float = 1.0) -> unifw.Tensor:
        """(N, 2) to (N, 1)."""
        for _ in range(2):
            x = self.inner[1](self.inner[0](x))
        return self.out(x) * scale


class Model(nn.Module):
    """A Block in a Module."""

    def __init__(self) -> None:
        self.body = Block()

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to (N, 1)."""
        return self.body(x, scale=2.0)


def test_every_output_by_path(backend: str) -> None:
    model, x = Model(), unifw.asarray([[1.0, -2.0], [0.5, 3.0]])
    found = model.intermediates(x)
    assert list(found) == [
        "body.inner.0", "body.inner.1", "body.inner.0#2", "body.inner.1#2", "body.out", "body", "",
    ]  # fmt: skip
    np.testing.assert_array_equal(found[""].numpy(), model(x).numpy())
    np.testing.assert_array_equal(found["body.inner.0"].numpy(), model.body.inner[0](x).numpy())
    np.testing.assert_array_equal(found["body.out"].numpy() * 2, found["body"].numpy())
    assert {type(module) for module in model.modules()} == {Model, Block, nn.Linear, nn.ReLU}
    with model.recording() as recorded:
        unifw.grad(lambda model: unifw.sum(model(x)))(model)
    assert list(recorded) == list(found)
    with pytest.raises(ShapeError), model.recording():
        model(unifw.ones((1, 3)))
    assert not any("_hooks" in vars(module) for module in model.modules())


def test_hooks_run_in_order_and_change_what_they_return(backend: str) -> None:
    layer, x, seen = nn.ReLU(), unifw.asarray([-1.0, 2.0]), []
    first = layer.register_forward_hook(lambda module, args, output: seen.append("first"))
    layer.register_forward_hook(lambda module, args, output: output * 10)
    layer.register_forward_hook(lambda module, args, output: seen.append(output.tolist()))
    layer.register_forward_hook(lambda module, args, output: seen.append("before"), prepend=True)
    before = layer.register_forward_pre_hook(lambda module, args: -args[0])
    assert layer(x).tolist() == [10.0, 0.0]
    assert seen == ["before", "first", [10.0, 0.0]]
    before.remove()
    first.remove()
    first.remove()
    assert layer(x).tolist() == [0.0, 20.0]
    assert seen[3:] == ["before", [0.0, 20.0]]


def test_hooks_see_keywords_when_asked(backend: str) -> None:
    block, x, seen = Block(), unifw.ones((1, 2)), []
    plain = block(x).item()
    block.register_forward_pre_hook(lambda module, args, kwargs: (args, {"scale": 3.0}), with_kwargs=True)
    block.register_forward_hook(lambda module, args, kwargs, output: seen.append(kwargs), with_kwargs=True)
    np.testing.assert_allclose(block(x, scale=5.0).item(), 3 * plain, rtol=1e-6)
    assert seen == [{"scale": 3.0}]


def test_an_instance_with_hooks_is_still_of_its_class_and_others_pay_nothing(backend: str) -> None:
    layer, other = nn.Linear(2, 1), nn.Linear(2, 1)
    with layer.register_forward_hook(lambda *_: None):
        assert isinstance(layer, nn.Linear)
        assert type(layer).__name__ == "Linear"
        assert repr(layer) == repr(other)
        assert type(other).__call__ is nn.Linear.forward
        assert list(layer.state_dict()) == ["weight", "bias"]
    assert type(layer) is nn.Linear
    assert vars(layer).keys() == {"weight", "bias"}


def doubled(module: nn.Module, args: Any, output: unifw.Tensor) -> unifw.Tensor:
    return output * 2


@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_hooks_are_copied(backend: str, way: Any) -> None:
    model, x = Model(), unifw.asarray([[1.0, 2.0]])
    handle = model.body.register_forward_hook(doubled)
    twin = way(model)
    assert twin(x).tolist() == model(x).tolist()
    hooked = model(x).item()
    handle.remove()
    np.testing.assert_allclose([model(x).item() * 2, twin(x).item()], [hooked, hooked], rtol=1e-6)


def note(error: BaseException) -> str:
    (text,) = getattr(error, "__notes__", [""])
    return text


def test_an_error_says_in_which_layer_and_on_what(backend: str) -> None:
    model = Model()
    model.body.out = nn.Linear(3, 1)
    with pytest.raises(ShapeError, match="linear: got Tensor of shape") as caught:
        model(unifw.ones((4, 2)))
    assert note(caught.value) == "In body.out (Linear), called with x = Tensor of shape (4, 2) and dtype float32."
    with pytest.raises(ShapeError) as caught:
        nn.Sequential(model)(unifw.ones((4, 3)))
    assert note(caught.value).startswith("In 0.body.inner.0 (Linear), called with x = Tensor of shape (4, 3)")


class Refuses(nn.Module):
    """Raises an error of its own, after it has changed its argument."""

    def forward(self, x: unifw.Tensor, factor: float, also: Any = None) -> unifw.Tensor:
        """Never."""
        x = unifw.ones(7)
        raise KeyError("no such thing", x.shape)


def test_an_error_of_the_users_keeps_its_type_and_shows_the_inputs_of_the_call(backend: str) -> None:
    model = nn.Sequential({"first": nn.ReLU()})
    model.append(Refuses())
    with pytest.raises(TypeError) as missing:
        model(unifw.ones(2))
    assert "In 1 (Refuses), called with x = Tensor of shape (2,)" in note(missing.value)
    with pytest.raises(KeyError, match="no such thing") as caught:
        model[1](unifw.ones((2, 3)), factor=2.0)
    assert note(caught.value) == (
        "In the Refuses itself, called with x = Tensor of shape (2, 3) and dtype float32, factor = float 2.0."
    )


class Maker(nn.Module):
    """Makes a layer in its forward, which is no part of it."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Always fails."""
        return Model()(x)


def test_a_layer_made_on_the_way_keeps_its_own_note(backend: str) -> None:
    with pytest.raises(ShapeError) as caught:
        nn.Sequential(Maker())(unifw.ones((1, 3)))
    inner, outer = caught.value.__notes__
    assert inner.startswith("In body.inner.0 (Linear)")
    assert outer.startswith("In 0 (Maker)")


def test_a_module_without_errors_leaves_no_trace(backend: str) -> None:
    model = nn.Sequential(nn.ReLU())
    assert model(unifw.ones(1)).tolist() == [1.0]
    with pytest.raises(KeyboardInterrupt) as caught, model[0].register_forward_pre_hook(interrupt):
        model(unifw.ones(1))
    assert not hasattr(caught.value, "__notes__")


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_a_compiled_model_follows_its_hooks(backend: str) -> None:
    model, x = nn.Sequential(nn.ReLU()), unifw.asarray([-1.0, 2.0])
    compiled = unifw.compile(model)
    assert compiled(x).tolist() == [0.0, 2.0]
    first = model[0].register_forward_hook(lambda module, args, output: output + 1)
    assert compiled(x).tolist() == [1.0, 3.0]
    second = model[0].register_forward_hook(lambda module, args, output: output * 10)
    assert compiled(x).tolist() == [10.0, 30.0]
    first.remove()
    assert compiled(x).tolist() == [0.0, 20.0]
    second.remove()
    assert compiled(x).tolist() == [0.0, 2.0]
    with unifw.eager():
        assert list(compiled.intermediates(x)) == ["0", ""]
