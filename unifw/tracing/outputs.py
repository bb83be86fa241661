"""Trees of Tensors, as functions take and return them: taken apart, and put together again with other tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unifw import tree
from unifw.spec import Backend, Native
from unifw.tensor import Tensor

Rebuild = Callable[[Sequence[Any]], Any]


def tensors_in(values: Any) -> list[Tensor]:
    """The Tensors of a tree, from left to right.

    >>> import unifw
    >>> len(tensors_in({"a": unifw.zeros(2), "b": 3}))
    1
    """
    return [leaf for leaf in tree.leaves(values) if isinstance(leaf, Tensor)]


def natives_in(values: Any) -> list[Native]:
    """The native tensors of the Tensors of a tree.

    >>> natives_in({"word": 1})
    []
    """
    return [leaf.native for leaf in tree.leaves(values) if isinstance(leaf, Tensor)]


def rewrapped(backend: Backend, values: Any, natives: Sequence[Native]) -> Any:
    """A tree with other native tensors in its Tensors: the inverse of `natives_in`.

    >>> import unifw
    >>> rewrapped(unifw.get_backend(), {"word": 1}, [])
    {'word': 1}
    """
    given = iter(natives)
    return tree.map_leaves(lambda leaf: backend.Tensor(next(given)) if isinstance(leaf, Tensor) else leaf, values)


def taken_apart(output: Any, wrap: Callable[[Any], Tensor]) -> tuple[list[Tensor], Rebuild]:
    """The tensors of an output, and the function from native tensors to an output of its form.

    >>> import unifw
    >>> x = unifw.asarray([1.0])
    >>> tensors, rebuild = taken_apart({"a": x, "b": 2}, x.wrap)
    >>> len(tensors), rebuild([x.native])["b"]
    (1, 2)
    """
    tensors = tensors_in(output)
    if isinstance(output, Tensor):
        return tensors, lambda natives: wrap(natives[0])
    if type(output) is tuple and len(tensors) == len(output) and all(isinstance(x, Tensor) for x in output):
        return tensors, lambda natives: tuple([wrap(x) for x in natives])
    form = tree.map_leaves(lambda leaf: _HOLE if isinstance(leaf, Tensor) else leaf, output)

    def rebuild(natives: Sequence[Any]) -> Any:
        given = iter(natives)
        return tree.map_leaves(lambda leaf: wrap(next(given)) if leaf is _HOLE else leaf, form)

    return tensors, rebuild


_HOLE = object()
