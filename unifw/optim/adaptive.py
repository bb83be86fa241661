"""Rates that adapt to the size of the gradients, without a mean of them: Adagrad, Adadelta and RMSprop.

Names, defaults and numbers are PyTorch's; in all of them g = gradient + weight_decay p.
"""

from __future__ import annotations

from typing import Any

from unifw.array.arithmetic import sqrt
from unifw.optim.base import Hyper, Optimizer, State, decayed
from unifw.optim.groups import Groups, Schedule
from unifw.tensor import Tensor


class Adagrad(Optimizer):
    """s = s + g^2;  p = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps) (Duchi et al., 2011).

    >>> import unifw
    >>> unifw.optim.Adagrad(unifw.nn.Linear(2, 1)).state_names
    ('sum',)
    """

    rule = "adagrad"
    elementwise = True
    state_names = ("sum",)

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        own = {"lr_decay": lr_decay, "initial_accumulator_value": initial_accumulator_value}
        super().__init__(parameters, lr, groups, maximize, weight_decay=weight_decay, eps=eps, **own)

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """The factor of the rate, which falls with the steps."""
        return {"step": float(step), "slowed": 1 / (1 + (step - 1) * hyper["lr_decay"])}

    def initial(self, key: str, hyper: Hyper) -> float:
        """The sum's start."""
        return float(hyper["initial_accumulator_value"])

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        gradient = decayed(gradient, parameter, hyper)
        total = state["sum"] + gradient * gradient
        scaled = gradient / (sqrt(total) + hyper["eps"])
        return parameter - scaled * (hyper["lr"] * hyper["slowed"]), {"sum": total}


class Adadelta(Optimizer):
    """v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  p = p - lr d.

    Zeiler, 2012.

    >>> import unifw
    >>> unifw.optim.Adadelta(unifw.nn.Linear(2, 1)).state_names
    ('square_avg', 'acc_delta')
    """

    rule = "adadelta"
    elementwise = True
    state_names = ("square_avg", "acc_delta")

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, groups, maximize, rho=rho, eps=eps, weight_decay=weight_decay)

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        rho, eps = hyper["rho"], hyper["eps"]
        gradient = decayed(gradient, parameter, hyper)
        square = state["square_avg"] * rho + gradient * gradient * (1 - rho)
        delta = sqrt(state["acc_delta"] + eps) / sqrt(square + eps) * gradient
        moved = state["acc_delta"] * rho + delta * delta * (1 - rho)
        return parameter - delta * hyper["lr"], {"square_avg": square, "acc_delta": moved}


class RMSprop(Optimizer):
    """v = alpha v + (1 - alpha) g^2;  b = momentum b + g / (sqrt(v) + eps);  p = p - lr b (Hinton, 2012).

    With `centered`, v minus the square of the gradient's mean takes the place of v (Graves, 2013).

    >>> import unifw
    >>> unifw.optim.RMSprop(unifw.nn.Linear(2, 1), momentum=0.9).state_names
    ('square_avg', 'momentum_buffer')
    """

    rule = "rmsprop"
    elementwise = True

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        own = {"alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum, "centered": centered}
        super().__init__(parameters, lr, groups, maximize, **own)
        optional = {"momentum_buffer": "momentum", "grad_avg": "centered"}
        used = [key for key, setting in optional.items() if any(group.hyper[setting] for group in self.groups)]
        self.state_names = ("square_avg", *used)

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        alpha, new = hyper["alpha"], dict(state)
        gradient = decayed(gradient, parameter, hyper)
        new["square_avg"] = around = state["square_avg"] * alpha + gradient * gradient * (1 - alpha)
        if hyper["centered"]:
            new["grad_avg"] = mean = state["grad_avg"] * alpha + gradient * (1 - alpha)
            around = around - mean * mean
        direction = gradient / (sqrt(around) + hyper["eps"])
        if hyper["momentum"]:
            new["momentum_buffer"] = direction = state["momentum_buffer"] * hyper["momentum"] + direction
        return parameter - direction * hyper["lr"], new
