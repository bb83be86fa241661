"""Adam and its relatives by PyTorch's fused and foreach kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from unifw.backends.torch.optim.gradients import Tensors, decayed, in_order, laid_out

States = Mapping[str, Tensors]
Hyper = Mapping[str, Any]


def _fused(kernel: Callable[..., None]) -> Callable[..., None]:
    def update(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
        # CUDA's kernel takes the bits as float32; a tensor of a Python number would be copied there, and waited for.
        step = torch.full((), hyper["step"], dtype=torch.float32, device=parameters[0].device)
        kernel(
            in_order(parameters),
            in_order(laid_out(gradients, parameters)),
            in_order(states["exp_avg"]),
            in_order(states["exp_avg_sq"]),
            in_order(states["max_exp_avg_sq"]) if hyper["amsgrad"] else [],
            [step] * len(parameters),
            amsgrad=hyper["amsgrad"],
            lr=hyper["lr"],
            beta1=hyper["betas"][0],
            beta2=hyper["betas"][1],
            weight_decay=hyper["weight_decay"],
            eps=hyper["eps"],
            maximize=False,
        )

    return update


def _moved(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> Tensors:
    """The gradients with weight decay in them, after both moments have taken them in."""
    (first, second), decay = hyper["betas"], hyper["weight_decay"]
    if hyper.get("decoupled_weight_decay"):
        torch._foreach_mul_(parameters, 1 - hyper["lr"] * decay)
    elif "decoupled_weight_decay" in hyper:
        gradients = decayed(gradients, parameters, decay)
    torch._foreach_lerp_(states["exp_avg"], gradients, 1 - first)
    torch._foreach_mul_(states["exp_avg_sq"], second)
    torch._foreach_addcmul_(states["exp_avg_sq"], gradients, gradients, 1 - second)
    return gradients


def _denominators(states: States, hyper: Hyper) -> Tensors:
    """sqrt(v_hat) + eps."""
    roots = torch._foreach_sqrt(states["exp_avg_sq"])
    torch._foreach_div_(roots, hyper["correction2"] ** 0.5)
    torch._foreach_add_(roots, hyper["eps"])
    return list(roots)


def nadam(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    gradients, lr = _moved(parameters, gradients, states, hyper), hyper["lr"]
    below = _denominators(states, hyper)
    torch._foreach_addcdiv_(parameters, gradients, below, -lr * hyper["of_gradient"])
    torch._foreach_addcdiv_(parameters, states["exp_avg"], below, -lr * hyper["of_mean"])


def radam(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    _moved(parameters, gradients, states, hyper)
    rate = -hyper["lr"] / hyper["correction1"]
    if hyper["plain"]:
        torch._foreach_add_(parameters, states["exp_avg"], alpha=rate)
        return
    below = torch._foreach_sqrt(states["exp_avg_sq"])
    torch._foreach_add_(below, hyper["eps"])
    torch._foreach_addcdiv_(parameters, states["exp_avg"], below, rate * hyper["rectified"])


def adamax(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    (first, second), greatest = hyper["betas"], states["exp_inf"]
    gradients = decayed(gradients, parameters, hyper["weight_decay"])
    torch._foreach_lerp_(states["exp_avg"], gradients, 1 - first)
    torch._foreach_mul_(greatest, second)
    sizes = torch._foreach_abs(gradients)
    torch._foreach_add_(sizes, hyper["eps"])
    torch._foreach_maximum_(greatest, sizes)
    torch._foreach_addcdiv_(parameters, states["exp_avg"], greatest, -hyper["lr"] / hyper["correction1"])


def lamb(parameters: Tensors, gradients: Tensors, states: States, hyper: Hyper) -> None:
    _moved(parameters, gradients, states, hyper)
    directions = torch._foreach_div(states["exp_avg"], hyper["correction1"])
    torch._foreach_div_(directions, _denominators(states, hyper))
    torch._foreach_add_(directions, parameters, alpha=hyper["weight_decay"])
    lengths = torch.stack([torch.stack(torch._foreach_norm(x)) for x in (parameters, directions)])
    ratios = torch.where((lengths > 0).all(0), lengths[0] / lengths[1], 1.0) * -hyper["lr"]
    torch._foreach_mul_(directions, list(ratios.to(parameters[0].dtype).unbind()))
    torch._foreach_add_(parameters, directions)


FUSED = {
    "adam": _fused(torch._fused_adam_),
    "adamw": _fused(torch._fused_adamw_),
    "nadam": nadam,
    "radam": radam,
    "adamax": adamax,
    "lamb": lamb,
}
