"""What is done to gradients {name: Tensor} between the loss and the step: clipping, accumulation, loss scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unifw.errors import ArgumentError, GradientError, OperandError, StateDictError, describe
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Buffer

Gradients = Mapping[str, Tensor]


def _ops(name: str, gradients: Gradients) -> Any:
    """What the backend does with many gradients at once; theirs, whatever the order in which they are stored."""
    if not isinstance(gradients, Mapping) or not all(isinstance(x, Tensor) for x in gradients.values()):
        raise OperandError(
            f"{name}: got {describe(gradients)}; expected gradients {{name: Tensor}}. "
            "Write value, gradients = value_and_grad(loss)(model, ...)."
        )
    return part(next(iter(gradients.values())).backend, "optim")


def _stored(gradients: Gradients) -> list[Any]:
    return [x._stored for x in gradients.values()]


def _of_stored(gradients: Gradients, stored: list[Any]) -> dict[str, Tensor]:
    """Tensors in the place of the gradients, of payloads in their order of axes."""
    return {name: x._of_stored(native) for (name, x), native in zip(gradients.items(), stored, strict=True)}


def clip_grad_norm(gradients: Gradients, max_norm: float, norm_type: float = 2.0) -> tuple[dict[str, Tensor], Tensor]:
    """The gradients times min(1, max_norm / (norm + 1e-6)), and the norm of all of them taken together before.

    `norm_type` is the p of the norm, `float("inf")` for the greatest. Raises ArgumentError and OperandError.

    >>> import unifw
    >>> gradients, norm = unifw.optim.clip_grad_norm({"w": unifw.asarray([3.0, 4.0])}, max_norm=1.0)
    >>> norm.item(), [round(x, 4) for x in gradients["w"].tolist()]
    (5.0, [0.6, 0.8])
    """
    return _clipped(gradients, max_norm, norm_type, owned=False)


def clip_owned(gradients: Gradients, max_norm: float) -> tuple[dict[str, Tensor], Tensor]:
    """`clip_grad_norm` of gradients that nobody else has, which may change in place."""
    return _clipped(gradients, max_norm, 2.0, owned=True)


def _clipped(gradients: Gradients, max_norm: float, norm_type: float, owned: bool) -> tuple[dict[str, Tensor], Tensor]:
    if max_norm < 0 or norm_type <= 0:
        raise ArgumentError(f"clip_grad_norm: got max_norm={max_norm}, norm_type={norm_type}; expected positive ones.")
    if not gradients:
        raise GradientError("clip_grad_norm: got no gradients; expected at least one.")
    ops = _ops("clip_grad_norm", gradients)
    clipped, norm = ops.clip_by_norm(_stored(gradients), max_norm, norm_type, owned)
    return _of_stored(gradients, clipped), next(iter(gradients.values())).wrap(norm)


def clip_grad_value(gradients: Gradients, clip_value: float) -> dict[str, Tensor]:
    """The gradients with each element kept within -clip_value and clip_value. Raises ArgumentError and OperandError.

    >>> import unifw
    >>> unifw.optim.clip_grad_value({"w": unifw.asarray([3.0, -0.5])}, 1.0)["w"].tolist()
    [1.0, -0.5]
    """
    if clip_value < 0:
        raise ArgumentError(f"clip_grad_value: got {clip_value}; expected a limit of at least 0.")
    if not gradients:
        return {}
    return _of_stored(gradients, _ops("clip_grad_value", gradients).clip_by_value(_stored(gradients), clip_value))


class Accumulator:
    """Sums gradients over several batches and gives back their mean: a large batch in small portions.

    >>> import unifw
    >>> accumulator = unifw.optim.Accumulator(every=2)
    >>> accumulator.add({"w": unifw.asarray([1.0])})
    >>> accumulator.add({"w": unifw.asarray([3.0])})["w"].tolist()
    [2.0]
    """

    def __init__(self, every: int) -> None:
        if every < 1:
            raise ArgumentError(f"Accumulator: got every={every}; expected at least 1.")
        self.every = every
        self.count = 0
        self.sums: dict[str, Buffer] = {}

    def add(self, gradients: Gradients) -> dict[str, Tensor] | None:
        """Take in the gradients of a batch; the mean of the last `every` ones when there are so many, else None."""
        if self.every == 1:
            return dict(gradients)
        ops = _ops("Accumulator", gradients)
        if not self.count:
            self.sums = {name: Buffer(x) for name, x in gradients.items()}
        else:
            sums = [self.sums[name] for name in gradients]
            laid = [own._laid(gradients[name]) for name, own in zip(gradients, sums, strict=True)]
            ops.accumulate([x.storage for x in sums], laid)
        self.count += 1
        if self.count < self.every:
            return None
        self.count = 0
        return _of_stored(self.sums, ops.multiply(_stored(self.sums), 1 / self.every))


class LossScaler:
    """The factor that keeps float16 gradients above the smallest number: doubled now and then, halved at an overflow.

    Multiply the loss by `scale`, give the gradients to `unscale`, and tell `update` whether they were finite; a step
    with gradients that are not is left out. Numbers and rule are those of PyTorch's `GradScaler`.

    >>> import unifw
    >>> scaler = unifw.optim.LossScaler(init_scale=4.0)
    >>> gradients, finite = scaler.unscale({"w": unifw.asarray([8.0, float("inf")])})
    >>> gradients["w"].tolist(), scaler.update(bool(finite)), scaler.scale
    ([2.0, inf], False, 2.0)
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
    ) -> None:
        if not (growth_factor > 1 > backoff_factor > 0 and growth_interval >= 1 and init_scale > 0):
            raise ArgumentError(
                f"LossScaler: got init_scale={init_scale}, growth_factor={growth_factor}, "
                f"backoff_factor={backoff_factor}, growth_interval={growth_interval}; expected positive ones, growth "
                "above 1 and backoff below it."
            )
        self.scale = init_scale
        self.growth_factor = growth_factor
        self.backoff_factor = backoff_factor
        self.growth_interval = growth_interval
        self.finite_steps = 0

    def unscale(self, gradients: Gradients) -> tuple[dict[str, Tensor], Tensor]:
        """The gradients divided by the scale, and whether all of them are finite, as a bool Tensor."""
        ops = _ops("LossScaler", gradients)
        divided = ops.multiply(_stored(gradients), 1 / self.scale)
        return _of_stored(gradients, divided), next(iter(gradients.values())).wrap(ops.all_finite(divided))

    def update(self, finite: bool) -> bool:
        """Adapt the scale to what the last step met; returns `finite`."""
        self.finite_steps = self.finite_steps + 1 if finite else 0
        if not finite:
            self.scale *= self.backoff_factor
        elif self.finite_steps == self.growth_interval:
            self.scale, self.finite_steps = self.scale * self.growth_factor, 0
        return finite

    def state_dict(self) -> dict[str, float]:
        """The scale and the number of steps since it last changed."""
        return {"scale": self.scale, "finite_steps": self.finite_steps}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Take over what `state_dict` returned. Raises StateDictError."""
        if not isinstance(state, Mapping) or set(state) != {"scale", "finite_steps"}:
            raise StateDictError(f'LossScaler: got {describe(state)}; expected {{"scale": s, "finite_steps": n}}.')
        self.scale, self.finite_steps = float(state["scale"]), int(state["finite_steps"])
