"""What a traced function returns: its tensors, and how to put them back into its form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unifw import tree
from unifw.tensor import Tensor

Rebuild = Callable[[Sequence[Any]], Any]


def taken_apart(output: Any, wrap: Callable[[Any], Tensor]) -> tuple[list[Tensor], Rebuild]:
    """The tensors of an output, and the function from native tensors to an output of its form.

    >>> import unifw
    >>> x = unifw.asarray([1.0])
    >>> tensors, rebuild = taken_apart({"a": x, "b": 2}, x.wrap)
    >>> len(tensors), rebuild([x.native])["b"]
    (1, 2)
    """
    tensors = [leaf for leaf in tree.leaves(output) if isinstance(leaf, Tensor)]
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
