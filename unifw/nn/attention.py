"""Multi-head attention."""

from __future__ import annotations

from typing import Any

from unifw.array.bitwise import logical_not
from unifw.array.comparison import where
from unifw.array.creation import arange, ones_like, zeros, zeros_like
from unifw.array.linear_algebra import matmul
from unifw.array.manipulation import broadcast_to, concat, expand_dims, reshape, squeeze
from unifw.array.statistical import mean
from unifw.dtypes import DType
from unifw.errors import ArgumentError, DTypeError, ShapeError, describe
from unifw.keys import agree
from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.functional.attention import attention_weights, merge_heads, split_heads
from unifw.nn.functional.dropout import check_probability
from unifw.nn.functional.linear import linear_by_shares
from unifw.nn.geometry import count
from unifw.nn.linear import Linear
from unifw.nn.module import Module
from unifw.operators import not_a_tensor
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.variable import Parameter


class MultiheadAttention(Module):
    """Attention by several heads in parallel (Vaswani et al., 2017): queries (N, L, embed_dim) to the same shape.

    Keys are (N, S, kdim) and values (N, S, vdim); without a batch the first axis falls away, and with batch_first=False
    it is the second. The weights have PyTorch's names and initial values: one `in_proj_weight` (3E, E), or three where
    `kdim` or `vdim` differ. Raises ArgumentError for an `embed_dim` that `num_heads` does not divide.

    Masks are PyTorch's for this layer: a boolean one is True where a query may *not* look (the reverse of
    `scaled_dot_product_attention`), a floating one is added. A query that may look nowhere gets the bias of `out_proj`
    and weights of 0; PyTorch gives that or NaN, depending on the path it takes.

    >>> import unifw
    >>> layer, x = unifw.nn.MultiheadAttention(8, num_heads=2), unifw.zeros((3, 5, 8))
    >>> y, weights = layer(x, x, x)
    >>> y.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
    ) -> None:
        if count("embed_dim", embed_dim) % count("num_heads", num_heads):
            raise ArgumentError(
                f"MultiheadAttention: got embed_dim={embed_dim} for {num_heads} heads; expected a multiple of it."
            )
        check_probability("MultiheadAttention", dropout, "dropout")
        self.num_heads, self.dropout = num_heads, dropout
        self.add_zero_attn, self.batch_first = add_zero_attn, batch_first
        self._sizes = {"query": embed_dim, "key": kdim or embed_dim, "value": vdim or embed_dim}
        self._add_weights(embed_dim, bias, add_bias_kv)

    def _add_weights(self, embed_dim: int, bias: bool, add_bias_kv: bool) -> None:
        """Glorot's uniform values for the projections, zeros for their biases, as PyTorch has it."""
        if len(set(self._sizes.values())) == 1:
            value = init.uniform((3 * embed_dim, embed_dim), (6 / (4 * embed_dim)) ** 0.5)
            self.in_proj_weight = Parameter(value, dense=True)
        else:
            for name, size in zip("qkv", self._sizes.values(), strict=True):
                value = init.uniform((embed_dim, size), (6 / (embed_dim + size)) ** 0.5)
                setattr(self, f"{name}_proj_weight", Parameter(value, dense=True))
        self.in_proj_bias = Parameter(zeros(3 * embed_dim)) if bias else None
        draw = [host_generator().normal(0, embed_dim**-0.5, (1, 1, embed_dim)) for _ in range(2 * add_bias_kv)]
        learned = [Parameter(values.astype("float32")) for values in draw]
        self.bias_k: Parameter | None = learned[0] if learned else None
        self.bias_v: Parameter | None = learned[1] if learned else None
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        if self.out_proj.bias is not None:
            self.out_proj.bias.assign(zeros(embed_dim))

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output (N, L, E), and the weights (N, L, S), (N, heads, L, S) unless averaged, or None if not needed.

        `key_padding_mask` (N, S) hides keys from every query, `attn_mask` (L, S) or (N * heads, L, S) from some;
        `is_causal` hides the keys after a query's own position, and needs no mask. Without weights it is faster.
        """
        if query.ndim == 2:
            padding = None if key_padding_mask is None else expand_dims(key_padding_mask, axis=0)
            axis = 0 if self.batch_first else 1
            batch = [expand_dims(x, axis=axis) for x in (query, key, value)]
            form = (padding, need_weights, attn_mask, average_attn_weights, is_causal)
            y, found = self.forward(batch[0], batch[1], batch[2], *form)
            return squeeze(y, axis), None if found is None else squeeze(found, 0)
        q, k, v = self._projected(query, key, value)
        mask, causal = self._mask(q, k, key_padding_mask, attn_mask), is_causal and attn_mask is None
        if causal and (mask is not None or self.bias_k is not None or self.add_zero_attn):
            mask, causal = _lower_triangle(q, k) if mask is None else _both(mask, _lower_triangle(q, k)), False
        q, k, v, mask = self._extended(q, k, v, mask)
        p = self.dropout if self.training else 0.0
        if not need_weights:
            y = F.scaled_dot_product_attention(q, k, v, mask, p, causal)
            return self.out_proj(merge_heads(y, self.batch_first)), None
        weights = F.dropout(attention_weights(q, k, mask, causal), p)
        y = self.out_proj(merge_heads(matmul(weights, v), self.batch_first))
        return y, mean(weights, axis=1) if average_attn_weights else weights

    def _projected(self, *inputs: Tensor) -> list[Tensor]:
        """Queries, keys and values of each head, (N, heads, length, E / heads)."""
        for x, (name, size) in zip(inputs, self._sizes.items(), strict=True):
            if x.ndim != 3 or x.ops.static_shape(x.native)[2] not in (size, None):
                form = f"(N, length, {size})" if self.batch_first else f"(length, N, {size})"
                raise ShapeError(f"MultiheadAttention: got {describe(x)} as {name}; expected {form}.")
        bias = self.in_proj_bias
        if "in_proj_weight" in vars(self):
            if inputs[0] is inputs[1] is inputs[2]:
                return split_heads(F.linear(inputs[0], self.in_proj_weight, bias), 3, self.num_heads, self.batch_first)
            projected = linear_by_shares(inputs, self.in_proj_weight, bias)
        else:
            width = self._sizes["query"]
            weights = [getattr(self, f"{name}_proj_weight") for name in "qkv"]
            biases = [None if bias is None else bias[i * width : (i + 1) * width] for i in range(3)]
            projected = [F.linear(*each) for each in zip(inputs, weights, biases, strict=True)]
        return [split_heads(x, 1, self.num_heads, self.batch_first)[0] for x in projected]

    def _mask(self, q: Tensor, k: Tensor, padding: Tensor | None, attn_mask: Tensor | None) -> Tensor | None:
        """Both masks as one of the form that `scaled_dot_product_attention` takes."""
        if padding is None and attn_mask is None:
            return None
        (batch, heads, length, _), keys = q.ops.static_shape(q.native), k.ops.static_shape(k.native)[2]
        by_head = (batch and batch * heads, length, keys)
        _check_mask("key_padding_mask", "(N, S)", padding, q.dtype, ((batch, keys),))
        _check_mask("attn_mask", "(L, S) or (N * heads, L, S)", attn_mask, q.dtype, ((length, keys), by_head))
        hidden = None if padding is None else padding[:, None, None, :]
        if attn_mask is not None and attn_mask.ndim == 3:
            attn_mask = reshape(attn_mask, (q.shape[0], heads, q.shape[2], k.shape[2]))
        found = [_allowed(mask) for mask in (hidden, attn_mask) if mask is not None]
        return found[0] if len(found) == 1 else _both(*found)

    def _extended(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Keys and values with the learned one, and with zeros, that every query may see."""
        batch, heads, _, width = k.shape
        more: list[Any] = []
        if self.bias_k is not None and self.bias_v is not None:
            learned = [reshape(bias, (1, heads, 1, width)) for bias in (self.bias_k, self.bias_v)]
            more.append(tuple(broadcast_to(bias, (batch, heads, 1, width)) for bias in learned))
        if self.add_zero_attn:
            nothing = zeros((batch, heads, 1, width), dtype=k.dtype, device=k.device)
            more.append((nothing, nothing))
        for key, value in more:
            k, v = concat([k, key], axis=2), concat([v, value], axis=2)
            if mask is not None:
                mask = concat([mask, _open(mask)], axis=-1)
        return q, k, v, mask

    def _describe(self) -> str:
        return f"{self._sizes['query']}, num_heads={self.num_heads}"


