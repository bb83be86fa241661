"""Attention as functions."""

from __future__ import annotations

from unifw.array.axes import one_backend
from unifw.array.linear_algebra import matmul
from unifw.array.repetition import repeat
from unifw.errors import ArgumentError, DTypeError, ShapeError, describe
from unifw.nn.functional.checks import misfit
from unifw.nn.functional.dropout import dropout
from unifw.streams import in_host_mode
from unifw.tensor import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query key^T * scale + mask) value (Vaswani et al., 2017).

    Queries (..., L, E), keys (..., S, E) and values (..., S, V) give (..., L, V).
    A boolean mask, broadcast to (..., L, S), is True where a query may look; a floating one is added. `is_causal` lets
    query i see the keys 0 to i, and takes no mask beside it. `scale` is 1 / sqrt(E) unless given. A query that may look
    nowhere gets zeros. `dropout_p` acts on the weights, also in evaluation: pass 0 there. With `enable_gqa` axis -3 of
    keys and values divides the query's, each serving as many heads in a row (Ainslie et al., 2023).
    Raises ShapeError, DTypeError, ArgumentError and MixedBackendError.

    >>> import unifw
    >>> query, key, value = unifw.ones((1, 2, 4)), unifw.ones((1, 2, 4)), unifw.asarray([[[1.0], [3.0]]])
    >>> unifw.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True).tolist()
    [[[1.0], [2.0]]]
    """
    try:
        if query.ops is not key.ops or key.ops is not value.ops:
            one_backend(_NAME, (query, key, value))
        if attn_mask is not None:
            _check_mask(query, attn_mask, is_causal)
        if dropout_p and in_host_mode():
            return _on_the_host(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
        mask = None if attn_mask is None else attn_mask.native
        kernel = query.kernels.attention
        arguments = (query.native, key.native, value.native, mask, dropout_p, is_causal, scale, enable_gqa)
        return query.wrap(kernel(*arguments))
    except Exception as error:
        raise _explain(error, query, key, value, attn_mask) from error


_NAME = "scaled_dot_product_attention"


def attention_weights(
    query: Tensor, key: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False, scale: float | None = None
) -> Tensor:
    """The weights (..., L, S) by which `scaled_dot_product_attention` adds the values up; rows sum to 1, or 0.

    >>> import unifw
    >>> attention_weights(unifw.ones((1, 2, 4)), unifw.ones((1, 2, 4)), is_causal=True).tolist()
    [[[1.0, 0.0], [0.5, 0.5]]]
    """
    try:
        one_backend(_NAME, (query, key))
        if attn_mask is not None:
            _check_mask(query, attn_mask, is_causal)
        mask = None if attn_mask is None else attn_mask.native
        kernel = query.kernels.attention_weights
        return query.wrap(kernel(query.native, key.native, mask, is_causal, scale))
    except Exception as error:
        raise _explain(error, query, key, None, attn_mask) from error


def split_heads(x: Tensor, parts: int, heads: int, batch_first: bool = True) -> list[Tensor]:
    """Queries, keys and values side by side, (N, T, parts * E), as so many Tensors (N, heads, T, E / heads).

    Without `batch_first` the input is (T, N, parts * E).

    >>> import unifw
    >>> [x.shape for x in split_heads(unifw.zeros((2, 5, 12)), 3, 2)]
    [(2, 2, 5, 2), (2, 2, 5, 2), (2, 2, 5, 2)]
    """
    wrap = x.wrap
    return [wrap(part) for part in x.kernels.split_heads(x.native, parts, heads, batch_first)]


def merge_heads(x: Tensor, batch_first: bool = True) -> Tensor:
    """(N, heads, T, width) to (N, T, heads * width), or (T, N, heads * width): the reverse of `split_heads`.

    >>> import unifw
    >>> merge_heads(unifw.zeros((2, 4, 5, 3))).shape
    (2, 5, 12)
    """
    return x.wrap(x.kernels.merge_heads(x.native, batch_first))


def _on_the_host(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    causal: bool,
    scale: float | None,
    grouped: bool,
) -> Tensor:
    """With dropout that has the same bits on every backend."""
    if grouped:
        times = query.shape[-3] // key.shape[-3]
        key, value = repeat(key, times, axis=-3), repeat(value, times, axis=-3)
    return matmul(dropout(attention_weights(query, key, mask, causal, scale), dropout_p), value)


def _check_mask(query: Tensor, mask: Tensor, causal: bool) -> None:
    one_backend(_NAME, (query, mask))
    if causal:
        raise ArgumentError(f"{_NAME}: got attn_mask and is_causal=True; expected one. Write mask & unifw.tril(...).")
    if mask.dtype.kind != "bool" and mask.dtype is not query.dtype:
        raise DTypeError(
            f"{_NAME}: got a mask of dtype {mask.dtype}; expected bool, or the query's {query.dtype}. "
            f"Write mask.to(unifw.{query.dtype})."
        )


def _explain(error: Exception, query: Tensor, key: Tensor, value: Tensor | None, mask: Tensor | None) -> Exception:
    """The error of a kernel that refused its input."""
    explained = misfit(_NAME, error, query, None, "")
    if type(explained) is not ShapeError or explained is error:
        return explained
    others = [x for x in (key, value) if x is not None]
    for x in others:
        if x.dtype is not query.dtype:
            return DTypeError(
                f"{_NAME}: got a query of dtype {query.dtype} and {describe(x)}; expected one dtype. "
                f"Write x.to(unifw.{query.dtype})."
            )
    got = ", ".join(str(tuple(x.native.shape)) for x in (query, *others))
    masked = "" if mask is None else f" and a mask {tuple(mask.native.shape)}"
    return ShapeError(
        f"{_NAME}: got shapes {got}{masked}; expected query (..., heads, L, E), key (..., heads, S, E), value "
        "(..., heads, S, V) of floating numbers, and a mask that broadcasts to (..., heads, L, S). "
        "Write enable_gqa=True if keys and values have fewer heads, which must divide the query's."
    )
