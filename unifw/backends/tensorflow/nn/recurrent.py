"""Recurrent layers on `tf.Tensor`: one direction of one layer, and single steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.scan import gru_gates, lstm_gates, product, scan

raw = tf.raw_ops

Weights = Sequence[Any]  # w_ih, w_hh, and b_ih, b_hh, w_hr or None

recurrent_stack = None  # TensorFlow has no kernel for a whole stack


def recurrent_layer(
    kind: str, x: tf.Tensor, lengths: tf.Tensor | None, states: Sequence[tf.Tensor], weights: Weights, reverse: bool
) -> tuple[tf.Tensor, ...]:
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if lengths is not None:  # out of a table of those that may be: in a graph, too, others are an error
        lengths = raw.GatherV2(params=tf.range(shape(x)[0] + 1, dtype=tf.int64), indices=lengths, axis=0)
    if reverse:
        x = _reversed(x, lengths)
    zeros = tf.zeros(w_hh.shape[:1], x.dtype)
    b_ih, b_hh = zeros if b_ih is None else b_ih, zeros if b_hh is None else b_hh
    biases = (b_ih, b_hh) if kind == "gru" else (b_ih + b_hh,)
    after = scan(kind, (x, *states, w_ih, biases[0], w_hh, *biases[1:], *([] if w_hr is None else [w_hr])))
    last = [_last(every, first, lengths) for every, first in zip(after, states, strict=True)]
    y = after[0]
    if lengths is not None:
        within = tf.sequence_mask(lengths, shape(x)[0])[..., None]
        y = tf.where(within, tf.transpose(y, (1, 0, 2)), tf.zeros((), y.dtype))
        y = tf.transpose(y, (1, 0, 2))
    return (_reversed(y, lengths) if reverse else y, *last)


def _reversed(x: tf.Tensor, lengths: tf.Tensor | None) -> tf.Tensor:
    """The steps from each sequence's own end to its start."""
    return tf.reverse(x, (0,)) if lengths is None else tf.reverse_sequence(x, lengths, seq_axis=0, batch_axis=1)


def _last(every: tf.Tensor, first: tf.Tensor, lengths: tf.Tensor | None) -> tf.Tensor:
    """The state after as many steps as each sequence has."""
    if lengths is None:
        return every[-1]
    batch, size = shape(first)
    rows = tf.reshape(tf.concat([first[None], every], 0), (-1, size))
    count = tf.cast(batch, lengths.dtype)
    return tf.gather(rows, lengths * count + tf.range(count))


def recurrent_cell(
    kind: str, x: tf.Tensor, states: Sequence[tf.Tensor], weights: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
    w_ih, w_hh, *biases = weights
    gates, hidden = product(x, w_ih), product(states[0], w_hh)
    if biases:
        gates, hidden = (raw.BiasAdd(value=y, bias=bias) for y, bias in zip((gates, hidden), biases, strict=True))
    if kind == "lstm":
        i, f, n, o = lstm_gates(gates + hidden, 1)
        c = f * states[1] + i * n
        return o * raw.Tanh(x=c), c
    if kind == "gru":
        _, z, n, _ = gru_gates(gates, hidden, 1)
        return (n + z * (states[0] - n),)
    return ((tf.tanh if kind == "rnn_tanh" else tf.nn.relu)(gates + hidden),)
