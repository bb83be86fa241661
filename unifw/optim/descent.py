"""Rules of one running mean: SGD and Lion, with PyTorch's names, defaults and numbers where PyTorch has them."""

from __future__ import annotations

from typing import Any

from unifw.array.arithmetic import sign
from unifw.errors import ArgumentError
from unifw.optim.base import Hyper, Optimizer, State, decayed, shrunk
from unifw.optim.groups import Groups, Schedule
from unifw.tensor import Tensor


class SGD(Optimizer):
    """Gradient descent: g = gradient + weight_decay p;  b = momentum b + (1 - dampening) g;  p = p - lr b.

    The first b is g. With `nesterov`, p = p - lr (g + momentum b) (Sutskever et al., 2013). Without momentum there is
    no state.

    >>> import unifw
    >>> unifw.optim.SGD(unifw.nn.Linear(2, 1), lr=0.1, momentum=0.9).state_names
    ('momentum_buffer',)
    """

    rule = "sgd"
    elementwise = True

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        dampening: float = 0.0,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        if nesterov and (not momentum or dampening):
            raise ArgumentError(
                f"SGD: got nesterov=True {'with dampening' if momentum else 'without momentum'}; expected momentum and "
                "no dampening. Write momentum=0.9."
            )
        own = {"momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov, "dampening": dampening}
        super().__init__(parameters, lr, groups, maximize, **own)
        if any(group.hyper["momentum"] for group in self.groups):
            self.state_names = ("momentum_buffer",)

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """The share of the gradient that goes into the buffer: all of it at first."""
        return {"share": 1.0 if step == 1 or not hyper["momentum"] else 1 - hyper["dampening"]}

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        gradient = decayed(gradient, parameter, hyper)
        if not state:
            return parameter - gradient * hyper["lr"], {}
        buffer = state["momentum_buffer"] * hyper["momentum"] + gradient * hyper["share"]
        direction = gradient + buffer * hyper["momentum"] if hyper["nesterov"] else buffer
        return parameter - direction * hyper["lr"], {"momentum_buffer": buffer}


class Lion(Optimizer):
    """Signs: p = (1 - lr weight_decay) p - lr sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g.

    Chen et al., 2023, "Symbolic discovery of optimization algorithms", algorithm 2.

    >>> import unifw
    >>> unifw.optim.Lion(unifw.nn.Linear(2, 1), lr=1e-4).state_names
    ('exp_avg',)
    """

    rule = "lion"
    elementwise = True
    state_names = ("exp_avg",)

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, groups, maximize, betas=betas, weight_decay=weight_decay)

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        (first, second), lr, mean = hyper["betas"], hyper["lr"], state["exp_avg"]
        direction = sign(mean * first + gradient * (1 - first))
        return shrunk(parameter, hyper) - direction * lr, {"exp_avg": mean * second + gradient * (1 - second)}
