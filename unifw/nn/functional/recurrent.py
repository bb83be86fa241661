"""Recurrent layers as functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unifw.array.manipulation import expand_dims, squeeze
from unifw.conversion import TensorLike
from unifw.dtypes import int64
from unifw.errors import ArgumentError, DTypeError, OperandError, ShapeError, describe
from unifw.keys import agree
from unifw.nn.functional.checks import misfit
from unifw.nn.functional.dropout import dropout as dropout_
from unifw.operators import mixed_backends, not_a_tensor
from unifw.spec import Native
from unifw.streams import in_host_mode
from unifw.tensor import Tensor

States = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """What a stack of recurrent layers is, but for its weights; a layer makes it once."""

    kind: str  # "rnn_tanh", "rnn_relu", "gru" or "lstm"
    input_size: int
    hidden_size: int
    out_size: int  # smaller than hidden_size where an LSTM projects
    num_layers: int = 1
    has_biases: bool = True
    batch_first: bool = True
    dropout: float = 0.0
    bidirectional: bool = False

    @property
    def name(self) -> str:
        """What errors call it."""
        return self.kind.partition("_")[0]

    @property
    def rows(self) -> int:
        """How many states there are: one for each layer and direction."""
        return self.num_layers * (2 if self.bidirectional else 1)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The features of h, and of an LSTM's c."""
        return (self.out_size, self.hidden_size) if self.kind == "lstm" else (self.out_size,)

    @property
    def input_form(self) -> str:
        """The input in words."""
        return f"(N, T, {self.input_size})" if self.batch_first else f"(T, N, {self.input_size})"


def run(
    stack: Stack,
    x: Tensor,
    states: States | None,
    weights: Sequence[Tensor],
    lengths: TensorLike | None,
    training: bool,
) -> tuple[Tensor, States]:
    """The output of a stack and its states at the end of each sequence; see `lstm`."""
    try:
        if x.ops is not weights[0].ops:
            raise mixed_backends(stack.name, x, weights[0])
        if x.ndim == 2:
            return _unbatched(stack, x, states, weights, lengths, training)
        if x.ndim != 3 or x.ops.static_shape(x.native)[2] not in (stack.input_size, None):  # oneDNN reads past weights
            raise ValueError(f"expected 3 axes, the last of {stack.input_size}")
        given = _states(stack, x, states)
        ends, in_steps = (None, False) if lengths is None else _lengths(stack, x, lengths)
        fused = x.kernels.recurrent_stack
        natives = [weight.native for weight in weights]
        made: Any = NotImplemented
        if not (fused is None or in_steps or (stack.dropout and training and in_host_mode())):
            form = (stack.has_biases, stack.num_layers, stack.dropout, training, stack.bidirectional, stack.batch_first)
            made = fused(stack.kind, x.native, ends, given, natives, *form)
        if made is NotImplemented:
            made = _by_layer(stack, x, ends, given, natives, training)
    except Exception as error:
        wanted = f"sequences {stack.input_form} of at least one step, or without a batch (T, {stack.input_size})"
        raise misfit(stack.name, error, x, weights[0], wanted) from error
    y, *last = (x.wrap(native) for native in made)
    return y, tuple(last)


def _unbatched(
    stack: Stack, x: Tensor, states: States | None, weights: Sequence[Tensor], lengths: Any, training: bool
) -> tuple[Tensor, States]:
    axis = 0 if stack.batch_first else 1
    batch = None if states is None else tuple(expand_dims(state, axis=1) for state in states)
    y, last = run(stack, expand_dims(x, axis=axis), batch, weights, lengths, training)
    return squeeze(y, axis), tuple(squeeze(state, 1) for state in last)


def _states(stack: Stack, x: Tensor, states: States | None) -> list[Native]:
    """The initial states, zeros unless given. Raises ShapeError and DTypeError."""
    axis = 0 if stack.batch_first else 1
    if states is None:
        rows, batch, dtype, place = stack.rows, x.shape[axis], x.dtype, x.device
        return [x.ops.full((rows, batch, size), 0.0, dtype, place) for size in stack.state_sizes]
    if not isinstance(states, tuple) or len(states) != len(stack.state_sizes):
        form = "the pair (h, c)" if stack.kind == "lstm" else "one Tensor h"
        raise OperandError(f"{stack.name}: got {describe(states)} as the initial state; expected {form}.")
    for state, size, letter in zip(states, stack.state_sizes, "hc", strict=False):
        _check_state(stack, x, state, (stack.rows, x.ops.static_shape(x.native)[axis], size), letter)
    return [state.native for state in states]


