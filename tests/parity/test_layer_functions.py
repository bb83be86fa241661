"""What the table of layers cannot say, against `torch.nn`: indices, several outputs, antialiasing, output sizes."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

F = nn.functional
Array = Any


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


def last(x: Array) -> unifw.Tensor:
    """Images in torch's axes as a channels-last tensor."""
    return unifw.asarray(np.ascontiguousarray(np.moveaxis(x, 1, -1)))


def first(x: unifw.Tensor) -> Array:
    return np.moveaxis(x.numpy(), -1, 1)


POOLS = {
    1: {"kernel_size": 3, "stride": 2, "padding": 1},
    2: {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "ceil_mode": True},
    3: {"kernel_size": 2, "dilation": 2, "stride": 1},
}


@pytest.mark.parametrize("values", ["normal", "ties"])
@pytest.mark.parametrize(("dims", "options"), POOLS.items(), ids=POOLS)
def test_max_pool_says_where(backend: str, torch: Any, dims: int, options: dict[str, Any], values: str) -> None:
    rng = np.random.default_rng(0)
    shape = (2, 3, *(7, 6, 5)[:dims])
    x = rng.standard_normal(shape) if values == "normal" else rng.integers(0, 2, shape).astype("float64")
    y, where = getattr(nn, f"MaxPool{dims}d")(return_indices=True, **options)(last(x))
    wanted = getattr(torch.nn, f"MaxPool{dims}d")(return_indices=True, **options)(torch.tensor(x))
    assert where.dtype is unifw.int64
    np.testing.assert_array_equal(first(y), wanted[0].numpy())
    np.testing.assert_array_equal(first(where), wanted[1].numpy())


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("dims", "options"), {**POOLS, 3: {"kernel_size": 2, "stride": 1}}.items(), ids=POOLS)
def test_max_unpool_undoes_max_pool(backend: str, torch: Any, dims: int, options: dict[str, Any], layout: str) -> None:
    """Also where windows overlap, and for the size that was; in a graph of any number of images as well."""
    x = np.random.default_rng(0).standard_normal((2, 3, *(8, 6, 5)[:dims]))
    window = {key: value for key, value in options.items() if key != "ceil_mode"}
    pooled = getattr(torch.nn, f"MaxPool{dims}d")(return_indices=True, **options)(torch.tensor(x))
    wanted = getattr(torch.nn, f"MaxUnpool{dims}d")(**window)(*pooled, x.shape[2:]).numpy()
    pool = getattr(nn, f"MaxPool{dims}d")(return_indices=True, data_format=layout, **options)
    unpool = getattr(nn, f"MaxUnpool{dims}d")(data_format=layout, **window)
    image, shown = (last(x), first) if layout == "channels_last" else (unifw.asarray(x), unifw.Tensor.numpy)

    def there_and_back(image: Any) -> Any:
        return unpool(*pool(image), output_size=x.shape[2:])

    np.testing.assert_array_equal(shown(there_and_back(image)), wanted)
    traced = unifw.compile(there_and_back, dynamic={0: {0: "batch"}})
    np.testing.assert_array_equal(shown(traced(image)), wanted)


@pytest.mark.parametrize("values", ["normal", "ties"])
@pytest.mark.parametrize(("dims", "size"), [(1, 3), (2, (3, 4)), (2, (None, 2)), (3, 2)])
def test_adaptive_max_pool_says_where(backend: str, torch: Any, dims: int, size: Any, values: str) -> None:
    rng = np.random.default_rng(0)
    shape = (2, 3, *(7, 6, 5)[:dims])
    x = rng.standard_normal(shape) if values == "normal" else rng.integers(0, 2, shape).astype("float64")
    y, where = getattr(nn, f"AdaptiveMaxPool{dims}d")(size, return_indices=True)(last(x))
    wanted = getattr(torch.nn, f"AdaptiveMaxPool{dims}d")(size, return_indices=True)(torch.tensor(x))
    assert where.dtype is unifw.int64
    np.testing.assert_array_equal(first(y), wanted[0].numpy())
    np.testing.assert_array_equal(first(where), wanted[1].numpy())


