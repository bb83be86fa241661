"""Lists and dicts of Modules and of parameters."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, OperandError


def linear() -> nn.Linear:
    return nn.Linear(2, 2, bias=False)


def test_a_list_of_modules_is_a_list(backend: str) -> None:
    a, b, c, d = (linear() for _ in range(4))
    layers = nn.ModuleList([a, b])
    assert layers.append(c) is layers
    assert list(layers.insert(1, d)) == [a, d, b, c]
    assert (len(layers), layers[-1], list(layers[1:3])) == (4, c, [d, b])
    assert type(layers[1:]) is nn.ModuleList
    layers[1] = nn.ReLU()
    assert list(layers.state_dict()) == ["0.weight", "2.weight", "3.weight"]
    del layers[0]
    assert layers.pop() is c
    assert list(layers.extend([a]))[1:] == [b, a]
    assert (layers + nn.ModuleList([d]))[-1] is d
    assert len(layers) == 3
    assert list(nn.ModuleList()) == []
    assert repr(nn.ModuleList([nn.ReLU()])) == "ModuleList(\n  (0): ReLU()\n)"
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        layers(unifw.ones(2))


@pytest.mark.parametrize("kind", [nn.ModuleList, nn.Sequential])
def test_what_is_no_module_is_refused_and_changes_nothing(backend: str, kind: Any) -> None:
    layers = kind(*[[linear()]] if kind is nn.ModuleList else [linear()])
    for change in (
        lambda: layers.append(nn.ReLU),
        lambda: layers.extend([nn.ReLU(), 3]),
        lambda: layers.insert(0, None),
        lambda: layers.__setitem__(0, "x"),
    ):
        with pytest.raises(OperandError, match="expected Modules"):
            change()
    assert len(layers) == 1


def test_sequential_takes_names(backend: str) -> None:
    model = nn.Sequential({"first": linear(), "act": nn.ReLU()})
    assert [name for name, _ in model.named_modules()] == ["", "first", "act"]
    assert model.first is model[0]
    assert list(model.append(linear()).state_dict()) == ["first.weight", "2.weight"]
    assert list(model[:2].state_dict()) == ["first.weight"]
    assert copy.deepcopy(model).act is not model.act
    assert model(unifw.ones((1, 2))).shape == (1, 2)
    assert "(first): Linear(2, 2, bias=False)" in repr(model)
    with pytest.raises(AttributeError, match="no attribute or layer 'second'"):
        _ = model.second
    with pytest.raises(ArgumentError, match="named layers"):
        del model[0]
    with pytest.raises(ArgumentError, match="pop: got a Sequential with named layers"):
        model.pop()
    assert len(model) == 3


def test_sequential_grows(backend: str) -> None:
    model = nn.Sequential(linear())
    model.insert(0, nn.ReLU()).extend([nn.ReLU(), linear()])
    assert list(model.state_dict()) == ["1.weight", "3.weight"]
    del model[3]
    assert type(model[1:]) is nn.Sequential
    assert len(nn.Sequential()(unifw.ones(3))) == 3


def test_a_dict_of_modules_is_a_dict(backend: str) -> None:
    a, b = linear(), linear()
    heads = nn.ModuleDict({"a": a})
    heads["b"] = b
    assert (list(heads), len(heads), "a" in heads, "c" in heads) == (["a", "b"], 2, True, False)
    assert (heads["b"], heads.a, heads.get("c"), list(heads.values())) == (b, a, None, [a, b])
    assert list(heads.keys()) == [name for name, _ in heads.items()]
    assert list(heads.state_dict()) == ["a.weight", "b.weight"]
    assert heads.pop("a") is a
    heads.update([("c", nn.ReLU())])
    del heads["b"]
    assert list(heads) == ["c"]
    heads.clear()
    assert not len(heads)
    for items, words in (({"a.b": a}, "without dots"), ({"": a}, "without dots"), ({"x": 3}, "expected Modules")):
        with pytest.raises((ArgumentError, OperandError), match=words):
            heads.update(items)
    assert not len(heads)


def test_parameters_in_lists_and_dicts(backend: str) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.scales = nn.ParameterList([unifw.ones(2), unifw.Parameter([2.0], trainable=False)])
            self.named = nn.ParameterDict({"a": unifw.zeros(1), "b": unifw.Buffer([1.0])})

    model = Model()
    assert list(model.state_dict()) == ["scales.0", "scales.1", "named.a", "named.b"]
    assert [name for name, p in model.named_parameters() if p.trainable] == ["scales.0", "named.a"]
    assert [name for name, _ in model.named_buffers()] == ["named.b"]
    assert isinstance(model.scales[0], unifw.Parameter)
    assert isinstance(model.named["a"], unifw.Parameter)
    model.scales.append(unifw.zeros(3))
    assert model.scales[2].shape == (3,)
    assert "(1): Parameter of shape (1,)" in repr(model.scales)
    with pytest.raises(OperandError, match=r"expected Parameters"):
        model.scales.append(3.0)


def test_the_identity_stands_in_for_any_layer(backend: str) -> None:
    x = unifw.ones(3)
    assert nn.Identity(3, 4, bias=False)(x) is x


def test_children_modules_apply_and_paths(backend: str) -> None:
    model = nn.Sequential(nn.Sequential(linear()), nn.ReLU())
    assert [name for name, _ in model.named_children()] == ["0", "1"]
    assert list(model.children()) == [model[0], model[1]]
    assert list(model.modules()) == [model, model[0], model[0][0], model[1]]
    seen: list[nn.Module] = []
    assert model.apply(seen.append) is model
    assert seen == [model[0][0], model[0], model[1], model]
    assert model.get_submodule("0.0") is model[0][0]
    assert model.get_submodule("") is model
    with pytest.raises(ArgumentError, match=r"got '0\.3'; expected one of 0, 0\.0, 1"):
        model.get_submodule("0.3")
