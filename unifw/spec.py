"""The contract: what a backend owes unifw.

A backend is a package with a light `INFO` (readable without importing its framework) and a `load()` that returns
a `Backend` record of modules, one per Protocol below. Every function takes and returns *native* values; unifw
unwraps its tensors before a call and wraps the results after it. A part that a backend does not have is `None`
in its record, and unifw raises `UnsupportedError` where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from unifw.dtypes import DType

if TYPE_CHECKING:
    from unifw.tensor import Tensor
    from unifw.variable import Buffer, Parameter, Variable

Native = Any
"""A native tensor: `torch.Tensor`, `tf.Tensor`, ... or, as an operand, a Python scalar."""

Storage = Any
"""What holds a parameter or buffer and can be changed in place: a leaf `torch.Tensor`, a `tf.Variable`."""

Axes = int | tuple[int, ...] | None
Numpy = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What is known of a backend without importing its framework.

    `requires` is the framework's import name, `install` the command that installs it, `formats` the export formats it
    writes and reads, by name, each with the ending of its files ("" for a folder); the installed backend of the
    lowest `preference` is the default.
    """

    name: str
    requires: str
    install: str
    formats: Mapping[str, str] = field(default_factory=dict)
    preference: int = 100


class ArrayOps(Protocol):
    """Array functions with the names, arguments and results of the array API standard, on native tensors."""

    def is_traced(self, x: Native, /) -> bool: ...
    def is_size(self, x: Any, /) -> bool:
        """Whether `x` is a symbolic integer: a size that is unknown while a graph is built."""
        ...

    def from_numpy(self, x: Numpy, dtype: DType, device: str | None, copy: bool, /) -> Native: ...
    def to_numpy(self, x: Native, /) -> Numpy: ...
    def dtype(self, x: Native, /) -> DType: ...
    def shape(self, x: Native, /) -> tuple[Any, ...]:
        """The sizes; symbolic integers, which `reshape` takes, where a graph leaves them open."""
        ...

    def static_shape(self, x: Native, /) -> tuple[int | None, ...]:
        """The sizes as integers, None where a graph leaves them open."""
        ...

    def astype(self, x: Native, dtype: DType, /) -> Native: ...
    def copy(self, x: Native, /) -> Native: ...

    def full(self, shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None, /) -> Native: ...
    def arange(self, start: float, stop: float, step: float, dtype: DType, device: str | None, /) -> Native: ...

    def getitem(self, x: Native, key: Any, /) -> Native: ...
    def setitem(self, x: Native, key: Any, value: Native, /) -> Native: ...
    def take(self, x: Native, indices: Native, axis: int, /) -> Native: ...
    def take_along_axis(self, x: Native, indices: Native, axis: int, /) -> Native:
        """Both have the same sizes but along `axis`; negative indices count from the end."""
        ...

    def reshape(self, x: Native, shape: tuple[Any, ...], /) -> Native: ...
    def permute_dims(self, x: Native, axes: tuple[int, ...], /) -> Native: ...
    def expand_dims(self, x: Native, axis: int, /) -> Native: ...
    def squeeze(self, x: Native, axis: tuple[int, ...], /) -> Native: ...
    def broadcast_to(self, x: Native, shape: tuple[Any, ...], /) -> Native: ...
    def concat(self, xs: Sequence[Native], axis: int, /) -> Native: ...
    def stack(self, xs: Sequence[Native], axis: int, /) -> Native: ...
    def flip(self, x: Native, axes: tuple[int, ...], /) -> Native: ...
    def roll(self, x: Native, shifts: tuple[int, ...], axes: tuple[int, ...], /) -> Native: ...
    def shares_memory(self, x: Native, y: Native, /) -> bool:
        """Whether what `reshape` made is in the memory of what it was made of."""
        ...

    def matmul(self, x1: Native, x2: Native, /) -> Native: ...
    def where(self, condition: Native, x1: Native, x2: Native, /) -> Native: ...
    def clip(self, x: Native, minimum: Native | None, maximum: Native | None, /) -> Native:
        """`x` between two bounds: native tensors of its dtype, or Python numbers."""
        ...

    def sum(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def prod(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def mean(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def max(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def min(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def any(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def all(self, x: Native, axis: Axes, keepdims: bool, /) -> Native: ...
    def var(self, x: Native, axis: Axes, keepdims: bool, correction: float, /) -> Native: ...
    def argmax(self, x: Native, axis: int | None, keepdims: bool, /) -> Native: ...
    def argmin(self, x: Native, axis: int | None, keepdims: bool, /) -> Native: ...

    def sort(self, x: Native, axis: int, descending: bool, /) -> Native: ...
    def argsort(self, x: Native, axis: int, descending: bool, /) -> Native: ...
    def top_k(self, x: Native, k: int, axis: int, largest: bool, /) -> Native:
        """The positions of the `k` first elements of the sorted axis."""
        ...

    def searchsorted(self, x1: Native, x2: Native, right: bool, /) -> Native: ...
    def nonzero(self, x: Native, /) -> tuple[Native, ...]: ...
    def cumulative_sum(self, x: Native, axis: int, /) -> Native: ...
    def cumulative_prod(self, x: Native, axis: int, /) -> Native: ...

    def gather(self, x: Native, indices: Native, axis: int, /) -> Native: ...
    def scatter_add(self, x: Native, indices: Native, updates: Native, axis: int, /) -> Native: ...
    def segment_sum(self, data: Native, segment_ids: Native, num_segments: int, /) -> Native:
        """Sums of rows by id; those of an id outside 0 to `num_segments - 1` are left out."""
        ...

    def softmax(self, x: Native, axis: int, /) -> Native: ...
    def log_softmax(self, x: Native, axis: int, /) -> Native: ...
    def logsumexp(self, x: Native, axis: tuple[int, ...], keepdims: bool, /) -> Native: ...
    def pad(self, x: Native, widths: Sequence[tuple[int, int]], value: Any, /) -> Native: ...
    def einsum(self, equation: str, xs: Sequence[Native], /) -> Native: ...

    def fft(self, x: Native, n: int | None, axis: int, norm: str, /) -> Native: ...
    def ifft(self, x: Native, n: int | None, axis: int, norm: str, /) -> Native: ...
    def rfft(self, x: Native, n: int | None, axis: int, norm: str, /) -> Native: ...
    def irfft(self, x: Native, n: int | None, axis: int, norm: str, /) -> Native: ...

    # Decompositions raise any exception for a matrix that has none; unifw gives it its name.

    def cholesky(self, x: Native, /) -> Native:
        """The lower triangular factor."""
        ...

    def eig(self, x: Native, /) -> tuple[Native, Native]: ...
    def eigvals(self, x: Native, /) -> Native: ...
    def eigh(self, x: Native, /) -> tuple[Native, Native]: ...
    def eigvalsh(self, x: Native, /) -> Native: ...
    def qr(self, x: Native, complete: bool, /) -> tuple[Native, Native]: ...
    def svd(self, x: Native, full_matrices: bool, /) -> tuple[Native, Native, Native]: ...
    def svdvals(self, x: Native, /) -> Native: ...
    def det(self, x: Native, /) -> Native: ...
    def slogdet(self, x: Native, /) -> tuple[Native, Native]: ...
    def inv(self, x: Native, /) -> Native: ...
    def solve(self, x1: Native, x2: Native, /) -> Native:
        """Both are stacks of matrices of one dtype, whose first axes broadcast."""
        ...

    def pinv(self, x: Native, rtol: Any, /) -> Native:
        """`rtol` is a number, or a native tensor with one more axis, to stand beside the singular values."""
        ...

    # Elementwise functions are looked up by name: UNARY and BINARY below.


UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_invert", "ceil", "conj", "cos", "cosh", "exp",
    "expm1", "floor", "imag", "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "logical_not", "negative",
    "positive", "real", "reciprocal", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "tan", "tanh",
    "trunc",
)  # fmt: skip
"""Elementwise functions of one tensor that `Backend.array` must have."""

BINARY = (
    "add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less", "less_equal",
    "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply", "nextafter",
    "not_equal", "pow", "remainder", "subtract",
)  # fmt: skip
"""Elementwise functions of two operands that `Backend.array` must have: two native tensors of one dtype, or a native
tensor and a Python scalar in either order."""


class NnOps(Protocol):
    """The kernels of layers and losses. Weights have PyTorch's layout; images are channels-last unless said."""

    def linear(self, x: Native, weight: Native, bias: Native | None, /) -> Native: ...
    def relu(self, x: Native, /) -> Native: ...
    def conv2d(
        self,
        x: Native,
        weight: Native,
        bias: Native | None,
        stride: tuple[int, int],
        padding: tuple[tuple[int, int], tuple[int, int]],
        dilation: tuple[int, int],
        groups: int,
        channels_last: bool,
        /,
    ) -> Native: ...
    def max_pool2d(
        self,
        x: Native,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        channels_last: bool,
        /,
    ) -> Native: ...
    def batch_norm(
        self,
        x: Native,
        weight: Native | None,
        bias: Native | None,
        running_mean: Storage,
        running_var: Storage,
        training: bool,
        momentum: float,
        eps: float,
        channels_last: bool,
        /,
    ) -> Native:
        """Normalise over all axes but the channels; in training also move the running statistics in place."""
        ...

    def dropout(self, x: Native, p: float, /) -> Native: ...
    def flatten(self, x: Native, start: int, end: int, /) -> Native: ...
    def cross_entropy(self, logits: Native, targets: Native, /) -> Native:
        """The loss of each row: logits (..., classes), integer targets (...)."""
        ...


class AutodiffOps(Protocol):
    """Reverse-mode differentiation of a function that runs unifw code."""

    def value_and_grad(
        self,
        function: Callable[[list[Native]], tuple[Native, list[Native]]],
        tensors: list[Native],
        storages: list[Storage],
        nested: bool,
        /,
    ) -> tuple[Native, list[Native], list[Native]]:
        """Value and auxiliaries of `function`, and gradients for `tensors` and then `storages`; zeros where unused.

        The function is called once with stand-ins for `tensors`; storages are read through their parameters.
        `nested` says that the result will itself be differentiated.
        """
        ...

    def stop_gradient(self, x: Native, /) -> Native: ...


class RandomOps(Protocol):
    """The backend's own random stream, and generators of it."""

    def seed(self, value: int, /) -> None: ...
    def generator(self, value: int, /) -> Any: ...
    def get_state(self, generator: Any, /) -> Any: ...
    def set_state(self, generator: Any, state: Any, /) -> None: ...
    def uniform(self, shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any, /) -> Native: ...
    def normal(self, shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any, /) -> Native: ...
    def integers(
        self, low: int, high: int, shape: tuple[int, ...], device: str | None, generator: Any, /
    ) -> Native: ...
    def truncated(self, u: Native, lower: float, upper: float, /) -> Native:
        """Standard normal numbers between the bounds, from uniform ones in [0, 1)."""
        ...


class DeviceOps(Protocol):
    """Devices by name: "cpu", "gpu:0", ..."""

    def devices(self) -> list[str]: ...
    def device_of(self, x: Native, /) -> str: ...
    def move(self, x: Native, device: str, /) -> Native: ...


class TracingOps(Protocol):
    """Running a whole step as one native unit."""

    def make_step(
        self, function: Callable[[Sequence[Any], tuple[Native, ...]], tuple[Native, ...]], /
    ) -> Callable[[Sequence[float], tuple[Native, ...]], tuple[Native, ...]]:
        """The fastest native form of `function(scalars, batch)`; scalars change from call to call."""
        ...


FusedUpdate = Callable[[list[Storage], list[Native], Mapping[str, list[Storage]], Mapping[str, Any]], None]


class OptimOps(Protocol):
    """Fused in-place updates: `FUSED[rule](storages, gradients, states, hyper)`, for the rules that have one."""

    @property
    def FUSED(self) -> Mapping[str, FusedUpdate]: ...


class ExportOps(Protocol):
    """Writing and reading the framework's own model formats."""

    def write(self, request: ExportRequest, /) -> None: ...
    def read(self, format: str, path: str, /) -> Callable[[Sequence[Native]], Any]:
        """A function from the native inputs, in the order of export, to a tree of native outputs."""
        ...


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a backend needs to write one artefact.

    `forward` maps wrapped inputs to a tree of wrapped outputs; axis 0 of each input is the batch and stays free.
    """

    format: str
    path: str
    forward: Callable[..., Any]
    state: Mapping[str, Variable]
    inputs: Mapping[str, Native]


class InteropOps(Protocol):
    """Passing memory between frameworks."""

    def to_dlpack(self, x: Native, /) -> Any | None:
        """An object with `__dlpack__` that shares the memory of `x`, or None where sharing is not safe."""
        ...

    def from_dlpack(self, x: Any, /) -> Native: ...
    def import_memory(self, x: Any, /) -> Native | None:
        """A tensor in the memory of another library's object, or None where sharing is not safe."""
        ...

    def capsule(self, x: Native, copy: bool, max_version: tuple[int, int] | None, stream: Any, /) -> Any:
        """The DLPack capsule of the memory of `x`, or of a copy."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """One loaded backend: its modules and its three tensor classes."""

    info: BackendInfo
    array: ArrayOps  # and the elementwise functions of UNARY and BINARY
    devices: DeviceOps
    Tensor: type[Tensor]
    Parameter: type[Parameter]
    Buffer: type[Buffer]
    nn: NnOps | None = None
    autodiff: AutodiffOps | None = None
    random: RandomOps | None = None
    tracing: TracingOps | None = None
    optim: OptimOps | None = None
    export: ExportOps | None = None
    interop: InteropOps | None = None

    @property
    def name(self) -> str:
        """The name that `UNIFW_BACKEND` takes."""
        return self.info.name

    def __repr__(self) -> str:
        return f"Backend({self.name!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Backend:
        return self
