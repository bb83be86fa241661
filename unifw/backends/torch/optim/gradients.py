"""Many gradients at once, by PyTorch's foreach kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from unifw.backends.torch import capture
from unifw.backends.torch.rules import level

Tensors = list[torch.Tensor]

_LAST = {4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}


def laid_out(gradients: Tensors, parameters: Tensors) -> Tensors:
    """The gradients in the layout of their parameters.

    The fused kernels walk over memory, not over indices, and the gradient of a channels-last convolution has another.
    """
    rows = zip(gradients, parameters, strict=True)
    return [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in rows]


def in_order(tensors: Tensors) -> Tensors:
    """The tensors, those in channels-last memory as views that walk through it; of others fused kernels make copies."""
    return [x if x.ndim < 4 or x.is_contiguous() else x.permute(_LAST[x.ndim]) for x in tensors]


def decayed(gradients: Tensors, parameters: Tensors, weight_decay: float) -> Tensors:
    return list(torch._foreach_add(gradients, parameters, alpha=weight_decay)) if weight_decay else gradients


def state_factor(rule: str, key: str, hyper: Mapping[str, Any], step: int, x: torch.Tensor) -> float:
    return 1.0


def clip_by_norm(
    gradients: Tensors, max_norm: float, norm_type: float, owned: bool = False
) -> tuple[Tensors, torch.Tensor]:
    small = gradients[0].dtype in (torch.float16, torch.bfloat16)
    norms = torch._foreach_norm(gradients, norm_type, dtype=torch.float32 if small else None)
    total = torch.linalg.vector_norm(torch.stack(norms), norm_type)
    factor = torch.clamp(max_norm / (total + 1e-6), max=1.0)
    plain = not capture.is_capturing() and level() is None
    if plain and total.is_cpu and factor == 1:  # nothing to wait for
        return gradients, total
    factor = factor.to(gradients[0].dtype) if small else factor
    if not (plain and owned and _lie_apart(gradients)):
        return list(torch._foreach_mul(gradients, factor)), total
    torch._foreach_mul_(gradients, factor)
    return gradients, total


def _lie_apart(gradients: Tensors) -> bool:
    """Whether none shares memory with another or with itself, as those of x + y, of parts of a whole or of a sum do."""
    places = {x.untyped_storage().data_ptr() for x in gradients}
    return len(places) == len(gradients) and not any(0 in x.stride() for x in gradients)


def clip_by_value(gradients: Tensors, limit: float) -> Tensors:
    return list(torch._foreach_clamp_max(torch._foreach_clamp_min(gradients, -limit), limit))


def multiply(gradients: Tensors, factor: Any) -> Tensors:
    return list(torch._foreach_mul(gradients, factor))


def accumulate(sums: Tensors, gradients: Tensors) -> None:
    torch._foreach_add_(sums, gradients)


def reset(sums: Tensors) -> None:
    torch._foreach_zero_(sums)


def lerp(averages: Tensors, values: Tensors, weight: Any) -> None:
    values = [x if x.dtype is own.dtype else x.to(own.dtype) for own, x in zip(averages, values, strict=True)]
    torch._foreach_lerp_(averages, values, weight)


def all_finite(gradients: Tensors) -> torch.Tensor:
    found = torch.zeros(1, device=gradients[0].device)
    one = torch.ones(1, device=gradients[0].device)
    # Multiplies by one in place: into the same bits, also where two gradients are one tensor.
    torch._amp_foreach_non_finite_check_and_unscale_(gradients, found, one)
    return found[0] == 0


def when(condition: torch.Tensor, function: Callable[[], None]) -> None:
    if condition:
        function()
