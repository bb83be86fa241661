"""Rows of a trained table."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.conversion import TensorLike
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class Embedding(Module, leaf=True):
    """A vector for each of `num_embeddings` integers: (...) to (..., embedding_dim).

    `weight` is (num_embeddings, embedding_dim) and starts as N(0, 1). The row `padding_idx`, which may be counted from
    the end, starts as 0 and gets no gradient. `max_norm` shortens the rows that are looked up, in place. `sparse` is
    PyTorch's, and False: gradients are dense. Raises ArgumentError.

    >>> import unifw
    >>> unifw.nn.Embedding(10, 4, padding_idx=0)(unifw.asarray([[1, 2, 0]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> None:
        _dense("Embedding", sparse)
        self.weight = _table(num_embeddings, embedding_dim, padding_idx)
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq

    @classmethod
    def from_pretrained(cls, embeddings: TensorLike, freeze: bool = True, **options: Any) -> Embedding:
        """A layer with these rows, which are not trained unless `freeze` is False.

        >>> import unifw
        >>> unifw.nn.Embedding.from_pretrained([[1.0, 2.0]])(unifw.asarray([0])).tolist()
        [[1.0, 2.0]]
        """
        weight = Parameter(embeddings, trainable=not freeze)
        rows, features = weight.shape
        layer = cls(rows, features, **options)
        layer.weight = weight
        return layer

    def forward(self, x: Tensor) -> Tensor:
        """Integers (...) to (..., embedding_dim)."""
        return F.embedding(x, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)

    def _describe(self) -> str:
        rows, features = self.weight.shape
        return f"{rows}, {features}" + (f", padding_idx={self.padding_idx}" if self.padding_idx is not None else "")


def _dense(name: str, sparse: bool) -> None:
    if sparse:
        raise ArgumentError(
            f"{name}: got sparse=True; expected False, since gradients are dense tensors on every backend and every "
            "optimiser takes those. Leave it out."
        )


def _table(rows: int, features: int, padding_idx: int | None) -> Parameter:
    shape = (count("num_embeddings", rows), count("embedding_dim", features))
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ArgumentError(f"padding_idx: got {padding_idx} for {rows} rows; expected {-rows} to {rows - 1}.")
    values = init.normal(shape)
    if padding_idx is not None:
        values[padding_idx] = np.float32(0)
    return Parameter(values)


class EmbeddingBag(Module, leaf=True):
    """The sum, mean or maximum of the vectors of each bag of integers: (bags, n) to (bags, embedding_dim).

    As `Embedding` and a reduction by `mode`, without what is between; see `functional.embedding_bag`.

    >>> import unifw
    >>> unifw.nn.EmbeddingBag(10, 4, mode="sum")(unifw.asarray([[1, 2, 0], [3, 3, 3]])).shape
    (2, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        mode: str = "mean",
        padding_idx: int | None = None,
        sparse: bool = False,
    ) -> None:
        _dense("EmbeddingBag", sparse)
        if mode not in ("sum", "mean", "max"):
            raise ArgumentError(f'EmbeddingBag: got mode {mode!r}; expected "sum", "mean" or "max".')
        self.weight = _table(num_embeddings, embedding_dim, padding_idx)
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.mode = mode

    def forward(self, x: Tensor, per_sample_weights: Tensor | None = None) -> Tensor:
        """Integers (bags, n) to (bags, embedding_dim)."""
        return F.embedding_bag(x, self.weight, self.mode, per_sample_weights, self.padding_idx)

    def _describe(self) -> str:
        rows, features = self.weight.shape
        return f"{rows}, {features}, mode={self.mode}"
