"""Functions that run before and after a Module's `forward`. A Module without any knows nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, ClassVar

from unifw.errors import OperandError, describe
from unifw.nn.traits import Trait, lose, take

Hook = Callable[..., Any]
_numbers = count()


class _Hooks:
    """The hooks of one Module in the order of their calls: number of the handle to (function, with keywords)."""

    def __init__(self) -> None:  # not a dict in the Module itself, whose walk would look into it
        self.before: dict[int, tuple[Hook, bool]] = {}
        self.after: dict[int, tuple[Hook, bool]] = {}


class Hooked(Trait):
    """A Module with hooks."""

    order: ClassVar[int] = 1
    _hooks: _Hooks

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for hook, with_kwargs in list(self._hooks.before.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None and with_kwargs:
                args, kwargs = changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = super().__call__(*args, **kwargs)  # type: ignore[misc]
        for hook, with_kwargs in list(self._hooks.after.values()):
            changed = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            output = output if changed is None else changed
        return output


class HookHandle:
    """What takes a hook away again: call `remove()`, or use it as a `with` block."""

    def __init__(self, module: Any, number: int) -> None:
        self.module = module
        self.number = number

    def remove(self) -> None:
        """Take the hook away; with the last one the Module is as before. Twice does nothing."""
        hooks = vars(self.module).get("_hooks")
        if hooks is None:
            return
        hooks.before.pop(self.number, None)
        hooks.after.pop(self.number, None)
        self.module._hooks_changed = next(_numbers)
        if not hooks.before and not hooks.after:
            del self.module._hooks, self.module._hooks_changed
            lose(self.module, Hooked)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


def add_hook(module: Any, hook: Hook, after: bool, prepend: bool, with_kwargs: bool) -> HookHandle:
    """Hook a function on a Module, last or with `prepend` first."""
    if not callable(hook):
        raise OperandError(f"hook: got {describe(hook)}; expected a function of the Module and its arguments.")
    if "_hooks" not in vars(module):
        module._hooks = _Hooks()
        take(module, Hooked)
    hooks, number = module._hooks, next(_numbers)
    name = "after" if after else "before"
    entry = {number: (hook, with_kwargs)}
    setattr(hooks, name, entry | getattr(hooks, name) if prepend else getattr(hooks, name) | entry)
    module._hooks_changed = number  # for those who compare a Module with what it was, as a compiled function does
    return HookHandle(module, number)


@contextmanager
def recording(model: Any) -> Iterator[dict[str, Any]]:
    """Inside the `with` block, the outputs of every Module by its dotted name; its second run is "name#2"."""
    outputs: dict[str, Any] = {}

    def keep(name: str) -> Hook:
        def record(_: Any, __: Any, output: Any) -> None:
            runs = (name if run == 1 else f"{name}#{run}" for run in count(1))
            outputs[next(key for key in runs if key not in outputs)] = output

        return record

    with ExitStack() as stack:
        for name, module in list(model.named_modules()):
            stack.enter_context(add_hook(module, keep(name), after=True, prepend=False, with_kwargs=False))
        yield outputs