RANDOM = {
    "Dropout": 3, "Dropout1d": 3, "Dropout2d": 4, "Dropout3d": 5, "AlphaDropout": 2, "FeatureAlphaDropout": 4,
    "RReLU": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_random_layers_in_evaluation_and_at_their_limits(backend: str, torch: Any, name: str) -> None:
    """Where nothing is drawn they are torch's; what they draw is in the tests of known values."""
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 6)[: RANDOM[name]])
    module, layer = getattr(torch.nn, name)(), getattr(nn, name)()
    np.testing.assert_allclose(first(layer.eval()(last(x))), module.eval()(torch.tensor(x)).numpy(), rtol=1e-12)
    for settings in [(0.3, 0.3)] if name == "RReLU" else [(0.0,), (1.0,)]:
        module, layer = getattr(torch.nn, name)(*settings), getattr(nn, name)(*settings)
        source = torch.tensor(x, requires_grad=True)
        wanted = module(source)
        np.testing.assert_allclose(first(layer(last(x))), wanted.detach().numpy(), rtol=1e-12)
        slope = unifw.grad(lambda x, layer=layer: unifw.sum(layer(x)))(last(x))
        (expected,) = torch.autograd.grad(wanted.sum(), source, allow_unused=True, materialize_grads=True)
        np.testing.assert_allclose(first(slope), expected.numpy(), rtol=1e-12)


def test_folding_with_channels_first(backend: str, torch: Any) -> None:
    x = np.random.default_rng(0).standard_normal((2, 24, 35))
    wanted = torch.nn.functional.fold(torch.tensor(x), (8, 7), (2, 3)).numpy()
    y = F.fold(unifw.asarray(x), (8, 7), (2, 3), data_format="channels_first")
    np.testing.assert_allclose(y.numpy(), wanted, rtol=1e-12)
    folded = unifw.compile(lambda x: F.fold(x, (8, 7), (2, 3), data_format="channels_first"), dynamic={0: {0: "batch"}})
    np.testing.assert_allclose(folded(unifw.asarray(x)).numpy(), wanted, rtol=1e-12)


def test_folding_as_many_patches_as_come() -> None:
    import tensorflow as tf  # which alone has graphs of a number of axes without sizes

    with unifw.using_backend("tensorflow"):
        wrap = unifw.get_backend().Tensor
        open_ended = [tf.TensorSpec((None, None, 8))]
        folded = tf.function(lambda x: F.fold(wrap(x), (3, 3), 2).native, input_signature=open_ended)
        assert folded(tf.ones((1, 4, 8))).numpy()[0, ..., 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@pytest.mark.parametrize(("p", "dim"), [(2.0, 1), (1.0, -1), (3.0, 0), (float("inf"), (0, 1))])
def test_normalize(backend: str, torch: Any, p: float, dim: Any) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    x[1] = 0.0
    source = torch.tensor(x, requires_grad=True)
    wanted = torch.nn.functional.normalize(source, p, dim)
    np.testing.assert_allclose(F.normalize(unifw.asarray(x), p, dim).numpy(), wanted.detach().numpy(), rtol=1e-12)
    slope = unifw.grad(lambda x: unifw.sum(F.normalize(x, p, dim) ** 3))(unifw.asarray(x))
    (expected,) = torch.autograd.grad((wanted**3).sum(), source)
    np.testing.assert_allclose(slope.numpy(), expected.numpy(), rtol=1e-10, atol=1e-12)


def test_one_hot(backend: str, torch: Any) -> None:
    x = np.array([[0, 2], [1, 1]])
    for classes in (-1, 5):
        y = F.one_hot(unifw.asarray(x), classes)
        assert y.dtype is unifw.int64
        np.testing.assert_array_equal(y.numpy(), torch.nn.functional.one_hot(torch.tensor(x), classes).numpy())
    for wrong in (np.array([3]), np.array([-1])):
        with pytest.raises(unifw.errors.OutOfRangeError, match=r"one_hot: got classes from.*expected 0 to 2"):
            F.one_hot(unifw.asarray(wrong), 3)
    with pytest.raises(unifw.errors.DTypeError, match="expected integers"):
        F.one_hot(unifw.asarray([1.0]))
    step = unifw.compile(lambda x: F.one_hot(x, 3))
    np.testing.assert_array_equal(step(unifw.asarray(x)).numpy(), F.one_hot(unifw.asarray(x), 3).numpy())
    for outside in (3, -1):
        with pytest.raises(unifw.errors.OutOfRangeError, match=r"one_hot: got classes from.*expected 0 to 2"):
            step(unifw.asarray([[0, outside], [1, 2]]))


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_chooses_by_the_probabilities(backend: str, hard: bool) -> None:
    """The greatest is chosen as often as softmax says, whatever the temperature; the gradient is the soft one."""
    shares = np.array([0.6, 0.3, 0.1])
    logits = unifw.asarray(np.log(np.broadcast_to(shares, (20_000, 3))).astype("float32"))
    unifw.seed(0)
    y = F.gumbel_softmax(logits, tau=0.5, hard=hard).numpy()
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.bincount(y.argmax(-1)) / 20_000, shares, atol=0.012)
    if hard:
        assert set(y.ravel().round(6).tolist()) == {0.0, 1.0}
    slope = unifw.grad(lambda x: unifw.sum(F.gumbel_softmax(x, hard=hard)[..., 0]))(logits).numpy()
    assert np.isfinite(slope).all()
    assert (slope[:, 0] > 0).mean() > 0.99
    with pytest.raises(unifw.errors.ArgumentError, match="got tau=0"):
        F.gumbel_softmax(logits, tau=0)