def _check_state(stack: Stack, x: Tensor, state: Any, wanted: tuple[int | None, ...], letter: str) -> None:
    if not isinstance(state, Tensor):
        raise not_a_tensor(stack.name, state)
    if state.ops is not x.ops:
        raise mixed_backends(stack.name, x, state)
    got = state.ops.static_shape(state.native)
    if not agree(got, wanted):
        raise ShapeError(
            f"{stack.name}: got an initial {letter} of shape {got}; expected {wanted}: layers * directions, batch, "
            "features. It has this form with batch_first=True too."
        )
    if state.dtype is not x.dtype:
        raise DTypeError(
            f"{stack.name}: got an initial {letter} of dtype {state.dtype} for an input of {x.dtype}; expected the "
            f"same. Write {letter}.to(unifw.{x.dtype})."
        )


def _lengths(stack: Stack, x: Tensor, lengths: TensorLike) -> tuple[Native, bool]:
    """The lengths on the backend of `x`, and whether they are for single steps: traced, or zero for some sequence.

    Raises ArgumentError for lengths outside 0 to the number of steps, where they are known; a graph, when it runs.
    """
    if isinstance(lengths, Tensor):
        if lengths.ops is not x.ops:
            raise mixed_backends(stack.name, x, lengths)
        if lengths.ops.is_traced(lengths.native):
            _check_form(stack, x, lengths.dtype, lengths.ops.static_shape(lengths.native))
            return x.ops.astype(lengths.native, int64), True
        values: Any = lengths.numpy()
    else:
        values = np.asarray(lengths)
    _check_lengths(stack, x, values)
    native = x.ops.from_numpy(values.astype(np.int64), int64, x.device, True)
    return native, bool(x.ops.is_traced(x.native) or not values.all())


def _check_form(stack: Stack, x: Tensor, dtype: Any, shape: tuple[int | None, ...]) -> None:
    batch = x.ops.static_shape(x.native)[0 if stack.batch_first else 1]
    if "int" not in str(dtype):
        raise DTypeError(f"{stack.name}: got lengths of dtype {dtype}; expected integers.")
    if not agree(shape, (batch,)):
        raise ShapeError(f"{stack.name}: got lengths of shape {shape}; expected ({batch},), one per sequence.")


def _check_lengths(stack: Stack, x: Tensor, values: Any) -> None:
    _check_form(stack, x, values.dtype, values.shape)
    steps = x.ops.static_shape(x.native)[1 if stack.batch_first else 0]
    if values.size and (values.min() < 0 or (steps is not None and values.max() > steps)):
        raise ArgumentError(
            f"{stack.name}: got lengths from {values.min()} to {values.max()}; expected 0 to {steps}, the number of "
            f"steps. Write batch_first={not stack.batch_first} if the steps are on the other axis."
        )


def _by_layer(
    stack: Stack, x: Tensor, lengths: Native | None, states: list[Native], weights: list[Native], training: bool
) -> tuple[Native, ...]:
    """Layer by layer, each direction by the backend's kernel of one."""
    ops, kernel = x.ops, x.kernels.recurrent_layer
    directions = 2 if stack.bidirectional else 1
    y = ops.permute_dims(x.native, (1, 0, 2)) if stack.batch_first else x.native
    ends = []
    for row, group in enumerate(_groups(stack, weights)):
        if row % directions == 0:
            inputs, outputs = y, []
            if row:
                inputs = dropout_(x.wrap(y), stack.dropout, training).native
        first = [ops.getitem(state, row) for state in states]
        output, *last = kernel(stack.kind, inputs, lengths, first, group, row % directions == 1)
        outputs.append(output)
        ends.append(last)
        y = outputs[0] if directions == 1 else ops.concat(outputs, 2)
    y = ops.permute_dims(y, (1, 0, 2)) if stack.batch_first else y
    return (y, *(ops.stack(column, 0) for column in zip(*ends, strict=True)))


def _groups(stack: Stack, weights: list[Native]) -> list[tuple[Native | None, ...]]:
    """The weights of each layer and direction: w_ih, w_hh, b_ih, b_hh, w_hr, with None for what it lacks."""
    size = len(weights) // stack.rows
    biases = 2 if stack.has_biases else 0
    groups = []
    for start in range(0, len(weights), size):
        group = weights[start : start + size]
        hidden = group[2 : 2 + biases] or [None, None]
        groups.append((*group[:2], *hidden, group[-1] if size > 2 + biases else None))
    return groups


