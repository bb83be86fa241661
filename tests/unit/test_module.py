"""Module: the walk and its names, state dicts, modes, moving, copying, showing, and user-defined layers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import DeviceError, StateDictError, UnifwError


class Nested(nn.Module):
    """Parts in lists, dicts, tuples and below each other; one layer under two names; things that are no state."""

    def __init__(self) -> None:
        self.blocks = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]
        self.heads = {"a": nn.Linear(2, 1, bias=False), "b": {"scale": unifw.Buffer([1.0, 2.0, 3.0])}}
        self.again = self.blocks[0]
        self.pair = (unifw.Parameter([5.0]), nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5)))
        self.constant = unifw.ones(2)
        self.number, self.word, self.nothing = 3, "word", None

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to (N, 1)."""
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x) * self.pair[0]


PARAMETERS = ["blocks.0.weight", "blocks.0.bias", "blocks.2.weight", "blocks.2.bias", "heads.a.weight", "pair.0"]
NORM = ["pair.1.0.weight", "pair.1.0.bias"]
BUFFERS = ["heads.b.scale", "pair.1.0.running_mean", "pair.1.0.running_var", "pair.1.0.num_batches_tracked"]


def values(model: nn.Module) -> dict[str, Any]:
    return {name: x.tolist() for name, x in model.named_state().items()}


def train_once(model: nn.Module, x: unifw.Tensor) -> None:
    gradients = unifw.grad(lambda model: unifw.sum(model(x) ** 2))(model)
    unifw.optim.SGD(model, lr=0.1).step(gradients)


def test_names_follow_the_path_and_a_shared_part_counts_once(backend: str) -> None:
    model = Nested()
    modules = ["", "blocks.0", "blocks.1", "blocks.2", "heads.a", "pair.1", "pair.1.0", "pair.1.1"]
    assert [name for name, _ in model.named_modules()] == modules
    assert [name for name, _ in model.named_parameters()] == PARAMETERS + NORM
    assert [name for name, _ in model.named_buffers()] == BUFFERS
    assert sorted(model.named_state()) == sorted([*PARAMETERS, *NORM, *BUFFERS])
    assert sorted(model.state_dict()) == sorted([*PARAMETERS, *NORM, *BUFFERS, "again.weight", "again.bias"])
    assert len(list(model.parameters())) == 8
    assert len(list(model.buffers())) == 4
    assert dict(model.named_parameters())["blocks.0.weight"] is model.again.weight


def test_a_part_assigned_later_or_taken_away_is_seen(backend: str) -> None:
    model = nn.Linear(1, 1)
    model.scale = unifw.Parameter([1.0])
    model.bias = None
    assert list(model.state_dict()) == ["weight", "scale"]


def test_later_training_does_not_change_a_state_dict(backend: str) -> None:
    model = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
    state = model.state_dict()
    kept = {name: x.tolist() for name, x in state.items()}
    train_once(model, unifw.reshape(unifw.arange(16.0), (2, 2, 2, 2)))
    assert {name: x.tolist() for name, x in state.items()} == kept
    changed = [name for name, x in values(model).items() if x != kept[name]]
    assert {"0.weight", "1.running_mean", "1.num_batches_tracked"} <= set(changed)


def test_loading_gives_the_outputs_of_the_source(backend: str) -> None:
    source, target, x = Nested(), Nested(), unifw.asarray([[1.0, -2.0], [0.5, 3.0]])
    assert source(x).tolist() != target(x).tolist()
    report = target.load_state_dict(source.state_dict())
    assert not report
    assert str(report) == "  everything fits"
    assert source(x).tolist() == target(x).tolist()
    train_once(target, x)  # what was loaded is a copy
    assert source(x).tolist() != target(x).tolist()


def test_numpy_arrays_load_and_take_the_own_dtype(backend: str) -> None:
    model = nn.BatchNorm2d(2)
    state = {"weight": np.array([1, 2]), "bias": np.array([0.5, -0.5]), "running_mean": np.zeros(2, "float16")}
    state |= {"running_var": np.ones(2)[::-1], "num_batches_tracked": np.int32(7)}
    model.load_state_dict(state)
    assert [model.weight.tolist(), model.bias.tolist()] == [[1.0, 2.0], [0.5, -0.5]]
    assert (model.weight.dtype, model.running_mean.dtype) == (unifw.float32, unifw.float32)
    assert (model.num_batches_tracked.item(), model.num_batches_tracked.dtype) == (7, unifw.int64)
    state["bias"][0] = 9.0
    assert model.bias.tolist() == [0.5, -0.5]


