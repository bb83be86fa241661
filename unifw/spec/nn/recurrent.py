"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from unifw.spec.types import Native


class RecurrentOps(Protocol):
    """Recurrent layers of a kind: "rnn_tanh", "rnn_relu", "gru", "lstm"; states are (h,), of "lstm" (h, c).

    Weights and the order of the gates are PyTorch's.
    """

    @property
    def recurrent_stack(self) -> Callable[..., tuple[Native, ...]] | None:
        """A whole stack by one kernel; None where the framework has none.

        It takes kind, x, lengths, states (layers * directions, N, H), the flat list of weights, has_biases, num_layers,
        dropout, training, bidirectional, batch_first. It gets no traced lengths, and none of zero; NotImplemented says
        that it cannot run here, and single layers shall.
        """
        ...

    def recurrent_layer(
        self,
        kind: str,
        x: Native,
        lengths: Native | None,
        states: Sequence[Native],
        weights: tuple[Native | None, ...],
        reverse: bool,
        /,
    ) -> tuple[Native, ...]:
        """One direction of one layer: x (T, N, F), lengths (N,), states (N, H), weights w_ih, w_hh, b_ih, b_hh, w_hr.

        Gives the output (T, N, H), zero beyond each length, and the states at each length (or, reversed, at its start).
        """
        ...

    def recurrent_cell(
        self, kind: str, x: Native, states: Sequence[Native], weights: Sequence[Native], /
    ) -> tuple[Native, ...]:
        """The states after one step: x (N, F), states (N, H), weights w_ih, w_hh and maybe b_ih, b_hh."""
        ...
