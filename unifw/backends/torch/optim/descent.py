"""SGD and Lion by PyTorch's fused and foreach kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from unifw.backends.torch.optim.gradients import Tensors, decayed, in_order, laid_out


def sgd(parameters: Tensors, gradients: Tensors, states: Mapping[str, Tensors], hyper: Mapping[str, Any]) -> None:
    if parameters[0].dtype in (torch.float16, torch.bfloat16):  # whose parameters torch 2.13's CPU kernel leaves alone
        _sgd_by_steps(parameters, gradients, states, hyper)
        return
    torch._fused_sgd_(
        in_order(parameters),
        in_order(laid_out(gradients, parameters)),
        in_order(states["momentum_buffer"]) if hyper["momentum"] else [],
        weight_decay=hyper["weight_decay"],
        momentum=hyper["momentum"],
        lr=hyper["lr"],
        dampening=1 - hyper["share"],
        nesterov=hyper["nesterov"],
        maximize=False,
        is_first_step=False,
    )


def _sgd_by_steps(
    parameters: Tensors, gradients: Tensors, states: Mapping[str, Tensors], hyper: Mapping[str, Any]
) -> None:
    directions, momentum = decayed(gradients, parameters, hyper["weight_decay"]), hyper["momentum"]
    if momentum:
        buffers = states["momentum_buffer"]
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_add_(buffers, directions, alpha=hyper["share"])
        nesterov = hyper["nesterov"]
        directions = list(torch._foreach_add(directions, buffers, alpha=momentum)) if nesterov else buffers
    torch._foreach_add_(parameters, directions, alpha=-hyper["lr"])


def lion(parameters: Tensors, gradients: Tensors, states: Mapping[str, Tensors], hyper: Mapping[str, Any]) -> None:
    (first, second), lr, means = hyper["betas"], hyper["lr"], states["exp_avg"]
    if hyper["weight_decay"]:
        torch._foreach_mul_(parameters, 1 - lr * hyper["weight_decay"])
    directions = torch._foreach_mul(means, first)
    torch._foreach_add_(directions, gradients, alpha=1 - first)
    torch._foreach_sign_(directions)
    torch._foreach_add_(parameters, directions, alpha=-lr)
    torch._foreach_mul_(means, second)
    torch._foreach_add_(means, gradients, alpha=1 - second)


FUSED = {"sgd": sgd, "lion": lion}
