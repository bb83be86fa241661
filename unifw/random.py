"""Random numbers.

What must be the same on every backend (weights, shuffles, splits) is drawn on the host, by NumPy's Philox. These
functions draw from the backend's own stream, for speed, unless `host_mode()` or a host generator is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw import names as _names
from unifw.array.axes import as_shape, is_no_size
from unifw.array.creation import asarray
from unifw.array.indexing import take
from unifw.array.manipulation import expand_dims, reshape
from unifw.array.sorting import argsort
from unifw.array.statistical import sum as sum_
from unifw.conversion import TensorLike
from unifw.devices import placed
from unifw.dtypes import DType, as_dtype, float32, float64, held, int64
from unifw.errors import ArgumentError, DTypeError, ShapeError, StateDictError
from unifw.operators import not_a_tensor, unary
from unifw.registry import get_backend, part
from unifw.spec import Backend
from unifw.streams import checked_seed
from unifw.streams import host_generator as host_generator
from unifw.streams import host_mode as host_mode
from unifw.streams import in_host_mode as in_host_mode
from unifw.streams import seed as seed
from unifw.tensor import Tensor
from unifw.tracing.session import refuse_in_trace

Shape = tuple[int, ...]


class Generator:
    """A random stream of its own, whose `state` can be saved and restored.

    It draws on the backend that is active when it is made, or with `host=True` on the host: the same bits on every
    backend, as tensors of the active one. Raises ArgumentError for a seed that is none.

    >>> import unifw
    >>> generator = unifw.random.Generator(7, host=True)
    >>> state = generator.state
    >>> first = generator.normal((3,)).tolist()
    >>> generator.state = state
    >>> first == generator.normal((3,)).tolist()
    True
    """

    def __init__(self, seed: int, host: bool = False) -> None:
        self.backend: Backend | None = None if host else get_backend()
        value = checked_seed(seed)
        self._native: Any = np.random.Generator(np.random.Philox(value)) if host else self._ops.generator(value)

    @property
    def _ops(self) -> Any:
        return part(self.backend or get_backend(), "random")

    @property
    def state(self) -> dict[str, Any]:
        """Where the stream stands: plain numbers and arrays. Setting it goes there; raises StateDictError.

        >>> import unifw
        >>> sorted(unifw.random.Generator(7, host=True).state)
        ['kind', 'state']
        """
        host, own = self.backend is None, self._native
        return {"kind": self._kind, "state": own.bit_generator.state if host else self._ops.get_state(own)}

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        if value.get("kind") != self._kind:
            raise StateDictError(f"Generator: got a state of kind {value.get('kind')!r}; expected {self._kind!r}.")
        if self.backend is None:
            self._native.bit_generator.state = value["state"]
        else:
            self._ops.set_state(self._native, value["state"])

    @property
    def _kind(self) -> str:
        return "host" if self.backend is None else self.backend.name

    def normal(
        self, shape: Shape = (), mean: float = 0.0, std: float = 1.0, *, dtype: Any = None, device: str | None = None
    ) -> Tensor:
        """The normal distribution; see `random.normal`."""
        return normal(shape, mean, std, dtype=dtype, device=device, generator=self)

    def uniform(
        self, shape: Shape = (), low: float = 0.0, high: float = 1.0, *, dtype: Any = None, device: str | None = None
    ) -> Tensor:
        """The uniform distribution; see `random.uniform`."""
        return uniform(shape, low, high, dtype=dtype, device=device, generator=self)


def _floating(name: str, dtype: Any) -> DType:
    wanted = float32 if dtype is None else as_dtype(dtype)
    if wanted.kind != "real floating":
        raise DTypeError(f"random.{name}: got dtype {wanted}; expected a real floating one. Write dtype=unifw.float32.")
    return wanted


def _draw(name: str, shape: Shape, dtype: DType, device: str | None, generator: Generator | None) -> Tensor:
    """Standard uniform or normal numbers by a generator, or by the stream that is in force."""
    shape = _shape(name, shape)
    host = _stream_on_host(generator)
    if host is not None:
        kind = np.float64 if dtype is float64 else np.float32
        values = (host.standard_normal if name == "normal" else host.random)(shape, kind)
        return asarray(values, dtype=dtype, device=device)
    backend, native = _stream_of(generator)
    return backend.Tensor(getattr(part(backend, "random"), name)(shape, dtype, placed(backend, device), native))


def _shape(name: str, shape: Any) -> Shape:
    sizes = as_shape(shape)
    if any(map(is_no_size, sizes)):
        raise ArgumentError(f"random.{name}: got shape {shape}; expected non-negative integers.")
    return sizes


def _stream_on_host(generator: Generator | None) -> np.random.Generator | None:
    if not (in_host_mode() if generator is None else generator.backend is None):
        return None
    refuse_in_trace("random numbers drawn on the host", "draw them outside and pass them in")
    return host_generator() if generator is None else generator._native


def _stream_of(generator: Generator | None) -> tuple[Backend, Any]:
    """The backend that draws, and its own generator, None for the stream that is in force."""
    if generator is None or generator.backend is None:
        return get_backend(), None
    return generator.backend, generator._native


def uniform(
    shape: Shape = (),
    low: float = 0.0,
    high: float = 1.0,
    *,
    dtype: Any = None,
    device: str | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """The uniform distribution on [low, high); float32 unless another floating dtype is given.

    >>> import unifw
    >>> x = unifw.random.uniform((100,), -1.0, 1.0)
    >>> x.shape, bool(unifw.all(unifw.abs(x) <= 1))
    ((100,), True)
    """
    values = _draw("uniform", shape, _floating("uniform", dtype), device, generator)
    return values if (low, high) == (0.0, 1.0) else values * (high - low) + low


def normal(
    shape: Shape = (),
    mean: float = 0.0,
    std: float = 1.0,
    *,
    dtype: Any = None,
    device: str | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """The normal distribution; float32 unless another floating dtype is given.

    >>> import unifw
    >>> unifw.random.normal((2, 3)).shape
    (2, 3)
    """
    values = _draw("normal", shape, _floating("normal", dtype), device, generator)
    return values if (mean, std) == (0.0, 1.0) else values * std + mean


def truncated_normal(
    shape: Shape = (),
    mean: float = 0.0,
    std: float = 1.0,
    lower: float = -2.0,
    upper: float = 2.0,
    *,
    dtype: Any = None,
    device: str | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """The normal distribution without its tails; `lower` and `upper` are in standard deviations from the mean.

    By inverting the distribution function at uniform numbers.

    >>> import unifw
    >>> x = unifw.random.truncated_normal((100,), std=3.0)
    >>> bool(unifw.all(unifw.abs(x) <= 6.0))
    True
    """
    if not lower < upper:
        raise ArgumentError(f"random.truncated_normal: got lower={lower}, upper={upper}; expected lower below upper.")
    wanted = _floating("truncated_normal", dtype)
    u = _draw("uniform", shape, float64, device, generator)
    if _stream_on_host(generator) is not None:  # one inversion for all backends, or the last bit would differ
        from statistics import NormalDist

        bell = NormalDist()
        low, high = bell.cdf(lower), bell.cdf(upper)
        values = [bell.inv_cdf(low + (high - low) * value) for value in u.numpy().ravel().tolist()]
        cut = asarray(np.clip(values, lower, upper).reshape(u.shape), dtype=wanted, device=device)
    else:
        cut = u.wrap(part(u.backend, "random").truncated(u.native, lower, upper)).to(wanted)
    return cut * std + mean


def bernoulli(
    shape: Shape = (), p: float = 0.5, *, device: str | None = None, generator: Generator | None = None
) -> Tensor:
    """True with probability `p`: bool. Raises ArgumentError for `p` outside 0 to 1.

    >>> import unifw
    >>> unifw.random.bernoulli((2,), 1.0).tolist()
    [True, True]
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"random.bernoulli: got p={p}; expected a probability from 0 to 1.")
    return _draw("uniform", shape, float32, device, generator) < p


