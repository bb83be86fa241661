"""Every optimiser of each backend against torch.optim; what torch does not have, against its paper in NumPy."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim

Array = Any
STEPS = 20
RATE = optim.schedules.cosine(0.1, STEPS, final=0.01)
TOLERANCE = {"float32": 1e-6, "float64": 1e-13}
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "sgd-decay": ("SGD", {"weight_decay": 0.1}),
    "sgd-momentum": ("SGD", {"momentum": 0.9, "weight_decay": 0.01}),
    "sgd-dampening": ("SGD", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01}),
    "sgd-nesterov": ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": ("Adam", {}),
    "adam-decay": ("Adam", {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    "adam-amsgrad": ("Adam", {"amsgrad": True, "betas": (0.5, 0.6)}),
    "adamw": ("AdamW", {}),
    "adamw-no-decay": ("AdamW", {"weight_decay": 0.0}),
    "adamw-other": ("AdamW", {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3}),
    "adamw-amsgrad": ("AdamW", {"amsgrad": True, "betas": (0.5, 0.6)}),
    "nadam": ("NAdam", {}),
    "nadam-decay": ("NAdam", {"weight_decay": 0.1, "momentum_decay": 0.02, "betas": (0.8, 0.95)}),
    "nadam-decoupled": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {}),
    "radam-decay": ("RAdam", {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    "radam-decoupled": ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "adamax": ("Adamax", {}),
    "adamax-decay": ("Adamax", {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    "adagrad": ("Adagrad", {}),
    "adagrad-other": ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3}),
    "adadelta": ("Adadelta", {}),
    "adadelta-other": ("Adadelta", {"rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop-momentum": ("RMSprop", {"momentum": 0.9, "weight_decay": 0.1, "alpha": 0.9}),
    "rmsprop-centered": ("RMSprop", {"centered": True, "momentum": 0.5, "eps": 1e-2}),
    "rmsprop-centered-plain": ("RMSprop", {"centered": True, "eps": 1e-2}),
    **{
        f"{name.lower()}-up": (name, {"maximize": True, "weight_decay": 0.1})
        for name in ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop")
    },
}
cases = pytest.mark.parametrize(("name", "options"), OPTIMIZERS.values(), ids=OPTIMIZERS)


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


def pair(torch: Any, dtype: str) -> tuple[Any, nn.Module]:
    """The same layer of both."""
    module = torch.nn.Linear(4, 3).to(getattr(torch, dtype))
    model = nn.Linear(4, 3).to(getattr(unifw, dtype))
    model.load_state_dict({name: value.clone() for name, value in module.state_dict().items()})
    return module, model


def step_both(
    torch: Any, module: Any, theirs: Any, ours: Any, gradients: dict[str, Array], rate: float, own: Any = ()
) -> None:
    """A step of both at a rate, or at that which `own` has for the number of a group."""
    for i, group in enumerate(theirs.param_groups):
        group["lr"] = dict(own).get(i, rate)
    for key, parameter in module.named_parameters():
        parameter.grad = torch.tensor(gradients[key]) if key in gradients else None
    torch.set_default_dtype(torch.float64)  # in which NAdam then keeps its product of rates: ours is of 64 bits
    theirs.step()
    torch.set_default_dtype(torch.float32)
    ours.step({key: unifw.asarray(gradient) for key, gradient in gradients.items()})


def agree(module: Any, model: nn.Module, theirs: Any, ours: Any, tolerance: float) -> None:
    """Parameters and state, relative to the largest."""
    state = ours.state_dict()["state"]
    for key, parameter in module.named_parameters():
        pairs = [(model.named_state()[key], parameter)]
        pairs += [(x, theirs.state[parameter][kind]) for kind, x in state.get(key, {}).items()]
        for got, wanted in pairs:
            values = wanted.detach().numpy()
            np.testing.assert_allclose(got.numpy(), values, rtol=tolerance, atol=tolerance * np.abs(values).max())


def draw(rng: np.random.Generator, model: nn.Module, dtype: str) -> dict[str, Array]:
    return {key: rng.standard_normal(p.shape).astype(dtype) for key, p in model.named_parameters()}


@pytest.mark.parametrize("kernel", ["fused", "defined"])
@pytest.mark.parametrize("dtype", TOLERANCE)
@cases
def test_parameters_and_state_after_twenty_steps_at_changing_rates(
    backend: str, torch: Any, name: str, options: Any, dtype: str, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kernel == "defined":
        monkeypatch.setattr(unifw.get_backend().optim, "FUSED", {})
        monkeypatch.setattr(unifw.get_backend().optim, "state_factor", lambda *_: 1.0)
    rng, (module, model) = np.random.default_rng(3), pair(torch, dtype)
    theirs = getattr(torch.optim, name)(module.parameters(), **options)
    ours = getattr(optim, name)(model, lr=RATE, **options)
    for step in range(STEPS):
        step_both(torch, module, theirs, ours, draw(rng, model, dtype), RATE(step))
    agree(module, model, theirs, ours, TOLERANCE[dtype])


@pytest.mark.parametrize("name", ["SGD", "AdamW", "NAdam", "RAdam"])
def test_a_parameter_counts_its_own_steps(backend: str, torch: Any, name: str) -> None:
    """Torch corrects for the steps in which a parameter had a gradient, not for all."""
    rng, (module, model) = np.random.default_rng(4), pair(torch, "float64")
    options = {"momentum": 0.9, "dampening": 0.5} if name == "SGD" else {}
    theirs = getattr(torch.optim, name)(module.parameters(), **options)
    ours = getattr(optim, name)(model, lr=RATE, **options)
    for step in range(12):
        gradients = draw(rng, model, "float64")
        if step < 3 or step == 7:
            del gradients["bias"]
        step_both(torch, module, theirs, ours, gradients, RATE(step))
    agree(module, model, theirs, ours, 1e-13)
    resumed = getattr(optim, name)(model, lr=RATE, **options)
    resumed.load_state_dict(ours.state_dict())
    step_both(torch, module, theirs, resumed, draw(rng, model, "float64"), RATE(12))
    agree(module, model, theirs, resumed, 1e-13)


@pytest.mark.parametrize("dtype", TOLERANCE)
@cases
def test_groups_are_torchs_param_groups(backend: str, torch: Any, name: str, options: Any, dtype: str) -> None:
    """Twenty steps at changing rates, with a bias that has a rate, a decay and a direction of its own."""
    rng, (module, model) = np.random.default_rng(5), pair(torch, dtype)
    special = {"weight_decay": 0.2, "maximize": not options.get("maximize", False)}
    groups = [{"params": [module.weight]}, {"params": [module.bias], **special}]
    theirs = getattr(torch.optim, name)(groups, **options)
    ours = getattr(optim, name)(model, lr=RATE, groups={"bia?": {"lr_scale": 0.2, **special}}, **options)
    for step in range(STEPS):
        step_both(torch, module, theirs, ours, draw(rng, model, dtype), RATE(step), {1: 0.2 * RATE(step)})
    agree(module, model, theirs, ours, TOLERANCE[dtype])


@cases
def test_a_float32_run_moves_to_the_other_backend_and_back(torch: Any, name: str, options: Any) -> None:
    """Ten steps on torch, ten on TensorFlow, ten on torch: torch.optim's thirty."""
    rng, rate = np.random.default_rng(6), lambda step: 0.1 / (1 + step)
    with unifw.using_backend("torch"):
        module, model = pair(torch, "float32")
    theirs = getattr(torch.optim, name)(module.parameters(), **options)
    state: Any = None
    for leg, backend in enumerate(("torch", "tensorflow", "torch")):
        model = model.to_backend(backend)
        with unifw.using_backend(backend):
            ours = getattr(optim, name)(model, lr=rate, **options)
            if state is not None:
                ours.load_state_dict(state)
            for step in range(10 * leg, 10 * leg + 10):
                step_both(torch, module, theirs, ours, draw(rng, model, "float32"), rate(step))
            agree(module, model, theirs, ours, 2e-6)
            state = copy.deepcopy(ours.state_dict())


