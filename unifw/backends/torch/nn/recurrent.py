"""Recurrent layers by torch's fused kernels; by single steps where those cannot be traced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from unifw.backends.torch.native import is_traced
from unifw.backends.torch.nn.scan import Tensors, Weights, scan

_FUSED = {kind: getattr(torch._VF, kind) for kind in ("rnn_tanh", "rnn_relu", "gru", "lstm")}
_CELLS = {kind: getattr(torch, f"{kind}_cell") for kind in _FUSED}


def recurrent_stack(
    kind: str,
    x: torch.Tensor,
    lengths: torch.Tensor | None,
    states: Tensors,
    weights: Sequence[torch.Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    training: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    form = (weights, has_biases, num_layers, dropout, training, bidirectional)
    if kind == "lstm" and _differentiated_in_a_graph(x, weights):
        return NotImplemented
    is_plain = len(weights) == num_layers * (1 + bidirectional) * (2 + 2 * has_biases)  # a projection is one more
    kernel = _FUSED[kind] if is_plain else _projected
    if lengths is None:
        y, *last = kernel(x, states if kind == "lstm" else states[0], *form, batch_first)
        return y, *last
    packed = pack_padded_sequence(x, lengths.cpu(), batch_first, enforce_sorted=False)
    states = tuple(state.index_select(1, packed.sorted_indices) for state in states)
    data, *last = kernel(packed.data, packed.batch_sizes, states if kind == "lstm" else states[0], *form)
    y = _padded(PackedSequence(data, *packed[1:]), x.shape[1 if batch_first else 0], batch_first)
    return y, *(state.index_select(1, packed.unsorted_indices) for state in last)


def _differentiated_in_a_graph(x: torch.Tensor, weights: Sequence[torch.Tensor]) -> bool:
    """Whether torch would have to trace the gradient of its LSTM, which fails where oneDNN computes it."""
    return torch.is_grad_enabled() and any(each.requires_grad for each in (x, *weights)) and is_traced(x)


def _projected(*args: Any) -> Any:
    """An LSTM with projections: without oneDNN, which has none; torch would do the same and warn."""
    before = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = False
    try:
        return torch._VF.lstm(*args)
    finally:
        torch.backends.mkldnn.enabled = before


def _padded(packed: PackedSequence, steps: int, batch_first: bool) -> torch.Tensor:
    y: torch.Tensor = pad_packed_sequence(packed, batch_first, total_length=steps)[0]
    return y


def recurrent_layer(
    kind: str, x: torch.Tensor, lengths: torch.Tensor | None, states: Tensors, weights: Weights, reverse: bool
) -> tuple[torch.Tensor, ...]:
    if lengths is not None:  # out of a table of those that may be: in a graph, too, others are an error
        places = torch.where(lengths < 0, 2**31, lengths)  # compiled, -1 would be the last
        lengths = torch.arange(x.shape[0] + 1, device=x.device).index_select(0, places)
    if reverse:
        x = _reversed(x, lengths)
    after = scan(kind, x, states, weights)
    last = [_last(every, first, lengths) for every, first in zip(after, states, strict=True)]
    y = after[0]
    if lengths is not None:
        y = torch.where((_steps(y) < lengths)[..., None], y, 0.0)
    return (_reversed(y, lengths) if reverse else y, *last)


def _steps(x: torch.Tensor) -> torch.Tensor:
    return torch.arange(x.shape[0], device=x.device)[:, None]


def _reversed(x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """The steps from each sequence's own end to its start."""
    if lengths is None:
        return x.flip(0)
    steps = _steps(x)
    return x.gather(0, torch.where(steps < lengths, lengths - 1 - steps, steps)[..., None].expand_as(x))


def _last(every: torch.Tensor, first: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """The state after as many steps as each sequence has."""
    if lengths is None:
        return every[-1]
    return torch.cat([first[None], every]).gather(0, lengths[None, :, None].expand(1, *first.shape))[0]


def recurrent_cell(
    kind: str, x: torch.Tensor, states: Tensors, weights: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    made: Any = _CELLS[kind](x, states if kind == "lstm" else states[0], *weights)
    return made if kind == "lstm" else (made,)
