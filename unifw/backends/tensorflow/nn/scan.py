"""Recurrences over time on `tf.Tensor`, with gradients written by hand.

Each loop is a graph of its own, traced once per dtype for all sizes, so that eager code does not pay for each step. It
goes by blocks of steps. Only what a step owes to the one before it is done step by step; the products with the input
and the gradients of the weights are made of a block at once, beside the steps of another, which keep one core busy. A
second derivative goes through TensorFlow's own gradient of the plain loop. `benchmarks/sequence.py` compares this with
the other ways. TensorFlow's `BlockLSTMV2` is slower, and the gradient registered for it is that of another order of the
gates.
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
Body = Callable[[Tensors, Tensors], tuple[Tensors, Tensors, Tensors]]


def scan(kind: str, inputs: Tensors) -> Tensors:
    """The states after each step, (T, N, H): (h,), and for "lstm" (h, c).

    `inputs` are the sequences (T, N, F), the initial states (N, H), the input's weight and bias, and the weights of
    FORWARD[kind]; gates are in PyTorch's order.
    """
    forward, backward = _graph(kind, len(inputs)) if tf.executing_eagerly() else (FORWARD[kind], BACKWARD[kind])
    return with_backward(forward, backward, FORWARD[kind])(*inputs)


@cache
def _graph(kind: str, count: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Both as graphs for `count` inputs; `reduce_retracing` frees the sizes at the second shape that comes."""
    graphs = [tf.function(f, autograph=False, reduce_retracing=True) for f in (FORWARD[kind], BACKWARD[kind])]
    return graphs[0], graphs[1]


def _loop(
    body: Body, sequences: Tensors, states: Tensors, made: Tensors, summed: Tensors = (), reverse: bool = False
) -> tuple[Tensors, Tensors, Tensors]:
    """Run `body(blocks, states) -> (states, outputs, terms)` over blocks of steps, which are on axis 0.

    Gives the last states, the outputs of all steps in order, and the sums of the terms. `made` are tensors shaped as
    the outputs of one step, `summed` as the terms. A turn of the loop costs as much as a few operations, so each makes
    a block. Zeros fill the last one: no step that counts comes after them, or, in a backward loop, they leave states
    of zeros.
    """
    count = shape(sequences[0])[0]
    size = _block(count)
    more = -count % size
    turns = (count + more) // size
    exact = isinstance(more, int) and more == 0
    whole = sequences if exact else [tf.pad(x, ((0, more), (0, 0), (0, 0))) for x in sequences]
    blocks = [tf.reshape(x, (turns, size, *shape(x)[1:])) for x in whole]
    arrays = [tf.TensorArray(x.dtype, turns, element_shape=(size, *x.shape)) for x in made]
    zeros = [tf.zeros_like(x, tf.float32 if x.dtype.size == 2 else x.dtype) for x in summed]  # 16 bits lose terms

    def turn(i: tf.Tensor, states: Tensors, arrays: Any, sums: Tensors) -> Any:
        t = turns - 1 - i if reverse else i
        states, outputs, terms = body([x[t] for x in blocks], states)
        arrays = [array.write(t, x) for array, x in zip(arrays, outputs, strict=True)]
        return i + 1, list(states), arrays, [x + tf.cast(y, x.dtype) for x, y in zip(sums, terms, strict=True)]

    start = (0, list(states), arrays, zeros)
    _, states, arrays, sums = tf.while_loop(lambda i, *_: i < turns, turn, start, maximum_iterations=turns)
    every = [tf.reshape(x, (turns * size, *shape(x)[2:])) for x in (array.stack() for array in arrays)]
    sums = [tf.cast(x, like.dtype) for x, like in zip(sums, summed, strict=True)]
    return states, every if exact else [x[:count] for x in every], sums


def _block(count: Any) -> int:
    """How many steps make a block: above 12 the number, from 5 on, that leaves least to fill."""
    if not isinstance(count, int):
        return 8
    return max(count, 1) if count <= 12 else min(range(12, 4, -1), key=lambda size: -count % size)


def _steps(step: Step, blocks: Tensors, states: Tensors, reverse: bool = False) -> tuple[Tensors, Tensors]:
    """Run `step(slices, states) -> (states, outputs)` over a block: the last states, and the outputs in order."""
    rows = list(zip(*(raw.Unpack(value=x, num=x.shape[0]) for x in blocks), strict=True))
    outputs = []
    for row in reversed(rows) if reverse else rows:
        states, found = step(row, states)
        outputs.append(found)
    columns = zip(*(reversed(outputs) if reverse else outputs), strict=True)
    return states, [tf.stack(column) for column in columns]


