"""`Module`: a model or a part of one. Its parameters are plain attributes, found by one walk."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from unifw import tree
from unifw.conversion import TensorLike
from unifw.devices import device
from unifw.errors import StateDictError
from unifw.nn.summary import summary_table
from unifw.registry import get_backend, load_backend, using_backend
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, Variable


@dataclass(frozen=True)
class LoadReport:
    """What did not fit when a state dict was loaded: names, and shapes as (got, expected)."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)

    def __str__(self) -> str:
        lines = [f"  missing: {name}" for name in self.missing]
        lines += [f"  unexpected: {name}" for name in self.unexpected]
        lines += [f"  misshapen: {name}: got {got}, expected {want}" for name, (got, want) in self.misshapen.items()]
        return "\n".join(lines) or "  everything fits"


class Module:
    """Base class of layers and models: assign parameters and layers as attributes, write `forward`.

    A Module has no backend of its own; it computes where its parameters and inputs are. A class whose `forward` makes
    no tensors itself can say `class Layer(Module, leaf=True)`, which spares it the look at the active backend.

    >>> import unifw
    >>> class Model(unifw.nn.Module):
    ...     def __init__(self):
    ...         self.layer = unifw.nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return unifw.nn.functional.relu(self.layer(x))
    >>> Model()(unifw.zeros((4, 3))).shape
    (4, 2)
    """

    training: bool = True

    def __init_subclass__(cls, leaf: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if leaf:
            cls.__call__ = cls.forward  # type: ignore[method-assign]
        elif cls.__call__ is not Module.__call__ and cls.__call__ is not cls.forward and "__call__" not in vars(cls):
            cls.__call__ = Module.__call__  # type: ignore[method-assign]  # a leaf's forward was overridden

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. Every Module has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(); write `def forward(self, x): ...` in it.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, with new tensors made on the model's backend and device."""
        beside = args[0] if args and isinstance(args[0], Tensor) else self
        backend = beside.backend
        if backend is get_backend() and not backend.devices.several:
            return self.forward(*args, **kwargs)
        with using_backend(backend), device(beside.device):
            return self.forward(*args, **kwargs)

    # ---- the walk, and what follows from it

    def _fields(self) -> Iterator[tuple[str, Any]]:
        """The named parts of this Module alone; containers override it."""
        yield from vars(self).items()

    def _members(self) -> Iterator[tuple[str, Any]]:
        """Every Tensor and Module below this one, each once, under its dotted name; this one first, as ""."""
        return _walk(self, "", set())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Every Module with its dotted name, this one first, as "".

        >>> import unifw
        >>> [name for name, _ in unifw.nn.Sequential(unifw.nn.ReLU()).named_modules()]
        ['', '0']
        """
        return ((name, member) for name, member in self._members() if isinstance(member, Module))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every Parameter with its dotted name; a shared one once.

        >>> import unifw
        >>> [name for name, _ in unifw.nn.Linear(2, 1).named_parameters()]
        ['weight', 'bias']
        """
        return ((name, member) for name, member in self._members() if isinstance(member, Parameter))

    def parameters(self) -> Iterator[Parameter]:
        """Every Parameter.

        >>> import unifw
        >>> [p.shape for p in unifw.nn.Linear(2, 1).parameters()]
        [(1, 2), (1,)]
        """
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Every Buffer with its dotted name.

        >>> import unifw
        >>> [name for name, _ in unifw.nn.BatchNorm2d(2).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return ((name, member) for name, member in self._members() if isinstance(member, Buffer))

    def buffers(self) -> Iterator[Buffer]:
        """Every Buffer.

        >>> import unifw
        >>> len(list(unifw.nn.BatchNorm2d(2).buffers()))
        3
        """
        return (buffer for _, buffer in self.named_buffers())

    def named_state(self) -> dict[str, Variable]:
        """Every Parameter and Buffer by name: what is saved, loaded and exported.

        >>> import unifw
        >>> list(unifw.nn.Linear(2, 1).named_state())
        ['weight', 'bias']
        """
        return {name: member for name, member in self._members() if isinstance(member, Variable)}

    @property
    def backend(self) -> Backend:
        """Where the first parameter or buffer lives; the active backend for a Module without any.

        >>> import unifw
        >>> unifw.nn.Linear(2, 1).backend is unifw.get_backend()
        True
        """
        first = self._first_tensor()
        return get_backend() if first is None else first.backend

    @property
    def device(self) -> str:
        """The device of the first parameter or buffer; "cpu" for a Module without any.

        >>> import unifw
        >>> unifw.nn.Linear(2, 1).device
        'cpu'
        """
        first = self._first_tensor()
        return "cpu" if first is None else first.device

    def _first_tensor(self) -> Tensor | None:
        return next((member for _, member in self._members() if isinstance(member, Tensor)), None)

    # ---- modes

    def train(self, mode: bool = True) -> Self:
        """Training mode (dropout drops, BatchNorm moves its statistics), or with False evaluation mode.

        >>> import unifw
        >>> unifw.nn.Dropout(0.5).train().training
        True
        """
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Evaluation mode: dropout passes everything, BatchNorm uses its running statistics.

        >>> import unifw
        >>> unifw.nn.Dropout(0.5).eval().training
        False
        """
        return self.train(False)

    def freeze(self) -> Self:
        """Keep every parameter as it is in training. BatchNorm's statistics still move; only `eval()` stops them.

        >>> import unifw
        >>> any(p.trainable for p in unifw.nn.Linear(2, 1).freeze().parameters())
        False
        """
        return self._set_trainable(False)

    def unfreeze(self) -> Self:
        """Let training change every parameter.

        >>> import unifw
        >>> all(p.trainable for p in unifw.nn.Linear(2, 1).freeze().unfreeze().parameters())
        True
        """
        return self._set_trainable(True)

    def _set_trainable(self, trainable: bool) -> Self:
        for parameter in self.parameters():
            parameter.trainable = trainable
        return self

    # ---- moving

    def to(self, target: Any) -> Self:
        """Move every tensor of the model to a device, or convert its floating parameters and buffers, in place.

        >>> import unifw
        >>> unifw.nn.Linear(2, 1).to(unifw.float64).weight.dtype
        unifw.float64
        """
        moves = isinstance(target, str) and target.partition(":")[0] in ("cpu", "gpu", "cuda")
        for _, member in self._members():
            if isinstance(member, Variable) and (moves or "floating" in member.dtype.kind):
                member.to(target)
            elif moves and isinstance(member, Tensor):
                member._set(member.to(target).native)
        return self

    def to_backend(self, backend: str | Backend) -> Self:
        """The same model with its tensors on another backend (its twin); itself if it is there already.

        Everything else is copied, shared parameters stay shared, and this model is not changed.

        >>> import unifw
        >>> model = unifw.nn.Linear(2, 1)
        >>> model.to_backend(model.backend.name) is model
        True
        """
        target = load_backend(backend) if isinstance(backend, str) else backend
        tensors = [member for _, member in self._members() if isinstance(member, Tensor)]
        if all(x.backend is target for x in tensors):
            return self
        return copy.deepcopy(self, {id(x): x.to_backend(target) for x in tensors})

    # ---- state

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of every parameter and buffer by PyTorch's names; later training does not change it.

        >>> import unifw
        >>> list(unifw.nn.Linear(2, 1).state_dict())
        ['weight', 'bias']
        """
        return {name: x.wrap(x.ops.copy(x.native)) for name, x in self.named_state().items()}

    def load_state_dict(self, state: Mapping[str, TensorLike], strict: bool = True) -> LoadReport:
        """Take over values by name: Tensors of any backend, NumPy arrays or native tensors.

        With `strict`, names missing from `state` or unexpected in it, or of other shapes, raise StateDictError, and
        nothing is loaded; without, what fits is loaded and the rest is in the report. Wrong shapes always raise.

        >>> import unifw
        >>> model = unifw.nn.Linear(2, 1)
        >>> bool(model.load_state_dict(unifw.nn.Linear(2, 1).state_dict()))
        False
        """
        own = self.named_state()
        fitting = [name for name in own if name in state]
        shapes = {name: (_shape(state[name]), tuple(own[name].shape)) for name in fitting}
        report = LoadReport(
            missing=tuple(name for name in own if name not in state),
            unexpected=tuple(name for name in state if name not in own),
            misshapen={name: pair for name, pair in shapes.items() if pair[0] != pair[1]},
        )
        if report.misshapen or (strict and report):
            raise StateDictError(
                f"load_state_dict: the state dict does not fit this {type(self).__name__}; nothing was loaded:\n"
                f"{report}\n"
                "Build the model with the sizes that the weights have, or write strict=False to load what fits."
            )
        values = {name: own[name].converted(name, state[name]) for name in fitting}
        for name, value in values.items():  # all could be converted: now nothing can fail halfway
            own[name]._set(value)
        return report

    # ---- showing

    def summary(self) -> str:
        """A table of the parts, their parameters and their number, as text.

        >>> import unifw
        >>> "weight (1, 2)" in unifw.nn.Linear(2, 1).summary()
        True
        """
        rows = []
        for name, module in self.named_modules():
            rows.append((name or type(self).__name__, type(module).__name__, list(_own_variables(module))))
        return summary_table(type(self).__name__, rows, [x for _, x in self._members() if isinstance(x, Parameter)])

    def _describe(self) -> str:
        """What the repr shows of this Module itself."""
        return ""

    def __repr__(self) -> str:
        parts = [(name, x) for name, x in self._fields() if any(isinstance(leaf, Module) for leaf in tree.leaves(x))]
        if not parts:
            return f"{type(self).__name__}({self._describe()})"
        lines = (f"  ({name}): {x!r}".replace("\n", "\n  ") for name, x in parts)
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"


def _own_variables(module: Module) -> Iterator[tuple[str, Variable]]:
    """The parameters and buffers of a Module that are not those of a Module inside it, also in its lists and dicts."""
    inner = {id(module)}
    for name, member in module._members():
        if isinstance(member, Module) and member is not module:
            inner |= {id(x) for _, x in member._members()}
        elif isinstance(member, Variable) and id(member) not in inner:
            yield name, member


def _shape(x: TensorLike) -> tuple[int, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Module, Tensor)):
        if id(value) in seen:
            return
        seen.add(id(value))
        yield path, value
    if isinstance(value, Module):
        fields: Any = value._fields()
    elif isinstance(value, dict):
        fields = value.items()
    elif isinstance(value, (list, tuple)):
        fields = enumerate(value)
    else:
        return
    for name, child in fields:
        if isinstance(child, (Module, Tensor, dict, list, tuple)):
            yield from _walk(child, f"{path}.{name}" if path else str(name), seen)
