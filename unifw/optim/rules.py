"""The update rules, with PyTorch's names, defaults and numbers."""

from __future__ import annotations

from typing import Any

from unifw.array.arithmetic import sqrt
from unifw.errors import GradientError
from unifw.optim.base import Hyper, Optimizer, Schedule
from unifw.tensor import Tensor


class SGD(Optimizer):
    """Gradient descent: g = gradient + weight_decay p;  b = momentum b + g;  p = p - lr b.

    With `nesterov`, p = p - lr (g + momentum b) (Sutskever et al., 2013). Without momentum there is no state.

    >>> import unifw
    >>> unifw.optim.SGD(unifw.nn.Linear(2, 1), lr=0.1, momentum=0.9).state_names
    ('momentum_buffer',)
    """

    rule = "sgd"

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if nesterov and not momentum:
            raise GradientError("SGD: got nesterov=True without momentum; expected both. Write momentum=0.9.")
        super().__init__(parameters, lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
        if momentum:
            self.state_names = ("momentum_buffer",)

    def update(
        self, gradient: Tensor, parameter: Tensor, state: dict[str, Tensor], hyper: Hyper
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        gradient = gradient + parameter * hyper["weight_decay"]
        if not state:
            return parameter - gradient * hyper["lr"], {}
        buffer = state["momentum_buffer"] * hyper["momentum"] + gradient
        direction = gradient + buffer * hyper["momentum"] if hyper["nesterov"] else buffer
        return parameter - direction * hyper["lr"], {"momentum_buffer": buffer}


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    p = (1 - lr weight_decay) p - lr m_hat / (sqrt(v_hat) + eps), where m and v are the running means of the gradient
    and its square with rates beta1 and beta2, and m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t).

    >>> import unifw
    >>> unifw.optim.AdamW(unifw.nn.Linear(2, 1), lr=1e-3).state_names
    ('exp_avg', 'exp_avg_sq')
    """

    rule = "adamw"
    state_names = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, beta1=betas[0], beta2=betas[1], eps=eps, weight_decay=weight_decay)

    def dynamic(self) -> dict[str, float]:
        """The learning rate, the step's number and the two bias corrections."""
        step = self.step_count + 1
        corrections = {f"correction{i}": 1 - self.constants[f"beta{i}"] ** step for i in (1, 2)}
        return {**super().dynamic(), "step": step, **corrections}

    def update(
        self, gradient: Tensor, parameter: Tensor, state: dict[str, Tensor], hyper: Hyper
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        beta1, beta2, lr = hyper["beta1"], hyper["beta2"], hyper["lr"]
        mean = state["exp_avg"] * beta1 + gradient * (1 - beta1)
        square = state["exp_avg_sq"] * beta2 + gradient * gradient * (1 - beta2)
        scaled = (mean / hyper["correction1"]) / (sqrt(square / hyper["correction2"]) + hyper["eps"])
        new = parameter * (1 - lr * hyper["weight_decay"]) - scaled * lr
        return new, {"exp_avg": mean, "exp_avg_sq": square}
