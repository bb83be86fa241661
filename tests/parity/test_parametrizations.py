"""Weight norm and spectral norm against `torch.nn.utils.parametrizations`, and parametrised twins."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import UnfinishedError
from unifw.nn.parametrizations import spectral_norm, weight_norm

OTHER = {"torch": "tensorflow", "tensorflow": "torch"}


@pytest.fixture
def torch() -> Any:
    """The oracle."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
@pytest.mark.parametrize("options", [{}, {"dim": 1}], ids=str)
def test_names_values_and_gradients_are_torchs(backend: str, torch: Any, name: str, options: dict[str, Any]) -> None:
    ours_of = {"weight_norm": weight_norm, "spectral_norm": spectral_norm}[name]
    theirs = getattr(torch.nn.utils.parametrizations, name)(torch.nn.Linear(5, 3), **options)
    ours = ours_of(nn.Linear(5, 3), **options)
    assert not ours.load_state_dict(theirs.state_dict())
    assert sorted(ours.state_dict()) == sorted(theirs.state_dict())
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    for _ in range(3):  # spectral norm moves its directions in each training call
        y = theirs(torch.from_numpy(x))
        theirs.zero_grad()
        (y**2).sum().backward()

        def loss(model: nn.Module) -> Any:
            y = model(unifw.asarray(x))
            return unifw.sum(y**2), y

        (_, mine), gradients = unifw.value_and_grad(loss, has_aux=True)(ours)
        np.testing.assert_allclose(mine.numpy(), y.detach().numpy(), rtol=1e-5, atol=1e-6)
        for key, parameter in theirs.named_parameters():
            np.testing.assert_allclose(gradients[key].numpy(), parameter.grad.numpy(), rtol=2e-5, atol=1e-5)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        ours.eval()(unifw.asarray(x)).numpy(), theirs.eval()(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )


