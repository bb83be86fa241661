"""Sums by position, softmax and its kin, running totals and searches on `np.ndarray`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _floating(x: Array) -> Array:
    return x if x.dtype.kind in "fc" else x.astype(np.float32)


def cumulative_sum(x: Array, axis: int) -> Array:
    return np.cumsum(x, axis)


def cumulative_prod(x: Array, axis: int) -> Array:
    return np.cumprod(x, axis)


def top_k(x: Array, k: int, axis: int, largest: bool) -> Array:
    if not largest:
        order = np.argsort(x, axis, stable=True)
    else:  # from behind, which keeps equal elements in their order
        order = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, stable=True), axis)
    return np.take(order, np.arange(k), axis)


def searchsorted(x1: Array, x2: Array, right: bool) -> Array:
    return np.asarray(np.searchsorted(x1, x2, "right" if right else "left"))


nonzero = np.nonzero


def gather(x: Array, indices: Array, axis: int) -> Array:
    places = list(np.indices(indices.shape))
    if indices.size and not 0 <= indices.min() <= indices.max() < x.shape[axis]:
        raise IndexError("index out of range")
    places[axis] = indices
    return x[tuple(places)]


def scatter_add(x: Array, indices: Array, updates: Array, axis: int) -> Array:
    if indices.size and not 0 <= indices.min() <= indices.max() < x.shape[axis]:
        raise IndexError("index out of range")
    result, places = x.copy(), list(np.indices(indices.shape))
    places[axis] = indices
    np.add.at(result, tuple(places), updates)
    return result


def segment_sum(data: Array, segment_ids: Array, num_segments: int) -> Array:
    inside = (segment_ids >= 0) & (segment_ids < num_segments)
    result = np.zeros((num_segments, *data.shape[1:]), data.dtype)
    np.add.at(result, segment_ids[inside], data[inside])
    return result


@np.errstate(all="ignore")
def logsumexp(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    x = _floating(x)
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    total = np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis)


@np.errstate(all="ignore")
def log_softmax(x: Array, axis: int) -> Array:
    x = _floating(x)
    x = x - np.max(x, axis, keepdims=True, initial=-np.inf)
    return x - np.log(np.sum(np.exp(x), axis, keepdims=True))


def softmax(x: Array, axis: int) -> Array:
    return np.exp(log_softmax(x, axis))


def pad(x: Array, widths: Sequence[tuple[int, int]], value: Any) -> Array:
    return np.pad(x, widths, constant_values=value) if widths else x.copy()


def einsum(equation: str, xs: Sequence[Array]) -> Array:
    return np.asarray(np.einsum(equation, *xs))
