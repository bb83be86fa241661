"""Attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from unifw.spec.types import Native, Storage


class AttentionOps(Protocol):
    """Attention of queries (..., L, E) to keys (..., S, E) and values (..., S, V).

    A boolean mask (..., L, S) is True where a query may look, a floating one is added; `causal` lets query i see the
    keys up to i. A query that may look nowhere gets zeros.
    """

    def attention(
        self,
        query: Native,
        key: Native,
        value: Native,
        mask: Native | None,
        dropout: float,
        causal: bool,
        scale: float | None,
        grouped: bool,
        /,
    ) -> Native:
        """The values (..., L, V), by softmax(query key^T * scale + mask); scale is 1 / sqrt(E) if None.

        `grouped`: axis -3 of the keys and values is a divisor of the query's, and each serves as many heads in a row.
        """
        ...

    def attention_weights(
        self, query: Native, key: Native, mask: Native | None, causal: bool, scale: float | None, /
    ) -> Native:
        """The softmax alone (..., L, S)."""
        ...

    def split_heads(self, x: Native, parts: int, heads: int, batch_first: bool, /) -> Sequence[Native]:
        """(N, T, parts * E), or (T, N, parts * E), as so many tensors (N, heads, T, E / heads)."""
        ...

    def merge_heads(self, x: Native, batch_first: bool, /) -> Native:
        """(N, heads, T, width) to (N, T, heads * width), or (T, N, heads * width)."""
        ...

    def cache_write(
        self, keys: Storage, values: Storage, start: int | Native, key: Native, value: Native, /
    ) -> tuple[Native, Native]:
        """Put (N, heads, T, width) of both into storage (N * heads, max_length, width) at `start`, in place.

        What is there then, (N, heads, S, width): up to their end if `start` is a number, else everything, so that no
        shape depends on it.
        """
        ...
