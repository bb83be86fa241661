"""Adam and its relatives, with PyTorch's names, defaults and numbers; LAMB as its paper has it.

In all of them m and v are running means of the gradient g and of its square, with the rates of `betas`, and t is the
step's number from 1; m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t).
"""

from __future__ import annotations

from typing import Any

from unifw.array.arithmetic import abs as abs_
from unifw.array.arithmetic import sqrt
from unifw.array.comparison import maximum, where
from unifw.array.norms import vector_norm
from unifw.optim.base import Hyper, Optimizer, State, decayed, shrunk
from unifw.optim.groups import Groups, Schedule
from unifw.tensor import Tensor

Betas = tuple[float, float]


class _Moments(Optimizer):
    """What the family shares: both means and their corrections."""

    state_names: tuple[str, ...] = ("exp_avg", "exp_avg_sq")
    elementwise = True

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """The number of the step and the two corrections for the means' start at 0."""
        first, second = hyper["betas"]
        return {"step": float(step), "correction1": 1 - first**step, "correction2": 1 - second**step}

    @staticmethod
    def moved(gradient: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, Tensor]:
        """The two means with the gradient taken in."""
        first, second = hyper["betas"]
        mean = state["exp_avg"] * first + gradient * (1 - first)
        return mean, state["exp_avg_sq"] * second + gradient * gradient * (1 - second)


