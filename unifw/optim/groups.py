"""Parameter groups: which settings hold for which parameters, chosen by patterns of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any

from unifw.errors import ArgumentError
from unifw.variable import Parameter

Schedule = float | Callable[[int], float]
Patterns = str | tuple[str, ...]
Groups = Mapping[Patterns, Mapping[str, Any]]


@dataclass
class Group:
    """Settings that some parameters share; `lr` None is the optimiser's own rate, which `lr_scale` multiplies."""

    hyper: dict[str, Any]
    lr: Schedule | None = None
    lr_scale: float = 1.0
    names: list[str] = field(default_factory=list)

    def rate(self, common: Schedule, step: int) -> float:
        """The learning rate after `step` steps.

        >>> Group({}, lr_scale=0.5).rate(lambda step: 1.0 + step, 3)
        2.0
        """
        lr = common if self.lr is None else self.lr
        return (float(lr(step)) if callable(lr) else lr) * self.lr_scale


def group_parameters(optimizer: str, names: Iterable[str], hyper: Mapping[str, Any], groups: Groups) -> list[Group]:
    """The groups of an optimiser, the first for what no pattern matches; each name is in the first that matches.

    Raises ArgumentError for a pattern without a parameter, for a setting that the optimiser does not have, and for one
    that no step could use.

    >>> found = group_parameters("SGD", ["weight", "bias"], {"momentum": 0.9}, {"*bias": {"momentum": 0.0}})
    >>> [(group.names, group.hyper) for group in found]
    [(['weight'], {'momentum': 0.9}), (['bias'], {'momentum': 0.0})]
    """
    if not isinstance(groups, Mapping):
        raise ArgumentError(
            f"{optimizer}: got groups {groups!r}; expected settings by pattern. "
            'Write groups={"*.bias": {"weight_decay": 0.0}}.'
        )
    made = [Group(dict(hyper))]
    for patterns, settings in groups.items():
        own = {key: value for key, value in settings.items() if key not in ("lr", "lr_scale")}
        unknown = [key for key in own if key not in hyper]
        if unknown:
            raise ArgumentError(
                f"{optimizer}: got the setting {unknown[0]!r} for the group {patterns!r}; expected some of lr, "
                f"lr_scale, {', '.join(hyper)}."
            )
        made.append(Group({**hyper, **own}, settings.get("lr"), settings.get("lr_scale", 1.0)))
    for group in made:
        for key, value in (*group.hyper.items(), ("lr", group.lr), ("lr_scale", group.lr_scale)):
            check_setting(optimizer, key, value)
    every = list(names)
    for name in every:
        made[next((i for i, patterns in enumerate(groups, 1) if _matches(name, patterns)), 0)].names.append(name)
    for patterns in groups:
        if not any(_matches(name, patterns) for name in every):
            raise ArgumentError(
                f"{optimizer}: got a group for {patterns!r}, which no parameter matches; expected a pattern like "
                f"'*.bias' for names among {', '.join(every)}."
            )
    return made


def check_setting(optimizer: str, key: str, value: Any) -> None:
    """Raise ArgumentError for what is no number from 0 up, and for betas that are not below 1.

    >>> check_setting("Adam", "betas", (0.9, 0.999))
    """
    if key == "lr" and (value is None or callable(value)):
        return
    numbers, most = (value, 1.0) if isinstance(value, (tuple, list)) else ((value,), float("inf"))
    if not all(isinstance(n, Real) and 0 <= n < most for n in numbers):  # type: ignore[operator]
        wanted = {"betas": "two numbers from 0 to below 1", "lr": "a number from 0, or a function of the step"}
        raise ArgumentError(f"{optimizer}: got {key}={value!r}; expected {wanted.get(key, 'a number from 0')}.")


def _matches(name: str, patterns: Patterns) -> bool:
    each = (patterns,) if isinstance(patterns, str) else patterns
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in each)


def no_weight_decay(parameters: Any) -> dict[Patterns, dict[str, float]]:
    """The group without weight decay for biases and the scales of normalisation: whatever has at most one axis.

    >>> import unifw
    >>> model = unifw.nn.Sequential(unifw.nn.Linear(2, 3), unifw.nn.Linear(3, 1, bias=False))
    >>> unifw.optim.no_weight_decay(model)
    {('0.bias',): {'weight_decay': 0.0}}
    >>> optimizer = unifw.optim.AdamW(model, lr=1e-3, groups=unifw.optim.no_weight_decay(model))
    """
    named: dict[str, Parameter] = dict(
        parameters.named_parameters() if hasattr(parameters, "named_parameters") else parameters
    )
    names = tuple(name for name, parameter in named.items() if parameter.ndim < 2)
    return {names: {"weight_decay": 0.0}} if names else {}
