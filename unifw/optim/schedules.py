"""Learning rates as functions of the number of steps done: pass one as `lr`.

Their numbers are those of `torch.optim.lr_scheduler` where it has the schedule. A schedule that is a class
(`ReduceOnPlateau`) has a state, which an optimiser saves with its own.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from unifw import names as _names
from unifw.errors import ArgumentError, StateDictError, describe

Schedule = Callable[[int], float]


def _positive(name: str, argument: str, value: float) -> None:
    if not value > 0:
        raise ArgumentError(f"{name}: got {argument}={value}; expected a number above 0.")


def _rising(name: str, argument: str, values: Sequence[int]) -> None:
    if any(later <= earlier for earlier, later in pairwise(values)) or any(v < 0 for v in values):
        raise ArgumentError(f"{name}: got {argument}={list(values)}; expected numbers of steps in rising order.")


def constant(lr: float) -> Schedule:
    """The same rate at every step.

    >>> constant(0.1)(5)
    0.1
    """
    return lambda step: lr


def step(lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """The rate times `gamma` after each `step_size` steps: lr gamma^(step // step_size).

    >>> step(1.0, 10, gamma=0.5)(9), step(1.0, 10, gamma=0.5)(25)
    (1.0, 0.25)
    """
    _positive("step", "step_size", step_size)
    return lambda step: float(lr * gamma ** (step // step_size))


def multistep(lr: float, milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    """The rate times `gamma` from each milestone on.

    >>> multistep(1.0, [3, 5], gamma=0.5)(4), multistep(1.0, [3, 5], gamma=0.5)(5)
    (0.5, 0.25)
    """
    _rising("multistep", "milestones", milestones)
    return lambda step: float(lr * gamma ** bisect_right(milestones, step))


def piecewise(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """values[0] before boundaries[0], values[1] from there to boundaries[1], ...: one value more than boundaries.

    >>> rate = piecewise([10, 20], [0.1, 0.01, 0.001])
    >>> rate(9), rate(10), rate(20)
    (0.1, 0.01, 0.001)
    """
    _rising("piecewise", "boundaries", boundaries)
    if len(values) != len(boundaries) + 1:
        raise ArgumentError(f"piecewise: got {len(values)} values; expected {len(boundaries) + 1}, one per piece.")
    return lambda step: values[bisect_right(boundaries, step)]


def exponential(lr: float, gamma: float) -> Schedule:
    """The rate lr gamma^step.

    >>> exponential(1.0, 0.5)(2)
    0.25
    """
    return lambda step: float(lr * gamma**step)


def polynomial(lr: float, steps: int, power: float = 1.0, final: float = 0.0) -> Schedule:
    """From `lr` to `final` as (1 - step / steps)^power, then `final`.

    >>> polynomial(1.0, 10, power=2.0)(5)
    0.25
    """
    _positive("polynomial", "steps", steps)
    return lambda step: float(final + (lr - final) * (1 - min(step, steps) / steps) ** power)


def linear(lr: float, steps: int, start_factor: float = 1 / 3, end_factor: float = 1.0) -> Schedule:
    """A straight line from lr start_factor to lr end_factor in `steps` steps, then the latter.

    >>> linear(1.0, 4, start_factor=0.0)(1)
    0.25
    """
    _positive("linear", "steps", steps)
    return lambda step: lr * (start_factor + (end_factor - start_factor) * min(step, steps) / steps)


def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """Half a cosine from `lr` to `final` in `steps` steps, then `final` (Loshchilov and Hutter, 2017).

    >>> cosine(1.0, 10)(0), cosine(1.0, 10)(5), cosine(1.0, 10)(10)
    (1.0, 0.5, 0.0)
    """
    _positive("cosine", "steps", steps)
    return lambda step: final + (lr - final) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def cosine_restarts(lr: float, steps: int, multiplier: int = 1, final: float = 0.0) -> Schedule:
    """Half a cosine from `lr` to `final` again and again, each time `multiplier` times as long.

    Loshchilov and Hutter, 2017.

    >>> rate = cosine_restarts(1.0, 10, multiplier=2)
    >>> rate(5), rate(10), rate(20)
    (0.5, 1.0, 0.5)
    """
    _positive("cosine_restarts", "steps", steps)
    if multiplier < 1:
        raise ArgumentError(f"cosine_restarts: got multiplier={multiplier}; expected at least 1.")

    def rate(step: int) -> float:
        length = steps
        if multiplier == 1:
            step %= length
        while step >= length:
            step, length = step - length, length * multiplier
        return final + (lr - final) * (1 + math.cos(math.pi * step / length)) / 2

    return rate


def one_cycle(
    max_lr: float,
    steps: int,
    pct_start: float = 0.3,
    anneal: Literal["cos", "linear"] = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """From max_lr / div_factor up to `max_lr` in the share `pct_start` of the steps, then down (Smith and Topin, 2018).

    It ends at max_lr / div_factor / final_div_factor; with `three_phase` it first comes back to its start, as fast as
    it rose. The last step that has a rate is `steps` - 1, and later ones have it too.

    >>> rate = one_cycle(1.0, 11, pct_start=0.4, anneal="linear", div_factor=10.0)
    >>> round(rate(0), 4), round(rate(3), 4), round(rate(10), 7)
    (0.1, 0.8941, 1e-05)
    """
    _positive("one_cycle", "steps", steps)
    if not 0 <= pct_start <= 1 or anneal not in ("cos", "linear"):
        raise ArgumentError(
            f'one_cycle: got pct_start={pct_start}, anneal={anneal!r}; expected a share from 0 to 1, and "cos" or '
            '"linear".'
        )
    first, rise = max_lr / div_factor, pct_start * steps - 1
    last = first / final_div_factor
    corners = [(0.0, first), (rise, max_lr)] + ([(2 * pct_start * steps - 2, first)] if three_phase else [])
    corners.append((steps - 1, last))

    def rate(step: int) -> float:
        at = min(step, steps - 1)
        for (start, low), (end, high) in pairwise(corners):
            if at <= end:
                share = (at - start) / (end - start) if end != start else 1.0
                return (
                    high + (low - high) / 2 * (1 + math.cos(math.pi * share))
                    if anneal == "cos"
                    else low + (high - low) * share
                )
        return last

    return rate


def warmup(schedule: float | Schedule, steps: int, start_factor: float = 0.0) -> Schedule:
    """A straight line from start_factor times the schedule's first rate up to it, then the schedule from its start.

    >>> rate = warmup(cosine(1.0, 10), steps=4)
    >>> rate(0), rate(2), rate(4), rate(9)
    (0.0, 0.5, 1.0, 0.5)
    """
    after = schedule if callable(schedule) else constant(schedule)
    return sequential([linear(after(0), steps, start_factor), after], [steps])


def sequential(schedules: Sequence[Schedule], milestones: Sequence[int]) -> Schedule:
    """One schedule after the other, each from its own step 0: the second from milestones[0] on, ...

    >>> rate = sequential([constant(0.1), exponential(1.0, 0.5)], [3])
    >>> rate(2), rate(3), rate(4)
    (0.1, 1.0, 0.5)
    """
    _rising("sequential", "milestones", milestones)
    if len(schedules) != len(milestones) + 1:
        raise ArgumentError(f"sequential: got {len(schedules)} schedules; expected {len(milestones) + 1}.")

    def rate(step: int) -> float:
        i = bisect_right(milestones, step)
        return schedules[i](step - (milestones[i - 1] if i else 0))

    return rate


def chained(lr: float, *factors: Schedule) -> Schedule:
    """The rate `lr` times what each of several schedules gives, which then are factors: made with lr=1.0.

    >>> chained(0.5, linear(1.0, 4, start_factor=0.0), exponential(1.0, 0.5))(2)
    0.0625
    """
    return lambda step: lr * math.prod(factor(step) for factor in factors)


class ReduceOnPlateau:
    """The rate times `factor` when a number that should fall (or with mode="max" rise) has not for `patience` looks.

    Give it as `lr` and call `update(number)` once per epoch. An improvement is one by more than `threshold`, relative
    or absolute ("rel", "abs"); after a reduction `cooldown` looks pass before bad ones count again. Its state is saved
    with the optimiser's.

    >>> rate = ReduceOnPlateau(1.0, factor=0.5, patience=0)
    >>> [rate.update(loss) for loss in (3.0, 2.0, 2.0, 1.0)]
    [1.0, 1.0, 0.5, 0.5]
    """

    def __init__(
        self,
        lr: float,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs") or not 0 < factor < 1:
            raise ArgumentError(
                f"ReduceOnPlateau: got mode={mode!r}, threshold_mode={threshold_mode!r}, factor={factor}; expected "
                '"min" or "max", "rel" or "abs", and a factor between 0 and 1.'
            )
        self.lr, self.mode, self.factor, self.patience = lr, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown = threshold, threshold_mode, cooldown
        self.min_lr, self.eps = min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.bad = 0
        self.waiting = 0

    def __call__(self, step: int) -> float:
        return self.lr

    def update(self, number: float) -> float:
        """Take in the number of an epoch; the rate from now on."""
        value = float(number)
        if self._better(value):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        if self.waiting:
            self.waiting, self.bad = self.waiting - 1, 0
        if self.bad > self.patience:
            lower = max(self.lr * self.factor, self.min_lr)
            self.lr = lower if self.lr - lower > self.eps else self.lr
            self.waiting, self.bad = self.cooldown, 0
        return self.lr

    def _better(self, value: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1 + sign * self.threshold)
        return sign * value > sign * self.best + self.threshold

    def state_dict(self) -> dict[str, Any]:
        """What it knows: the rate, the best number, and its counts.

        >>> ReduceOnPlateau(0.5).state_dict()
        {'lr': 0.5, 'best': inf, 'bad': 0, 'waiting': 0}
        """
        return {key: getattr(self, key) for key in ("lr", "best", "bad", "waiting")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned. Raises StateDictError."""
        if not isinstance(state, Mapping) or set(state) != set(self.state_dict()):
            raise StateDictError(f"ReduceOnPlateau: got {describe(state)}; expected {list(self.state_dict())}.")
        for key, value in state.items():
            setattr(self, key, value)


__all__ = _names.of_module(globals())


def __dir__() -> list[str]:
    return __all__
