"""One parameter in several layers: both names in a state dict, saved once, tied after every way of copying."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

import unifw
from unifw import nn
from unifw.errors import StateDictError


class Tied(nn.Module):
    """Weights that turn words into vectors, and vectors into words."""

    def __init__(self, tied: bool = True) -> None:
        self.encode = nn.Linear(3, 3, bias=False)
        self.decode = nn.Linear(3, 3)
        if tied:
            self.decode.weight = self.encode.weight

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 3) to the same shape."""
        return self.decode(self.encode(x))


def is_tied(model: nn.Module) -> bool:
    return model.encode.weight is model.decode.weight


def test_both_names_are_in_the_state_dict_and_one_in_the_parameters(backend: str) -> None:
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["encode.weight", "decode.bias"]
    state = model.state_dict()
    assert sorted(state) == ["decode.bias", "decode.weight", "encode.weight"]
    assert state["decode.weight"] is state["encode.weight"]
    assert model.shared_names() == {"decode.weight": "encode.weight"}
    assert Tied(tied=False).shared_names() == {}


def test_training_moves_both(backend: str) -> None:
    model, x = Tied(), unifw.asarray([[1.0, 2.0, 3.0]])
    before = model.encode.weight.numpy()
    gradients = unifw.grad(lambda model: unifw.sum(model(x)))(model)
    W = before.astype(np.float64)
    ones = np.ones((1, 3))
    expected = np.outer(ones, W @ x.numpy()[0]) + np.outer(W.T @ ones[0], x.numpy()[0])
    np.testing.assert_allclose(gradients["encode.weight"].numpy(), expected, rtol=1e-5)
    unifw.optim.SGD(model, lr=0.1).step(gradients)
    assert is_tied(model)
    assert model.decode.weight.tolist() != before.tolist()


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_copies_are_tied(backend: str, way: Any) -> None:
    model = Tied()
    twin = way(model)
    assert is_tied(twin)
    assert twin.encode.weight is not model.encode.weight
    assert twin.to(unifw.float64).decode.weight.dtype is unifw.float64
    assert is_tied(twin)


def test_the_file_holds_it_once_and_both_names_come_back(backend: str, tmp_path: Path) -> None:
    model = Tied()
    for number, what in enumerate((model, model.state_dict())):
        path = tmp_path / f"{number}.safetensors"
        unifw.save(what, path)
        assert sorted(safetensors.numpy.load_file(path)) == ["decode.bias", "encode.weight"]
        with safe_open(path, "numpy") as file:
            assert file.metadata() == {"format": "unifw", "decode.weight": "encode.weight"}
        state = unifw.load(path)
        assert state["decode.weight"] is state["encode.weight"]
        other = Tied()
        assert not other.load_state_dict(state)
        assert is_tied(other)
        assert other.decode.weight.tolist() == model.encode.weight.tolist()
        apart = Tied(tied=False)  # the same values where a model does not tie them
        assert not apart.load_state_dict(state)
        assert apart.decode.weight.tolist() == apart.encode.weight.tolist() == model.encode.weight.tolist()


def test_a_file_of_another_writer_has_words_of_its_own(backend: str, tmp_path: Path) -> None:
    values = {"pt": np.ones(2, np.float32)}
    safetensors.numpy.save_file(values, tmp_path / "x.safetensors", {"format": "pt", "other": "missing"})
    assert list(unifw.load(tmp_path / "x.safetensors")) == ["pt"]


@pytest.mark.parametrize("names", [["encode.weight"], ["decode.weight"], ["encode.weight", "decode.weight"]])
def test_a_state_dict_may_have_one_name_or_both(backend: str, names: list[str]) -> None:
    model, weight = Tied(), np.arange(9.0).reshape(3, 3)
    state = {"decode.bias": np.ones(3), **dict.fromkeys(names, weight)}
    assert not model.load_state_dict(state)
    assert is_tied(model)
    assert model.encode.weight.tolist() == weight.tolist()


def test_what_is_missing_or_of_another_shape_is_said_once(backend: str) -> None:
    model = Tied()
    with pytest.raises(StateDictError, match=r"loaded:\n  missing: encode\.weight\nBuild"):
        model.load_state_dict({"decode.bias": np.ones(3)})
    with pytest.raises(StateDictError, match=r"misshapen: encode\.weight: got \(2, 2\)"):
        model.load_state_dict({"decode.bias": np.ones(3), "decode.weight": np.ones((2, 2))})


def test_a_whole_layer_used_twice_stands_under_both_names(backend: str) -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert not nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).load_state_dict(model.state_dict())


def test_a_module_that_holds_its_owner_is_walked_once(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    model[0].owner = [model]
    assert list(model.state_dict()) == ["0.weight", "0.bias"]


def test_a_file_with_other_values_for_each_name_is_refused(backend: str, tmp_path: Path) -> None:
    path, model = tmp_path / "untied.safetensors", Tied()
    unifw.save(Tied(tied=False), path)
    before = model.encode.weight.numpy()
    with pytest.raises(
        StateDictError, match=r"other values for \w+.weight than for encode.weight, which are one tensor"
    ):
        unifw.load_checkpoint(model, path)
    np.testing.assert_array_equal(model.encode.weight.numpy(), before)
    assert not unifw.load_checkpoint(model, path, rename={r"^decode.weight$": None})
    np.testing.assert_array_equal(model.encode.weight.numpy(), unifw.load(path)["encode.weight"].numpy())
