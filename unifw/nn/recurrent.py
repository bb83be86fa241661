"""Recurrent layers: RNN, LSTM and GRU."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from unifw.conversion import TensorLike
from unifw.errors import ArgumentError
from unifw.nn import init
from unifw.nn.functional.dropout import check_probability
from unifw.nn.functional.recurrent import Stack, rnn_kind, run
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class Recurrent(Module):
    """What RNN, LSTM and GRU share: the weights of all layers and directions under PyTorch's names."""

    def __init__(self, stack: Stack, gates: int) -> None:
        for name in ("input_size", "hidden_size", "num_layers"):
            count(name, getattr(stack, name))
        check_probability(stack.name, stack.dropout, "dropout")
        self._stack = stack
        names: list[str] = []
        for layer in range(stack.num_layers):
            for direction in ("", "_reverse") if stack.bidirectional else ("",):
                names += self._add_weights(gates, layer, f"_l{layer}{direction}")
        self._weights = attrgetter(*names)

    def _add_weights(self, gates: int, layer: int, suffix: str) -> list[str]:
        """The weights of one direction of one layer, uniform on +-1/sqrt(hidden_size)."""
        stack = self._stack
        inputs = stack.out_size * (2 if stack.bidirectional else 1) if layer else stack.input_size
        rows = gates * stack.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, stack.out_size)}
        if stack.has_biases:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if stack.out_size < stack.hidden_size:
            shapes["weight_hr"] = (stack.out_size, stack.hidden_size)
        for name, shape in shapes.items():
            setattr(self, name + suffix, Parameter(init.uniform(shape, stack.hidden_size**-0.5)))
        return [name + suffix for name in shapes]

    def _run(self, x: Tensor, states: tuple[Tensor, ...] | None, lengths: TensorLike | None) -> Any:
        return run(self._stack, x, states, self._weights(self), lengths, self.training)

    def _describe(self) -> str:
        stack = self._stack
        projected = f", proj_size={stack.out_size}" if stack.out_size < stack.hidden_size else ""
        both = f"{projected}, bidirectional=True" if stack.bidirectional else projected
        return f"{stack.input_size}, {stack.hidden_size}, num_layers={stack.num_layers}{both}"


class RNN(Recurrent, leaf=True, lazy="input_size"):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) over a sequence, or relu (Elman, 1990).

    Sequences are (N, T, input_size), or (T, N, input_size) with batch_first=False. `dropout` is between layers. Weights
    have PyTorch's names and start as U(-1/sqrt(hidden_size), 1/sqrt(hidden_size)).

    >>> import unifw
    >>> y, h = unifw.nn.RNN(3, 4, num_layers=2, bidirectional=True)(unifw.zeros((5, 7, 3)))
    >>> y.shape, h.shape
    ((5, 7, 8), (4, 5, 4))
    """

    def __init__(
        self,
        input_size: int | None,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        form = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(
            Stack(rnn_kind(nonlinearity), count("input_size", input_size), hidden_size, hidden_size, *form), gates=1
        )

    def forward(
        self, x: Tensor, state: Tensor | None = None, lengths: TensorLike | None = None
    ) -> tuple[Tensor, Tensor]:
        """The output (N, T, directions * H) and the final state (layers * directions, N, H); see `functional.rnn`."""
        y, (h,) = self._run(x, None if state is None else (state,), lengths)
        return y, h


class GRU(Recurrent, leaf=True, lazy="input_size"):
    """Gated recurrent unit over a sequence, its gates in the order r, z, n (Cho et al., 2014).

    The reset gate comes after the product with the state, as in PyTorch and cuDNN. See `RNN` for the arguments.

    >>> import unifw
    >>> layer = unifw.nn.GRU(3, 4)
    >>> y, h = layer(unifw.zeros((2, 5, 3)), lengths=[5, 2])
    >>> y.shape, h.shape, list(layer.state_dict())
    ((2, 5, 4), (1, 2, 4), ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'])
    """

    def __init__(
        self,
        input_size: int | None,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        form = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(Stack("gru", count("input_size", input_size), hidden_size, hidden_size, *form), gates=3)

    def forward(
        self, x: Tensor, state: Tensor | None = None, lengths: TensorLike | None = None
    ) -> tuple[Tensor, Tensor]:
        """The output (N, T, directions * H) and the final state (layers * directions, N, H); see `functional.gru`."""
        y, (h,) = self._run(x, None if state is None else (state,), lengths)
        return y, h


class LSTM(Recurrent, leaf=True, lazy="input_size"):
    """Long short-term memory over a sequence, its gates in the order i, f, g, o (Hochreiter and Schmidhuber, 1997).

    With `proj_size` above 0 the output h is projected to that size (Sak et al., 2014). See `RNN` for the arguments.
    Raises ArgumentError for a `proj_size` that is not below `hidden_size`.

    >>> import unifw
    >>> y, (h, c) = unifw.nn.LSTM(3, 4)(unifw.zeros((2, 5, 3)), lengths=[5, 2])
    >>> y.shape, h.shape, c.shape
    ((2, 5, 4), (1, 2, 4), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int | None,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
    ) -> None:
        if count("proj_size", proj_size, 0) >= count("hidden_size", hidden_size):
            raise ArgumentError(f"LSTM: got proj_size={proj_size}; expected it below hidden_size={hidden_size}.")
        form = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(
            Stack("lstm", count("input_size", input_size), hidden_size, proj_size or hidden_size, *form), gates=4
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None, lengths: TensorLike | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The output (N, T, directions * H) and the final states (h, c); see `functional.lstm`."""
        y, (h, c) = self._run(x, state, lengths)
        return y, (h, c)
