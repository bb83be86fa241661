"""Adagrad, Adadelta and RMSprop by PyTorch's fused and foreach kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from unifw.backends.torch.optim.gradients import Tensors, decayed, in_order, laid_out

States = Mapping[str, Tensors]
Hyper = Mapping[str, Any]


def adagrad(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    step = torch.tensor(hyper["step"], device=parameters[0].device)
    torch._fused_adagrad_(
        in_order(parameters),
        in_order(laid_out(gradients, parameters)),
        in_order(states["sum"]),
        [step] * len(parameters),
        lr=hyper["lr"],
        lr_decay=hyper["lr_decay"],
        weight_decay=hyper["weight_decay"],
        eps=hyper["eps"],
        maximize=False,
    )


def adadelta(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    rho, eps, squares, moved = hyper["rho"], hyper["eps"], states["square_avg"], states["acc_delta"]
    gradients = decayed(gradients, parameters, hyper["weight_decay"])
    torch._foreach_mul_(squares, rho)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - rho)
    deltas, below = torch._foreach_add(moved, eps), torch._foreach_add(squares, eps)
    torch._foreach_sqrt_(deltas)
    torch._foreach_sqrt_(below)
    torch._foreach_div_(deltas, below)
    torch._foreach_mul_(deltas, gradients)
    torch._foreach_mul_(moved, rho)
    torch._foreach_addcmul_(moved, deltas, deltas, 1 - rho)
    torch._foreach_add_(parameters, deltas, alpha=-hyper["lr"])


def rmsprop(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    alpha, squares, lr = hyper["alpha"], states["square_avg"], hyper["lr"]
    gradients = decayed(gradients, parameters, hyper["weight_decay"])
    torch._foreach_mul_(squares, alpha)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - alpha)
    if hyper["centered"]:
        torch._foreach_lerp_(states["grad_avg"], gradients, 1 - alpha)
        below = torch._foreach_addcmul(squares, states["grad_avg"], states["grad_avg"], -1)
        torch._foreach_sqrt_(below)
    else:
        below = torch._foreach_sqrt(squares)
    torch._foreach_add_(below, hyper["eps"])
    if not hyper["momentum"]:
        torch._foreach_addcdiv_(parameters, gradients, below, -lr)
        return
    buffers = states["momentum_buffer"]
    torch._foreach_mul_(buffers, hyper["momentum"])
    torch._foreach_addcdiv_(buffers, gradients, below)
    torch._foreach_add_(parameters, buffers, alpha=-lr)


FUSED = {"adagrad": adagrad, "adadelta": adadelta, "rmsprop": rmsprop}
