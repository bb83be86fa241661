"""What follows from one walk over a Module's attributes: its parts, parameters and buffers by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from unifw import tree
from unifw.errors import ArgumentError
from unifw.nn.lazy import Unfinished
from unifw.nn.summary import summary_table
from unifw.registry import get_backend
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, Variable

if TYPE_CHECKING:
    from unifw.nn.module import Module


class Members:
    """The half of `Module` that looks: attributes are found by a walk, not registered."""

    def _fields(self) -> Iterator[tuple[str, Any]]:
        """The named parts of this Module alone; containers override it."""
        yield from vars(self).items()

    def _members(self) -> Iterator[tuple[str, Any]]:
        """Every Tensor and Module below this one, each once, under its dotted name; this one first, as ""."""
        return _walk(self, "", set())

    def _finished(self) -> Iterator[tuple[str, Any]]:
        """`_members`, refusing a layer that does not know its input size yet."""
        for name, member in self._members():
            if isinstance(member, Unfinished):
                raise member.unfinished(name)
            yield name, member

    # ---- parts

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Every Module with its dotted name, this one first, as "".

        >>> import unifw
        >>> [name for name, _ in unifw.nn.Sequential(unifw.nn.ReLU()).named_modules()]
        ['', '0']
        """
        return ((name, member) for name, member in self._members() if isinstance(member, Members))  # type: ignore[misc]

    def modules(self) -> Iterator[Module]:
        """Every Module, this one first.

        >>> import unifw
        >>> list(unifw.nn.Sequential(unifw.nn.ReLU()).modules())[1]
        ReLU()
        """
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The Modules directly below this one, with their names; those in lists and dicts are.

        >>> import unifw
        >>> [name for name, _ in unifw.nn.Sequential(unifw.nn.ReLU(), unifw.nn.ReLU()).named_children()]
        ['0', '1']
        """
        inner = {id(self)}
        for name, module in self.named_modules():
            if id(module) not in inner:
                inner |= {id(below) for below in module.modules()}
                yield name, module

    def children(self) -> Iterator[Module]:
        """The Modules directly below this one.

        >>> import unifw
        >>> list(unifw.nn.Sequential(unifw.nn.ReLU()).children())
        [ReLU()]
        """
        return (module for _, module in self.named_children())

    def get_submodule(self, name: str) -> Module:
        """The Module of a dotted name. Raises ArgumentError.

        >>> import unifw
        >>> unifw.nn.Sequential(unifw.nn.ReLU()).get_submodule("0")
        ReLU()
        """
        known = {path: member for path, member in _walk(self, "", set(), again=True) if isinstance(member, Members)}
        if name not in known:
            raise ArgumentError(f"get_submodule: got {name!r}; expected one of {', '.join(filter(None, known))}.")
        return known[name]  # type: ignore[return-value]

    # ---- state

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every Parameter with its dotted name; a shared one once. Raises UnfinishedError.

        >>> import unifw
        >>> [name for name, _ in unifw.nn.Linear(2, 1).named_parameters()]
        ['weight', 'bias']
        """
        return ((name, member) for name, member in self._finished() if isinstance(member, Parameter))

    def parameters(self) -> Iterator[Parameter]:
        """Every Parameter. Raises UnfinishedError.

        >>> import unifw
        >>> [p.shape for p in unifw.nn.Linear(2, 1).parameters()]
        [(1, 2), (1,)]
        """
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Every Buffer with its dotted name. Raises UnfinishedError.

        >>> import unifw
        >>> [name for name, _ in unifw.nn.BatchNorm2d(2).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return ((name, member) for name, member in self._finished() if isinstance(member, Buffer))

    def buffers(self) -> Iterator[Buffer]:
        """Every Buffer. Raises UnfinishedError.

        >>> import unifw
        >>> len(list(unifw.nn.BatchNorm2d(2).buffers()))
        3
        """
        return (buffer for _, buffer in self.named_buffers())

    def named_state(self) -> dict[str, Variable]:
        """Every Parameter and Buffer by name, a shared one once: what is saved and exported. Raises UnfinishedError.

        >>> import unifw
        >>> list(unifw.nn.Linear(2, 1).named_state())
        ['weight', 'bias']
        """
        return {name: member for name, member in self._finished() if isinstance(member, Variable)}

    def expected_names(self) -> list[str]:
        """The names of `named_state`, with those that layers have after their first call.

        >>> import unifw
        >>> unifw.nn.Linear(None, 1).expected_names()
        ['weight', 'bias']
        """
        names = []
        for name, member in self._members():
            if isinstance(member, Unfinished):
                names += [f"{name}.{key}" if name else key for key in member.open_shapes()]
            elif isinstance(member, Variable):
                names.append(name)
        return names

    def shared_names(self) -> dict[str, str]:
        """The other names of shared parameters and buffers, each with the first name, under which it is saved.

        >>> import unifw
        >>> layer = unifw.nn.Linear(2, 1)
        >>> unifw.nn.Sequential(layer, layer).shared_names()
        {'1.weight': '0.weight', '1.bias': '0.bias'}
        """
        first = {id(member): name for name, member in self.named_state().items()}
        every = ((name, id(member)) for name, member in _walk(self, "", set(), again=True))
        return {name: first[key] for name, key in every if key in first and name != first[key]}

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

    # ---- showing

    def summary(self) -> str:
        """A table of the parts, their parameters and their number, as text; a size not known yet is None.

        >>> import unifw
        >>> "weight (1, 2)" in unifw.nn.Linear(2, 1).summary()
        True
        """
        rows = []
        for name, module in self.named_modules():
            own: list[Any] = [(key, tuple(x.shape), x) for key, x in _own_variables(module)]
            if isinstance(module, Unfinished):
                own += [(key, shape, None) for key, shape in module.open_shapes().items()]
            rows.append((name or type(self).__name__, type(module).__name__, own))
        return summary_table(type(self).__name__, rows, [x for _, x in self._members() if isinstance(x, Parameter)])

    def _describe(self) -> str:
        """What the repr shows of this Module itself."""
        return ""

    def __repr__(self) -> str:
        parts = [(name, x) for name, x in self._fields() if any(isinstance(leaf, Members) for leaf in tree.leaves(x))]
        own = self._describe()
        if not parts:
            return f"{type(self).__name__}({own})"
        lines = [f"  {own}"] if own else []
        lines += [f"  ({name}): {x!r}".replace("\n", "\n  ") for name, x in parts]
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"


def _own_variables(module: Members) -> Iterator[tuple[str, Variable]]:
    """The parameters and buffers of a Module that are not those of a Module inside it, also in its lists and dicts."""
    inner = {id(module)}
    for name, member in module._members():
        if isinstance(member, Members) and member is not module:
            inner |= {id(x) for _, x in member._members()}
        elif isinstance(member, Variable) and id(member) not in inner:
            yield name, member


def _walk(value: Any, path: str, seen: set[int], again: bool = False) -> Iterator[tuple[str, Any]]:
    """Every Tensor and Module once; with `again` under each of its names (`seen` then holds the way down only)."""
    if isinstance(value, (Members, Tensor)):
        if id(value) in seen:
            return
        seen.add(id(value))
        yield path, value
    if isinstance(value, Members):
        fields: Any = value._fields()
    elif isinstance(value, dict):
        fields = value.items()
    elif isinstance(value, (list, tuple)):
        fields = enumerate(value)
    else:
        fields = ()
    for name, child in fields:
        if isinstance(child, (Members, Tensor, dict, list, tuple)):
            yield from _walk(child, f"{path}.{name}" if path else str(name), seen, again)
    if again:
        seen.discard(id(value))
