"""One training step: loss, gradients, and what is done with them. The backend makes one native unit of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from unifw.array.comparison import isfinite, where
from unifw.array.creation import zeros_like
from unifw.array.manipulation import stack
from unifw.array.utility import all as all_
from unifw.autodiff import differentiate
from unifw.errors import ArgumentError, GradientError
from unifw.nn.module import Module
from unifw.optim.averaging import EMA
from unifw.optim.base import Optimizer
from unifw.optim.gradients import clip_grad_value, clip_owned
from unifw.registry import part
from unifw.spec.tracing import StepsInterruptedError
from unifw.tensor import Tensor
from unifw.tracing.session import in_trace
from unifw.train.checks import check_trained
from unifw.train.precision import Policy
from unifw.variable import Parameter, Variable

Function = Callable[[Sequence[Any], tuple[Any, ...]], tuple[Any, ...]]
Run = Callable[[list[Tensor]], tuple[Tensor, list[Tensor]]]


class Recipe:
    """What happens between the loss and the next batch, by the settings of a Trainer."""

    def __init__(
        self,
        optimizer: Optimizer | None,
        policy: Policy,
        clip_norm: float | None,
        clip_value: float | None,
        accumulate: int,
        ema: EMA | None,
    ) -> None:
        if accumulate < 1:
            raise ArgumentError(f"Trainer: got accumulate={accumulate}; expected at least 1 batch per update.")
        self.optimizer: Any = optimizer
        self.policy, self.ema = policy, ema
        self.clip_norm, self.clip_value, self.accumulate = clip_norm, clip_value, accumulate
        self.sums: dict[str, Parameter] = {}
        self.pending = 0

    def prepare(self, model: Module) -> dict[str, Parameter]:
        """The parameters to train, once their state is there. Raises GradientError if there are none."""
        trainable = {name: p for name, p in model.named_parameters() if p.trainable}
        if not trainable:
            raise GradientError("fit: every parameter is frozen; expected one to train. Write model.unfreeze().")
        check_trained(self.optimizer, trainable)
        self.optimizer.prepare(trainable)
        if self.accumulate > 1 and self.sums.keys() != trainable.keys():
            self.sums = {name: p.alike(zeros_like(p)) for name, p in trainable.items()}
            self.pending = 0
        return trainable

    def held(self) -> list[Any]:
        """The objects that a compiled step has in it."""
        states = [] if self.optimizer is None else [x for own in self.optimizer.state.values() for x in own.values()]
        averages = [] if self.ema is None else list(self.ema.averages.values())
        return [self.optimizer, self.ema, *states, *averages, *self.sums.values()]

    def settings(self) -> list[Any]:
        """What the time of a step depends on beside the model and the optimiser."""
        return [self.policy.name, self.clip_norm, self.clip_value, self.accumulate, self.ema is not None]

    # ---- on the host, around each batch

    def numbers(self, names: tuple[str, ...], update: bool, ahead: int = 0) -> dict[str, float]:
        """What changes from batch to batch, in 64 bits; of the coming step, or of one after it."""
        found = {} if self.policy.scaler is None else {"scale": self.policy.scaler.scale}
        if not update:
            return found
        if self.accumulate > 1:
            found["share"] = 1 / (self.pending + 1)
        if self.ema is not None:
            found["weight"] = self.ema.weight(ahead)
        return {**found, **self.optimizer.dynamic(names, ahead)}

    def run(self, step: Function, names: tuple[str, ...], batch: tuple[Any, ...], update: bool) -> tuple[Any, ...]:
        """The loss and metrics of one batch; then the counts go on, unless a float16 step had to be left out."""
        results = step(list(self.numbers(names, update).values()), batch)
        if not update:
            self.pending += 1
            return results
        self.pending = 0
        if self.policy.scaler is not None:
            *results, finite = results  # type: ignore[assignment]
            if not self.policy.scaler.update(bool(finite)):
                return tuple(results)
        self._count(names)
        return tuple(results)

    def _count(self, names: tuple[str, ...]) -> None:
        self.optimizer.advance(names)
        if self.ema is not None:
            self.ema.updates += 1

    @property
    def counts_alone(self) -> bool:
        """Whether what a step does can be counted before it is known how the steps before it went."""
        return self.accumulate == 1 and self.policy.scaler is None

    def run_several(self, step: Any, names: tuple[str, ...], batches: Sequence[tuple[Any, ...]]) -> list[Any]:
        """What `run` gives for each batch, from one native call; each of them completes an update."""
        numbers = [list(self.numbers(names, True, ahead).values()) for ahead in range(len(batches))]
        try:
            results: list[Any] = step.several(numbers, batches)
        except StepsInterruptedError as interrupted:
            for _ in range(interrupted.done):
                self._count(names)
            left = [self.run(step, names, batch, True) for batch in batches[interrupted.done :]]  # says what is wrong
            if interrupted.done:  # and if nothing is: the numbers of the steps before are lost
                raise
            return left
        for _ in batches:
            self._count(names)
        return results

    # ---- in the native unit

    def function(self, run: Run, wrap: type[Tensor], trainable: Mapping[str, Parameter], update: bool) -> Function:
        """The step of one batch; `run` computes the loss and what is measured beside it."""
        names, parameters = tuple(trainable), list(trainable.values())
        keys, scaled = tuple(self.numbers(names, update)), self.policy.scaler is not None

        def step(scalars: Sequence[Any], batch: tuple[Any, ...]) -> tuple[Any, ...]:
            numbers = dict(zip(keys, scalars, strict=True))

            def objective(_: list[Tensor]) -> tuple[Tensor, Any]:
                with self.policy.casting(wrap.backend):
                    loss, measured = run([wrap(x) for x in batch])
                return (_times(loss, numbers["scale"]) if scaled else loss), [loss, *measured]

            _, results, _, found = differentiate(objective, [], parameters, has_aux=True)
            natives = [x.native for x in results]
            gradients = dict(zip(names, found, strict=True))
            if self.accumulate > 1:
                gradients = self._summed(gradients, numbers, update)
            return (*natives, *self._change(gradients, numbers)) if update else tuple(natives)

        return step

    def _summed(self, gradients: dict[str, Tensor], numbers: Mapping[str, Any], update: bool) -> dict[str, Tensor]:
        sums = [self.sums[name] for name in gradients]
        ops = part(sums[0].backend, "optim")
        if in_trace() and not ops.FUSED_IN_TRACES:
            return _summed_in_trace(self.sums, gradients, numbers, update)
        laid = [own._laid(gradients[name]) for name, own in zip(gradients, sums, strict=True)]
        ops.accumulate([x.storage for x in sums], laid)
        if not update:
            return {}
        means = ops.multiply([x._stored for x in sums], numbers["share"])
        ops.reset([x.storage for x in sums])
        return {name: own._of_stored(x) for name, own, x in zip(gradients, sums, means, strict=True)}

    def _change(self, gradients: dict[str, Tensor], numbers: Mapping[str, Any]) -> tuple[Any, ...]:
        """Update the parameters; with loss scaling only if all gradients are finite, which is returned."""
        first = next(iter(gradients.values()))
        ops = part(first.backend, "optim")
        if self.policy.scaler is None:
            self._update(gradients, numbers)
            return ()
        if in_trace() and not ops.FUSED_IN_TRACES:
            unscaled = {name: _times(x, 1 / numbers["scale"]) for name, x in gradients.items()}
            finite = _all_finite(list(unscaled.values()))
            _only_where(finite, self._changing(unscaled), lambda: self._update(unscaled, numbers))
            return (finite.native,)
        divided = ops.multiply([x._stored for x in gradients.values()], 1 / numbers["scale"])
        unscaled = {name: x._of_stored(new) for (name, x), new in zip(gradients.items(), divided, strict=True)}
        passed = ops.all_finite(divided)
        ops.when(passed, lambda: self._update(unscaled, numbers))
        return (passed,)

    def _changing(self, names: Iterable[str]) -> list[Variable]:
        """What an update of these parameters changes."""
        optimizer, averages = self.optimizer, {} if self.ema is None else self.ema.averages
        states = [x for name in names for x in optimizer.state[name].values()]
        return [*(optimizer.parameters[name] for name in names), *states, *averages.values()]

    def _update(self, gradients: dict[str, Tensor], numbers: Mapping[str, Any]) -> None:
        if self.clip_value is not None:
            gradients = clip_grad_value(gradients, self.clip_value)
        if self.clip_norm is not None:
            gradients, _ = clip_owned(gradients, self.clip_norm)
        self.optimizer.apply(gradients, numbers)
        if self.ema is not None:
            self.ema.apply(numbers["weight"])


def _summed_in_trace(
    sums: Mapping[str, Parameter], gradients: Mapping[str, Tensor], numbers: Mapping[str, Any], update: bool
) -> dict[str, Tensor]:
    """As state of the program, which sees what is assigned but not what kernels write in place."""
    totals = {name: sums[name] + gradient for name, gradient in gradients.items()}
    for name, total in totals.items():
        sums[name].assign(zeros_like(total) if update else total)
    return {name: _times(total, numbers["share"]) for name, total in totals.items()} if update else {}


def _all_finite(gradients: list[Tensor]) -> Tensor:
    return all_(stack([all_(isfinite(x)) for x in gradients]))


def _only_where(condition: Tensor, variables: list[Variable], update: Callable[[], None]) -> None:
    """Run `update` in a program, which cannot leave it out, and take back what it did unless the condition holds."""
    before = [x.wrap(x.native) for x in variables]
    update()
    for variable, old in zip(variables, before, strict=True):
        variable._set(where(condition, variable.wrap(variable.native), old).native)


def _times(loss: Tensor, scale: Any) -> Tensor:
    return loss * scale if isinstance(scale, float) else loss * loss.wrap(scale).to(loss.dtype)
