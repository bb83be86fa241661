"""Single steps of recurrent layers as functions."""

from __future__ import annotations

from collections.abc import Sequence

from unifw.array.axes import one_backend
from unifw.array.manipulation import expand_dims, squeeze
from unifw.errors import OperandError, ShapeError, describe
from unifw.keys import agree
from unifw.nn.functional.checks import misfit
from unifw.nn.functional.recurrent import rnn_kind
from unifw.tensor import Tensor


def _step(kind: str, x: Tensor, states: Sequence[Tensor] | None, weights: Sequence[Tensor | None]) -> list[Tensor]:
    name = f"{kind.partition('_')[0]}_cell"
    given = [weight for weight in weights if weight is not None]
    features, (_, size) = given[0].shape[1], given[1].shape
    try:
        one_backend(name, (x, *given))
        if x.ndim == 1:
            batch = None if states is None else [expand_dims(state, axis=0) for state in states]
            return [squeeze(state, 0) for state in _step(kind, expand_dims(x, axis=0), batch, weights)]
        first = _first(name, x, states, size, 2 if kind == "lstm" else 1)
        kernel = x.kernels.recurrent_cell
        made = kernel(kind, x.native, [state.native for state in first], [weight.native for weight in given])
    except Exception as error:
        raise misfit(name, error, x, given[0], f"one step (N, {features}), or ({features},)") from error
    return [x.wrap(native) for native in made]


def _first(name: str, x: Tensor, states: Sequence[Tensor] | None, size: int, count: int) -> Sequence[Tensor]:
    """The states before the step, zeros unless given. Raises ShapeError."""
    if states is None:
        return [x.wrap(x.ops.full((x.shape[0], size), 0.0, x.dtype, x.device))] * count
    if not isinstance(states, (tuple, list)) or len(states) != count:
        raise OperandError(f"{name}: got {describe(states)} as the state; expected {count} Tensors.")
    one_backend(name, (x, *states))
    wanted = (x.ops.static_shape(x.native)[0], size)
    for state in states:
        got = state.ops.static_shape(state.native)
        if not agree(got, wanted):
            raise ShapeError(f"{name}: got a state of shape {got}; expected {wanted}: batch, features.")
    return states


def lstm_cell(
    x: Tensor,
    state: tuple[Tensor, Tensor] | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of `lstm`: x (N, F) and the states (h, c), each (N, H), to the next (h, c). Both biases or neither.

    Raises ShapeError and DTypeError.

    >>> import unifw
    >>> x, one = unifw.ones((1, 1)), unifw.ones((1, 1))
    >>> h, c = unifw.nn.functional.lstm_cell(x, (one, one), unifw.zeros((4, 1)), unifw.zeros((4, 1)))
    >>> c.tolist()
    [[0.5]]
    """
    h, c = _step("lstm", x, state, (w_ih, w_hh, b_ih, b_hh))
    return h, c


def gru_cell(
    x: Tensor,
    state: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of `gru`: x (N, F) and the state h (N, H) to the next h.

    >>> import unifw
    >>> x, one = unifw.ones((1, 1)), unifw.ones((1, 1))
    >>> unifw.nn.functional.gru_cell(x, one, unifw.zeros((3, 1)), unifw.zeros((3, 1))).tolist()
    [[0.5]]
    """
    return _step("gru", x, None if state is None else (state,), (w_ih, w_hh, b_ih, b_hh))[0]


def rnn_cell(
    x: Tensor,
    state: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """One step of `rnn`: x (N, F) and the state h (N, H) to the next h.

    >>> import unifw
    >>> one = unifw.ones((1, 1))
    >>> unifw.nn.functional.rnn_cell(one, one, one, one, nonlinearity="relu").tolist()
    [[2.0]]
    """
    kind = rnn_kind(nonlinearity)
    return _step(kind, x, None if state is None else (state,), (w_ih, w_hh, b_ih, b_hh))[0]