def _check_mask(name: str, form: str, mask: Any, dtype: DType, shapes: tuple[tuple[Any, ...], ...]) -> None:
    if mask is None:
        return
    if not isinstance(mask, Tensor):
        raise not_a_tensor(f"MultiheadAttention: {name}", mask)
    if not any(agree(mask.ops.static_shape(mask.native), shape) for shape in shapes):
        raise ShapeError(
            f"MultiheadAttention: got {describe(mask)} as {name}; expected {' or '.join(map(str, shapes))}, {form}."
        )
    if mask.dtype.kind != "bool" and mask.dtype is not dtype:
        raise DTypeError(f"MultiheadAttention: got {describe(mask)} as {name}; expected bool or {dtype}.")


def _allowed(mask: Tensor) -> Tensor:
    """A boolean mask the other way round: True where a query may look."""
    return logical_not(mask) if mask.dtype.kind == "bool" else mask


def _open(mask: Tensor) -> Tensor:
    """One more column of a mask, which hides nothing."""
    return (ones_like if mask.dtype.kind == "bool" else zeros_like)(mask[..., :1])


def _both(first: Tensor, second: Tensor) -> Tensor:
    """Two masks of `scaled_dot_product_attention` as one."""
    if first.dtype.kind == "bool":
        return first & second if second.dtype.kind == "bool" else where(first, second, -float("inf"))
    return where(second, first, -float("inf")) if second.dtype.kind == "bool" else first + second


def _lower_triangle(q: Tensor, k: Tensor) -> Tensor:
    """True where a key is not after the query."""
    return expand_dims(arange(q.shape[2], device=q.device), axis=1) >= arange(k.shape[2], device=q.device)
