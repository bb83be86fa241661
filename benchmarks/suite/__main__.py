"""`python -m suite`: time everything, or the workloads named."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from suite.measure import Result, measure
from suite.report import write
from suite.workloads import names


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="suite", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=names(), help=", ".join(names()))
    parser.add_argument("--frameworks", nargs="*", default=[x for x in ("torch", "tensorflow") if find_spec(x)])
    parser.add_argument("--rounds", type=int, default=7, help="alternations; at least 5 for a figure to quote")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", type=Path, help="folder for performance.md, .json and .svg")
    arguments = parser.parse_args()
    results: list[Result] = []
    for workload in arguments.workloads:
        print(workload)
        results += measure(workload, arguments.frameworks, arguments.rounds, arguments.device, arguments.threads)
    if arguments.write:
        write(results, arguments.write, arguments.device, arguments.threads, arguments.rounds)


if __name__ == "__main__":
    main()
