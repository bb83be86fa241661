"""Parametrisations that are ready to use, as `torch.nn.utils.parametrizations` has them, with its names and values."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar

from unifw import names as _names
from unifw.array.axes import axis_of
from unifw.array.comparison import maximum
from unifw.array.linear_algebra import matmul, vecdot
from unifw.array.manipulation import moveaxis, reshape
from unifw.array.norms import vector_norm
from unifw.autodiff import stop_gradient
from unifw.nn.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.nn.parametrize import is_parametrized, parameter_of, register_parametrization
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.variable import Buffer


class WeightNorm(Module):
    """g v / |v|, the norm for each index of the axis `dim`, or of the whole with None (Salimans and Kingma, 2016).

    >>> import unifw
    >>> WeightNorm()(unifw.asarray([[10.0]]), unifw.asarray([[3.0, 4.0]])).tolist()
    [[6.0, 8.0]]
    """

    old_names: ClassVar[Mapping[str, str | None]] = {
        r"(^|\.)(weight\w*)_g$": r"\1parametrizations.\2.original0",
        r"(^|\.)(weight\w*)_v$": r"\1parametrizations.\2.original1",
    }
    """Those of `torch.nn.utils.weight_norm`, PyTorch's first one, for `load_checkpoint`."""

    def __init__(self, dim: int | None = 0) -> None:
        self.dim = dim

    def _norm(self, v: Tensor) -> Tensor:
        if self.dim is None:
            return vector_norm(v)
        kept = axis_of("weight_norm", self.dim, v.ndim)
        return vector_norm(v, axis=tuple(i for i in range(v.ndim) if i != kept), keepdims=True)

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        """The norms (1 where it is taken) and the directions to a tensor of the directions' shape."""
        return v * (g / self._norm(v))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The norms and directions of a weight."""
        return self._norm(weight), weight.wrap(weight.ops.copy(weight.native))

    def _describe(self) -> str:
        return f"dim={self.dim}"


class SpectralNorm(Module):
    """weight / sigma, its largest singular value, followed by the power method (Miyato et al., 2018).

    The axis `dim` counts the rows of the matrix, all others its columns. In training each reading of the weight takes
    `n_power_iterations` steps.

    >>> import unifw
    >>> weight = unifw.asarray([[3.0, 0.0], [0.0, 1.0]])
    >>> unifw.round(SpectralNorm(weight)(weight) * 3).tolist()
    [[3.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        self.n_power_iterations = count("n_power_iterations", n_power_iterations)
        self.dim = axis_of("spectral_norm", dim, weight.ndim)
        self.eps = eps
        if weight.ndim > 1:
            matrix = self._matrix(weight)
            self._u, self._v = (self._start(weight, length) for length in matrix.shape)
            self._iterate(matrix, 15)

    def _start(self, weight: Tensor, length: int) -> Buffer:
        """A random direction, drawn on the host."""
        drawn = weight.backend.Buffer(host_generator().normal(size=length).astype("float32")).to(weight.device)
        return weight.backend.Buffer(self._unit(drawn.to(weight.dtype)))

    def _unit(self, x: Tensor) -> Tensor:
        return x / maximum(vector_norm(x), self.eps)

    def _matrix(self, weight: Tensor) -> Tensor:
        first = moveaxis(weight, self.dim, 0)
        return reshape(first, (first.shape[0], prod(first.shape[1:])))

    def _iterate(self, matrix: Tensor, times: int) -> None:
        """Move the two directions towards the singular vectors; a constant for gradients."""
        matrix = stop_gradient(matrix)
        for _ in range(times):
            self._u.assign(self._unit(matmul(matrix, self._v)))
            self._v.assign(self._unit(matmul(matrix.mT, self._u)))

    def forward(self, weight: Tensor) -> Tensor:
        """Any shape to the same shape."""
        if weight.ndim == 1:
            return self._unit(weight)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        return weight / vecdot(self._u, matmul(matrix, self._v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself."""
        return value

    def _describe(self) -> str:
        return f"dim={self.dim}, n_power_iterations={getattr(self, 'n_power_iterations', None)}, eps={self.eps}"


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Compute a parameter as g v / |v|: its lengths and directions are then trained apart. Returns the module.

    The norm is taken for each index of the axis `dim`, or of the whole with None.

    >>> import unifw
    >>> list(weight_norm(unifw.nn.Linear(3, 2)).state_dict())
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    return register_parametrization(module, name, WeightNorm(dim))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a parameter by its spectral norm, which so becomes about 1. Returns the module.

    `dim` is the axis of the outputs: 0, and for transposed convolutions 1. Raises ArgumentError for a name that is no
    parameter.

    >>> import unifw
    >>> layer = spectral_norm(unifw.nn.Linear(3, 2))
    >>> abs(unifw.linalg.svdvals(layer.weight)[0].item() - 1) < 0.01
    True
    """
    made = is_parametrized(module, name)
    weight = getattr(module, name) if made else parameter_of("spectral_norm", module, name)
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    return register_parametrization(module, name, SpectralNorm(weight, n_power_iterations, dim, eps))


__all__ = _names.of_module(globals())


def __dir__() -> list[str]:
    return __all__
