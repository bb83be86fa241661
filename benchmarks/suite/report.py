"""The page `docs/performance.md`, its data and its plot, from results."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from suite import growth_page
from suite.growth_page import Growths
from suite.measure import Result, as_json, ratio
from suite.workloads import make

TITLES = {"functions": "bare functions", "native": "idiomatic native", "keras": "Keras 3", "unifw": "unifw"}
TITLES |= {"compiled": "unifw, compiled", "mixed": "unifw, mixed bfloat16"}
WHAT = {"train": "Training step, ms", "infer": "Inference of one row, ms", "decode": "Decoding, ms per token"}


def write(
    results: list[Result], folder: Path, device: str, threads: int, rounds: int, growths: Growths | None = None
) -> None:
    """Write performance.md, performance.json and performance.svg, and growth.svg if growth was measured."""
    facts = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
        "device": device,
        "threads": threads,
        "rounds": rounds,
        "versions": {name: version(name) for name in ("torch", "tensorflow-cpu", "keras", "numpy") if _has(name)},
    }
    data = {"facts": facts, "results": as_json(results), "growth": growths and asdict(growths)}
    (folder / "performance.json").write_text(json.dumps(data, indent=1) + "\n")
    lines = [*_page(results, facts), *(growth_page.section(growths) if growths else ())]
    (folder / "performance.md").write_text("\n".join(lines) + "\n")
    if growths:
        growth_page.plot(growths, folder / "growth.svg")
    plot(results, folder / "performance.svg")


def _has(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _page(results: list[Result], facts: dict[str, Any]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    yield "# Performance"
    yield ""
    yield "Written by `make bench`. The same work written four ways for each framework, each in a process of its own;"
    yield f"they take turns, {facts['rounds']} rounds, on {facts['threads']} threads of {facts['processor']},"
    yield f"device {facts['device']}."
    yield f"Python {facts['python']}, {versions}. Before anything is timed, all are checked to have the same number of"
    yield "parameters and, from the same weights, the same loss, or the same tokens."
    yield ""
    yield "A time is the median of the rounds, with the middle half of them; a ratio is the median over the rounds of"
    yield "the two times of one round, so that what else the machine does disturbs both alike."
    yield ""
    yield "![Time per training step, relative to idiomatic native code](performance.svg)"
    frameworks = list(dict.fromkeys(result.framework for result in results))
    workloads = list(dict.fromkeys(result.workload for result in results))
    yield from _summary(results, frameworks, workloads)
    yield from (
        "",
        "unifw trains by `Trainer.fit`; its inference is a call of the model, on TensorFlow of `unifw.compile(model)`.",
    )
    yield from ("", "## The work", "")
    for workload in workloads:
        yield f"- `{workload}`: {make(workload).what}"
    for framework in frameworks:
        yield from ("", f"## {framework}")
        for what, title in WHAT.items():
            timed = [w for w in workloads if any(r.workload == w and what in r.seconds for r in results)]
            if timed:
                yield from ("", f"### {title}", "")
                yield from _times(results, framework, timed, what)
        yield from ("", "### First step in seconds, and peak memory of the process in MiB", "")
        yield from _rest(results, framework, workloads)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _summary(results: list[Result], frameworks: list[str], workloads: list[str]) -> Iterator[str]:
    """The geometric mean and the worst of each ratio over the workloads."""
    yield from ("", "## In short", "")
    headings = [f"{of} / {to}, {framework}" for of, to in _PAIRS for framework in frameworks]
    yield _row("", *headings)
    yield "|---|" + "---:|" * len(headings)
    for what, title in _SUMMARY.items():
        found = {
            (of, framework): [r for w in workloads if (r := ratio(results, w, framework, of, to, what)) is not None]
            for of, to in _PAIRS
            for framework in frameworks
        }
        if not any(found.values()):
            continue
        worst = {who: (min if who[0] == "keras" else max)(values) for who, values in found.items() if values}
        yield _row(f"{title}, geometric mean", *(f"{_geometric(x):.2f}" if x else "" for x in found.values()))
        yield _row(f"{title}, worst", *(f"{worst[who]:.2f}" if who in worst else "" for who in found))


_SUMMARY = {"train": "training step", "infer": "inference, batch 1", "decode": "decoding", "memory": "peak memory"}
_PAIRS = (("unifw", "native"), ("keras", "unifw"))


def _geometric(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def _titles(results: list[Result]) -> dict[str, str]:
    """Who took part."""
    there = {result.name for result in results}
    return {name: title for name, title in TITLES.items() if name in there}


def _times(results: list[Result], framework: str, workloads: list[str], what: str) -> Iterator[str]:
    titles = _titles(results)
    yield _row("", *titles.values(), "unifw / native", "keras / unifw")
    yield "|---|" + "---:|" * (len(titles) + 2)
    for workload in workloads:
        found = {r.name: r.spread(what) for r in results if (r.workload, r.framework) == (workload, framework)}
        cells = [_milliseconds(found[name]) if name in found else "" for name in titles]
        ratios = [ratio(results, workload, framework, of, to, what) for of, to in _PAIRS]
        yield _row(workload, *cells, *("" if r is None else f"{r:.2f}" for r in ratios))


def _milliseconds(spread: Any) -> str:
    return f"{spread.median * 1e3:.3g} ({spread.low * 1e3:.3g} to {spread.high * 1e3:.3g})"


def _rest(results: list[Result], framework: str, workloads: list[str]) -> Iterator[str]:
    titles = _titles(results)
    yield _row("", *(f"first, {title}" for title in titles.values()), *(f"MiB, {title}" for title in titles.values()))
    yield "|---|" + "---:|" * (2 * len(titles))
    for workload in workloads:
        found = {r.name: r for r in results if (r.workload, r.framework) == (workload, framework)}
        first = [f"{found[name].first:.2f}" if name in found else "" for name in titles]
        memory = [
            f"{(found[name].device_memory or found[name].memory) / 2**20:.0f}" if name in found else ""
            for name in titles
        ]
        yield _row(workload, *first, *memory)


def plot(results: list[Result], path: Path) -> None:
    """Bars: time per training step relative to idiomatic native code, for each workload and framework."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "unifw"
    from matplotlib import pyplot as plt

    frameworks = list(dict.fromkeys(result.framework for result in results))
    workloads = list(dict.fromkeys(result.workload for result in results))
    measures = {result.workload: next(iter(result.seconds)) for result in results}
    figure, axes = plt.subplots(1, len(frameworks), figsize=(5.5 * len(frameworks), 3.2), squeeze=False, sharey=True)
    shown = [name for name in _titles(results) if name != "native"]
    width = 0.8 / len(shown)
    for panel, framework in zip(axes[0], frameworks, strict=True):
        for i, name in enumerate(shown):
            values = [ratio(results, w, framework, name, "native", measures[w]) or math.nan for w in workloads]
            places = [x + (i - (len(shown) - 1) / 2) * width for x in range(len(workloads))]
            panel.bar(places, values, width, label=TITLES[name])
        panel.axhline(1, color="black", linewidth=0.8)
        panel.set_xticks(range(len(workloads)), workloads)
        panel.set_yscale("log")
        panel.set_title(framework)
    axes[0][0].set_ylabel("time per step or token / idiomatic native")
    axes[0][-1].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
