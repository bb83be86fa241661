"""`Trainer`: the one training loop. Only how a step runs is the backend's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain
from time import perf_counter
from typing import Any

import numpy as np

from unifw import tree
from unifw.array.manipulation import concat
from unifw.conversion import TensorLike, to_native
from unifw.data.dataset import ArrayDataset
from unifw.data.loader import DataLoader
from unifw.eagerly import runs_eagerly
from unifw.errors import ArgumentError, OperandError, StateDictError, describe
from unifw.nn.modes import mode
from unifw.nn.module import Module
from unifw.optim.averaging import EMA
from unifw.optim.base import Optimizer
from unifw.optim.gradients import LossScaler
from unifw.registry import using_backend
from unifw.tensor import Tensor
from unifw.train.auto import choose
from unifw.train.checks import check_batches, check_epochs, check_optimizer, check_parts, told
from unifw.train.precision import Policy, Precision
from unifw.train.progress import EpochProgress
from unifw.train.running import AUTO, EAGER, Compile, checked, in_groups, mode_for, runnable
from unifw.train.step import Recipe

Metric = Callable[[Any, Tensor], Tensor]
Logs = dict[str, float]


class Trainer:
    """Train, evaluate and apply a model on the backend where its parameters are.

    `loss(outputs, targets)` returns a scalar Tensor; `metrics` are such functions by name. A batch is a tuple of
    Tensors, the last of them the targets, the others the model's inputs.

    `precision` is "float32", "mixed_bfloat16" or "mixed_float16" (products in 16 bits, weights in 32), or "bfloat16" or
    "float16" (the model's weights become 16 bits too, so make the optimiser after that or leave its state to the first
    step); float16 scales the loss, and leaves out a step whose gradients overflow. `clip_value` and `clip_norm` limit
    the gradients, `accumulate` takes the mean of so many batches for one update, the last of an epoch being complete
    with fewer, and `ema` averages the parameters after each update.

    `compile` says how a step runs: None as suits the backend best as a rule, False as plain Python, True or a mode of
    `unifw.compile` as one native program, which is traced for each size of a batch, and "auto" in whichever of
    these is fastest for this model on this machine (`tune`), which the first batch tells. Raises ArgumentError for a
    mode that there is not, OperandError for parts that are of other kinds.

    `steps_per_call` is how many steps one native call does where the backend's own step can (TensorFlow's): the same
    numbers, with less time between steps, which pays for small models. So many batches are held and copied together;
    the progress bar moves by as many. Steps run one by one in other modes, with float16, whose scale each step changes,
    and with `accumulate`. None is 1, or with "auto" what is fastest.

    >>> import numpy as np, unifw
    >>> model = unifw.nn.Linear(2, 2)
    >>> optimizer = unifw.optim.SGD(model, lr=0.1)
    >>> trainer = unifw.Trainer(model, optimizer, unifw.nn.functional.cross_entropy, progress=False)
    >>> dataset = unifw.data.ArrayDataset(np.eye(2, dtype="float32"), np.array([0, 1]))
    >>> history = trainer.fit(unifw.data.DataLoader(dataset, batch_size=2), epochs=3)
    >>> len(history), history[2]["loss"] < history[0]["loss"]
    (3, True)
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer | None = None,
        loss: Callable[[Any, Tensor], Tensor] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        progress: bool = True,
        *,
        precision: Precision = "float32",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        ema: EMA | None = None,
        compile: Compile = None,
        steps_per_call: int | None = None,
    ) -> None:
        if steps_per_call is not None and steps_per_call < 1:
            raise ArgumentError(f"Trainer: got steps_per_call={steps_per_call}; expected None, or a number from 1 on.")
        check_parts(model, optimizer, loss, metrics)
        policy = Policy(precision)
        policy.prepare(model)
        self.model = model
        self.recipe = Recipe(optimizer, policy, clip_norm, clip_value, accumulate, ema)
        self.loss = loss
        self.metrics = dict(metrics or {})
        self.progress = progress
        self.compile = checked(compile)
        self.steps_per_call = steps_per_call
        self._steps: dict[Any, Callable[..., tuple[Any, ...]]] = {}
        self._made_for: list[Any] = []

    @property
    def optimizer(self) -> Optimizer | None:
        """What changes the parameters; another may take its place between fits."""
        optimizer: Optimizer | None = self.recipe.optimizer
        return optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer | None) -> None:
        check_optimizer(optimizer)
        self.recipe.optimizer = optimizer

    # ---- what users call

    @told
    def fit(self, data: Iterable[Any], epochs: int = 1, validation: Iterable[Any] | None = None) -> list[Logs]:
        """Train for some epochs; returns each epoch's numbers: loss, metrics, "val_..." of `validation`, seconds.

        Raises ArgumentError without an optimiser or loss, GradientError if that is another model's or every parameter
        is frozen, and OperandError for arrays instead of batches.
        """
        check_epochs(epochs)
        for given in (data,) if validation is None else (data, validation):
            check_batches("fit", given)
        if self.optimizer is None or self.loss is None:
            raise ArgumentError("fit: got no optimizer or no loss. Write Trainer(model, optimizer, loss).")
        history = []
        for epoch in range(epochs):
            started = perf_counter()
            totals = _Totals(("loss", *self.metrics))
            progress = EpochProgress(f"epoch {epoch + 1}/{epochs}", _length(data), self.progress, totals.latest)
            with mode(self.model, training=True), using_backend(self.model.backend):
                self._train(progress.track(data), totals)
            logs = totals.means()
            if validation is not None:
                logs |= {f"val_{name}": value for name, value in self.evaluate(validation).items()}
            logs["seconds"] = perf_counter() - started
            progress.finish(logs)
            history.append(logs)
        return history

    @told
    def evaluate(self, data: Iterable[Any]) -> Logs:
        """The loss and metrics over all batches, each row counting once, in evaluation mode.

        Raises ArgumentError without a loss and metrics, OperandError for arrays instead of batches.
        """
        check_batches("evaluate", data)
        names = (*(("loss",) if self.loss is not None else ()), *self.metrics)
        if not names:
            raise ArgumentError(
                "evaluate: got neither a loss nor metrics. Write Trainer(model, loss=..., metrics=...)."
            )
        totals = _Totals(names)
        with mode(self.model, training=False), using_backend(self.model.backend):
            step, place = self._step("evaluate", (), lambda: self._evaluate_batch), self._placer()
            for batch in data:
                tensors = place(batch)
                totals.add(step([], tensors), _rows(tensors))
        return totals.means()

    def predict(self, data: TensorLike | Iterable[Any], batch_size: int = 256) -> Tensor:
        """The model's outputs in evaluation mode, for an array of rows or for the inputs of batches; one Tensor.

        Raises OperandError for a model whose output is not one Tensor.
        """
        if isinstance(data, (Tensor, np.ndarray)):
            data = DataLoader(ArrayDataset(data), batch_size)
            inputs = slice(None)
        else:
            inputs = slice(0, -1)
        wrap, outputs = self.model.backend.Tensor, []
        with mode(self.model, training=False), using_backend(self.model.backend):
            step, place = self._step("predict", (), lambda: self._predict_batch), self._placer()
            for batch in data:
                tensors = place(batch)
                outputs.append(wrap(step([], tensors[inputs] or tensors)[0]))
        return concat(outputs)

    def state_dict(self) -> dict[str, Any]:
        """What training is made of beside data and code: the state of the model, optimiser, loss scaler and average."""
        parts = {"model": self.model, "optimizer": self.optimizer, "scaler": self.scaler, "ema": self.recipe.ema}
        return {name: x.state_dict() for name, x in parts.items() if x is not None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, on either backend. Raises StateDictError."""
        parts = {"model": self.model, "optimizer": self.optimizer, "scaler": self.scaler, "ema": self.recipe.ema}
        own = {name for name, x in parts.items() if x is not None}
        if not isinstance(state, Mapping) or set(state) != own:
            raise StateDictError(f"Trainer: got {describe(state)}; expected the parts {', '.join(sorted(own))}.")
        for name in own:
            parts[name].load_state_dict(state[name])  # type: ignore[union-attr]

    @property
    def scaler(self) -> LossScaler | None:
        """The factor of the loss with float16, else None."""
        return self.recipe.policy.scaler

    # ---- steps

    def _train(self, data: Iterable[Any], totals: _Totals) -> None:
        """One epoch."""
        place = self._placer()
        batches = self._tuned(_with_updates(data, self.recipe.accumulate), place)
        steps, names = self._train_steps()
        if self._several_per_call():
            for group in in_groups((place(batch) for batch, _ in batches), self.steps_per_call or 1):
                results = self.recipe.run_several(steps[True], names, group)
                for result, tensors in zip(results, group, strict=True):
                    totals.add(result, _rows(tensors))
            return
        for batch, update in batches:
            tensors = place(batch)
            totals.add(self.recipe.run(steps[update], names, tensors, update), _rows(tensors))

    def _several_per_call(self) -> bool:
        known, several = self.model.backend.info, self.steps_per_call not in (None, 1)
        return several and known.several and self.recipe.counts_alone and self._how() == known.step

    def _how(self) -> str:
        return EAGER if runs_eagerly() else mode_for(self.compile, self.model.backend)

    def _train_steps(self) -> tuple[dict[bool, Callable[..., Any]], tuple[str, ...]]:
        """The step that updates (True) and the one that only accumulates (False), and the names they train."""
        recipe, wrap = self.recipe, self.model.backend.Tensor
        trainable = recipe.prepare(self.model)
        names = tuple(trainable)

        def run(batch: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
            outputs = self.model(*batch[:-1])
            return self.loss(outputs, batch[-1]), self._measure(outputs, batch[-1])  # type: ignore[misc]

        def build(update: bool) -> Callable[..., Any]:
            return self._step(f"train {update}", names, lambda: recipe.function(run, wrap, trainable, update))

        return {update: build(update) for update in ((True,) if recipe.accumulate == 1 else (True, False))}, names

    def _tuned(
        self, batches: Iterator[tuple[Any, bool]], place: Callable[[Any], tuple[Any, ...]]
    ) -> Iterator[tuple[Any, bool]]:
        """The same batches, after the first of them has told what "auto" is."""
        if self.compile != AUTO:
            return batches
        first = next(batches, None)
        if first is None:
            return batches
        self.compile, self.steps_per_call = choose(self, place(first[0]))
        how = mode_for(self.compile, self.model.backend)
        self._steps = {key: step for key, step in self._steps.items() if key[2] == how}
        return chain([first], batches)

    def _step(self, kind: str, names: tuple[str, ...], build: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        """The backend's form of a step, made once for each set of trainable parameters and modes.

        All are made anew when what they hold has been replaced: the optimiser, the loss, or (by another dtype, device
        or value) the storage of a parameter.
        """
        storages = [variable.storage for variable in self.model.named_state().values()]
        held = [self.loss, *self.metrics.values(), *self.recipe.held(), *storages]
        if len(held) != len(self._made_for) or any(a is not b for a, b in zip(held, self._made_for, strict=True)):
            self._steps, self._made_for = {}, held
        how = self._how()
        key = (kind, names, how, tuple(module.training for _, module in self.model.named_modules()))
        if key not in self._steps:
            self._steps[key] = runnable(build(), how, self.model.backend)
        return self._steps[key]

    def _evaluate_batch(self, scalars: Sequence[Any], batch: tuple[Any, ...]) -> tuple[Any, ...]:
        *inputs, targets = self._wrapped(batch)
        with self.recipe.policy.casting(self.model.backend):
            outputs = self.model(*inputs)
            loss = () if self.loss is None else (self.loss(outputs, targets),)
            return tuple(x.native for x in (*loss, *self._measure(outputs, targets)))

    def _predict_batch(self, scalars: Sequence[Any], batch: tuple[Any, ...]) -> tuple[Any, ...]:
        with self.recipe.policy.casting(self.model.backend):
            outputs = self.model(*self._wrapped(batch))
        if not isinstance(outputs, Tensor):
            raise OperandError(f"predict: the model returned {describe(outputs)}; expected one Tensor.")
        return (outputs.native,)

    def _measure(self, outputs: Any, targets: Tensor) -> list[Tensor]:
        return [metric(outputs, targets) for metric in self.metrics.values()]

    def _wrapped(self, batch: tuple[Any, ...]) -> list[Tensor]:
        wrap = self.model.backend.Tensor
        return [wrap(x) for x in batch]

    def _placer(self) -> Callable[[Any], tuple[Any, ...]]:
        """The function from a batch to its native tensors on the backend and the device of the parameters."""
        backend, device = self.model.backend, self.model.device

        def place(batch: Any) -> tuple[Any, ...]:
            items = batch if isinstance(batch, (tuple, list)) else (batch,)
            natives = [x.native if isinstance(x, backend.Tensor) else to_native(x, backend) for x in items]
            return tuple(natives if device == "cpu" else [backend.devices.move(x, device) for x in natives])

        return place


class _Totals:
    """Sums of the numbers of each step, left where they were computed until someone looks."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.rows: list[int] = []
        self.values: list[tuple[Any, ...]] = []

    def add(self, values: tuple[Any, ...], rows: int) -> None:
        self.values.append(values)
        self.rows.append(rows)

    def latest(self) -> float | None:
        return float(self.values[-1][0]) if self.values else None

    def means(self) -> Logs:
        """The mean of each number over all rows."""
        if not self.values:
            raise OperandError("trainer: got no batches; expected at least one. A generator can be used up only once.")
        table = np.asarray(tree.map_leaves(float, self.values), np.float64)
        weights = np.asarray(self.rows, np.float64)
        means = (table * weights[:, None]).sum(0) / weights.sum()
        return dict(zip(self.names, means.tolist(), strict=True))


def _with_updates(batches: Iterable[Any], every: int) -> Iterator[tuple[Any, bool]]:
    """Each batch, and whether it completes an update: each `every`-th, and the last."""
    if every == 1:
        yield from ((batch, True) for batch in batches)
        return
    coming, count = iter(batches), 0
    held = next(coming, _NONE)
    while held is not _NONE:
        batch, held, count = held, next(coming, _NONE), count + 1
        yield batch, count % every == 0 or held is _NONE


_NONE = object()


def _rows(batch: tuple[Any, ...]) -> int:
    shape = batch[0].shape
    return int(shape[0]) if len(shape) else 1


def _length(data: Iterable[Any]) -> int | None:
    return len(data) if isinstance(data, Sized) else None
