"""Where a token stands in its sequence, as layers."""

from __future__ import annotations

from unifw.array.creation import asarray
from unifw.array.indexing import take
from unifw.array.manipulation import reshape
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.nn.functional.positions import Convention, rotary, rotary_table, sinusoid_table
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.tensor import Tensor


class SinusoidalPositions(Module, leaf=True):
    """Add sines and cosines of the position to x (N, T, dim), or (T, dim) (Vaswani et al., 2017).

    Feature 2i is sin(t / base^(2i / dim)), feature 2i + 1 the cosine. Nothing is trained or saved.
    Raises ArgumentError for an odd `dim`, ShapeError for more than `max_length` positions.

    >>> import unifw
    >>> unifw.nn.SinusoidalPositions(4)(unifw.zeros((1, 2, 4)))[0, 0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    def __init__(self, dim: int, max_length: int = 5000, base: float = 10000.0) -> None:
        table = sinusoid_table(count("max_length", max_length), count("dim", dim), base)
        self._table = asarray(table)  # a Tensor, no Buffer: it moves with the model and is not part of its state

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        """(N, T, dim) to the same shape; `positions` are integers (T,) or (N, T), 0 to T - 1 unless given."""
        width = x.ops.static_shape(self._table.native)[1]
        if x.ndim not in (2, 3) or x.ops.static_shape(x.native)[-1] not in (width, None):
            raise ShapeError(f"SinusoidalPositions: got {describe(x)}; expected (N, T, {width}) or (T, {width}).")
        return x + _rows("SinusoidalPositions", self._table, x, positions).to(x.dtype)

    def _describe(self) -> str:
        length, dim = self._table.shape
        return f"{dim}, max_length={length}"


class RotaryPositions(Module, leaf=True):
    """Rotate queries and keys (..., T, dim) by angles that grow with the position; see `functional.rotary`.

    `convention` says which features form a pair: "half" i and i + dim/2, "interleaved" 2i and 2i + 1. A checkpoint made
    for the one gives nonsense with the other. Values are not rotated. Nothing is trained or saved.
    Raises ArgumentError for an odd `dim` or an unknown convention, ShapeError for more than `max_length` positions.

    >>> import unifw
    >>> layer, query = unifw.nn.RotaryPositions(4, convention="interleaved"), unifw.ones((1, 2, 3, 4))
    >>> layer(query)[0, 0, 0].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(
        self, dim: int, max_length: int = 4096, base: float = 10000.0, convention: Convention = "half"
    ) -> None:
        if convention not in ("half", "interleaved"):
            raise ArgumentError(f'convention: got {convention!r}; expected "half" or "interleaved".')
        cos, sin = rotary_table(count("max_length", max_length), count("dim", dim), base)
        self._cos, self._sin = asarray(cos), asarray(sin)
        self.convention = convention

    def forward(self, x: Tensor, positions: Tensor | None = None) -> Tensor:
        """(N, heads, T, dim) to the same shape; `positions` are integers (T,) or (N, T), 0 to T - 1 unless given."""
        cos, sin = (_rows("RotaryPositions", table, x, positions).to(x.dtype) for table in (self._cos, self._sin))
        if positions is not None and positions.ndim == 2 and x.ndim == 4:
            cos, sin = cos[:, None], sin[:, None]
        return rotary(x, cos, sin, self.convention)

    def _describe(self) -> str:
        length, half = self._cos.shape
        return f"{2 * half}, max_length={length}, convention={self.convention!r}"


def _rows(name: str, table: Tensor, x: Tensor, positions: Tensor | None) -> Tensor:
    """The rows of a table for each step of x (..., T, features), or for given positions. Raises ShapeError."""
    if positions is not None:
        rows = take(table, reshape(positions, (-1,)), axis=0)
        return reshape(rows, (*positions.shape, table.shape[1]))
    known, most = x.ops.static_shape(x.native)[-2], x.ops.static_shape(table.native)[0]
    if known is not None and most is not None and known > most:
        raise ShapeError(f"{name}: got {known} positions; expected at most {most}. Write max_length={known} or more.")
    return table[: x.shape[-2]]