def integers(
    low: int,
    high: int,
    shape: Shape = (),
    *,
    dtype: Any = None,
    device: str | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Integers from `low` to `high` - 1, each as likely; int64 unless another integer dtype is given.

    Raises ArgumentError for an empty range, and NumberRangeError for one that the dtype does not hold.

    >>> import unifw
    >>> set(unifw.random.integers(3, 5, (50,)).tolist()) <= {3, 4}
    True
    """
    if not (hasattr(low, "__index__") and hasattr(high, "__index__") and low < high):
        raise ArgumentError(f"random.integers: got the range {low} to {high}; expected low below high, both integers.")
    wanted = int64 if dtype is None else as_dtype(dtype)
    for limit in (low, high - 1):
        held("random.integers", limit, wanted)
    shape, host = _shape("integers", shape), _stream_on_host(generator)
    if host is None and (high >= 2**63 or high - low > 2**56):  # where native kernels stop, or favour some numbers
        host = np.random.Generator(np.random.Philox(integers(0, 2**56, generator=generator).item()))
    if host is not None:
        kind = np.uint64 if high > 2**63 else np.int64
        return asarray(host.integers(low, high, shape, kind), dtype=wanted, device=device)
    backend, native = _stream_of(generator)
    drawn = part(backend, "random").integers(low, high, shape, placed(backend, device), native)
    return backend.Tensor(drawn).to(wanted)


def permutation(x: int | Tensor, *, generator: Generator | None = None) -> Tensor:
    """The integers below `x`, or the rows of a Tensor, in random order.

    >>> import unifw
    >>> sorted(unifw.random.permutation(4).tolist())
    [0, 1, 2, 3]
    """
    order = argsort(_draw("uniform", (_rows("permutation", x),), float64, None, generator))
    return order if isinstance(x, int) else take(x, order, axis=0)


def _rows(name: str, x: Any) -> int:
    if not isinstance(x, (int, Tensor)):
        raise not_a_tensor(f"random.{name}", x)
    if isinstance(x, Tensor) and not x.ndim:
        raise ShapeError(f"random.{name}: got a tensor without axes; expected rows. Write x.item() for its value.")
    return x.shape[0] if isinstance(x, Tensor) else x


def choice(
    x: int | Tensor,
    shape: Shape = (),
    replace: bool = True,
    p: TensorLike | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Random picks of the integers below `x`, or of the rows of a Tensor, with probabilities `p` (n,) or all alike.

    Without `replace` no row comes twice. Raises ArgumentError if there are too few.

    >>> import unifw
    >>> sorted(unifw.random.choice(3, (3,), replace=False).tolist())
    [0, 1, 2]
    """
    rows, shape = _rows("choice", x), _shape("choice", shape)
    count = int(np.prod(shape))
    if rows < 1 or (not replace and count > rows):
        raise ArgumentError(f"random.choice: got {count} picks of {rows} rows; expected no more. Write replace=True.")
    weights = np.full(rows, 1.0 / rows) if p is None else np.asarray(p, np.float64)
    if weights.shape != (rows,) or (weights < 0).any() or not np.isclose(weights.sum(), 1):
        raise ArgumentError(
            f"random.choice: got p of shape {weights.shape}; expected {rows} probabilities that sum to 1."
        )
    if replace:
        u = _draw("uniform", (count,), float64, None, generator)
        steps = asarray(np.cumsum(weights)[:-1]).to_backend(u.backend)
        picked = sum_(expand_dims(u, axis=-1) >= steps, axis=-1)
    else:  # the order of exponential waiting times with these rates (Efraimidis and Spirakis, 2006)
        u = _draw("uniform", (rows,), float64, None, generator)
        with np.errstate(divide="ignore"):
            rates = asarray(1 / weights).to_backend(u.backend)
        picked = argsort(-unary("log", 1 - u) * rates)[:count]
    picked = reshape(picked, shape)
    return picked if isinstance(x, int) else reshape(take(x, reshape(picked, (-1,)), axis=0), (*shape, *x.shape[1:]))


__all__ = _names.of_module(globals(), "host_generator", "host_mode", "in_host_mode", "seed")


def __dir__() -> list[str]:
    return __all__
