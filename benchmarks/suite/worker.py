"""One contestant in a process of its own: reads a request a line on standard input, answers a line of JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

CONTESTANTS = {
    ("torch", "functions"): ("torch_contestants", "Functions"),
    ("torch", "native"): ("torch_contestants", "Native"),
    ("torch", "keras"): ("keras_contestants", "Keras"),
    ("torch", "unifw"): ("unifw_contestants", "Unifw"),
    ("tensorflow", "functions"): ("tensorflow_contestants", "Functions"),
    ("tensorflow", "native"): ("tensorflow_contestants", "Native"),
    ("tensorflow", "keras"): ("keras_contestants", "Keras"),
    ("tensorflow", "unifw"): ("unifw_contestants", "Unifw"),
}
"""Where each way of writing the work is, by framework and name."""


def _set_threads(framework: str, threads: int) -> None:
    if framework == "torch":
        import torch

        torch.set_num_threads(threads)
    else:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)


def main() -> None:
    """`python -m suite.worker FRAMEWORK NAME WORKLOAD BATCH DEVICE THREADS`; a batch of 0 is the workload's."""
    framework, name, workload, batch, device, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed goes to standard error
    _set_threads(framework, int(threads))
    module, cls = CONTESTANTS[framework, name]
    from suite.workloads import make

    contestant: Any = getattr(import_module(f"suite.{module}"), cls)(make(workload, int(batch) or None), device)
    requests = {
        "check": lambda _: {"parameters": contestant.parameters(), "loss": contestant.loss()},
        "first": lambda _: {"seconds": _first_step(contestant)},
        "train": lambda n: {"seconds": contestant.train_seconds(n)},
        "infer": lambda n: {"seconds": contestant.infer_seconds(n)},
        "memory": lambda _: {
            "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "device_bytes": contestant.peak_device_bytes(),
        },
    }
    for line in sys.stdin:
        request, _, number = line.strip().partition(" ")
        print(json.dumps(requests[request](int(number or 0))), file=answers, flush=True)


def _first_step(contestant: Any) -> float:
    start = perf_counter()
    contestant.train(1)
    return perf_counter() - start


if __name__ == "__main__":
    main()
