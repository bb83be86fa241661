"""The part of the page that shows growth and imports, and its plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from suite.growth import BATCHES, DEPTHS, STEPS, WIDTH, Growth, growth, import_seconds


@dataclass(frozen=True)
class Growths:
    """How unifw grows on each framework, and seconds of imports, round by round."""

    frameworks: list[Growth]
    imports: dict[str, list[float]]

    @classmethod
    def measured(cls, frameworks: list[str]) -> Growths:
        """One framework after the other."""
        return cls([growth(framework) for framework in frameworks], import_seconds())


def section(found: Growths) -> Iterator[str]:
    """The tables in Markdown."""
    yield from ("", "## Growth", "", f"`Linear({WIDTH})` and ReLU, trained by the Trainer on the CPU: ms per step.", "")
    yield "![Time per step over depth and batch](growth.svg)"
    for title, sizes, name in (
        ("depth, batch 16", DEPTHS, "by_depth"),
        ("batch, depth 8", BATCHES, "by_batch"),
    ):
        yield from ("", f"| {title} | " + " | ".join(map(str, sizes)) + " |", "|---|" + "---:|" * len(sizes))
        for one in found.frameworks:
            times = getattr(one, name)
            yield f"| {one.framework} | " + " | ".join(f"{times[size]:.3g}" for size in sizes) + " |"
    yield from ("", f"| over {STEPS} steps | MiB added | traces of a compiled step |", "|---|---:|---:|")
    for one in found.frameworks:
        yield f"| {one.framework} | {one.added_mebibytes:.1f} | {one.traces} |"
    yield from ("", "| a fresh interpreter | seconds |", "|---|---:|")
    for name, seconds in found.imports.items():
        yield f"| {name} | {median(seconds):.2f} |"


def import_targets(found: Growths) -> Iterator[tuple[str, str, float, float]]:
    """What is aimed at, the framework, the most seconds, and the median of the rounds."""
    yield "seconds of `import unifw`", "none", 0.15, median(found.imports["import unifw"])
    for name in [one.framework for one in found.frameworks]:
        pairs = zip(found.imports[f"import unifw, {name} backend"], found.imports[f"import {name}"], strict=True)
        yield "seconds to the first tensor beyond the framework's import", name, 0.10, median(a - b for a, b in pairs)


def plot(found: Growths, path: Path) -> None:
    """Lines: time per step over depth, and over batch."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "unifw"
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
    for panel, name in zip(panels, ("depth", "batch"), strict=True):
        for one in found.frameworks:
            times = getattr(one, f"by_{name}")
            panel.plot(list(times), list(times.values()), "o-", label=one.framework)
        panel.set_xscale("log", base=2)
        panel.set_yscale("log", base=2)
        panel.set_xlabel(name)
    panels[0].set_ylabel("ms per step")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
