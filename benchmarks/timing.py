"""How the benchmarks measure and report: pairs of calls in alternation, tables on the screen and in Markdown.

Each pair is timed in short blocks; a row shows the median of the blocks, and the ratio the median of the ratios of
neighbouring blocks, so that other work on the machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import unifw

BLOCKS = 41
BLOCK_SECONDS = 0.01


@dataclass(frozen=True)
class Row:
    """One comparison: both times in microseconds and the ratio ours / native."""

    name: str
    native: float
    ours: float
    ratio: float


def compare(name: str, native: Callable[[], Any], ours: Callable[[], Any], blocks: int = BLOCKS) -> Row:
    """Time two calls in alternation."""
    calls = max(1, int(BLOCK_SECONDS / max(_seconds(native, 3), 1e-7)))
    for call in (native, ours):
        _seconds(call, calls)
    pairs = [(_seconds(native, calls), _seconds(ours, calls)) for _ in range(blocks)]
    first, second = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    return Row(name, first, second, statistics.median(b / a for a, b in pairs))


def _seconds(call: Callable[[], Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - start) / calls


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Inside the `with` block torch computes with so many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def main(
    sources: Mapping[str, Callable[[], Iterable[Row]]], about: str | None, title: str, words: str, unit: str = "us"
) -> None:
    """Time the backends named on the command line, or all that are installed, and write the page if asked.

    `sources` makes the rows of each backend; `unit` of the tables is "us" or "ms".
    """
    installed = [name for name, there in unifw.backends().items() if there and name in sources]
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backends", nargs="*", metavar="backend", help=" or ".join(sources))
    parser.add_argument("--write", type=Path, help="also write the tables to this Markdown file")
    arguments = parser.parse_args()
    tables: dict[str, list[Row]] = {}
    for backend in arguments.backends or installed:
        tables[backend] = []
        for row in sources[backend]():
            tables[backend].append(row)
            print(f"{backend:10}  {row.name:50}", *(f"{cell:>10}" for cell in _cells(row, unit)), unit, flush=True)
    if arguments.write:
        arguments.write.write_text(page(tables, title, words, unit))


def page(tables: Mapping[str, list[Row]], title: str, words: str, unit: str) -> str:
    """A table for each backend, in Markdown, below the title and what there is to say."""
    versions = ", ".join(f"{name} {import_module(name).__version__}" for name in ("numpy", *tables))
    lines = [
        f"# {title}",
        "",
        words.strip(),
        "",
        f"Python {platform.python_version()}, {versions}, {platform.machine()}.",
    ]
    for backend, rows in tables.items():
        lines += ["", f"## {backend}", "", "| what | native | unifw | added | ratio |", "|---|---:|---:|---:|---:|"]
        lines += [f"| {row.name} | {' | '.join(_cells(row, unit))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Row, unit: str) -> list[str]:
    scale = {"us": 1.0, "ms": 1e-3}[unit]
    native, ours = row.native * scale, row.ours * scale
    return [f"{native:.2f}", f"{ours:.2f}", f"{ours - native:+.2f}", f"{row.ratio:.2f}"]