def lion(p: Array, state: dict[str, Array], g: Array, lr: float, decay: float, step: int) -> Array:
    first, second = 0.9, 0.99
    mean = state.get("exp_avg", np.zeros_like(p))
    state["exp_avg"] = second * mean + (1 - second) * g
    return p - lr * (np.sign(first * mean + (1 - first) * g) + decay * p)


def lamb(p: Array, state: dict[str, Array], g: Array, lr: float, decay: float, step: int) -> Array:
    first, second, eps = 0.9, 0.999, 1e-6
    m = state["exp_avg"] = first * state.get("exp_avg", np.zeros_like(p)) + (1 - first) * g
    v = state["exp_avg_sq"] = second * state.get("exp_avg_sq", np.zeros_like(p)) + (1 - second) * g**2
    r = m / (1 - first**step) / (np.sqrt(v / (1 - second**step)) + eps) + decay * p
    ratio = np.linalg.norm(p) / np.linalg.norm(r) if np.linalg.norm(p) and np.linalg.norm(r) else 1.0
    return p - lr * ratio * r


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize(("rule", "formula"), [(optim.Lion, lion), (optim.LAMB, lamb)], ids=["lion", "lamb"])
def test_rules_that_torch_lacks_follow_their_papers(
    backend: str, rng: np.random.Generator, rule: Any, formula: Any, zero: bool, dtype: str
) -> None:
    start = np.zeros((4, 3)) if zero else rng.standard_normal((4, 3)).astype(dtype).astype("float64")
    parameter = unifw.Parameter(unifw.asarray(start, dtype=getattr(unifw, dtype)))
    optimizer, state = rule({"weight": parameter}, lr=RATE, weight_decay=0.1), {}
    for step in range(STEPS):
        gradient = rng.standard_normal((4, 3)).astype(dtype)
        optimizer.step({"weight": unifw.asarray(gradient)})
        start = formula(start, state, gradient.astype("float64"), RATE(step), 0.1, step + 1)
    held = optimizer.state_dict()["state"]["weight"]
    for got, wanted in [(parameter, start), *((held[key], value) for key, value in state.items())]:
        np.testing.assert_allclose(
            got.numpy(), wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * np.abs(wanted).max()
        )


