"""Connectionist temporal classification on `tf.Tensor`.

TensorFlow's own loss is finite where no alignment exists, and its gradient is not a number there.
"""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.nn.regression_losses import reduced

_NEVER = -1e30  # the logarithm of no probability, finite so that gradients of unreachable states are 0


def ctc_loss(
    log_probabilities: tf.Tensor,
    targets: tf.Tensor,
    input_lengths: tf.Tensor,
    target_lengths: tf.Tensor,
    blank: int,
    zero_infinity: bool,
    reduction: str,
) -> tf.Tensor:
    targets, input_lengths, target_lengths = (tf.cast(x, tf.int64) for x in (targets, input_lengths, target_lengths))
    if targets.shape.rank == 1:
        targets = _rows(targets, target_lengths)
    labels, skips = _states(targets, target_lengths, blank)
    emitted = tf.gather(tf.transpose(log_probabilities, (1, 2, 0)), labels, batch_dims=1)  # (N, L, T)
    final = _forward(tf.transpose(emitted, (2, 0, 1)), skips, input_lengths)
    ends = tf.stack([2 * target_lengths, tf.maximum(2 * target_lengths - 1, 0)], 1)
    last = tf.gather(final, ends, batch_dims=1)
    empty = tf.stack([tf.zeros_like(target_lengths, tf.bool), tf.equal(target_lengths, 0)], 1)
    total = tf.reduce_logsumexp(tf.where(empty, tf.constant(_NEVER, last.dtype), last), 1)
    nothing = tf.where(tf.equal(target_lengths, 0), tf.zeros_like(total), tf.constant(_NEVER, total.dtype))
    total = tf.where(input_lengths > 0, total, nothing)
    impossible = tf.constant(0.0 if zero_infinity else float("inf"), total.dtype)
    losses = tf.where(total > _NEVER / 2, _like_torch(log_probabilities, input_lengths) - total, impossible)
    if reduction == "mean":
        losses = losses / tf.cast(tf.maximum(target_lengths, 1), losses.dtype)
    return reduced(losses, reduction)


def _like_torch(log_probabilities: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Zeros whose gradient PyTorch adds to that of the loss: through `log_softmax` it comes to nothing."""
    probabilities = tf.reduce_sum(tf.exp(log_probabilities), 2)
    inside = tf.sequence_mask(lengths, tf.shape(probabilities)[0])
    total = tf.reduce_sum(tf.where(tf.transpose(inside), probabilities, tf.zeros_like(probabilities)), 0)
    return total - tf.stop_gradient(total)


def _rows(targets: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Targets in a row as one row each."""
    starts = tf.cumsum(lengths, exclusive=True)
    places = starts[:, None] + tf.range(tf.reduce_max(lengths))[None, :]
    return tf.gather(targets, tf.minimum(places, tf.maximum(tf.size(targets, tf.int64) - 1, 0)))


def _states(targets: tf.Tensor, lengths: tf.Tensor, blank: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The labels with blanks between and around them (N, 2S + 1), and which of them may follow the last but one."""
    inside = tf.range(tf.shape(targets, tf.int64)[1])[None, :] < lengths[:, None]
    labels = tf.where(inside, targets, tf.constant(blank, tf.int64))
    between = tf.fill(tf.shape(labels), tf.constant(blank, tf.int64))
    states = tf.reshape(tf.stack([between, labels], 2), (tf.shape(labels)[0], -1))
    states = tf.pad(states, [(0, 0), (0, 1)], constant_values=blank)
    before = tf.pad(states, [(0, 0), (2, 0)], constant_values=blank)[:, : tf.shape(states)[1]]
    return states, tf.not_equal(states, blank) & tf.not_equal(states, before)


def _forward(emitted: tf.Tensor, skips: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """The log-probability of all alignments that end in each state (N, L); `emitted` is (T, N, L)."""
    never = tf.constant(_NEVER, emitted.dtype)
    start = tf.where(tf.range(tf.shape(emitted)[2])[None, :] < 2, tf.maximum(emitted[0], never), never)

    def move(before: tf.Tensor, now: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        emission, time = now
        padded = tf.pad(before, [(0, 0), (2, 0)], constant_values=_NEVER)
        ways = tf.stack([before, padded[:, 1:-1], tf.where(skips, padded[:, :-2], never)])
        after = tf.maximum(tf.reduce_logsumexp(ways, 0) + emission, never)
        return tf.where((time < lengths)[:, None], after, before)

    times = tf.range(1, tf.shape(emitted, tf.int64)[0])
    return tf.foldl(move, (emitted[1:], times), start)