@pytest.mark.parametrize("dtype", [unifw.float16, unifw.bfloat16])
def test_gumbel_softmax_of_16_bits(backend: str, dtype: Any) -> None:
    """In which many of so many uniform numbers would be 1, and their noise infinite."""
    y = F.gumbel_softmax(unifw.zeros((20_000, 10), dtype=dtype))
    assert y.dtype is dtype
    assert np.isfinite(y.to(unifw.float32).numpy()).all()
    slopes = -F.rrelu(-unifw.ones(1000, dtype=dtype), 0.25, 0.75, training=True)
    assert slopes.dtype is dtype
    assert bool(unifw.all((slopes >= 0.25) & (slopes <= 0.75)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("align", [None, True])
@pytest.mark.parametrize("size", [(5, 4), (9, 16), (3, 20)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialias(backend: str, torch: Any, mode: str, size: tuple[int, int], align: bool | None, dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 11)).astype(dtype)
    source = torch.tensor(x, requires_grad=True)
    wanted = torch.nn.functional.interpolate(source, size, mode=mode, align_corners=align, antialias=True)
    resize = lambda x: F.interpolate(x, size, mode=mode, align_corners=align, antialias=True)  # noqa: E731
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(first(resize(last(x))), wanted.detach().numpy(), rtol=tolerance, atol=tolerance)
    slope = unifw.grad(lambda x: unifw.sum(resize(x) ** 2))(last(x))
    (expected,) = torch.autograd.grad((wanted**2).sum(), source)
    np.testing.assert_allclose(first(slope), expected.numpy(), rtol=tolerance, atol=tolerance * 10)


@pytest.mark.parametrize(("dims", "size"), [(1, (10,)), (2, (10, 9)), (3, (10, 9, 8))])
def test_transposed_convolution_of_a_wanted_size(backend: str, torch: Any, dims: int, size: tuple[int, ...]) -> None:
    module = getattr(torch.nn, f"ConvTranspose{dims}d")(3, 4, 3, stride=2, padding=1)
    layer = getattr(nn, f"ConvTranspose{dims}d")(3, 4, 3, stride=2, padding=1)
    layer.load_state_dict({name: value.clone() for name, value in module.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((2, 3, *(5, 5, 4)[:dims])).astype("float32")
    wanted = module(torch.tensor(x), output_size=size).detach().numpy()
    np.testing.assert_allclose(first(layer(last(x), output_size=size)), wanted, rtol=1e-5, atol=1e-5)
    with pytest.raises(unifw.errors.ArgumentError, match="expected from"):
        layer(last(x), output_size=(20,) * dims)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_same_of_a_transposed_convolution_is_tensorflows(backend: str, kernel: int, stride: int) -> None:
    tf = importlib.import_module("tensorflow")
    layer = nn.ConvTranspose2d(2, 3, kernel, stride=stride, padding="same", bias=False)
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 2)).astype("float32")
    filters = np.transpose(layer.weight.numpy(), (2, 3, 1, 0))
    wanted = tf.nn.conv2d_transpose(x, filters, (2, 4 * stride, 5 * stride, 3), stride, "SAME").numpy()
    np.testing.assert_allclose(layer(unifw.asarray(x)).numpy(), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [False, True])
def test_adaptive_softmax(backend: str, torch: Any, bias: bool) -> None:
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 12], div_value=2.0, head_bias=bias).double()
    layer = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 12], div_value=2.0, head_bias=bias).to(unifw.float64)
    assert not layer.load_state_dict({name: value.clone() for name, value in module.state_dict().items()})
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((30, 16)), rng.integers(0, 20, 30)
    given, classes = unifw.asarray(x), unifw.asarray(targets)
    wanted = module(torch.tensor(x), torch.tensor(targets))
    found = layer(given, classes)
    np.testing.assert_allclose(found.output.numpy(), wanted.output.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(found.loss.item(), wanted.loss.item(), rtol=1e-12)
    np.testing.assert_allclose(layer.log_prob(given).numpy(), module.log_prob(torch.tensor(x)).detach(), rtol=1e-12)
    np.testing.assert_array_equal(layer.predict(given).numpy(), module.predict(torch.tensor(x)).numpy())
    slopes = unifw.grad(lambda layer: layer(given, classes).loss)(layer)
    for slope, expected in zip(
        slopes.values(), torch.autograd.grad(wanted.loss, list(module.parameters())), strict=True
    ):
        np.testing.assert_allclose(slope.numpy(), expected.numpy(), rtol=1e-10, atol=1e-12)


def test_weighted_bags(backend: str, torch: Any) -> None:
    rng = np.random.default_rng(0)
    table, x, weights = rng.standard_normal((7, 4)), rng.integers(0, 7, (3, 5)), rng.standard_normal((3, 5))
    wanted = torch.nn.functional.embedding_bag(
        torch.tensor(x), torch.tensor(table), mode="sum", per_sample_weights=torch.tensor(weights)
    )
    y = F.embedding_bag(*map(unifw.asarray, (x, table)), "sum", unifw.asarray(weights))
    np.testing.assert_allclose(y.numpy(), wanted.numpy(), rtol=1e-12)


BITS = {
    "Linear": (5, 3), "Bilinear": (5, 4, 3), "Embedding": (7, 4), "EmbeddingBag": (7, 4), "Conv1d": (4, 8, 3),
    "Conv2d": (4, 8, 3), "Conv3d": (4, 8, 3), "ConvTranspose2d": (4, 8, 3), "PReLU": (3,),
}  # fmt: skip


@pytest.mark.parametrize("name", BITS)
def test_initial_values_have_the_same_bits_on_both(name: str) -> None:
    found = []
    for backend in ("torch", "tensorflow"):
        unifw.seed(3)
        with unifw.using_backend(backend):
            found.append(getattr(nn, name)(*BITS[name]).state_dict())
    for key, value in found[0].items():
        np.testing.assert_array_equal(value.numpy(), found[1][key].numpy())


@pytest.mark.parametrize("options", [{}, {"affine": True, "track_running_stats": True}], ids=["plain", "tracked"])
def test_instance_norm_of_one_image(backend: str, torch: Any, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    x, slope = rng.standard_normal((2, 1, 3, 4, 5)).astype("float32")
    layer, module, source = nn.InstanceNorm2d(3, **options), torch.nn.InstanceNorm2d(3, **options), torch.tensor(x)
    wanted = torch.autograd.grad(module(source.requires_grad_()), source, torch.tensor(slope))[0]
    found = unifw.grad(lambda image: unifw.sum(layer(image) * last(slope)))(last(x))
    np.testing.assert_allclose(first(found), wanted.numpy(), rtol=1e-5, atol=1e-6)
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(layer.state_dict()[name].numpy(), value.numpy(), rtol=1e-5)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(-1, 2), (2, -2), (-2, -1)], ids=str)
def test_padding_that_cuts_off(backend: str, torch: Any, mode: str, widths: tuple[int, int]) -> None:
    x = np.arange(10.0).reshape(1, 2, 5)
    wanted = torch.nn.functional.pad(torch.tensor(x), widths, mode)
    np.testing.assert_array_equal(first(F.pad(last(x), widths, mode)), wanted.numpy())


