"""Metrics: functions of the outputs and targets of a batch that return its mean as a scalar Tensor."""

from __future__ import annotations

from unifw.array.comparison import equal
from unifw.array.searching import argmax
from unifw.array.statistical import mean
from unifw.dtypes import float32
from unifw.tensor import Tensor


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of rows whose greatest output is the target: outputs (..., classes), targets (...).

    >>> import unifw
    >>> outputs = unifw.asarray([[0.1, 0.9], [0.8, 0.2]])
    >>> unifw.train.accuracy(outputs, unifw.asarray([1, 1])).item()
    0.5
    """
    return mean(equal(argmax(outputs, axis=-1), targets).to(float32))
