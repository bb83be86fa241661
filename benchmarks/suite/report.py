"""The page `docs/performance.md`, its data and its plot, from results."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import Any

from suite import growth_page
from suite.growth_page import Growths
from suite.measure import MODES, Result, as_json, peak, ratio
from suite.workloads import make

TITLES = {"functions": "bare functions", "native": "idiomatic native", "keras": "Keras 3", "unifw": "unifw"}
TITLES |= {"compiled": "unifw, compiled", "graphs": "unifw, CUDA graphs", "mixed": "unifw, mixed bfloat16"}
WHAT = {"train": "Training step, ms", "infer": "Inference of one row, ms", "decode": "Decoding, ms per token"}


def write(results: list[Result], folder: Path, how: dict[str, Any], growths: Growths | None = None) -> None:
    """Write performance.md, performance.json and performance.svg, and growth.svg if growth was measured.

    Of another device than the CPU the files are called performance-gpu.
    `how` are the rounds, starts, device and threads of the measurement.
    """
    facts = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
        "gpu": _gpu(how["device"]),
        **how,
        "load": [round(x, 1) for x in os.getloadavg()],
        "versions": {name: version(name) for name in ("torch", "tensorflow-cpu", "keras", "numpy") if _has(name)},
    }
    data = {"facts": facts, "results": as_json(results), "growth": growths and asdict(growths)}
    name = "performance" if how["device"] == "cpu" else f"performance-{how['device'].partition(':')[0]}"
    (folder / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    lines = [*_page(results, facts, growths, f"{name}.svg"), *(growth_page.section(growths) if growths else ())]
    (folder / f"{name}.md").write_text("\n".join(lines) + "\n")
    if growths:
        growth_page.plot(growths, folder / "growth.svg")
    plot(results, folder / f"{name}.svg")


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


def _gpu(device: str) -> str:
    """The name of the accelerator, as its driver tells it, after a comma."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader", f"--id={device.rpartition(':')[2]}"]
    if device == "cpu" or not which(command[0]):
        return ""
    return ", " + subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _page(results: list[Result], facts: dict[str, Any], growths: Growths | None, picture: str) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    yield "# Performance"
    yield ""
    yield "Written by `make bench`. The same work written four ways for each framework, each in a process of its own;"
    yield f"they take turns, {facts['starts']} times {facts['rounds']} rounds, each time in new processes,"
    yield f"on {facts['threads']} threads of {facts['processor']},"
    yield f"device {facts['device']}{facts['gpu']};"
    yield f"the load of the machine over the last 1, 5 and 15 minutes was {facts['load']}."
    yield f"Python {facts['python']}, {versions}. Before anything is timed, all are checked to have the same number of"
    yield "parameters and, from the same weights, the same loss, or the same tokens."
    yield ""
    yield "A time is the median of the rounds, with the middle half of them; a ratio is the median over the rounds of"
    yield "the two times of one round, so that what else the machine does disturbs both alike."
    yield ""
    yield f"![Time per training step, relative to idiomatic native code]({picture})"
    frameworks = list(dict.fromkeys(result.framework for result in results))
    workloads = list(dict.fromkeys(result.workload for result in results))
    yield from _summary(results, frameworks, workloads)
    if facts["device"] == "cpu":
        yield from _targets(results, frameworks, workloads)
        for name, framework, most, got in growth_page.import_targets(growths) if growths else ():
            yield _row(name, framework, f"at most {most:.2f}", f"{got:.2f}", _reached(got <= most))
    yield from ("", *_HOW)
    if any(result.name in MODES for result in results):
        yield from ("", *_HOW_MODES)
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
        yield from ("", "### First call of each kind in seconds, compilation included", "")
        yield from _first(results, framework, workloads)
        yield from ("", "### Peak memory in MiB, after training or decoding / after inference", "")
        yield from _memory(results, framework, workloads)


_HOW = (
    "unifw trains by `Trainer.fit`, whose step is Python on torch and a graph on TensorFlow; its inference is a call",
    "of `unifw.compile(model)`, as one serves a model. Idiomatic native code calls the module in evaluation mode on",
    "torch, and a `tf.function` on TensorFlow. What compiling costs stands in the tables of the first call, and the",
    "memory that it takes in those of peak memory, which is that of the process: until the end of training, and then",
    "until the end of inference.",
)


