"""Recurrences over time from single steps: for what torch's fused kernels cannot trace, masks instead of packing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

Tensors = Sequence[torch.Tensor]
Weights = Sequence[Any]  # w_ih, w_hh, and b_ih, b_hh, w_hr or None


def scan(kind: str, x: torch.Tensor, states: Tensors, weights: Weights) -> list[torch.Tensor]:
    """The states after each step, (T, N, H): [h], and for "lstm" [h, c]. Gates are in PyTorch's order."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    step = _STEPS[kind]
    after = []
    for gates in F.linear(x, w_ih, b_ih).unbind():
        states = step(gates, F.linear(states[0], w_hh, b_hh), states)
        if w_hr is not None:
            states = (F.linear(states[0], w_hr), *states[1:])
        after.append(states)
    return [torch.stack(column) for column in zip(*after, strict=True)]


def _lstm(x: torch.Tensor, hidden: torch.Tensor, states: Tensors) -> Tensors:
    i, f, n, o = (x + hidden).chunk(4, 1)
    c = f.sigmoid() * states[1] + i.sigmoid() * n.tanh()
    return o.sigmoid() * c.tanh(), c


def _gru(x: torch.Tensor, hidden: torch.Tensor, states: Tensors) -> Tensors:
    (xr, xz, xn), (hr, hz, hn) = x.chunk(3, 1), hidden.chunk(3, 1)
    n = (xn + (xr + hr).sigmoid() * hn).tanh()
    return (n + (xz + hz).sigmoid() * (states[0] - n),)


_STEPS = {
    "rnn_tanh": lambda x, hidden, _: ((x + hidden).tanh(),),
    "rnn_relu": lambda x, hidden, _: ((x + hidden).relu(),),
    "gru": _gru,
    "lstm": _lstm,
}
