"""Where derivatives stop, and rules that take their place, by torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from sys import getrefcount
from typing import Any

import torch
from torch._functorch.vmap import restore_vmap
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.utils.checkpoint import checkpoint as _checkpoint
from torch.utils.checkpoint import set_checkpoint_early_stop

from unifw.backends.torch import capture
from unifw.backends.torch.native import is_traced
from unifw.errors import UnsupportedError

Tensors = list[torch.Tensor]
Pull = Callable[[Sequence[torch.Tensor]], Tensors]

level = torch._C._functorch.maybe_current_level
"""The number of transformations of `torch.func` that are running, counted from 1; None outside of all."""


def custom_gradient(function: Callable[[Sequence[torch.Tensor]], tuple[Tensors, Pull]], inputs: Tensors) -> Tensors:
    outputs, pull = function(inputs)
    capture.note_own_gradient()
    if level() is None and not (torch.is_grad_enabled() and any(x.requires_grad for x in inputs)):
        return outputs  # nobody differentiates; TorchScript could not write the rule down
    return list(_Ruled.apply(pull, len(outputs), *(x.detach() for x in outputs), *inputs))


class _Ruled(torch.autograd.Function):
    """Outputs that are known already, with the gradients that `pull` computes.

    What `pull` takes from outside is part of the graph, so that its own derivatives come out right.
    """

    @staticmethod
    def forward(pull: Pull, count: int, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(x.view_as(x) for x in tensors[:count])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        ctx.pull, ctx.count, ctx.inputs = inputs[0], inputs[1], inputs[2 + inputs[1] :]
        ctx.outputs = [torch.zeros_like(x) for x in inputs[2 : 2 + inputs[1]]]

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> Any:
        found = ctx.pull(upstream)
        # What somebody else still has is not for a training loop to clip in place: three references are our own.
        own = [x.clone() if x._is_view() or getrefcount(x) > 3 else x for x in found]
        return (None, None, *[None] * ctx.count, *own)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> tuple[torch.Tensor, ...]:
        given = [
            torch.zeros_like(x) if t is None else t for x, t in zip(ctx.inputs, tangents[2 + ctx.count :], strict=True)
        ]
        try:
            _, push = torch.func.vjp(lambda *u: tuple(ctx.pull(u)), *ctx.outputs)
            return push(tuple(given))
        except RuntimeError as error:  # what `pull` takes from outside belongs to a derivative inside of this one
            raise UnsupportedError(
                "custom_gradient: got forward mode around another derivative; expected reverse mode there. "
                "Write unifw.hvp or unifw.grad(unifw.grad(f)) in place of unifw.jvp(unifw.grad(f), ...)."
            ) from error

    @staticmethod
    def vmap(info: Any, in_dims: Any, pull: Pull, count: int, *tensors: torch.Tensor) -> Any:
        size = info.batch_size
        dims = in_dims[2:]
        front = [x.expand(size, *x.shape) if d is None else x.movedim(d, 0) for x, d in zip(tensors, dims, strict=True)]

        def pull_all(upstream: Sequence[torch.Tensor]) -> Tensors:
            """`pull` in the same level of mapping again, where what it holds of each element is right."""
            mapped = restore_vmap(lambda *u: tuple(pull(u)), (0,) * len(upstream), size, info.randomness)
            found, out_dims = mapped(*upstream)
            return [
                x.expand(size, *x.shape) if d is None else x.movedim(d, 0) for x, d in zip(found, out_dims, strict=True)
            ]

        results = _Ruled.apply(pull_all, count, *front)
        return results, (0,) * count


def checkpoint(
    first: Callable[..., Tensors],
    again: Callable[..., Tensors],
    inputs: Tensors,
    closed: Tensors,
    parameters: Tensors,
    buffers: Tensors,
) -> Tensors:
    if level() is not None or get_proxy_mode() is not None or any(map(is_traced, (*inputs, *parameters))):
        return first(inputs, parameters, buffers)  # which have ways of their own, or no hooks to replace what is stored
    run = first

    def call(*given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        nonlocal run
        outputs = run(given, parameters, buffers if run is first else [x.clone() for x in buffers])
        run = again
        return tuple(outputs)

    with set_checkpoint_early_stop(False):  # which would stop by an exception that unifw's operations explain
        return list(_checkpoint(call, *inputs, use_reentrant=False))


@contextmanager
def no_grad() -> Iterator[None]:
    with torch.no_grad(), forward_ad._set_fwd_grad_enabled(False):
        yield


def inference() -> AbstractContextManager[Any]:
    return no_grad() if capture.is_capturing() or level() is not None else torch.inference_mode()


stop_gradient = torch.Tensor.detach