_HOW_MODES = (
    "Compiled steps are TorchInductor's (`compile=True`) and XLA's (`compile=\"xla\"`); mixed bfloat16 is",
    '`precision="mixed_bfloat16"`. On a GPU, products of float32 are TensorFloat-32 for everyone while they are timed,',
    "and exact while losses are compared.",
)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _summary(results: list[Result], frameworks: list[str], workloads: list[str]) -> Iterator[str]:
    """The geometric mean and the worst of each ratio over the workloads."""
    yield from ("", "## In short", "")
    headings = [f"{of} / {to}, {framework}" for of, to in _PAIRS for framework in frameworks]
    yield _row("", *headings)
    yield "|---|" + "---:|" * len(headings)
    for what, title in _SUMMARY.items():
        found = [_ratios(results, workloads, framework, of, to, what) for of, to in _PAIRS for framework in frameworks]
        if not any(found):
            continue
        yield _row(f"{title}, geometric mean", *(f"{_geometric(x):.2f}" if x else "" for x in found))
        worst = [_worst(x, of) for x, (of, _) in zip(found, [p for p in _PAIRS for _ in frameworks], strict=True)]
        yield _row(f"{title}, worst", *("" if x is None else f"{x:.2f}" for x in worst))


def _ratios(results: list[Result], workloads: list[str], framework: str, of: str, to: str, what: str) -> list[float]:
    found = (ratio(results, workload, framework, of, to, what) for workload in workloads)
    return [x for x in found if x is not None]


def _worst(values: list[float], of: str) -> float | None:
    """The one that speaks most against unifw."""
    return (min if of == "keras" else max)(values) if values else None


_SUMMARY = {
    "train": "training step",
    "infer": "inference, batch 1",
    "decode": "decoding",
    "memory": "peak memory, training or decoding",
    "memory of all": "peak memory, with inference",
}
_PAIRS = (("unifw", "native"), ("keras", "unifw"))

# What is aimed at: measure, "mean" or "worst", and the bounds by framework, of unifw / native and of Keras / unifw.
_TARGETS: tuple[tuple[Any, ...], ...] = (
    ("train", "mean", {"torch": 1.00, "tensorflow": 1.00}, {"torch": 2.0, "tensorflow": 1.5}),
    ("train", "worst", {"torch": 1.05, "tensorflow": 1.05}, {"torch": 1.0, "tensorflow": 1.0}),
    ("infer", "mean", {"torch": 0.90, "tensorflow": 1.00}, {"torch": 5.0, "tensorflow": 1.3}),
    ("memory", "worst", {"torch": 1.05, "tensorflow": 1.05}, {}),
)


def _targets(results: list[Result], frameworks: list[str], workloads: list[str]) -> Iterator[str]:
    """Each target with what was measured, and whether that reaches it."""
    yield from ("", "| aimed at | framework | target | measured | |", "|---|---|---:|---:|---|")
    for what, kind, *bounds in _TARGETS:
        for (of, to), bound in zip(_PAIRS, bounds, strict=True):
            for framework in [x for x in frameworks if x in bound]:
                found = _ratios(results, workloads, framework, of, to, what)
                if found:
                    got = _geometric(found) if kind == "mean" else _worst(found, of)
                    reached = got >= bound[framework] if of == "keras" else got <= bound[framework]
                    sign = "at least" if of == "keras" else "at most"
                    name = f"{of} / {to}, {_SUMMARY[what]}, {'geometric mean' if kind == 'mean' else 'worst'}"
                    yield _row(name, framework, f"{sign} {bound[framework]:.2f}", f"{got:.2f}", _reached(reached))


def _reached(reached: bool) -> str:
    return "yes" if reached else "**no**"


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


def _first(results: list[Result], framework: str, workloads: list[str]) -> Iterator[str]:
    titles = _titles(results)
    yield _row("", *titles.values())
    yield "|---|" + "---:|" * len(titles)
    for workload in workloads:
        found = {r.name: r for r in results if (r.workload, r.framework) == (workload, framework)}
        for what in next(iter(found.values())).first if found else ():
            times = [f"{found[name].first[what]:.2f}" if name in found else "" for name in titles]
            yield _row(f"{workload}, {what}", *times)


def _memory(results: list[Result], framework: str, workloads: list[str]) -> Iterator[str]:
    titles = _titles(results)
    yield _row("", *titles.values(), "unifw / native")
    yield "|---|" + "---:|" * (len(titles) + 1)
    for workload in workloads:
        found = {r.name: r for r in results if (r.workload, r.framework) == (workload, framework)}
        cells = [_mebibytes(found[name]) if name in found else "" for name in titles]
        ratios = [ratio(results, workload, framework, "unifw", "native", what) for what in _MEMORIES]
        yield _row(workload, *cells, " / ".join(f"{x:.2f}" for x in ratios if x is not None))


_MEMORIES = ("memory", "memory of all")


def _mebibytes(result: Result) -> str:
    return " / ".join(f"{peak(result, what) / 2**20:.0f}" for what in _MEMORIES)


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
