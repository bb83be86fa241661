"""The table that `Module.summary` prints."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from unifw.variable import Buffer, Parameter, Variable

Shape = tuple[int | None, ...]
Row = tuple[str, str, Sequence[tuple[str, Shape, Variable | None]]]


def summary_table(title: str, rows: Sequence[Row], parameters: Sequence[Parameter]) -> str:
    """Name, type, state and number of parameters of each Module, and the totals, as text.

    >>> "Total parameters: 0" in summary_table("Empty", [], [])
    True
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for heading in ("Name", "Type", "State"):
        table.add_column(heading, overflow="fold")
    table.add_column("Parameters", justify="right")
    seen: set[int] = set()
    for name, kind, own in rows:
        state = "\n".join(f"{key} {shape}" + (" buffer" if isinstance(x, Buffer) else "") for key, shape, x in own)
        fresh = [x for _, _, x in own if isinstance(x, Parameter) and id(x) not in seen]
        seen |= {id(x) for _, _, x in own}
        table.add_row(name, kind, state, f"{_count(fresh):,}" if fresh else "")
    trainable = [x for x in parameters if x.trainable]
    console = Console(width=100, record=True, file=None, color_system=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(table)
    total, moving = _count(parameters), _count(trainable)
    return f"{captured.get()}Total parameters: {total:,}\nTrainable: {moving:,}\nFrozen: {total - moving:,}"


def _count(variables: Sequence[Variable]) -> int:
    return sum(prod(x.shape) for x in variables)
