"""Every loss of each backend against torch.nn: values, gradients of each floating input, and in a graph."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

from .loss_table import CASES, SIMPLE, WEIGHT, Inputs, logs, normal, shares

Array = Any
REDUCTIONS = ("mean", "sum", "none")
TOLERANCE = {"float32": 1e-5, "float64": 1e-11}


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    return importlib.import_module("torch")


all_cases = pytest.mark.parametrize(("name", "settings", "inputs"), CASES.values(), ids=CASES)


def floating(values: list[Array]) -> list[int]:
    return [i for i, value in enumerate(values) if value.dtype.kind == "f"]


def as_dtype(values: list[Array], dtype: str) -> list[Array]:
    return [value.astype(dtype) if value.dtype.kind == "f" else value for value in values]


def theirs(torch: Any, name: str, settings: dict[str, Any], values: list[Array]) -> list[Array]:
    """The losses and their gradients by torch, pulled by fixed numbers."""
    dtype = getattr(torch, str(values[0].dtype))
    own = {k: torch.tensor(v, dtype=dtype) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    own = {("keepdim" if key == "keepdims" else key): value for key, value in own.items()}
    sources = [torch.tensor(value, requires_grad=value.dtype.kind == "f") for value in values]
    if name in ("BCELoss", "PoissonNLLLoss"):  # which do not convert targets, or convert them to 32 bits
        sources[1] = sources[1].to(dtype) if values[1].dtype.kind == "i" else sources[1]
    losses = getattr(torch.nn, name)(**own)(*sources)
    pulled = (losses * torch.tensor(pull_of(losses.shape, values[0].dtype))).sum()
    wanted = [sources[i] for i in floating(values)]
    gradients = torch.autograd.grad(pulled, wanted, allow_unused=True, materialize_grads=True)
    return [x.detach().numpy() for x in (losses, *gradients)]


def pull_of(shape: Any, dtype: Any) -> Array:
    return np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(tuple(shape)).astype(dtype)


def ours(name: str, settings: dict[str, Any], values: list[Array]) -> list[Array]:
    dtype = getattr(unifw, str(values[0].dtype))
    own = {k: unifw.asarray(v, dtype=dtype) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    loss, tensors, wanted = getattr(nn, name)(**own), [unifw.asarray(value) for value in values], floating(values)

    def pulled(*sources: Any) -> Any:
        given = list(tensors)
        for i, source in zip(wanted, sources, strict=True):
            given[i] = source
        losses = loss(*given)
        return unifw.sum(losses * unifw.asarray(pull_of(losses.shape, values[0].dtype))), losses

    gradients, losses = unifw.grad(pulled, tuple(range(len(wanted))), has_aux=True)(*[tensors[i] for i in wanted])
    return [x.numpy() for x in (losses, *gradients)]


def close(got: list[Array], wanted: list[Array], tolerance: float) -> None:
    assert len(got) == len(wanted)
    for mine, yours in zip(got, wanted, strict=True):
        assert mine.shape == yours.shape
        np.testing.assert_allclose(mine, yours, rtol=tolerance, atol=tolerance * max(np.abs(yours).max(), 1e-30))


@pytest.mark.filterwarnings("ignore:reduction")  # torch's advice on kl_div
@pytest.mark.parametrize(("reduction", "dtype"), [("mean", "float32"), ("sum", "float64"), ("none", "float64")])
@all_cases
def test_values_and_gradients(
    backend: str, torch: Any, name: str, settings: Any, inputs: Inputs, reduction: str, dtype: str
) -> None:
    values = as_dtype(inputs(np.random.default_rng(0)), dtype)
    own = {**settings, "reduction": reduction}
    close(ours(name, own, values), theirs(torch, name, own, values), TOLERANCE[dtype])


@pytest.mark.parametrize(("name", "settings", "inputs"), SIMPLE.values(), ids=SIMPLE)
def test_distances(backend: str, torch: Any, name: str, settings: Any, inputs: Inputs) -> None:
    values = inputs(np.random.default_rng(0))
    close(ours(name, settings, values), theirs(torch, name, settings, values), 1e-11)


@all_cases
def test_in_a_graph_with_a_free_batch(backend: str, name: str, settings: Any, inputs: Inputs) -> None:
    """What a compiled step sees: symbolic tensors whose first size is not known."""
    values = as_dtype(inputs(np.random.default_rng(0)), "float32")
    own = {k: unifw.asarray(v, dtype=unifw.float32) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    loss, wrap = getattr(nn, name)(**own), unifw.get_backend().Tensor
    step = unifw.get_backend().tracing.make_step(lambda _, batch: (loss(*[wrap(x) for x in batch]).native,))
    tensors = [unifw.asarray(value) for value in values]
    traced = wrap(step([], tuple(x.native for x in tensors))[0])
    np.testing.assert_allclose(traced.numpy(), loss(*tensors).numpy(), rtol=1e-6)


PLAIN = {label: case for label, case in CASES.items() if not any(isinstance(v, np.ndarray) for v in case[1].values())}


@pytest.mark.parametrize(("name", "settings", "inputs"), PLAIN.values(), ids=PLAIN)
def test_in_a_graph_of_torch_with_symbolic_sizes(torch: Any, name: str, settings: Any, inputs: Inputs) -> None:
    """What an export sees; run with twice the rows. (Torch's own multilabel_margin_loss is wrong there.)"""
    make_fx = importlib.import_module("torch.fx.experimental.proxy_tensor").make_fx
    values = as_dtype(inputs(np.random.default_rng(0)), "float32")
    with unifw.using_backend("torch"):
        loss, wrap = getattr(nn, name)(**settings), unifw.get_backend().Tensor
        trace = make_fx(lambda *xs: loss(*[wrap(x) for x in xs]).native, tracing_mode="symbolic")
        graph = trace(*[torch.tensor(value) for value in values])
        twice = [unifw.asarray(np.concatenate([value, value])) for value in values]
        got = graph(*[x.native for x in twice])
        np.testing.assert_allclose(got.numpy(), loss(*twice).numpy(), rtol=1e-5)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("axis", [1, -1, 0])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_axis_of_classes(backend: str, torch: Any, axis: int, reduction: str, soft: bool) -> None:
    rng = np.random.default_rng(1)
    logits = normal(rng, 4, 5, 3, 2)
    targets = np.moveaxis(shares(rng, 4, 3, 2, 5), -1, 1) if soft else rng.integers(0, 5, (4, 3, 2))
    settings = {"weight": WEIGHT, "label_smoothing": 0.1, "reduction": reduction}
    wanted = theirs(torch, "CrossEntropyLoss", settings, [logits, targets])
    moved = [np.moveaxis(x, 1, axis).copy() if x.ndim == 4 else x for x in (logits, targets)]
    got = ours("CrossEntropyLoss", {**settings, "axis": axis}, moved)
    if reduction == "none":  # the pull is laid out by place: compare values only
        got, wanted = got[:1], wanted[:1]
    got = [np.moveaxis(x, axis, 1) if x.ndim == 4 else x for x in got]
    close(got, wanted, 1e-11)


def test_batchmean_is_the_divergence(backend: str, torch: Any) -> None:
    rng = np.random.default_rng(2)
    x, t = logs(rng, 6, 5), shares(rng, 6, 5)
    wanted = torch.nn.KLDivLoss(reduction="batchmean")(torch.tensor(x), torch.tensor(t)).item()
    assert nn.KLDivLoss("batchmean")(unifw.asarray(x), unifw.asarray(t)).item() == pytest.approx(wanted, rel=1e-12)


TARGETS = np.array([[1, 1, 2], [1, 2, 3], [3, 0, 0], [0, 0, 0], [1, 1, 1]])
INPUTS, WANTED = [7, 5, 2, 6, 4], [3, 3, 1, 0, 3]  # the last needs five inputs and has four


@pytest.mark.parametrize(("reduction", "dtype"), [("mean", "float32"), ("sum", "float64"), ("none", "float64")])
@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("blank", [0, 3])
def test_ctc(backend: str, torch: Any, reduction: str, blank: int, rows: bool, dtype: str) -> None:
    """Repeated labels, an empty target, one that cannot be reached; gradients of what comes before log_softmax."""
    rng = np.random.default_rng(3)
    logits = rng.standard_normal((5, 7, 4)).astype(dtype)
    targets = np.where(TARGETS == 3, 0, TARGETS) if blank else TARGETS
    given = targets if rows else np.concatenate([row[:n] for row, n in zip(targets, WANTED, strict=True)])
    settings = {"blank": blank, "zero_infinity": True, "reduction": reduction}
    source = torch.tensor(logits, requires_grad=True)
    lengths = (torch.tensor(INPUTS), torch.tensor(WANTED))
    losses = torch.nn.CTCLoss(**settings)(source.log_softmax(-1).transpose(0, 1), torch.tensor(given), *lengths)
    slopes = torch.autograd.grad(losses.sum(), source)[0].numpy()

    def objective(x: Any) -> Any:
        y = nn.CTCLoss(**settings)(unifw.log_softmax(x), unifw.asarray(given), INPUTS, WANTED)
        return unifw.sum(y), y

    gradient, values = unifw.grad(objective, has_aux=True)(unifw.asarray(logits))
    close([values.numpy(), gradient.numpy()], [losses.detach().numpy(), slopes], TOLERANCE[dtype])


def test_ctc_without_an_alignment_is_infinite(backend: str) -> None:
    logs = unifw.log_softmax(unifw.zeros((1, 2, 3)))
    assert nn.CTCLoss()(logs, unifw.asarray([[1, 1]]), [2], [2]).item() == float("inf")


def test_ctc_in_a_graph(backend: str) -> None:
    wrap, rng = unifw.get_backend().Tensor, np.random.default_rng(4)
    loss = nn.CTCLoss(reduction="none")
    step = unifw.get_backend().tracing.make_step(lambda _, batch: (loss(*[wrap(x) for x in batch]).native,))
    logs = unifw.log_softmax(unifw.asarray(rng.standard_normal((5, 7, 4)).astype("float32")))
    batch = (logs, unifw.asarray(TARGETS), unifw.asarray(INPUTS), unifw.asarray(WANTED))
    got = wrap(step([], tuple(x.native for x in batch))[0])
    np.testing.assert_allclose(got.numpy(), loss(*batch).numpy(), rtol=1e-5)
