"""Mixed precision: inside `autocast`, products run in 16 bits, and what loses by that in 32.

While a block is open anywhere, wrappers that ask what holds in their thread stand in front of a backend's kernels;
before and after it there are none, and nothing is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from unifw import changes, shortcuts
from unifw.changes import compute
from unifw.dtypes import DType, as_dtype, bfloat16, float16, float32
from unifw.errors import ArgumentError
from unifw.registry import get_backend, part
from unifw.spec import Backend

# As PyTorch's autocast has it: https://docs.pytorch.org/docs/stable/amp.html#cuda-op-specific-behavior
PRODUCTS = frozenset({
    "linear", "affine", "bilinear", "conv", "conv_transpose", "attention", "attention_weights", "recurrent_cell",
    "recurrent_layer", "recurrent_stack", "matmul",
})  # fmt: skip
"""The kernels whose floating inputs become 16 bits."""
SENSITIVE = frozenset({
    "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm", "softplus",
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "ctc_loss", "mse_loss", "l1_loss", "smooth_l1_loss",
    "huber_loss", "soft_margin_loss", "hinge_embedding_loss", "kl_div", "poisson_nll_loss", "gaussian_nll_loss",
    "cosine_similarity", "pairwise_distance", "cosine_embedding_loss", "margin_ranking_loss", "triplet_margin_loss",
    "softmax", "log_softmax", "logsumexp", "exp", "expm1", "log", "log1p", "log2", "log10", "pow", "sum", "prod",
    "cumulative_sum", "cumulative_prod", "mean", "var", "logaddexp",
})  # fmt: skip
"""The kernels whose 16-bit inputs become 32 bits."""
HALVES = (float16, bfloat16)

_lock = Lock()
_open: dict[str, int] = {}  # how many blocks are open, by backend
_plain: dict[str, list[tuple[Any, str, Any]]] = {}  # what the wrappers stand in front of


@contextmanager
def autocast(dtype: Any = bfloat16, enabled: bool = True, backend: Backend | None = None) -> Iterator[None]:
    """Inside the `with` block, linear layers, convolutions, attention and `@` compute in `dtype`, 16 bits.

    Losses, softmax, normalisation, sums, exponentials and logarithms compute in float32. Parameters stay as they are:
    each use converts them, and gradients come back in their own dtype. With float16, whose range is small, scale the
    loss (`optim.LossScaler`). float64 is left alone. Raises ArgumentError for another dtype.

    >>> import unifw
    >>> layer = unifw.nn.Linear(3, 2)
    >>> with unifw.nn.autocast("bfloat16"):
    ...     y = layer(unifw.ones((1, 3)))
    ...     y.dtype, unifw.softmax(y).dtype
    (unifw.bfloat16, unifw.float32)
    >>> layer(unifw.ones((1, 3))).dtype
    unifw.float32
    """
    wanted = as_dtype(dtype)
    if wanted not in HALVES:
        raise ArgumentError(f'autocast: got {dtype!r}; expected 16 bits. Write autocast("bfloat16") or "float16".')
    if not enabled:
        with _holding(None):
            yield
        return
    target = backend or get_backend()
    _enter(target)
    try:
        with shortcuts.left(target), _holding(wanted):
            yield
    finally:
        _leave(target)


@contextmanager
def _holding(dtype: DType | None) -> Iterator[None]:
    token = compute.set(dtype)
    changes.note()
    try:
        yield
    finally:
        compute.reset(token)
        changes.note()


def _enter(backend: Backend) -> None:
    with _lock:
        _open[backend.name] = _open.get(backend.name, 0) + 1
        if _open[backend.name] > 1:
            return
        _plain[backend.name] = [
            (space, name, getattr(space, name))
            for space in (part(backend, "nn"), backend.array)
            for name in PRODUCTS | SENSITIVE
            if callable(getattr(space, name, None))  # a kernel that a backend lacks is None
        ]
        for space, name, kernel in _plain[backend.name]:
            setattr(space, name, _casting(kernel, backend.array, name in PRODUCTS))


def _leave(backend: Backend) -> None:
    with _lock:
        _open[backend.name] -= 1
        if not _open[backend.name]:
            for space, name, kernel in _plain.pop(backend.name):
                setattr(space, name, kernel)


def _casting(kernel: Callable[..., Any], ops: Any, product: bool) -> Callable[..., Any]:
    """The kernel behind a conversion of its floating inputs; storages that it changes have 32 bits and stay."""

    def convert(x: Any, wanted: DType) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)([convert(item, wanted) for item in x])
        if not hasattr(x, "dtype") or isinstance(x, DType):
            return x
        found = ops.dtype(x)
        due = found is not wanted and (found in HALVES or (product and found is float32))
        return ops.astype(x, wanted) if due else x

    def cast(*args: Any, **settings: Any) -> Any:
        half = compute.get()
        if half is None:
            return kernel(*args, **settings)
        wanted = half if product else float32
        return kernel(*[convert(x, wanted) for x in args], **settings)

    return cast
