"""Attention by torch's fused kernels."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.capture import differentiated_again

_by_formula = torch.ops.aten._scaled_dot_product_attention_math


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    causal: bool,
    scale: float | None,
    grouped: bool,
) -> torch.Tensor:
    if differentiated_again.get():  # the fused kernels have first derivatives alone
        return _by_formula(query, key, value, mask, dropout, causal, None, scale=scale, enable_gqa=grouped)[0]
    return F.scaled_dot_product_attention(query, key, value, mask, dropout, causal, scale=scale, enable_gqa=grouped)


def attention_weights(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, causal: bool, scale: float | None
) -> torch.Tensor:
    scores = (query * (query.shape[-1] ** -0.5 if scale is None else scale)) @ key.transpose(-1, -2)
    if causal:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is None:
        return scores.softmax(-1)
    allowed = mask if mask.dtype is torch.bool else mask > -torch.inf
    scores = scores if mask is allowed else scores + mask
    return torch.where(allowed, torch.where(allowed, scores, torch.finfo(scores.dtype).min).softmax(-1), 0.0)


def split_heads(x: torch.Tensor, parts: int, heads: int, batch_first: bool) -> tuple[torch.Tensor, ...]:
    first, second, size = x.shape
    apart = x.reshape(first, second, parts, heads, size // (parts * heads))
    return (apart.permute(2, 0, 3, 1, 4) if batch_first else apart.permute(2, 1, 3, 0, 4)).unbind()


def merge_heads(x: torch.Tensor, batch_first: bool) -> torch.Tensor:
    return (x.transpose(1, 2) if batch_first else x.permute(2, 0, 1, 3)).flatten(2)


def cache_write(
    keys: torch.Tensor, values: torch.Tensor, start: int | torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    batch, heads, steps, width = key.shape
    keys, values = keys.view(batch, heads, -1, width), values.view(batch, heads, -1, width)
    if isinstance(start, int):
        end = start + steps
        keys.narrow(2, start, steps).copy_(key.detach())
        values.narrow(2, start, steps).copy_(value.detach())
        return keys.narrow(2, 0, end), values.narrow(2, 0, end)
    places = start + torch.arange(steps, device=keys.device)
    keys.index_copy_(2, places, key.detach())
    values.index_copy_(2, places, value.detach())
    return keys, values
