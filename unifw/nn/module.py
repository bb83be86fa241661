"""`Module`: a model or a part of one. Its parameters are plain attributes, found by one walk."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Self

from unifw import changes
from unifw.conversion import TensorLike
from unifw.devices import device
from unifw.dtypes import BY_NAME, as_dtype
from unifw.errors import ArgumentError, DTypeError, describe
from unifw.names import taught
from unifw.nn import state
from unifw.nn.failures import locate
from unifw.nn.hooks import Hook, HookHandle, add_hook, recording
from unifw.nn.lazy import postponing
from unifw.nn.members import Members
from unifw.nn.state import LoadReport
from unifw.registry import get_backend, load_backend, using_backend
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.variable import Variable


@taught
class Module(Members):
    """Base class of layers and models: assign parameters and layers as attributes, write `forward`.

    A Module has no backend of its own; it computes where its parameters and inputs are. A class whose `forward` makes
    no tensors itself can say `class Layer(Module, leaf=True)`, which spares it the look at the active backend. With
    `lazy="in_features"` that argument of its `__init__` may be None, and is found at the first call.

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

    def __init_subclass__(cls, leaf: bool = False, lazy: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if lazy is not None:
            cls.__init__ = postponing(cls, lazy)  # type: ignore[method-assign]
        if leaf:
            cls.__call__ = cls.forward  # type: ignore[method-assign]
        elif cls.__call__ is not Module.__call__ and cls.__call__ is not cls.forward and "__call__" not in vars(cls):
            cls.__call__ = Module.__call__  # type: ignore[method-assign]  # a leaf's forward was overridden

    def __setattr__(self, name: str, value: Any) -> None:
        if vars(self).get(name, changes) is not value:  # `changes`: no attribute's value
            changes.note()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        changes.note()
        object.__delattr__(self, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. Every Module has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(); write `def forward(self, x): ...` in it.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, with new tensors made on the model's backend and device."""
        try:
            beside = args[0] if args and isinstance(args[0], Tensor) else self
            backend = beside.backend
            if backend is get_backend() and not backend.devices.several:
                return self.forward(*args, **kwargs)
            with using_backend(backend), device(beside.device):
                return self.forward(*args, **kwargs)
        except Exception as error:
            locate(error, self)
            raise

    # ---- looking inside

    def apply(self, function: Callable[[Any], Any]) -> Self:
        """Call a function with every Module, the parts before what they are part of.

        >>> import unifw
        >>> unifw.nn.Sequential(unifw.nn.ReLU()).apply(lambda module: print(type(module).__name__)).training
        ReLU
        Sequential
        True
        """
        for module in self.children():
            module.apply(function)
        function(self)
        return self

    def intermediates(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The output of every Module by its dotted name for these inputs, in the order in which they finish.

        The model's own is under "", that of a Module's second run under "name#2".

        >>> import unifw
        >>> model = unifw.nn.Sequential(unifw.nn.Linear(2, 3), unifw.nn.ReLU())
        >>> {name: y.shape for name, y in model.intermediates(unifw.zeros((1, 2))).items()}
        {'0': (1, 3), '1': (1, 3), '': (1, 3)}
        """
        with recording(self) as outputs:
            self(*args, **kwargs)
        return outputs

    def recording(self) -> AbstractContextManager[dict[str, Any]]:
        """A `with` block that fills a dict like that of `intermediates`, for calls made elsewhere (a training step).

        >>> import unifw
        >>> model = unifw.nn.Sequential(unifw.nn.ReLU())
        >>> with model.recording() as outputs:
        ...     y = model(unifw.zeros(2))
        >>> list(outputs)
        ['0', '']
        """
        return recording(self)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> HookHandle:
        """Call `hook(module, args, output)` after each call; what it returns, if not None, replaces the output.

        With `with_kwargs` it is `hook(module, args, kwargs, output)`. The handle's `remove()` takes it away again.

        >>> import unifw
        >>> layer = unifw.nn.ReLU()
        >>> with layer.register_forward_hook(lambda module, args, output: output + 1):
        ...     layer(unifw.zeros(1)).tolist()
        [1.0]
        """
        return add_hook(self, hook, True, prepend, with_kwargs)

    def register_forward_pre_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> HookHandle:
        """Call `hook(module, args)` before each call; what it returns, if not None, replaces the arguments.

        With `with_kwargs` it is `hook(module, args, kwargs)`, and returns None or (args, kwargs).

        >>> import unifw
        >>> layer = unifw.nn.ReLU()
        >>> with layer.register_forward_pre_hook(lambda module, args: args[0] + 2):
        ...     layer(unifw.zeros(1)).tolist()
        [2.0]
        """
        return add_hook(self, hook, False, prepend, with_kwargs)

    # ---- modes

    def train(self, mode: bool = True) -> Self:
        """Training mode (dropout drops, BatchNorm moves its statistics), or with False evaluation mode.

        >>> import unifw
        >>> unifw.nn.Dropout(0.5).train().training
        True
        """
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: got {describe(mode)}; expected True or False. Write Trainer(...).fit(data).")
        for module in self.modules():
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
        """Let training change every parameter, but for integers.

        >>> import unifw
        >>> all(p.trainable for p in unifw.nn.Linear(2, 1).freeze().unfreeze().parameters())
        True
        """
        return self._set_trainable(True)

    def _set_trainable(self, trainable: bool) -> Self:
        for parameter in self.parameters():
            parameter.trainable = trainable and "floating" in parameter.dtype.kind
        return self

    # ---- moving

    def to(self, target: Any) -> Self:
        """Move every tensor of the model to a device, or convert its floating parameters and buffers, in place.

        Raises DeviceError, and DTypeError for a dtype that is not floating.

        >>> import unifw
        >>> unifw.nn.Linear(2, 1).to(unifw.float64).weight.dtype
        unifw.float64
        """
        moves = isinstance(target, str) and target not in BY_NAME
        if not moves and "floating" not in as_dtype(target).kind:
            raise DTypeError(f"to: got {as_dtype(target)} for a model; expected a floating dtype or a device.")
        for _, member in self._finished():
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
        target = load_backend(backend)
        tensors = [member for _, member in self._members() if isinstance(member, Tensor)]
        if all(x.backend is target for x in tensors):
            return self
        return copy.deepcopy(self, {id(x): x.to_backend(target) for x in tensors})

    # ---- state

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of every parameter and buffer by PyTorch's names; later training does not change it.

        A shared one stands under each of its names, as one Tensor. Raises UnfinishedError.

        >>> import unifw
        >>> list(unifw.nn.Linear(2, 1).state_dict())
        ['weight', 'bias']
        """
        return state.state_dict(self)

    def load_state_dict(self, state_dict: Mapping[str, TensorLike], strict: bool = True) -> LoadReport:
        """Take over values by name: Tensors of any backend, NumPy arrays or native tensors.

        With `strict`, names missing from the dict or unexpected in it, or of other shapes, raise StateDictError, and
        nothing is loaded; without, what fits is loaded and the rest is in the report. Wrong shapes always raise. A
        shared tensor may stand under one of its names or all. A layer that waits for its first call takes its size
        from the dict.

        >>> import unifw
        >>> model = unifw.nn.Linear(2, 1)
        >>> bool(model.load_state_dict(unifw.nn.Linear(2, 1).state_dict()))
        False
        """
        return state.load_state_dict(self, state_dict, strict)