def test_what_does_not_fit_is_reported_and_nothing_is_loaded(backend: str) -> None:
    model = nn.Linear(2, 3)
    before = values(model)
    for state, words in (
        ({"weight": np.ones((3, 2))}, ["missing: bias"]),
        ({"weight": np.ones((3, 2)), "bias": np.ones(3), "scale": np.ones(1)}, ["unexpected: scale"]),
        ({"weight": np.ones((2, 3)), "bias": np.ones(3)}, [r"misshapen: weight: got (2, 3), expected (3, 2)"]),
        ({"other": np.ones(1)}, ["missing: weight", "missing: bias", "unexpected: other"]),
    ):
        with pytest.raises(StateDictError, match="does not fit this Linear; nothing was loaded") as caught:
            model.load_state_dict(state)
        assert [word for word in words if word not in str(caught.value)] == []
        assert "strict=False" in str(caught.value)
        assert values(model) == before


def test_not_strict_loads_what_fits_and_reports_the_rest(backend: str) -> None:
    model = nn.Linear(2, 1)
    before = values(model)
    report = model.load_state_dict({"weight": np.array([[7.0, 8.0]]), "scale": np.ones(1)}, strict=False)
    assert (report.missing, report.unexpected, dict(report.misshapen)) == (("bias",), ("scale",), {})
    assert report
    assert values(model) == {"weight": [[7.0, 8.0]], "bias": before["bias"]}
    with pytest.raises(StateDictError, match=r"misshapen: bias"):
        model.load_state_dict({"weight": np.zeros((1, 2)), "bias": np.ones(5)}, strict=False)
    assert values(model)["weight"] == [[7.0, 8.0]]


@pytest.mark.parametrize("wrong", [np.array(["a"]), None, "a", 0.5], ids=["words", "none", "str", "number"])
def test_values_that_are_no_arrays_of_numbers_are_an_error_before_anything_is_loaded(backend: str, wrong: Any) -> None:
    model = nn.Linear(2, 1)
    before = values(model)
    with pytest.raises(UnifwError, match="bias"):
        model.load_state_dict({"weight": np.ones((1, 2)), "bias": wrong})
    assert values(model) == before


def test_modes_reach_every_part(backend: str) -> None:
    model = Nested()
    assert all(module.training for _, module in model.named_modules())
    assert model.eval() is model
    assert not any(module.training for _, module in model.named_modules())
    assert model.train() is model
    assert all(module.training for _, module in model.named_modules())
    model.pair[1].eval()
    assert [name for name, module in model.named_modules() if not module.training] == ["pair.1", "pair.1.0", "pair.1.1"]


def test_frozen_parts_do_not_train(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    assert model[0].freeze() is model[0]
    before, x = values(model), unifw.asarray([[1.0, 2.0]])
    train_once(model, x)
    assert [name for name, x in values(model).items() if x != before[name]] == ["1.weight", "1.bias"]
    assert "Frozen: 6" in model.summary()
    before = values(model.unfreeze())
    train_once(model, x)
    assert [name for name, x in values(model).items() if x != before[name]] == list(before)


def test_conversion_keeps_integer_buffers_and_the_objects(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm2d(2))
    held = list(model.named_state().values())
    assert model.to(unifw.float64) is model
    assert list(model.named_state().values()) == held
    dtypes = {name: x.dtype for name, x in model.named_state().items()}
    assert dtypes.pop("1.num_batches_tracked") is unifw.int64
    assert set(dtypes.values()) == {unifw.float64}
    assert model.to("float32").to("cpu")[0].weight.dtype is unifw.float32
    assert model[0].weight.device == "cpu"
    with pytest.raises(DeviceError, match=r"got 'gpu:99'; expected one of"):
        model.to("gpu:99")


def test_summary_shows_every_part_and_counts_each_parameter_once(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3), nn.ReLU())
    text = nn.Sequential(model, model[0]).summary()
    for words in ("0.0", "Linear", "weight (3, 2)", "running_mean (3,) buffer", "ReLU"):
        assert words in text
    assert text.endswith("Total parameters: 15\nTrainable: 15\nFrozen: 0")


def test_summary_counts_what_lists_and_dicts_hold(backend: str) -> None:
    text = Nested().summary()
    total = sum(p.size for p in Nested().parameters())
    assert f"Total parameters: {total}\n" in text
    assert "scale (3,) buffer" in text


