"""What happens between the loss and the parameters: groups, clipping, accumulation, averages, and mixed precision."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim
from unifw.changes import compute
from unifw.data import ArrayDataset, DataLoader
from unifw.errors import ArgumentError, StateDictError

F = nn.functional
MIXED = ("mixed_bfloat16", "mixed_float16")
PRECISIONS = ("float32", "bfloat16", "float16", *MIXED)


def problem(rows: int = 64) -> ArrayDataset:
    """Two classes that a line separates."""
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    return ArrayDataset(x, (x.sum(1) > 0).astype(np.int64))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def trainer(model: nn.Module, optimizer: Any = None, **settings: Any) -> unifw.Trainer:
    return unifw.Trainer(model, optimizer or optim.AdamW(model, lr=0.02), F.cross_entropy, progress=False, **settings)


def values(model: nn.Module) -> dict[str, Any]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def same(got: dict[str, Any], wanted: dict[str, Any], rtol: float = 1e-6) -> None:
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, rtol=rtol, atol=rtol)


# ---- groups


def test_patterns_choose_settings_and_the_first_match_holds(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    groups = {"1.weight": {"lr": 0.5}, ("*.bias", "*.scale"): {"lr_scale": 10.0}, "1.*": {"lr": 99.0}}
    optimizer = optim.SGD(model, lr=lambda step: 0.1 / (1 + step), groups=groups)
    before = values(model)
    for _ in range(2):
        optimizer.step({name: unifw.ones(p.shape) for name, p in model.named_parameters()})
    moved = {name: (before[name] - value).mean() for name, value in values(model).items()}
    assert moved == pytest.approx({"0.weight": 0.15, "0.bias": 1.5, "1.weight": 1.0, "1.bias": 1.5}, rel=1e-5)


def test_no_decay_for_biases_and_norms(backend: str) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 1))
    optimizer = optim.AdamW(model, weight_decay=0.1, groups=optim.no_weight_decay(model))
    decays = {name: optimizer.group_of(name).hyper["weight_decay"] for name in optimizer.parameters}
    assert [name for name, decay in decays.items() if decay] == ["0.weight", "2.weight"]


def test_groups_that_fit_nothing_are_explained(backend: str) -> None:
    model = mlp()
    with pytest.raises(
        ArgumentError, match=r"AdamW: got a group for '\*\.gamma', which no parameter matches.*0\.weight"
    ):
        optim.AdamW(model, groups={"*.gamma": {"weight_decay": 0.0}})
    with pytest.raises(ArgumentError, match=r"got the setting 'decay'.*expected some of lr, lr_scale, betas"):
        optim.AdamW(model, groups={"*.bias": {"decay": 0.0}})


# ---- clipping, accumulation, averages


@pytest.mark.parametrize("settings", [{"clip_norm": 0.1}, {"clip_value": 0.01}, {"clip_norm": 0.1, "clip_value": 0.05}])
def test_a_trainer_clips_as_the_functions_do(backend: str, settings: dict[str, float]) -> None:
    model, twin = mlp(), mlp()
    twin.load_state_dict(model.state_dict())
    x, y = (unifw.asarray(array) for array in problem(8).arrays)
    trainer(model, optim.SGD(model, lr=1.0), **settings).fit([(x, y)])
    gradients = unifw.grad(lambda m: F.cross_entropy(m(x), y))(twin)
    if "clip_value" in settings:
        gradients = optim.clip_grad_value(gradients, settings["clip_value"])
    if "clip_norm" in settings:
        gradients, _ = optim.clip_grad_norm(gradients, settings["clip_norm"])
    optim.SGD(twin, lr=1.0).step(gradients)
    same(values(model), values(twin))


def test_small_batches_that_accumulate_are_one_large_one(backend: str) -> None:
    """Three of eight rows and then one of eight, the last of the epoch, against one of 24 and one of eight."""
    model, twin = mlp(), mlp()
    twin.load_state_dict(model.state_dict())
    x, y = (unifw.asarray(array) for array in problem(32).arrays)
    small = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 32, 8)]
    large = [(x[:24], y[:24]), (x[24:], y[24:])]
    accumulating = trainer(model, optim.SGD(model, lr=0.1, momentum=0.9), accumulate=3)
    accumulating.fit(small, epochs=3)
    trainer(twin, optim.SGD(twin, lr=0.1, momentum=0.9)).fit(large, epochs=3)
    same(values(model), values(twin), 1e-5)
    assert accumulating.optimizer.step_count == 6  # type: ignore[union-attr]


def test_an_accumulator_gives_the_mean_once_it_is_full(backend: str) -> None:
    accumulator = optim.Accumulator(every=3)
    given = [{"w": unifw.asarray([float(i), 1.0])} for i in range(6)]
    found = [accumulator.add(gradients) for gradients in given]
    assert [None if x is None else x["w"].tolist() for x in found] == [None, None, [1.0, 1.0], None, None, [4.0, 1.0]]
    assert given[0]["w"].tolist() == [0.0, 1.0]  # what was given is not changed


@pytest.mark.parametrize("corrected", [False, True])
def test_the_average_follows_its_formula(backend: str, corrected: bool) -> None:
    model = nn.Linear(1, 1, bias=False)
    average = optim.EMA(model, decay=0.9, bias_correction=corrected)
    path = [model.weight.item()]
    for step in range(5):
        model.weight.assign([[float(step**2)]])
        path.append(float(step**2))
        average.update()
    weights = 0.9 ** np.arange(4, -1, -1)
    wanted = (weights @ path[1:]) * 0.1 + 0.9**5 * path[0]
    wanted = (weights @ path[1:]) / weights.sum() if corrected else wanted
    with average.applied():
        assert model.weight.item() == pytest.approx(wanted, rel=1e-6)
    assert model.weight.item() == 16.0


def test_a_trainer_averages_after_each_update_and_the_state_is_restored(backend: str) -> None:
    model = mlp()
    average = optim.EMA(model, decay=0.5)
    learner = trainer(model, ema=average)
    data = DataLoader(problem(), 16)
    learner.fit(data)
    assert average.updates == 4
    held = learner.state_dict()
    fresh = mlp()
    other = trainer(fresh, optim.AdamW(fresh, lr=0.02), ema=optim.EMA(fresh, decay=0.5))
    other.load_state_dict(held)
    for one in (learner, other):
        one.fit(data)
    same(values(fresh), values(model))
    same(
        {n: x.numpy() for n, x in other.recipe.ema.averages.items()},
        {n: x.numpy() for n, x in average.averages.items()},
    )  # type: ignore[union-attr]
    with average.applied():
        within = learner.evaluate(data)
    assert within["loss"] != learner.evaluate(data)["loss"]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("early", [True, False])
def test_averages_of_16_bit_weights_have_32_bits(backend: str, precision: str, early: bool) -> None:
    model = mlp()
    average = optim.EMA(model, decay=0.999) if early else None
    learner = trainer(model, precision=precision, ema=average)
    average = average or optim.EMA(model, decay=0.999)
    learner.recipe.ema = average
    before = {name: x.numpy() for name, x in average.averages.items()}
    learner.fit(DataLoader(problem(), 16))
    assert average.updates == 4
    name, parameter = next(iter(model.named_parameters()))
    held = average.averages[name]
    assert (held.dtype, parameter.dtype) == (unifw.float32, getattr(unifw, precision))
    moved = np.abs(held.numpy() - before[name])
    assert 0 < moved.max() < 0.001  # smaller moves than 16 bits can hold
    with average.applied():
        wanted = unifw.astype(held, parameter.dtype)
        np.testing.assert_array_equal(parameter.numpy(), wanted.numpy())
    assert parameter.dtype is getattr(unifw, precision)


def test_states_that_do_not_fit_are_refused(backend: str) -> None:
    with pytest.raises(StateDictError, match="EMA: got averages that do not fit for weight"):
        optim.EMA(nn.Linear(2, 1)).load_state_dict(optim.EMA(nn.Linear(3, 1)).state_dict())
    with pytest.raises(StateDictError, match=r"Trainer: got.*expected the parts model, optimizer"):
        trainer(mlp()).load_state_dict({"model": {}})
    with pytest.raises(ArgumentError, match="got accumulate=0"):
        trainer(mlp(), accumulate=0)


# ---- precision


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_learns(backend: str, precision: Any, eagerly: bool) -> None:
    model = mlp()
    learner = trainer(model, optim.SGD(model, lr=0.2, momentum=0.9), precision=precision)
    with unifw.eagerly.eager() if eagerly else unifw.using_backend(backend):
        history = learner.fit(DataLoader(problem(), 16), epochs=8)
    assert history[-1]["loss"] < 0.3 < history[0]["loss"]
    assert {p.dtype.name for p in model.parameters()} == {
        precision if precision in ("float16", "bfloat16") else "float32"
    }
    assert learner.evaluate(DataLoader(problem(), 16))["loss"] < 0.3


@pytest.mark.parametrize("precision", MIXED)
def test_products_have_16_bits_and_the_rest_32(backend: str, precision: str) -> None:
    half = precision.removeprefix("mixed_")
    layer, norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
    x = unifw.ones((2, 5, 5, 1))
    with nn.autocast(half):
        y = layer(x)
        z = norm(y)
        loss = F.mse_loss(y, unifw.zeros(y.shape))
        product = unifw.ones((2, 2)) @ unifw.ones((2, 2))
        kept = unifw.ones((2, 2), dtype=unifw.float64) @ unifw.ones((2, 2), dtype=unifw.float64)
        same = unifw.matmul(unifw.ones((2, 2)), unifw.ones((2, 2)))
        sums = [f(product, axis=0) for f in (unifw.sum, unifw.mean)]
    assert [v.dtype.name for v in (y, z, loss, product, kept)] == [half, "float32", "float32", half, "float64"]
    assert [v.dtype.name for v in (same, *sums)] == [half, "float32", "float32"]
    assert norm.running_mean.dtype is unifw.float32
    assert norm.running_mean.numpy().any()  # moved in place, not in a converted copy
    assert layer(x).dtype is unifw.float32


def test_recurrent_layers_and_attention_have_16_bits_too(backend: str) -> None:
    x = unifw.ones((2, 5, 4))
    for layer in (nn.LSTM(4, 6), nn.GRU(4, 6), nn.MultiheadAttention(4, 2)):
        inputs = (x, x, x) if isinstance(layer, nn.MultiheadAttention) else (x,)
        exact = layer(*inputs)[0]
        with nn.autocast("bfloat16"):
            rough = layer(*inputs)[0]
        assert rough.dtype is unifw.bfloat16
        np.testing.assert_allclose(rough.numpy(), exact.numpy(), atol=3e-2)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_gradients_come_back_in_32_bits_and_near_those_of_float32(backend: str, half: str) -> None:
    model = mlp()
    x, y = (unifw.asarray(array) for array in problem(16).arrays)
    exact = unifw.grad(lambda m: F.cross_entropy(m(x), y))(model)
    with nn.autocast(half):
        rough = unifw.grad(lambda m: F.cross_entropy(m(x), y))(model)
    for name, gradient in exact.items():
        assert rough[name].dtype is unifw.float32
        np.testing.assert_allclose(
            rough[name].numpy(), gradient.numpy(), atol=3e-2 * float(abs(gradient.numpy()).max())
        )


def test_autocast_holds_in_its_thread_only_and_leaves_nothing(backend: str) -> None:
    plain = unifw.get_backend().nn.linear  # type: ignore[union-attr]
    layer, x = nn.Linear(2, 2), unifw.ones((1, 2))
    seen: list[Any] = []
    with nn.autocast("float16"):
        with nn.autocast("bfloat16"):
            assert layer(x).dtype is unifw.bfloat16
        with nn.autocast("bfloat16", enabled=False):
            assert (layer(x).dtype, compute.get()) == (unifw.float32, None)
        thread = threading.Thread(target=lambda: seen.append(layer(x).dtype))
        thread.start()
        thread.join()
        assert layer(x).dtype is unifw.float16
    assert seen == [unifw.float32]
    assert unifw.get_backend().nn.linear is plain  # type: ignore[union-attr]
    with pytest.raises(ArgumentError, match="expected 16 bits"), nn.autocast("float32"):
        pass


def test_a_compiled_function_knows_what_autocast_it_was_traced_under(backend: str) -> None:
    layer, x = nn.Linear(2, 2), unifw.ones((1, 2))
    run = unifw.compile(lambda x: layer(x))
    for _ in range(2):
        found = [run(x).dtype]
        for half in ("bfloat16", "float16"):
            with nn.autocast(half):
                found.append(run(x).dtype)
        assert found == [unifw.float32, unifw.bfloat16, unifw.float16]
    assert run.trace_count == 3


def test_a_step_that_overflows_is_left_out_and_the_scale_halved(backend: str) -> None:
    model = nn.Linear(2, 1, bias=False)
    learner = unifw.Trainer(
        model, optim.AdamW(model, lr=0.1), lambda y, t: unifw.mean(y * t), progress=False, precision="mixed_float16"
    )
    assert learner.scaler is not None
    before, x = model.weight.numpy(), unifw.ones((1, 2))
    learner.fit([(x, unifw.asarray([[1e6]]))])  # 65536 times a million is no float16
    np.testing.assert_array_equal(model.weight.numpy(), before)
    assert (learner.scaler.scale, learner.optimizer.step_count) == (2.0**15, 0)  # type: ignore[union-attr]
    learner.fit([(x, unifw.asarray([[1e-6]]))])
    assert (model.weight.numpy() != before).all()
    assert (learner.scaler.finite_steps, learner.optimizer.step_count) == (1, 1)  # type: ignore[union-attr]
    assert learner.state_dict()["scaler"] == {"scale": 2.0**15, "finite_steps": 1}


def test_mixed_precision_with_everything_else(backend: str) -> None:
    model = mlp()
    settings = {"clip_norm": 1.0, "accumulate": 2, "ema": optim.EMA(model, 0.9, bias_correction=True)}
    learner = trainer(model, precision="mixed_float16", **settings)
    history = learner.fit(DataLoader(problem(), 8), epochs=12)
    assert history[-1]["loss"] < 0.3
    assert learner.optimizer.step_count == settings["ema"].updates == 48  # type: ignore[union-attr]


def test_a_hand_written_loop_with_loss_scaling(backend: str) -> None:
    model, scaler = mlp(), optim.LossScaler()
    optimizer = optim.SGD(model, lr=0.5)
    x, y = (unifw.asarray(array) for array in problem().arrays)
    losses = []
    for _ in range(20):
        with nn.autocast("float16"):
            value, gradients = unifw.value_and_grad(lambda m: F.cross_entropy(m(x), y) * scaler.scale)(model)
        gradients, finite = scaler.unscale(gradients)
        if scaler.update(bool(finite)):
            optimizer.step(gradients)
        losses.append(value.item() / 2.0**16)
    assert losses[-1] < 0.3 < losses[0]


def test_an_unknown_precision_is_refused(backend: str) -> None:
    with pytest.raises(ArgumentError, match="got 'half'; expected one of float32, bfloat16"):
        trainer(mlp(), precision="half")


def clipped(sizes: dict[str, int], function: Any) -> dict[str, Any]:
    """Parameters that start at 0 after one clipped step of rate 1 down a function of them."""
    model = nn.Module()
    for name, size in sizes.items():
        setattr(model, name, unifw.Parameter(unifw.zeros(size)))
    model.forward = lambda _: function(*(getattr(model, name) for name in sizes))  # type: ignore[method-assign]
    learner = unifw.Trainer(model, optim.SGD(model, lr=1.0), lambda y, _: y, progress=False, clip_norm=1.0)
    learner.fit([(unifw.zeros(1), unifw.zeros(1))])
    return values(model)


def test_clipping_in_a_trainer_leaves_the_constant_gradient_of_a_rule(backend: str) -> None:
    constant = unifw.asarray([30.0, 40.0])

    @unifw.custom_gradient
    def ruled(x: unifw.Tensor) -> Any:
        return x * 1.0, lambda _: constant

    found = clipped({"own": 2}, lambda own: unifw.sum(ruled(own)))
    assert constant.tolist() == [30.0, 40.0]
    np.testing.assert_allclose(found["own"], [-0.6, -0.8], rtol=1e-5)


def test_clipping_in_a_trainer_of_one_gradient_for_two_parameters(backend: str) -> None:
    x = unifw.asarray([3.0, 4.0])
    found = clipped({"first": 2, "second": 2}, lambda first, second: unifw.sum((first + second) * x))
    for value in found.values():
        np.testing.assert_allclose(value, np.array([-0.6, -0.8]) / 2**0.5, rtol=1e-5)


def test_clipping_in_a_trainer_of_a_gradient_that_is_part_of_another(backend: str) -> None:
    start, x = unifw.zeros(1), unifw.asarray([0.0, 3.0, 4.0])
    found = clipped({"part": 2, "whole": 3}, lambda part, whole: unifw.sum((unifw.concat((start, part)) + whole) * x))
    np.testing.assert_allclose(found["part"], np.array([-0.6, -0.8]) / 2**0.5, rtol=1e-5)
    np.testing.assert_allclose(found["whole"], np.array([0.0, -0.6, -0.8]) / 2**0.5, rtol=1e-5)