def test_an_empty_batch_moves_no_statistics(backend: str) -> None:
    layer = nn.InstanceNorm1d(2, track_running_stats=True)
    assert layer(unifw.ones((0, 4, 2))).shape == (0, 4, 2)
    assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([0.0, 0.0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("name", "args"), [("BatchNorm1d", (2,)), ("ReflectionPad1d", (1,)), ("InstanceNorm1d", (2,))], ids=str
)
def test_an_empty_batch(backend: str, torch: Any, name: str, args: tuple[Any, ...]) -> None:
    x, layer, module = np.zeros((0, 2, 4), "float32"), getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    assert first(layer(last(x))).shape == tuple(module(torch.tensor(x)).shape)
    for key, value in module.state_dict().items():
        np.testing.assert_array_equal(layer.state_dict()[key].numpy(), value.numpy())


@pytest.mark.parametrize("name", ["MaxPool1d", "AvgPool1d"])
def test_a_window_beyond_the_image(backend: str, torch: Any, name: str) -> None:
    x, options = np.arange(8.0).reshape(1, 2, 4), {"kernel_size": 5, "stride": 3, "ceil_mode": True}
    wanted = getattr(torch.nn, name)(**options)(torch.tensor(x))
    np.testing.assert_array_equal(first(getattr(nn, name)(**options)(last(x))), wanted.numpy())


EDGES: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "celu": ("celu", {"alpha": -0.5}, [np.array([-1.0, 0.0, 2.0])]),
    "distance": ("pairwise_distance", {"p": 0.0}, [np.eye(3), np.ones((3, 3))]),
    "certain": ("binary_cross_entropy", {"reduction": "sum"}, [np.array([0.2, 1.0]), np.array([0.5, 1.0])]),
    "nothing": ("cross_entropy", {"ignore_index": 1}, [np.array([[0.1, 0.2], [3.0, 4.0]]), np.array([1, 1])]),
}