def test_the_whole_as_one_norm_is_torchs(backend: str, torch: Any) -> None:
    theirs = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2), dim=None)
    ours = weight_norm(nn.Linear(3, 2), dim=None)
    ours.load_state_dict(theirs.state_dict())
    np.testing.assert_allclose(ours.weight.numpy(), theirs.weight.detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
def test_spectral_norm_of_convolutions_is_torchs(backend: str, torch: Any, kind: str) -> None:
    theirs = torch.nn.utils.parametrizations.spectral_norm(getattr(torch.nn, kind)(3, 4, 2))
    ours = spectral_norm(getattr(nn, kind)(3, 4, 2))
    assert not ours.load_state_dict(theirs.state_dict())
    for _ in range(2):
        np.testing.assert_allclose(ours.weight.numpy(), theirs.weight.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_spectral_norm_of_a_weight_that_is_computed_already_is_torchs(backend: str, torch: Any) -> None:
    ready = torch.nn.utils.parametrizations
    theirs = ready.spectral_norm(ready.weight_norm(torch.nn.Linear(4, 3)).eval())
    ours = spectral_norm(weight_norm(nn.Linear(4, 3)).eval())
    assert not ours.load_state_dict(theirs.state_dict())
    for _ in range(2):  # in evaluation no reading moves the directions
        np.testing.assert_allclose(ours.weight.numpy(), theirs.weight.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_files_from_before_parametrisations_load(backend: str, torch: Any, tmp_path: Path) -> None:
    theirs = torch.nn.Sequential(torch.nn.utils.weight_norm(torch.nn.Linear(4, 3)))
    assert "0.weight_g" in theirs.state_dict()
    torch.save(theirs.state_dict(), tmp_path / "old.pt")
    ours, x = nn.Sequential(weight_norm(nn.Linear(4, 3))), np.ones((2, 4), np.float32)
    assert not unifw.load_checkpoint(ours, tmp_path / "old.pt")
    np.testing.assert_allclose(
        ours(unifw.asarray(x)).numpy(), theirs(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )


def test_one_seed_one_start_and_twins_agree(backend: str) -> None:
    models, outputs, x = [], [], np.ones((2, 4), np.float32)
    for name in (backend, OTHER[backend]):
        with unifw.using_backend(name):
            unifw.seed(5)
            models.append(nn.Sequential(spectral_norm(nn.Linear(4, 3)), nn.Linear(None, 2)))
            outputs.append(models[-1](unifw.asarray(x)).numpy())
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-6)
    twin = models[0].to_backend(OTHER[backend])
    both = [model.eval()(unifw.asarray(x).to_backend(model.backend)).numpy() for model in (models[0], twin)]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-5, atol=1e-6)
    assert twin.backend.name == OTHER[backend]
    states = [model[1].state_dict() for model in models]
    assert states[0]["weight"].numpy().tobytes() == states[1]["weight"].numpy().tobytes()
    assert states[0]["bias"].numpy().tobytes() == states[1]["bias"].numpy().tobytes()


def test_hooks_and_ties_survive_the_move(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    model[1].register_forward_hook(lambda module, args, output: output * 3)
    twin, x = model.to_backend(OTHER[backend]), unifw.asarray([[1.0, 2.0]])
    assert twin[1].weight is twin[0].weight
    np.testing.assert_allclose(twin(x.to_backend(twin.backend)).numpy(), model(x).numpy(), rtol=1e-6)


@pytest.mark.parametrize("format", ["pt2", "torchscript", "saved_model"])
def test_what_is_parametrised_tied_and_was_lazy_can_be_exported(backend: str, tmp_path: Path, format: str) -> None:
    model = nn.Sequential(weight_norm(nn.Linear(3, 3)), spectral_norm(nn.Linear(3, 3)), nn.Linear(None, 3))
    model.append(nn.Linear(3, 3))
    model[3].weight = model[0].parametrizations.weight.original1
    model[3].register_forward_hook(lambda module, args, output: output + 1)
    x = unifw.asarray(np.random.default_rng(1).normal(size=(4, 3)), dtype=unifw.float32)
    model(x)
    report = unifw.export(model, tmp_path / "model", format=format, inputs=x)
    assert report.max_difference < 1e-6


def test_tied_weights_are_read_by_the_other_backend_and_by_torch(backend: str, torch: Any, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    unifw.save(model, tmp_path / "x.safetensors")
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    theirs[1].weight = theirs[0].weight
    importlib.import_module("safetensors.torch").load_model(theirs, tmp_path / "x.safetensors")
    np.testing.assert_array_equal(theirs[1].weight.detach().numpy(), model[0].weight.numpy())
    importlib.import_module("safetensors.torch").save_model(theirs, str(tmp_path / "y.safetensors"))
    with unifw.using_backend(OTHER[backend]):
        other = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        assert not other.load_state_dict(unifw.load(tmp_path / "y.safetensors"))
    np.testing.assert_array_equal(other[1].weight.numpy(), model[0].weight.numpy())


def test_training_of_what_is_parametrised_stays_together(backend: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 4)).astype(np.float32), rng.normal(size=(16, 2)).astype(np.float32)
    histories, states = [], []
    for name in (backend, OTHER[backend]):
        with unifw.using_backend(name):
            unifw.seed(3)
            model = nn.Sequential(spectral_norm(nn.Linear(4, 8)), nn.ReLU(), weight_norm(nn.Linear(8, 2)))
            optimizer = unifw.optim.SGD(model, lr=0.05, momentum=0.9)
            trainer = unifw.Trainer(model, optimizer, lambda out, t: unifw.mean((out - t) ** 2), progress=False)
            data = unifw.data.DataLoader(unifw.data.ArrayDataset(x, y), batch_size=4)
            histories.append([log["loss"] for log in trainer.fit(data, epochs=5)])
            states.append({key: value.numpy() for key, value in model.state_dict().items()})
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-5)
    assert histories[0][-1] < histories[0][0]
    for key, value in states[0].items():
        np.testing.assert_allclose(states[1][key], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("format", ["pt2", "saved_model"])
def test_a_layer_that_waits_cannot_be_exported(backend: str, tmp_path: Path, format: str) -> None:
    model = nn.Sequential(nn.Linear(None, 3))
    with pytest.raises(UnfinishedError, match=r"the layer 0 is Linear\(in_features=None.*before you .* export it"):
        unifw.export(model, tmp_path / "model", format=format, inputs=np.ones((2, 3), np.float32))
    assert not list(tmp_path.iterdir())
