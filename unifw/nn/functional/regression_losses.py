"""Losses of numbers and of distributions, as functions; their names, defaults and numbers are PyTorch's.

Predictions and targets have one shape, since broadcasting hides mistakes here; `reduction` is "mean", "sum" or "none".
"""

from __future__ import annotations

from typing import Literal

from unifw.array.utility import any as any_
from unifw.errors import ArgumentError, OutOfRangeError
from unifw.nn.functional.reduction import Reduction, run_loss
from unifw.tensor import Tensor


def mse_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
    """(x - t)^2.

    >>> import unifw
    >>> unifw.nn.functional.mse_loss(unifw.asarray([1.0, 3.0]), unifw.asarray([1.0, 1.0])).item()
    2.0
    """
    return run_loss("mse_loss", (x, targets), (), reduction, 2)


def l1_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
    """|x - t|.

    >>> import unifw
    >>> unifw.nn.functional.l1_loss(unifw.asarray([1.0, 3.0]), unifw.asarray([1.0, 1.0])).item()
    1.0
    """
    return run_loss("l1_loss", (x, targets), (), reduction, 2)


def smooth_l1_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean", beta: float = 1.0) -> Tensor:
    """(x - t)^2 / (2 beta) where |x - t| is below beta, else |x - t| - beta / 2: `huber_loss` divided by beta.

    >>> import unifw
    >>> unifw.nn.functional.smooth_l1_loss(unifw.asarray([1.0, 3.0]), unifw.asarray([0.0, 0.0]), "none").tolist()
    [0.5, 2.5]
    """
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: got beta={beta}; expected at least 0.")
    return run_loss("smooth_l1_loss", (x, targets), (beta,), reduction, 2)


def huber_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean", delta: float = 1.0) -> Tensor:
    """(x - t)^2 / 2 where |x - t| is below delta, else delta (|x - t| - delta / 2) (Huber, 1964).

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> F.huber_loss(unifw.asarray([1.0, 3.0]), unifw.asarray([0.0, 0.0]), "none", delta=2.0).tolist()
    [0.5, 4.0]
    """
    if delta <= 0:
        raise ArgumentError(f"huber_loss: got delta={delta}; expected a number above 0.")
    return run_loss("huber_loss", (x, targets), (delta,), reduction, 2)


def soft_margin_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
    """log(1 + exp(-t x)), with targets 1 or -1.

    >>> import unifw
    >>> round(unifw.nn.functional.soft_margin_loss(unifw.asarray([0.0]), unifw.asarray([1.0])).item(), 4)
    0.6931
    """
    return run_loss("soft_margin_loss", (x, targets), (), reduction, 2)


def hinge_embedding_loss(x: Tensor, targets: Tensor, margin: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    """The distance x where t is 1, and max(0, margin - x) where t is -1.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> F.hinge_embedding_loss(unifw.asarray([0.5, 0.5]), unifw.asarray([1.0, -1.0]), reduction="none").tolist()
    [0.5, 0.5]
    """
    return run_loss("hinge_embedding_loss", (x, targets), (margin,), reduction, 2)


def kl_div(
    x: Tensor,
    targets: Tensor,
    reduction: Literal["mean", "sum", "none", "batchmean"] = "mean",
    log_target: bool = False,
) -> Tensor:
    """The divergence t (log t - x): x are log-probabilities, targets probabilities or, with `log_target`, logarithms.

    "batchmean" divides the sum by the rows, which gives the divergence itself; "mean" divides by all elements.

    >>> import unifw
    >>> x = unifw.log(unifw.asarray([[0.5, 0.5]]))
    >>> round(unifw.nn.functional.kl_div(x, unifw.asarray([[1.0, 0.0]]), "batchmean").item(), 4)
    0.6931
    """
    if reduction == "batchmean":
        return run_loss("kl_div", (x, targets), (log_target,), "sum", 2) / x.shape[0]
    return run_loss("kl_div", (x, targets), (log_target,), reduction, 2)


def poisson_nll_loss(
    x: Tensor,
    targets: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: Reduction = "mean",
) -> Tensor:
    """exp(x) - t x for counts t and the logarithm x of their rate; of the rate itself, x - t log(x + eps).

    With `full`, plus Stirling's approximation of log(t!) for t above 1.

    >>> import unifw
    >>> unifw.nn.functional.poisson_nll_loss(unifw.asarray([0.0]), unifw.asarray([2.0])).item()
    1.0
    """
    return run_loss("poisson_nll_loss", (x, targets), (log_input, full, eps), reduction, 2)


def gaussian_nll_loss(
    x: Tensor, targets: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, reduction: Reduction = "mean"
) -> Tensor:
    """(log v + (x - t)^2 / v) / 2 with v = max(var, eps), the limit being no part of the gradient.

    `var` broadcasts to `x`, or lacks its last axis. With `full`, plus log(2 pi) / 2. Raises OutOfRangeError for a
    variance below 0, outside of graphs and on the CPU, where asking costs no waiting.

    >>> import unifw
    >>> zero, one = unifw.asarray([0.0]), unifw.asarray([1.0])
    >>> unifw.nn.functional.gaussian_nll_loss(zero, one, one).item()
    0.5
    """
    if eps <= 0:
        raise ArgumentError(f"gaussian_nll_loss: got eps={eps}; expected a number above 0.")
    if isinstance(var, Tensor) and isinstance(x, Tensor) and var.ndim == x.ndim - 1:
        var = var[..., None]
    loss = run_loss("gaussian_nll_loss", (x, targets, var), (full, eps), reduction, 2)
    if not var.ops.is_traced(var.native) and var.device == "cpu" and bool(any_(var < 0)):
        raise OutOfRangeError(
            "gaussian_nll_loss: got a variance below 0; expected 0 or more. Write unifw.exp(log_var)."
        )
    return loss
