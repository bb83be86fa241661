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
    steps, batch, features = shape(x)
    if lengths is not None:  # out of a table of those that may be: in a graph, too, others are an error
        lengths = raw.GatherV2(params=tf.range(steps + 1, dtype=tf.int64), indices=lengths, axis=0)
    if reverse:
        x = _reversed(x, lengths)
    gates = product(tf.reshape(x, (-1, features)), w_ih)
    if b_ih is not None:  # once over all steps: a graph makes one kernel of it and the product
        gates = raw.BiasAdd(value=gates, bias=b_ih if kind == "gru" else b_ih + b_hh)
    gates = tf.reshape(gates, (steps, batch, w_ih.shape[0]))
    more = [tf.zeros(w_hh.shape[:1], x.dtype) if b_hh is None else b_hh] if kind == "gru" else []
    more += [] if w_hr is None else [w_hr]
    after = scan(kind, (gates, *states, w_hh, *more))
    last = [_last(every, first, lengths) for every, first in zip(after, states, strict=True)]
    y = after[0]
    if lengths is not None:
        y = tf.where(tf.sequence_mask(lengths, steps)[..., None], tf.transpose(y, (1, 0, 2)), tf.zeros((), y.dtype))
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
