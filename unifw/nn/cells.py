"""Single steps of recurrent layers: RNNCell, LSTMCell and GRUCell."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.functional.recurrent import rnn_kind
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class _Cell(Module):
    """The weights of one step, uniform on +-1/sqrt(hidden_size)."""

    def __init__(self, gates: int, input_size: int | None, hidden_size: int, bias: bool) -> None:
        rows, bound = gates * count("hidden_size", hidden_size), hidden_size**-0.5
        self.weight_ih = Parameter(init.uniform((rows, count("input_size", input_size)), bound))
        self.weight_hh = Parameter(init.uniform((rows, hidden_size), bound))
        self.bias_ih = Parameter(init.uniform((rows,), bound)) if bias else None
        self.bias_hh = Parameter(init.uniform((rows,), bound)) if bias else None

    def _describe(self) -> str:
        return f"{self.weight_ih.shape[1]}, {self.weight_hh.shape[1]}, bias={self.bias_ih is not None}"


class RNNCell(_Cell, leaf=True, lazy="input_size"):
    """One step of `RNN`.

    >>> import unifw
    >>> unifw.nn.RNNCell(3, 4)(unifw.zeros((2, 3))).shape
    (2, 4)
    """

    def __init__(self, input_size: int | None, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        rnn_kind(nonlinearity)
        super().__init__(1, input_size, hidden_size, bias)
        self.nonlinearity = nonlinearity

    def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor:
        """Input (N, input_size) and state (N, hidden_size) to the next state."""
        return F.rnn_cell(x, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, self.nonlinearity)


class LSTMCell(_Cell, leaf=True, lazy="input_size"):
    """One step of `LSTM`.

    >>> import unifw
    >>> h, c = unifw.nn.LSTMCell(3, 4)(unifw.zeros((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    def __init__(self, input_size: int | None, hidden_size: int, bias: bool = True) -> None:
        super().__init__(4, input_size, hidden_size, bias)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Input (N, input_size) and states (h, c), each (N, hidden_size), to the next (h, c)."""
        return F.lstm_cell(x, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class GRUCell(_Cell, leaf=True, lazy="input_size"):
    """One step of `GRU`.

    >>> import unifw
    >>> unifw.nn.GRUCell(3, 4)(unifw.zeros((2, 3))).shape
    (2, 4)
    """

    def __init__(self, input_size: int | None, hidden_size: int, bias: bool = True) -> None:
        super().__init__(3, input_size, hidden_size, bias)

    def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor:
        """Input (N, input_size) and state (N, hidden_size) to the next state."""
        return F.gru_cell(x, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