class Adam(_Moments):
    """p = p - lr m_hat / (sqrt(v_hat) + eps), where g = gradient + weight_decay p (Kingma and Ba, 2015).

    With `amsgrad`, v_hat is taken from the greatest v so far (Reddi et al., 2018).

    >>> import unifw
    >>> unifw.optim.Adam(unifw.nn.Linear(2, 1), lr=1e-3).state_names
    ('exp_avg', 'exp_avg_sq')
    """

    rule = "adam"
    decay = 0.0

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float | None = None,
        amsgrad: bool = False,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        decay = self.decay if weight_decay is None else weight_decay
        super().__init__(parameters, lr, groups, maximize, betas=betas, eps=eps, weight_decay=decay, amsgrad=amsgrad)
        if any(group.hyper["amsgrad"] for group in self.groups):
            self.state_names = (*self.state_names, "max_exp_avg_sq")

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        return self._step(decayed(gradient, parameter, hyper), parameter, state, hyper)

    def _step(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        mean, square = self.moved(gradient, state, hyper)
        new, greatest = {"exp_avg": mean, "exp_avg_sq": square}, square
        if "max_exp_avg_sq" in state:
            new["max_exp_avg_sq"] = maximum(state["max_exp_avg_sq"], square)
            greatest = new["max_exp_avg_sq"] if hyper["amsgrad"] else square
        scaled = (mean / hyper["correction1"]) / (sqrt(greatest / hyper["correction2"]) + hyper["eps"])
        return parameter - scaled * hyper["lr"], new


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    p = (1 - lr weight_decay) p - lr m_hat / (sqrt(v_hat) + eps); `weight_decay` is 0.01 unless given.

    >>> import unifw
    >>> model = unifw.nn.Linear(2, 1)
    >>> optimizer = unifw.optim.AdamW(model, lr=1e-3, groups={"bias": {"weight_decay": 0.0}})
    """

    rule = "adamw"
    decay = 1e-2

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        return self._step(gradient, shrunk(parameter, hyper), state, hyper)


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat, 2016), as PyTorch has it.

    With mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2) and P_t = mu_1 ... mu_t:
    p = p - lr ((1 - mu_t) g / (1 - P_t) + mu_(t+1) m / (1 - P_(t+1))) / (sqrt(v_hat) + eps).

    >>> import unifw
    >>> unifw.optim.NAdam(unifw.nn.Linear(2, 1)).lr
    0.002
    """

    rule = "nadam"

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        own = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(parameters, lr, groups, maximize, betas=betas, eps=eps, weight_decay=weight_decay, **own)
        self._products: dict[tuple[float, float], list[float]] = {}

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """The weights of the gradient and of its mean, beside the corrections."""
        first, decay = hyper["betas"][0], hyper["momentum_decay"]
        products = self._products.setdefault((first, decay), [1.0])
        while len(products) <= step + 1:
            products.append(products[-1] * first * (1 - 0.96 ** (len(products) * decay) / 2))
        now, coming = products[step], products[step + 1]
        weights = {"of_gradient": (1 - now / products[step - 1]) / (1 - now), "of_mean": coming / now / (1 - coming)}
        return {**super().numbers(hyper, step), **weights}

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        gradient, parameter = _decayed(gradient, parameter, hyper)
        mean, square = self.moved(gradient, state, hyper)
        direction = gradient * hyper["of_gradient"] + mean * hyper["of_mean"]
        scaled = direction / (sqrt(square / hyper["correction2"]) + hyper["eps"])
        return parameter - scaled * hyper["lr"], {"exp_avg": mean, "exp_avg_sq": square}


class RAdam(_Moments):
    """Adam whose first steps are plain momentum until v is known well enough (Liu et al., 2020), as PyTorch has it.

    With R = 2 / (1 - beta2) - 1 and r = R - 2 t beta2^t / (1 - beta2^t): where r > 5,
    p = p - lr m_hat sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r)) sqrt(1 - beta2^t) / (sqrt(v) + eps), else
    p = p - lr m_hat.

    >>> import unifw
    >>> unifw.optim.RAdam(unifw.nn.Linear(2, 1)).lr
    0.001
    """

    rule = "radam"

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        own = {"weight_decay": weight_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(parameters, lr, groups, maximize, betas=betas, eps=eps, **own)

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """The factor of 1 / (sqrt(v) + eps), and what is added to it: (factor, 0) or (0, 1)."""
        corrections, beta = super().numbers(hyper, step), hyper["betas"][1]
        limit = 2 / (1 - beta) - 1
        length = limit - 2 * step * beta**step / corrections["correction2"]
        if length <= 5:
            return {**corrections, "rectified": 0.0, "plain": 1.0}
        ratio = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
        return {**corrections, "rectified": (ratio * corrections["correction2"]) ** 0.5, "plain": 0.0}

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above, without a branch that a compiled step could not take."""
        gradient, parameter = _decayed(gradient, parameter, hyper)
        mean, square = self.moved(gradient, state, hyper)
        scale = hyper["rectified"] / (sqrt(square) + hyper["eps"]) + hyper["plain"]
        direction = mean / hyper["correction1"] * scale
        return parameter - direction * hyper["lr"], {"exp_avg": mean, "exp_avg_sq": square}


def _decayed(gradient: Tensor, parameter: Tensor, hyper: Hyper) -> tuple[Tensor, Tensor]:
    """Weight decay, put on the parameter if it is decoupled, else into the gradient."""
    if hyper["decoupled_weight_decay"]:
        return gradient, shrunk(parameter, hyper)
    return decayed(gradient, parameter, hyper), parameter


class Adamax(_Moments):
    """Adam by the greatest gradient: u = max(beta2 u, |g| + eps);  p = p - lr m_hat / u (Kingma and Ba, 2015, 7.1).

    >>> import unifw
    >>> unifw.optim.Adamax(unifw.nn.Linear(2, 1)).state_names
    ('exp_avg', 'exp_inf')
    """

    rule = "adamax"
    state_names = ("exp_avg", "exp_inf")

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, groups, maximize, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        first, second = hyper["betas"]
        gradient = decayed(gradient, parameter, hyper)
        mean = state["exp_avg"] * first + gradient * (1 - first)
        greatest = maximum(state["exp_inf"] * second, abs_(gradient) + hyper["eps"])
        new = parameter - mean / greatest * (hyper["lr"] / hyper["correction1"])
        return new, {"exp_avg": mean, "exp_inf": greatest}


class LAMB(_Moments):
    """Adam whose step is as long, layer by layer, as lr times the weights (You et al., 2020, algorithm 2).

    r = m_hat / (sqrt(v_hat) + eps) + weight_decay p;  p = p - lr (||p|| / ||r||) r, with the ratio 1 if a norm is 0.

    >>> import unifw
    >>> unifw.optim.LAMB(unifw.nn.Linear(2, 1), lr=1e-2).state_names
    ('exp_avg', 'exp_avg_sq')
    """

    rule = "lamb"

    def __init__(
        self,
        parameters: Any,
        lr: Schedule = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 1e-2,
        groups: Groups | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, groups, maximize, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The formula above."""
        mean, square = self.moved(gradient, state, hyper)
        direction = (mean / hyper["correction1"]) / (sqrt(square / hyper["correction2"]) + hyper["eps"])
        direction = decayed(direction, parameter, hyper)
        length, of_step = vector_norm(parameter), vector_norm(direction)
        both = (length > 0) & (of_step > 0)
        ratio = where(both, length / where(both, of_step, 1.0), 1.0)
        return parameter - direction * (ratio * hyper["lr"]), {"exp_avg": mean, "exp_avg_sq": square}