_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def _stack_of(kind: str, weights: Sequence[Tensor], *form: Any) -> Stack:
    """The stack that a flat list of weights makes; `form` is what follows `out_size`."""
    rows, features = weights[0].shape
    return Stack(kind, features, rows // _GATES[kind], weights[1].shape[1], *form)


def lstm(
    x: Tensor,
    state: tuple[Tensor, Tensor] | None,
    weights: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    training: bool = False,
    bidirectional: bool = False,
    batch_first: bool = True,
    lengths: TensorLike | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): (N, T, F) to (N, T, H) and the states (h, c).

    c = sigmoid(f) c + sigmoid(i) tanh(g) and h = sigmoid(o) tanh(c) of the gates i, f, g, o = W_ih x + W_hh h + biases.
    `weights` are, for each layer and direction, w_ih (4H, F), w_hh (4H, H), b_ih, b_hh (4H,), and w_hr (P, H) if h is
    projected. `state` is (h, c), each (layers * directions, N, H), zeros for None. With `lengths` (N,) outputs beyond a
    length are zero, the final state is the one at the length, and the reverse direction starts there.
    Raises ShapeError, DTypeError, and ArgumentError for lengths outside 0 to T.

    >>> import unifw
    >>> x, weights = unifw.ones((1, 2, 1)), [unifw.zeros((4, 1)), unifw.zeros((4, 1))]
    >>> y, (h, c) = unifw.nn.functional.lstm(x, None, weights, has_biases=False)
    >>> y.shape, h.shape, c.tolist()
    ((1, 2, 1), (1, 1, 1), [[[0.0]]])
    """
    stack = _stack_of("lstm", weights, num_layers, has_biases, batch_first, dropout, bidirectional)
    y, (h, c) = run(stack, x, state, weights, lengths, training)
    return y, (h, c)


def gru(
    x: Tensor,
    state: Tensor | None,
    weights: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    training: bool = False,
    bidirectional: bool = False,
    batch_first: bool = True,
    lengths: TensorLike | None = None,
) -> tuple[Tensor, Tensor]:
    """Gated recurrent unit (Cho et al., 2014), reset after the product: (N, T, F) to (N, T, H) and the state h.

    h = (1 - z) n + z h with r, z, n in this order in the weights, and n = tanh(W x + b + r (W h + b)); see `lstm`.

    >>> import unifw
    >>> y, h = unifw.nn.functional.gru(
    ...     unifw.ones((1, 2, 1)), unifw.ones((1, 1, 1)), [unifw.zeros((3, 1))] * 2, has_biases=False
    ... )
    >>> y.tolist(), h.tolist()
    ([[[0.5], [0.25]]], [[[0.25]]])
    """
    stack = _stack_of("gru", weights, num_layers, has_biases, batch_first, dropout, bidirectional)
    y, (h,) = run(stack, x, None if state is None else (state,), weights, lengths, training)
    return y, h


def rnn(
    x: Tensor,
    state: Tensor | None,
    weights: Sequence[Tensor],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    training: bool = False,
    bidirectional: bool = False,
    batch_first: bool = True,
    lengths: TensorLike | None = None,
    nonlinearity: str = "tanh",
) -> tuple[Tensor, Tensor]:
    """The plain recurrence h = tanh(W_ih x + W_hh h + biases), or relu: (N, T, F) to (N, T, H) and the state h.

    See `lstm` for the arguments.

    >>> import unifw
    >>> weights = [unifw.ones((1, 1)), unifw.ones((1, 1))]
    >>> y, h = unifw.nn.functional.rnn(unifw.ones((1, 3, 1)), None, weights, has_biases=False, nonlinearity="relu")
    >>> y.tolist(), h.tolist()
    ([[[1.0], [2.0], [3.0]]], [[[3.0]]])
    """
    stack = _stack_of(rnn_kind(nonlinearity), weights, num_layers, has_biases, batch_first, dropout, bidirectional)
    y, (h,) = run(stack, x, None if state is None else (state,), weights, lengths, training)
    return y, h


def rnn_kind(nonlinearity: str) -> str:
    """The kind of a plain recurrence. Raises ArgumentError.

    >>> rnn_kind("tanh")
    'rnn_tanh'
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f'nonlinearity: got {nonlinearity!r}; expected "tanh" or "relu".')
    return f"rnn_{nonlinearity}"
