"""`python -m suite`: time everything, or the workloads named."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from suite.growth_page import Growths, section
from suite.measure import MODES, NAMES, Result, environment, measure
from suite.report import write
from suite.workloads import names


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="suite", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=names(), help=", ".join(names()))
    parser.add_argument("--frameworks", nargs="*", default=[x for x in ("torch", "tensorflow") if find_spec(x)])
    parser.add_argument(
        "--rounds", type=int, default=3, help="alternations of each start; 5 in all for a figure to quote"
    )
    parser.add_argument("--starts", type=int, default=3, help="how often every contestant gets a new process")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", type=Path, help="folder for performance.md, .json and .svg")
    parser.add_argument(
        "--growth", action=argparse.BooleanOptionalAction, help="growth and imports, with --write by default"
    )
    parser.add_argument("--modes", action="store_true", help="also the Trainer compiled, and in bfloat16")
    arguments = parser.parse_args()
    for framework in arguments.frameworks if arguments.device != "cpu" else ():
        if arguments.device not in (there := _devices(framework)):
            parser.error(f"--device: got {arguments.device!r}; expected one of {', '.join(there)} for {framework}.")
    taking_part = tuple(x for x in NAMES if x != "keras" or find_spec("keras")) + MODES * arguments.modes
    how = {name: getattr(arguments, name) for name in ("rounds", "starts", "device", "threads")}
    results: list[Result] = []
    for workload in arguments.workloads:
        print(workload)
        results += measure(workload, arguments.frameworks, **how, names=taking_part)
    wanted = bool(arguments.write) if arguments.growth is None else arguments.growth
    growths = Growths.measured(arguments.frameworks) if wanted else None
    if growths:
        print("\n".join(section(growths)))
    if arguments.write:
        write(results, arguments.write, how, growths)


def _devices(framework: str) -> list[str]:
    """The devices of a framework, as another process sees them: this one imports none."""
    command = [sys.executable, "-c", "import unifw; print(*unifw.devices())"]
    found = subprocess.run(command, env=environment(framework, "any"), stdout=subprocess.PIPE, text=True, check=True)
    return found.stdout.split()


if __name__ == "__main__":
    main()
