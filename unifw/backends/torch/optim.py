"""In-place optimiser updates by PyTorch's fused kernels.

The kernels walk over memory, not over indices: a gradient must have the layout of its parameter, which that of a
channels-last convolution has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

Tensors = list[torch.Tensor]


def _laid_out(gradients: Tensors, parameters: Tensors) -> Tensors:
    rows = zip(gradients, parameters, strict=True)
    return [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in rows]


def sgd(parameters: Tensors, gradients: Tensors, states: Mapping[str, Tensors], hyper: Mapping[str, Any]) -> None:
    torch._fused_sgd_(
        parameters,
        _laid_out(gradients, parameters),
        states.get("momentum_buffer", []),
        weight_decay=hyper["weight_decay"],
        momentum=hyper["momentum"],
        lr=hyper["lr"],
        dampening=0.0,
        nesterov=hyper["nesterov"],
        maximize=False,
        is_first_step=False,
    )


def adamw(parameters: Tensors, gradients: Tensors, states: Mapping[str, Tensors], hyper: Mapping[str, Any]) -> None:
    step = torch.tensor(float(hyper["step"]), device=parameters[0].device)
    torch._fused_adamw_(
        parameters,
        _laid_out(gradients, parameters),
        states["exp_avg"],
        states["exp_avg_sq"],
        [],
        [step] * len(parameters),
        amsgrad=False,
        lr=hyper["lr"],
        beta1=hyper["beta1"],
        beta2=hyper["beta2"],
        weight_decay=hyper["weight_decay"],
        eps=hyper["eps"],
        maximize=False,
    )


FUSED = {"sgd": sgd, "adamw": adamw}
