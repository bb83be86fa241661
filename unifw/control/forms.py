"""What branches and loops take and return: trees of Tensors, and whether two of them have one form."""

from __future__ import annotations

from typing import Any

from unifw import tree
from unifw.array.creation import asarray
from unifw.errors import DTypeError, OperandError, ShapeError, describe
from unifw.keys import agree
from unifw.tensor import Tensor
from unifw.tracing.outputs import tensors_in
from unifw.variable import Variable


def as_tensors(value: Any) -> Any:
    """The tree with its Python numbers as Tensors, and parameters and buffers as their values.

    >>> as_tensors((1, None))[0].item()
    1
    """
    if isinstance(value, Tensor) and not isinstance(value, Variable):
        return value
    return tree.map_leaves(_as_tensor, value)


def _as_tensor(leaf: Any) -> Any:
    if isinstance(leaf, Variable):
        return leaf.wrap(leaf.native)
    return asarray(leaf) if isinstance(leaf, (bool, int, float, complex)) else leaf


def is_traced(value: Any) -> bool:
    """Whether any Tensor of a tree has no value yet, because a graph is being built.

    >>> is_traced((1, None))
    False
    """
    return any(x.ops.is_traced(x.native) for x in tensors_in(value))


def check_scalar(name: str, what: str, x: Any) -> None:
    """Raise OperandError or ShapeError unless `x` is a Tensor without axes."""
    if not isinstance(x, Tensor):
        raise OperandError(f"{name}: got {describe(x)} as {what}; expected a scalar Tensor or a Python value.")
    if x.ndim:
        raise ShapeError(
            f"{name}: got shape {tuple(x.native.shape)} as {what}; expected a scalar. Write unifw.all(...) or "
            "unifw.any(...), or unifw.where(condition, a, b) to choose element by element."
        )


def check_same(name: str, first: Any, second: Any, words: tuple[str, str]) -> None:
    """Raise unless two trees have one form, and their tensors one shape and dtype each; `words` say what the trees are.

    >>> check_same("cond", (None, None), (None, None), ("the first", "the second"))
    """
    ours, theirs = _form(first), _form(second)
    if ours != theirs:
        raise OperandError(f"{name}: {words[0]} gives {ours} and {words[1]} {theirs}; expected the same form of both.")
    for one, other in zip(tensors_in(first), tensors_in(second), strict=True):
        got = f"{name}: {words[0]} gives {describe(one)} and {words[1]} {describe(other)}"
        if one.dtype is not other.dtype:
            raise DTypeError(f"{got}; expected one dtype. Write x.to(unifw.{one.dtype}).")
        if not agree(*(x.ops.static_shape(x.native) for x in (one, other))):
            raise ShapeError(f"{got}; expected one shape. Write unifw.broadcast_to(x, ...) or unifw.reshape(x, ...).")


def _form(value: Any) -> Any:
    """A tree with words in place of its tensors."""
    return tree.map_leaves(lambda leaf: _Word("Tensor" if isinstance(leaf, Tensor) else repr(leaf)), value)


class _Word(str):
    """A text that shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
