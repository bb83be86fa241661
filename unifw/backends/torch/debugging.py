"""Looking into backward passes: a hook on each node of the graph that an operation added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from unifw.spec.debugging import Report
from unifw.tensor import Tensor


def watch(x: torch.Tensor, operands: Sequence[Tensor], operation: Any, report: Report) -> torch.Tensor:
    def hook(passed_back: Sequence[torch.Tensor | None], _: Any) -> None:
        for gradient in passed_back:
            if gradient is not None:
                report(gradient, [operation])

    waiting = [x.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or "unifw" in node.metadata or node.name().endswith("AccumulateGrad"):
            continue  # a leaf, or the work of an earlier operation
        node.metadata["unifw"] = operation
        node.register_hook(hook)
        waiting += [below for below, _ in node.next_functions]
    return x


@contextmanager
def watching(report: Report) -> Iterator[None]:
    yield
