"""Saying in which layer of a model an error arose, and on what inputs. Nothing here runs until there is an error."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import TYPE_CHECKING, Any

from unifw.errors import describe

if TYPE_CHECKING:
    from unifw.nn.members import Members


class Place(str):
    """A note on an error: where in a model it arose."""

    __slots__ = ("module",)
    module: int


def locate(error: Exception, root: Members) -> None:
    """Note on the error the path of the innermost Module of `root` that was running, and its inputs.

    Each Module on the way up does so, and its note replaces those of its parts: the outermost has the whole path.
    """
    members = {id(module) for module in root.modules()}
    calls = [frame for frame in _frames(error) if id(frame.f_locals.get("self")) in members]
    module = calls[-1].f_locals["self"]
    first = next(frame for frame in calls if frame.f_locals["self"] is module)
    notes = getattr(error, "__notes__", [])
    notes[:] = [note for note in notes if not (isinstance(note, Place) and note.module in members)]
    place = Place(f"In {address(root, module)}, called with {_inputs(module, first)}.")
    place.module = id(module)
    error.add_note(place)


def address(root: Members, module: Members) -> str:
    """The path of a Module in a model, and its class.

    >>> import unifw
    >>> model = unifw.nn.Sequential(unifw.nn.ReLU())
    >>> address(model, model[0])
    '0 (ReLU)'
    """
    path = next((name for name, member in root.named_modules() if member is module), "")
    kind = type(module).__name__
    return f"{path} ({kind})" if path else f"the {kind} itself"


def _frames(error: Exception) -> list[FrameType]:
    """The frames from the handler of the error down to where it arose."""
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame)
        trace = trace.tb_next
    return found


def _inputs(module: Any, frame: FrameType) -> str:
    """What a Module was called with, by the names of its arguments; `frame` is the first of its call."""
    values = frame.f_locals
    names = list(inspect.signature(module.forward).parameters)
    if "args" in values and "kwargs" in values:
        given = {**dict(zip(names, values["args"], strict=False)), **values["kwargs"]}
    else:
        given = {name: values[name] for name in names if name in values}
    return ", ".join(f"{name} = {describe(x)}" for name, x in given.items() if x is not None) or "no inputs"