def test_repr_shows_the_tree(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Sequential(nn.ReLU(), nn.Dropout(0.25)))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(2, 3, bias=False)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.25)\n"
        "  )\n"
        ")"
    )


@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_a_copy_is_equal_independent_and_shares_within_itself(backend: str, way: Any) -> None:
    model, x = Nested(), unifw.asarray([[1.0, 2.0]])
    model.blocks[2].freeze()
    model.pair[1].eval()
    twin = way(model)
    assert values(twin) == values(model)
    assert twin.again is twin.blocks[0]
    assert twin.blocks[0].weight is not model.blocks[0].weight
    assert [p.trainable for p in twin.parameters()] == [p.trainable for p in model.parameters()]
    assert [m.training for _, m in twin.named_modules()] == [m.training for _, m in model.named_modules()]
    assert twin.backend is model.backend
    before = values(model)
    train_once(twin, x)
    assert values(model) == before
    assert values(twin) != before


class Doubled(nn.Linear):
    """Overrides the forward of a leaf layer."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Twice the output of Linear, and a tensor made here."""
        return super().forward(x) * 2 + unifw.ones(self.weight.shape[0])


class Inherits(Doubled):
    """Has no forward of its own."""


class Mixin:
    """A forward from beside the layer."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Twice the output of Linear, and a tensor made here."""
        return nn.Linear.forward(self, x) * 2 + unifw.ones(self.weight.shape[0])  # type: ignore[arg-type,attr-defined]


class Mixed(Mixin, nn.Linear):
    """Python's method resolution puts Mixin.forward first."""


@pytest.mark.parametrize("kind", [Doubled, Inherits, Mixed])
def test_a_subclass_of_a_layer_runs_its_own_forward(backend: str, kind: type[nn.Linear]) -> None:
    layer, x = kind(2, 1), unifw.asarray([[1.0, 2.0]])
    plain = nn.Linear.forward(layer, x).item()
    np.testing.assert_allclose(layer(x).item(), 2 * plain + 1, rtol=1e-6)
    np.testing.assert_allclose(nn.Sequential(layer)(x).item(), 2 * plain + 1, rtol=1e-6)


class Maker(nn.Module):
    """Makes tensors in forward, takes no tensor first, and has a keyword."""

    def __init__(self) -> None:
        self.scale = unifw.Parameter([2.0])

    def forward(self, count: int, start: float = 0.0) -> unifw.Tensor:
        """The numbers start, start + 1, ... times the scale."""
        return (unifw.arange(count, dtype=unifw.float32) + unifw.full((count,), start)) * self.scale


@pytest.mark.parametrize("call", [lambda: Maker()(3, start=1.0), lambda: Doubled(2, 3)(unifw.ones((1, 2)))])
def test_tensors_made_in_forward_follow_the_model(backend: str, call: Any) -> None:
    assert call().backend.name == backend
    model, layer, x = Maker(), Doubled(2, 3), unifw.ones((1, 2))
    with unifw.using_backend("toy"):
        assert unifw.ones(1).backend.name == "toy"
        assert model(3, start=1.0).tolist() == [2.0, 4.0, 6.0]
        assert layer(x).backend.name == backend
        assert unifw.ones(1).backend.name == "toy"


def test_a_module_without_forward_says_what_to_write(backend: str) -> None:
    class Unfinished(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Unfinished has no forward\(\); write `def forward"):
        Unfinished()(unifw.ones(1))


def test_what_other_libraries_call_it_is_told(backend: str) -> None:
    """Without a `__getattr__`, which would make every read of an attribute slower."""
    model = nn.Linear(2, 1)
    x, optimizer = unifw.ones((3, 2)), unifw.optim.SGD(model, lr=0.1)
    asked = {
        "half": (model, r"Write model\.to\(unifw\.float16\)"),
        "register_buffer": (model, r"Write self\.name = unifw\.Buffer"),
        "fit": (model, r"Write unifw\.Trainer\(model, optimizer, loss\)\.fit"),
        "zero_grad": (optimizer, r"write optimizer\.step\(gradients\)"),
        "backward": (x, r"write unifw\.value_and_grad"),
        "sum": (x, r"Write unifw\.sum\(x, \.\.\.\)"),
    }
    for name, (one, words) in asked.items():
        with pytest.raises(AttributeError, match=words):
            getattr(one, name)
        assert name not in dir(one)
        assert not hasattr(type(one), "__getattr__")
    model.half = nn.Linear(1, 1)  # the names are free
    assert isinstance(model.half, nn.Linear)