@pytest.mark.parametrize("rule", [optim.Lion, optim.LAMB])
def test_up_is_down_the_negative_gradient(backend: str, rng: np.random.Generator, rule: Any) -> None:
    start, gradient = (rng.standard_normal((4, 3)).astype("float32") for _ in range(2))
    up, down = (unifw.Parameter(unifw.asarray(start)) for _ in range(2))
    rule({"weight": up}, lr=0.1, weight_decay=0.1, maximize=True).step({"weight": unifw.asarray(gradient)})
    rule({"weight": down}, lr=0.1, weight_decay=0.1).step({"weight": unifw.asarray(-gradient)})
    np.testing.assert_array_equal(up.numpy(), down.numpy())
    assert (up.numpy() != start).any()


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clipping_is_torchs(
    backend: str, torch: Any, rng: np.random.Generator, norm_type: float, max_norm: float
) -> None:
    values = [rng.standard_normal(shape).astype("float32") for shape in ((4, 3), (3,), ())]
    parameters = [torch.nn.Parameter(torch.zeros(value.shape)) for value in values]
    for parameter, value in zip(parameters, values, strict=True):
        parameter.grad = torch.tensor(value)
    given = {str(i): unifw.asarray(value) for i, value in enumerate(values)}
    wanted = torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)
    clipped, norm = optim.clip_grad_norm(given, max_norm, norm_type)
    np.testing.assert_allclose(norm.item(), wanted.item(), rtol=1e-6)
    for got, parameter in zip(clipped.values(), parameters, strict=True):
        np.testing.assert_allclose(got.numpy(), parameter.grad.numpy(), rtol=1e-6)
    torch.nn.utils.clip_grad_value_(parameters, 0.1)
    for got, parameter in zip(optim.clip_grad_value(clipped, 0.1).values(), parameters, strict=True):
        np.testing.assert_allclose(got.numpy(), parameter.grad.numpy(), rtol=1e-6)


def test_the_moving_average_is_torchs(backend: str, torch: Any, rng: np.random.Generator) -> None:
    """Torch's first update copies; after it both are the same."""
    module, model = pair(torch, "float64")
    theirs = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    theirs.update_parameters(module)
    ours = optim.EMA(model, decay=0.9)
    for _ in range(5):
        moves = draw(rng, model, "float64")
        for key, parameter in module.named_parameters():
            parameter.data += torch.tensor(moves[key])
            model.named_state()[key].assign(model.named_state()[key] + unifw.asarray(moves[key]))
        theirs.update_parameters(module)
        ours.update()
    for key, parameter in theirs.module.named_parameters():
        np.testing.assert_allclose(ours.averages[key].numpy(), parameter.detach().numpy(), rtol=1e-13)


def test_the_loss_scaler_is_torchs(torch: Any) -> None:
    theirs = torch.amp.GradScaler("cpu", growth_interval=3)
    ours = optim.LossScaler(growth_interval=3)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    for bad in [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]:
        parameter.grad = theirs.scale(torch.full((1,), float("inf") if bad else 1.0))
        theirs.step(optimizer)
        theirs.update()
        ours.update(not bad)
        assert ours.scale == theirs.get_scale()
        assert ours.finite_steps == theirs.state_dict()["_growth_tracker"]