def _forward(step: Step, x: tf.Tensor, states: Tensors, weight: tf.Tensor, bias: tf.Tensor, made: Tensors) -> Tensors:
    """The outputs of `step`, whose slices are what the input adds to the gates."""
    enter, one = _by(weight, states[0]), states[0].shape[0] == 1

    def gates(x: tf.Tensor) -> tf.Tensor:
        *steps, features = shape(x)
        rows = raw.BiasAdd(value=enter(tf.reshape(x, (-1, features))), bias=bias)  # one kernel with the product
        return tf.reshape(rows, (*steps, shape(weight)[0]))

    def body(blocks: Tensors, states: Tensors) -> tuple[Tensors, Tensors, Tensors]:
        return *_steps(step, blocks if one else [gates(blocks[0])], states), ()

    return _loop(body, [gates(x) if one else x], states, made)[1]  # the blocks of one sequence are too small


def _entered(gates: tf.Tensor, x: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, Tensors]:
    """From the gradient of what the input adds to the gates: that of the input, and those of its weight and bias."""
    dx = raw.MatMul(a=tf.reshape(gates, (-1, shape(weight)[0])), b=weight)
    return tf.reshape(dx, shape(x)), [_outer(gates, x), raw.BiasAddGrad(out_backprop=gates)]


