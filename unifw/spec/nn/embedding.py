"""Rows of a table."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Storage


class EmbeddingOps(Protocol):
    """Rows of a table."""

    def embedding(self, indices: Native, weight: Native, padding_idx: int | None, by_frequency: bool, /) -> Native:
        """The rows of `weight` (rows, features) at integer `indices`; that of `padding_idx` gets no gradient.

        With `by_frequency` each gradient of a row is divided by how often the row stands in `indices`.
        """
        ...

    def embedding_renorm(self, weight: Storage, indices: Native, max_norm: float, norm_type: float, /) -> None:
        """Shorten the rows at `indices`, in place, to at most `max_norm`."""
        ...

    def embedding_bag(
        self,
        indices: Native,
        weight: Native,
        mode: str,
        per_sample_weights: Native | None,
        padding_idx: int | None,
        /,
    ) -> Native:
        """The "sum", "mean" or "max" of the rows of each bag (bags, n); rows of `padding_idx` do not count."""
        ...
