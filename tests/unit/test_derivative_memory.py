"""Nothing is kept from call to call over 500: the objects alive and the memory of the process stay as they are."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import unifw
from unifw import nn

BLOCKS = 5


@unifw.custom_gradient
def cube(x: Any) -> Any:
    square = x * x
    return square * x, lambda upstream: upstream * 3 * square


def total(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: unifw.sum(function(x))


def squared(x: Any) -> Any:
    return x * x


def loss(model: Any, x: Any) -> Any:
    return unifw.mean(model(x))


def running(x: Any) -> Any:
    return unifw.sum(unifw.scan(lambda carry, row: (carry * 0.5 + row, carry), x[0], x[:3])[1])


def twice(x: Any) -> Any:
    return unifw.cond(unifw.sum(x) > 0, lambda: x * 2, lambda: x)


own = unifw.custom_op(
    "memory::squared",
    gradient=lambda upstream, x: upstream * 2 * x,
    shape=lambda x: x.shape,
    torch=squared,
    tensorflow=squared,
)
compiled = {f.__name__: unifw.compile(f) for f in (loss, running, twice)}
inside, mapped = unifw.compile(unifw.value_and_grad(loss)), unifw.compile(unifw.vmap(squared))
of_own = unifw.compile(unifw.grad(total(own)))

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "grad": lambda m, x: unifw.grad(total(squared))(x),
    "value_and_grad": lambda m, x: unifw.value_and_grad(lambda m: unifw.mean(m(x)))(m),
    "jvp": lambda m, x: unifw.jvp(m, (x,), (x,)),
    "vjp": lambda m, x: unifw.vjp(m, x)[1](x),
    "jacobian": lambda m, x: unifw.jacobian(squared)(x[0]),
    "jacobian-forward": lambda m, x: unifw.jacobian(squared, mode="forward")(x[0]),
    "hessian": lambda m, x: unifw.hessian(total(cube))(x[0]),
    "scan": lambda m, x: unifw.grad(running)(x),
    "custom_op": lambda m, x: unifw.grad(total(own))(x),
    "compile": lambda m, x: compiled["loss"](m, x),
    "compile-inside": lambda m, x: inside(m, x),
    "compile-around": lambda m, x: unifw.grad(compiled["loss"])(m, x),
    "compile-twice": lambda m, x: unifw.hvp(compiled["running"], (x,), (x,)),
    "compile-scan": lambda m, x: unifw.grad(compiled["running"])(x),
    "compile-cond": lambda m, x: unifw.grad(total(compiled["twice"]))(x),
    "compile-custom_op": lambda m, x: of_own(x),
    "compile-vmap": lambda m, x: mapped(x),
    "hvp": lambda m, x: unifw.hvp(total(cube), (x,), (x,)),
    "checkpoint": lambda m, x: unifw.grad(lambda m: unifw.sum(unifw.checkpoint(m)(x)))(m),
    "custom_gradient": lambda m, x: unifw.grad(total(cube))(x),
    "vmap": lambda m, x: unifw.vmap(lambda row: row * row)(x),
    "vmap-custom_gradient": lambda m, x: unifw.vmap(unifw.grad(total(cube)))(x),
    "vmap-checkpoint": lambda m, x: unifw.vmap(total(unifw.checkpoint(unifw.tanh)))(x),
}


@pytest.fixture
def quiet(backend: str) -> Iterator[None]:
    """One thread, and only what is made from now on for the garbage collector to look at."""
    if backend == "torch":
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    if backend == "torch":
        torch.set_num_threads(threads)


def alive() -> tuple[int, int]:
    """How many objects there are that were not when the test began, and the bytes of memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells the memory of a process on Linux only")
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_memory_is_flat_over_many_calls(backend: str, quiet: None, name: str) -> None:
    """What is kept for each call shows in every block; what an allocator takes in advance does not."""
    traced = backend == "tensorflow" and name.startswith("vmap-")  # a graph of many operations for each call
    model, x, times = nn.Linear(2, 2), unifw.ones((1000, 2)), 5 if traced else 100
    call = CALLS[name]
    found = []
    for _ in range(BLOCKS + 1):  # the first warms up
        for _ in range(times):
            call(model, x)
        found.append(alive())
    objects, memory = zip(*found, strict=True)
    assert min(after - before for before, after in pairwise(objects)) <= 0
    grown = min(after - before for before, after in pairwise(memory))
    assert grown < 2000 * times, "a tensor like x for every call would be 8000 bytes each time"