def product(x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """X W^T, of matrices."""
    return raw.MatMul(a=x, b=weight, transpose_b=True)


def _by(weight: tf.Tensor, h: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """X W^T at each turn: W is turned once, unless `h` has one sequence, for which that takes longer."""
    if h.shape[0] == 1:
        return lambda x: product(x, weight)
    turned = tf.transpose(weight)
    return lambda x: raw.MatMul(a=x, b=turned)


def _outer(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The sum over all steps and sequences of x^T y."""
    first, second = (tf.reshape(part, (-1, tf.shape(part)[-1])) for part in (x, y))
    return raw.MatMul(a=first, b=second, transpose_a=True)


def _earlier(first: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """What each step found: the value that the step before left."""
    return tf.concat([first[None], x[:-1]], 0)


def _rnn_forward(activation: Callable[..., tf.Tensor]) -> Callable[..., Any]:
    """H = activation(x + W h)."""

    def forward(x: tf.Tensor, h: tf.Tensor, w_ih: tf.Tensor, bias: tf.Tensor, weight: tf.Tensor) -> Any:
        recur = _by(weight, h)

        def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
            new = activation(slices[0] + recur(states[0]))
            return [new], [new]

        return tuple(_forward(step, x, [h], w_ih, bias, [h])), ()

    return forward


def _rnn_backward(slope: Callable[[tf.Tensor], tf.Tensor]) -> Callable[..., Tensors]:
    def backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
        (x, h, *weights), (hs,) = inputs, outputs

        def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
            gates = (slices[0] + states[0]) * slices[1]
            return [raw.MatMul(a=gates, b=weights[2])], [gates]

        def body(blocks: Tensors, states: Tensors) -> tuple[Tensors, Tensors, Tensors]:
            *blocks, x, before = blocks
            states, (gates,) = _steps(step, blocks, states, reverse=True)
            dx, entered = _entered(gates, x, weights[0])
            return states, [dx], [*entered, _outer(gates, before)]

        sequences = [upstream[0], slope(hs), x, _earlier(h, hs)]
        (dh,), (dx,), sums = _loop(body, sequences, [tf.zeros_like(h)], [x[0]], weights, reverse=True)
        return dx, dh, *sums

    return backward


def _gru_forward(
    x: tf.Tensor, h: tf.Tensor, w_ih: tf.Tensor, b_ih: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor
) -> Any:
    """r, z = sigmoid(x + W h + b); n = tanh(x + r (W h + b)); h = n + z (h - n)."""
    recur = _by(weight, h)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        gates = gru_gates(slices[0], raw.BiasAdd(value=recur(states[0]), bias=bias), 1)
        new = gates[2] + gates[1] * (states[0] - gates[2])
        return [new], [new, *gates]

    hs, *gates = _forward(step, x, [h], w_ih, b_ih, [h] * 5)
    return (hs,), gates


def gru_gates(x: tf.Tensor, hidden: tf.Tensor, axis: int) -> Tensors:
    """r, z, n, and what r multiplies."""
    xr, xz, xn = raw.Split(axis=axis, value=x, num_split=3)
    hr, hz, hn = raw.Split(axis=axis, value=hidden, num_split=3)
    r, z = raw.Sigmoid(x=xr + hr), raw.Sigmoid(x=xz + hz)
    return r, z, raw.Tanh(x=xn + r * hn), hn


def _gru_backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
    (x, h, *weights), (hs,), (r, z, n, hn) = inputs, outputs, saved
    before = _earlier(h, hs)
    by_n = raw.TanhGrad(y=n, dy=1 - z)  # how h changes with each argument of an activation
    by_r, by_z = raw.SigmoidGrad(y=r, dy=by_n * hn), raw.SigmoidGrad(y=z, dy=before - n)
    by_hidden = tf.concat([by_r, by_z, by_n * r], 2)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        dh = slices[0] + states[0]
        hidden = tf.concat([dh, dh, dh], 1) * slices[2]
        return [dh * slices[1] + raw.MatMul(a=hidden, b=weights[2])], [dh, hidden]

    def body(blocks: Tensors, states: Tensors) -> tuple[Tensors, Tensors, Tensors]:
        *blocks, by_n, x, before = blocks
        states, (dh, hidden) = _steps(step, blocks, states, reverse=True)
        r, z, _ = raw.Split(axis=2, value=hidden, num_split=3)
        dx, entered = _entered(tf.concat([r, z, dh * by_n], 2), x, weights[0])
        return states, [dx], [*entered, _outer(hidden, before), raw.BiasAddGrad(out_backprop=hidden)]

    sequences = [upstream[0], z, by_hidden, by_n, x, before]
    (dh,), (dx,), sums = _loop(body, sequences, [tf.zeros_like(h)], [x[0]], weights, reverse=True)
    return dx, dh, *sums


def _lstm_forward(
    x: tf.Tensor,
    h: tf.Tensor,
    c: tf.Tensor,
    w_ih: tf.Tensor,
    bias: tf.Tensor,
    weight: tf.Tensor,
    *projection: tf.Tensor,
) -> Any:
    """i, f, n, o = x + W h; c = sigmoid(f) c + sigmoid(i) tanh(n); h = P (sigmoid(o) tanh(c))."""
    recur = _by(weight, h)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        i, f, n, o = gates = lstm_gates(slices[0] + recur(states[0]), 1)
        c = f * states[1] + i * n
        h = o * raw.Tanh(x=c)
        if projection:
            h = product(h, projection[0])
        return [h, c], [h, c, *gates]

    hs, cs, *gates = _forward(step, x, [h, c], w_ih, bias, [h, *[c] * 5])
    return (hs, cs), gates


def lstm_gates(gates: tf.Tensor, axis: int) -> Tensors:
    """The input, forget, new and output gates."""
    i, f, n, o = raw.Split(axis=axis, value=gates, num_split=4)
    return raw.Sigmoid(x=i), raw.Sigmoid(x=f), raw.Tanh(x=n), raw.Sigmoid(x=o)


def _lstm_backward(inputs: Tensors, outputs: Tensors, saved: Tensors, upstream: Tensors) -> Tensors:
    (x, h, c, *weights), (hs, cs), (i, f, n, o) = inputs, outputs, saved
    t, projection = raw.Tanh(x=cs), weights[3:]
    by_c = raw.TanhGrad(y=t, dy=o)  # how the output changes with c, then c with each gate, and the output with its gate
    by_i, by_f = raw.SigmoidGrad(y=i, dy=n), raw.SigmoidGrad(y=f, dy=_earlier(c, cs))
    by_gates = tf.concat([by_i, by_f, raw.TanhGrad(y=n, dy=i), raw.SigmoidGrad(y=o, dy=t)], 2)

    def step(slices: Tensors, states: Tensors) -> tuple[Tensors, Tensors]:
        dh, dc, by_c, by_gates, f = slices
        dh = dh + states[0]
        out = raw.MatMul(a=dh, b=projection[0]) if projection else dh
        dc = dc + states[1] + out * by_c
        gates = tf.concat([dc, dc, dc, out], 1) * by_gates
        return [raw.MatMul(a=gates, b=weights[2]), dc * f], [gates, dh]

    def body(blocks: Tensors, states: Tensors) -> tuple[Tensors, Tensors, Tensors]:
        x, before, *projected = blocks[5:]
        states, (gates, dh) = _steps(step, blocks[:5], states, reverse=True)
        dx, entered = _entered(gates, x, weights[0])
        return states, [dx], [*entered, _outer(gates, before), *(_outer(dh, y) for y in projected)]

    sequences = [*upstream, by_c, by_gates, f, x, _earlier(h, hs), *([o * t] if projection else [])]
    zeros = [tf.zeros_like(h), tf.zeros_like(c)]
    (dh, dc), (dx,), sums = _loop(body, sequences, zeros, [x[0]], weights, reverse=True)
    return dx, dh, dc, *sums


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
