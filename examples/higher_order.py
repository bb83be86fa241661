"""A physics-informed network: solves -u'' = f on [0, 1] with u(0) = u(1) = 0 by second derivatives of a network.

    UNIFW_BACKEND=torch python examples/higher_order.py
    UNIFW_BACKEND=tensorflow python examples/higher_order.py

The network N makes u(x) = x (1 - x) N(x), which keeps the boundary values (Lagaris et al., 1998). Training takes the
Jacobian of the residuals u'' + f, so third derivatives, for the least-squares steps of Levenberg and Marquardt. Ends
with an error if u is not within 1e-3 of the exact solution.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

import unifw
from unifw import Tensor, nn

TOLERANCE = 1e-3


class Solution(nn.Module):
    """A small network that is 0 at both ends."""

    def __init__(self, width: int = 10) -> None:
        self.first = nn.Linear(1, width)
        self.last = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Any:
        """Points (N, 1) to values (N, 1)."""
        return x * (1 - x) * self.last(unifw.tanh(self.first(x)))


def exact(x: Tensor) -> Tensor:
    """The solution, whose second derivative makes the right-hand side."""
    return unifw.sin(np.pi * x) + 0.5 * unifw.sin(3 * np.pi * x)


def right_hand_side(x: Tensor) -> Tensor:
    return np.pi**2 * (unifw.sin(np.pi * x) + 4.5 * unifw.sin(3 * np.pi * x))


def second_derivative(model: Solution, x: Tensor) -> Any:
    """U'' at every point. A value depends on its own point only, so the gradient of the sum is each point's slope."""
    slope = unifw.grad(lambda x: unifw.sum(model(x)))
    return unifw.grad(lambda x: unifw.sum(slope(x)))(x)


def step(model: Solution, residuals: Callable[[Any], Tensor], damping: float) -> tuple[float, float]:
    """One step of Levenberg and Marquardt, undone if it does not help: (mean squared residual, new damping)."""
    names = [name for name, _ in model.named_parameters()]
    before = residuals(model)
    columns = unifw.jacobian(residuals)(model)
    matrix = unifw.concat([unifw.reshape(columns[name], (before.shape[0], -1)) for name in names], axis=1)
    normal = matrix.mT @ matrix
    move = unifw.linalg.solve(normal + damping * unifw.eye(normal.shape[0], dtype=normal.dtype), matrix.mT @ before)
    kept = model.state_dict()
    start = 0
    for parameter in model.parameters():
        parameter.assign(parameter - unifw.reshape(move[start : start + parameter.size], parameter.shape))
        start += parameter.size
    old, new = (float(unifw.mean(r * r)) for r in (before, residuals(model)))
    if new < old:
        return new, damping / 3
    model.load_state_dict(kept)
    return old, damping * 5


def main() -> None:
    """Train, and compare with the exact solution between the training points."""
    unifw.seed(0)
    started = perf_counter()
    model = Solution().to(unifw.float64)
    points = unifw.asarray(np.linspace(0.0, 1.0, 28)[1:-1].reshape(-1, 1))
    wanted = right_hand_side(points)

    def residuals(model: Any) -> Tensor:
        return unifw.reshape(second_derivative(model, points) + wanted, (-1,))

    damping = 0.1
    for _ in range(60):
        mean_square, damping = step(model, residuals, damping)
        if mean_square < 1e-3:
            break
    grid = unifw.asarray(np.linspace(0.0, 1.0, 201).reshape(-1, 1))
    error = float(unifw.max(unifw.abs(model(grid) - exact(grid))))
    name = unifw.get_backend().name
    print(
        f"{name}: largest error {error:.1e}, mean squared residual {mean_square:.1e}, {perf_counter() - started:.1f} s"
    )
    if error >= TOLERANCE:
        sys.exit(f"expected an error below {TOLERANCE}")


if __name__ == "__main__":
    main()