@pytest.mark.parametrize(("name", "options", "inputs"), EDGES.values(), ids=EDGES)
def test_an_edge(backend: str, torch: Any, name: str, options: dict[str, Any], inputs: list[Array]) -> None:
    """Values and all gradients, where a sum has no members, a logarithm no end or a slope the other sign."""
    floats = [i for i, x in enumerate(inputs) if x.dtype.kind == "f"]
    theirs = [torch.tensor(x, requires_grad=i in floats) for i, x in enumerate(inputs)]
    value = getattr(torch.nn.functional, name)(*theirs, **options).sum()
    slopes = torch.autograd.grad(value, [theirs[i] for i in floats], allow_unused=True, materialize_grads=True)
    found = unifw.value_and_grad(lambda *xs: unifw.sum(getattr(F, name)(*xs, **options)), tuple(floats))(
        *map(unifw.asarray, inputs)
    )
    np.testing.assert_allclose(found[0].item(), value.item(), rtol=1e-12)
    for ours, wanted in zip(found[1], slopes, strict=True):
        np.testing.assert_allclose(ours.numpy(), wanted.numpy(), rtol=1e-12)


def test_ctc_loss_of_no_input_and_its_gradient(backend: str, torch: Any) -> None:
    """PyTorch's gradient is that behind a softmax, also where none follows."""
    logs, options = np.random.default_rng(0).standard_normal((4, 3, 3)), {"zero_infinity": True, "reduction": "sum"}
    given = np.array([[1, 2], [2, 2], [1, 1]]), np.array([4, 0, 0]), np.array([2, 0, 1])
    source = torch.tensor(logs, requires_grad=True)
    value = torch.nn.functional.ctc_loss(source, *map(torch.tensor, given), **options)
    found = unifw.value_and_grad(lambda x: F.ctc_loss(x, *map(unifw.asarray, given), batch_first=False, **options))(
        unifw.asarray(logs)
    )
    np.testing.assert_allclose(found[0].item(), value.item(), rtol=1e-12)
    np.testing.assert_allclose(found[1].numpy(), torch.autograd.grad(value, source)[0].numpy(), rtol=1e-9, atol=1e-12)
