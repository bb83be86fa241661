"""Recurrences over time on `tf.Tensor`, with gradients written by hand.

Each loop is a graph of its own, traced once per dtype for all sizes, so that eager code does not pay for each step. The
backward loop has only what depends on the step after it; the rest, above all the weights' gradients, is made of all
steps at once. A second derivative goes through TensorFlow's own gradient of the plain loop. `benchmarks/sequence.py`
compares this with the other ways. TensorFlow's `BlockLSTMV2` is slower, and the gradient registered for it is that of
another order of the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.rules import with_backward

raw = tf.raw_ops

Tensors = Sequence[tf.Tensor]
Step = Callable[[Tensors, Tensors], tuple[Tensors, Tensors]]


def scan(kind: str, inputs: Tensors) -> Tensors:
    """The states after each step, (T, N, H): (h,), and for "lstm" (h, c).

    `inputs` are what the input adds at each step (T, N, gates), the initial states (N, H), and the weights of
    FORWARD[kind]; gates are in PyTorch's order.
    """
    forward, backward = _graph(kind, len(inputs)) if tf.executing_eagerly() else (FORWARD[kind], BACKWARD[kind])
    return with_backward(forward, backward, FORWARD[kind])(*inputs)


@cache
def _graph(kind: str, count: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Both as graphs for `count` inputs; `reduce_retracing` frees the sizes at the second shape that comes."""
    graphs = [tf.function(f, autograph=False, reduce_retracing=True) for f in (FORWARD[kind], BACKWARD[kind])]
    return graphs[0], graphs[1]


def _loop(step: Step, sequences: Tensors, states: Tensors, made: Tensors, reverse: bool = False) -> list[tf.Tensor]:
    """Run `step(slices, states) -> (states, outputs)` over axis 0; the outputs of all steps, each stacked in order.

    `made` are tensors shaped as the outputs of one step. A turn of the loop costs as much as a few operations, so each
    makes a block of steps. Zeros fill the last one: no step that counts comes after them, or, in a backward loop, they
    leave states of zeros.
    """
    count = shape(sequences[0])[0]
    size = _block(count)
    more = -count % size
    turns = (count + more) // size
    exact = isinstance(more, int) and more == 0
    whole = sequences if exact else [tf.pad(x, ((0, more), (0, 0), (0, 0))) for x in sequences]
    blocks = [tf.reshape(x, (turns, size, *shape(x)[1:])) for x in whole]
    arrays = [tf.TensorArray(x.dtype, turns, element_shape=(size, *x.shape)) for x in made]

    def body(i: tf.Tensor, states: Tensors, arrays: Any) -> Any:
        t = turns - 1 - i if reverse else i
        rows = zip(*(raw.Unpack(value=x[t], num=size) for x in blocks), strict=True)
        outputs = []
        for row in reversed(list(rows)) if reverse else rows:
            states, found = step(row, states)
            outputs.append(found)
        columns = zip(*(reversed(outputs) if reverse else outputs), strict=True)
        return i + 1, list(states), [array.write(t, tf.stack(c)) for array, c in zip(arrays, columns, strict=True)]

    *_, arrays = tf.while_loop(lambda i, *_: i < turns, body, (0, list(states), arrays), maximum_iterations=turns)
    stacks = [array.stack() for array in arrays]
    every = [tf.reshape(x, (turns * size, *shape(x)[2:])) for x in stacks]
    return every if exact else [x[:count] for x in every]


def _block(count: Any) -> int:
    """How many steps make a block: above 12 the number, from 5 on, that leaves least to fill."""
    if not isinstance(count, int):
        return 8
    return max(count, 1) if count <= 12 else min(range(12, 4, -1), key=lambda size: -count % size)


