"""Connectionist temporal classification as a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unifw.array.creation import asarray
from unifw.array.manipulation import permute_dims
from unifw.errors import ArgumentError, OutOfRangeError, ShapeError
from unifw.nn.functional.reduction import Reduction, run_loss
from unifw.registry import using_backend
from unifw.tensor import Tensor

Lengths = Tensor | Sequence[int]
Numpy = np.ndarray[Any, Any]


def ctc_loss(
    log_probabilities: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: Reduction = "mean",
    zero_infinity: bool = False,
    *,
    batch_first: bool = True,
) -> Tensor:
    """-log of the probability of all alignments of targets with inputs (Graves et al., 2006).

    Log-probabilities (N, T, classes), or (T, N, classes) with batch_first=False; targets (N, S), or all of them in a
    row; lengths (N,), as Tensors or lists. `blank` is the class between labels. A target that no alignment gives costs
    infinity, or with `zero_infinity` nothing. The mean is that of loss / target length.

    Raises ShapeError, ArgumentError, and where it can be seen OutOfRangeError for lengths beyond T or S and for
    targets that are no class.

    >>> import unifw
    >>> logs = unifw.log_softmax(unifw.zeros((1, 2, 3)))
    >>> round(unifw.nn.functional.ctc_loss(logs, unifw.asarray([[1]]), [2], [1]).item(), 4)  # a-, -a, aa of 9
    1.0986
    """
    if isinstance(log_probabilities, Tensor):
        shape = log_probabilities.ops.static_shape(log_probabilities.native)
        if len(shape) != 3:
            raise ShapeError(f"ctc_loss: got log-probabilities of shape {shape}; expected (N, T, classes).")
        if shape[2] is not None and not 0 <= blank < shape[2]:
            raise ArgumentError(f"ctc_loss: got blank={blank}; expected a class from 0 to {shape[2] - 1}.")
        log_probabilities = permute_dims(log_probabilities, (1, 0, 2)) if batch_first else log_probabilities
        with using_backend(log_probabilities.backend):
            input_lengths, target_lengths = (
                x if isinstance(x, Tensor) else asarray(x) for x in (input_lengths, target_lengths)
            )
        if isinstance(targets, Tensor):
            _check(log_probabilities, targets, input_lengths, target_lengths)
    tensors = (log_probabilities, targets, input_lengths, target_lengths)
    return run_loss("ctc_loss", tensors, (blank, zero_infinity), reduction, 1)


def _check(logs: Tensor, targets: Tensor, inputs: Tensor, wanted: Tensor) -> None:
    """Shapes, and values where they are known: the kernels would read beyond their memory."""
    steps, rows, classes = logs.ops.static_shape(logs.native)
    for name, given in (("input_lengths", inputs), ("target_lengths", wanted)):
        shape = given.ops.static_shape(given.native)
        if len(shape) != 1 or _apart(shape[0], rows):
            raise ShapeError(f"ctc_loss: got {name} of shape {shape}; expected ({rows},), one for each sequence.")
    shape = targets.ops.static_shape(targets.native)
    if len(shape) not in (1, 2) or (len(shape) == 2 and _apart(shape[0], rows)):
        raise ShapeError(f"ctc_loss: got targets of shape {shape}; expected ({rows}, S), or all of them in a row.")
    if any(x.ops.is_traced(x.native) or x.device != "cpu" for x in (logs, targets, inputs, wanted)):
        return
    lengths: Numpy = wanted.numpy()
    _within("input_lengths", inputs.numpy(), steps)
    _within("target_lengths", lengths, shape[-1])
    labels: Numpy = targets.numpy()
    if labels.ndim == 1 and lengths.sum() != labels.size:
        raise ShapeError(
            f"ctc_loss: got {labels.size} targets in a row; expected {lengths.sum()}, the sum of target_lengths."
        )
    used = labels[np.arange(shape[1]) < lengths[:, None]] if labels.ndim == 2 else labels
    _within("targets", used, classes - 1)


def _apart(size: int | None, rows: int | None) -> bool:
    return None not in (size, rows) and size != rows


def _within(name: str, values: Numpy, most: int) -> None:
    if values.size and not 0 <= values.min() <= values.max() <= most:
        raise OutOfRangeError(
            f"ctc_loss: got {name} from {values.min()} to {values.max()}; expected 0 to {most}. "
            "Write batch_first=False for log-probabilities (T, N, classes)."
        )