def product(x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """X W^T, of matrices."""
    return raw.MatMul(a=x, b=weight, transpose_b=True)


def _recurring(weight: tf.Tensor, h: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """H W^T for each step: W is turned once, unless there is one sequence, for which that takes longer."""
    if h.shape[0] == 1:
        return lambda h: product(h, weight)
    turned = tf.transpose(weight)
    return lambda h: raw.MatMul(a=h, b=turned)


def _outer(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The sum over all steps and sequences of x^T y."""
    first, second = (tf.reshape(part, (-1, tf.shape(part)[-1])) for part in (x, y))
    return raw.MatMul(a=first, b=second, transpose_a=True)


def _earlier(first: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """What each step found: the value that the step before left."""
    return tf.concat([first[None], x[:-1]], 0)


def _rnn_forward(activation: Callable[..., tf.Tensor]) -> Callable[..., Any]:
    """H = activation(x + W h)."""

    def forward(x: tf.Tensor, h: tf.Tensor, weight: tf.Tensor) -> Any:
        hidden = _recurring(weight, h)

        def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
            new = activation(slices[0] + hidden(states[0]))
            return [new], [new]

        return tuple(_loop(step, [x], [h], [h])), ()

    return forward


def _rnn_backward(slope: Callable[[tf.Tensor], tf.Tensor]) -> Callable[..., Tensors]:
    def backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
        (_, h, weight), (hs,) = inputs, outputs

        def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
            dx = (slices[0] + states[0]) * slices[1]
            back = raw.MatMul(a=dx, b=weight)
            return [back], [dx, back]

        dx, back = _loop(step, [upstream[0], slope(hs)], [tf.zeros_like(h)], [h, h], reverse=True)
        return dx, back[0], _outer(dx, _earlier(h, hs))

    return backward


def _gru_forward(x: tf.Tensor, h: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) -> Any:
    """r, z = sigmoid(x + W h + b); n = tanh(x + r (W h + b)); h = n + z (h - n)."""
    recur = _recurring(weight, h)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        hidden = raw.BiasAdd(value=recur(states[0]), bias=bias)
        _, z, n, _ = gru_gates(slices[0], hidden, 1)
        new = n + z * (states[0] - n)
        return [new], [new, hidden]

    hs, hidden = _loop(step, [x], [h], [h, x[0]])
    return (hs,), (hidden,)


def gru_gates(x: tf.Tensor, hidden: tf.Tensor, axis: int) -> Tensors:
    """r, z, n, and what r multiplies."""
    xr, xz, xn = raw.Split(axis=axis, value=x, num_split=3)
    hr, hz, hn = raw.Split(axis=axis, value=hidden, num_split=3)
    r, z = raw.Sigmoid(x=xr + hr), raw.Sigmoid(x=xz + hz)
    return r, z, raw.Tanh(x=xn + r * hn), hn


def _gru_backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
    (x, h, weight, _), (hs,) = inputs, outputs
    r, z, n, hn = gru_gates(x, saved[0], 2)
    before = _earlier(h, hs)
    by_n = (1 - z) * (1 - n * n)  # how h changes with each argument of an activation
    by_r, by_z = by_n * hn * r * (1 - r), (before - n) * z * (1 - z)
    by_hidden = tf.concat([by_r, by_z, by_n * r], 2)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        dh = slices[0] + states[0]
        hidden = tf.concat([dh, dh, dh], 1) * slices[2]
        back = dh * slices[1] + raw.MatMul(a=hidden, b=weight)
        return [back], [dh, hidden, back]

    made = [h, x[0], h]
    dh, hidden, back = _loop(step, [upstream[0], z, by_hidden], [tf.zeros_like(h)], made, reverse=True)
    dx = tf.concat([dh * by_r, dh * by_z, dh * by_n], 2)
    return dx, back[0], _outer(hidden, before), tf.reduce_sum(hidden, (0, 1))


def _lstm_forward(x: tf.Tensor, h: tf.Tensor, c: tf.Tensor, weight: tf.Tensor, *projection: tf.Tensor) -> Any:
    """i, f, n, o = x + W h; c = sigmoid(f) c + sigmoid(i) tanh(n); h = P (sigmoid(o) tanh(c))."""
    hidden = _recurring(weight, h)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        gates = slices[0] + hidden(states[0])
        i, f, n, o = lstm_gates(gates, 1)
        c = f * states[1] + i * n
        h = o * raw.Tanh(x=c)
        if projection:
            h = product(h, projection[0])
        return [h, c], [h, c, gates]

    hs, cs, gates = _loop(step, [x], [h, c], [h, c, x[0]])
    return (hs, cs), (gates,)


def lstm_gates(gates: tf.Tensor, axis: int) -> Tensors:
    """The input, forget, new and output gates."""
    i, f, n, o = raw.Split(axis=axis, value=gates, num_split=4)
    return raw.Sigmoid(x=i), raw.Sigmoid(x=f), raw.Tanh(x=n), raw.Sigmoid(x=o)


def _lstm_backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
    (x, h, c, weight, *projection), (hs, cs) = inputs, outputs
    (i, f, n, o), t = lstm_gates(saved[0], 2), raw.Tanh(x=cs)
    by_c = o * (1 - t * t)  # how the output changes with c, then c with each gate, and the output with its gate
    by_gates = tf.concat([n * i * (1 - i), _earlier(c, cs) * f * (1 - f), i * (1 - n * n), t * o * (1 - o)], 2)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        dh, dc, by_c, by_gates, f = slices
        dh = dh + states[0]
        out = raw.MatMul(a=dh, b=projection[0]) if projection else dh
        dc = dc + states[1] + out * by_c
        gates = tf.concat([dc, dc, dc, out], 1) * by_gates
        states = [raw.MatMul(a=gates, b=weight), dc * f]
        return states, [gates, dh, *states]

    zeros = [tf.zeros_like(h), tf.zeros_like(c)]
    made = [x[0], h, h, c]
    gates, dh, dh0, dc0 = _loop(step, [*upstream, by_c, by_gates, f], zeros, made, reverse=True)
    weights = [_outer(gates, _earlier(h, hs)), *([_outer(dh, o * t)] if projection else [])]
    return gates, dh0[0], dc0[0], *weights


FORWARD: dict[str, Callable[..., Any]] = {
    "rnn_tanh": _rnn_forward(tf.tanh),
    "rnn_relu": _rnn_forward(tf.nn.relu),
    "gru": _gru_forward,
    "lstm": _lstm_forward,
}
BACKWARD: dict[str, Callable[..., Any]] = {
    "rnn_tanh": _rnn_backward(lambda h: 1 - h * h),
    "rnn_relu": _rnn_backward(lambda h: tf.cast(h > 0, h.dtype)),
    "gru": _gru_backward,
    "lstm": _lstm_backward,
}
