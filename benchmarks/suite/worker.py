"""One contestant in a process of its own: reads a request a line on standard input, answers a line of JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from time import process_time
from typing import Any

CONTESTANTS = {
    ("torch", "functions"): ("torch_contestants", "Functions"),
    ("torch", "native"): ("torch_contestants", "Native"),
    ("torch", "keras"): ("keras_contestants", "Keras"),
    ("torch", "unifw"): ("unifw_contestants", "Unifw"),
    ("torch", "compiled"): ("unifw_contestants", "Compiled"),
    ("torch", "eager"): ("unifw_contestants", "Eager"),
    ("torch", "graphs"): ("unifw_contestants", "Graphs"),
    ("torch", "mixed"): ("unifw_contestants", "Mixed"),
    ("tensorflow", "functions"): ("tensorflow_contestants", "Functions"),
    ("tensorflow", "native"): ("tensorflow_contestants", "Native"),
    ("tensorflow", "keras"): ("keras_contestants", "Keras"),
    ("tensorflow", "unifw"): ("unifw_contestants", "Unifw"),
    ("tensorflow", "compiled"): ("unifw_contestants", "Xla"),
    ("tensorflow", "mixed"): ("unifw_contestants", "Mixed"),
}
"""Where each way of writing the work is, by framework and name."""


def place(framework: str, name: str, work: Any) -> tuple[str, str]:
    """The module and class of a contestant; those that decode have a file of their own."""
    module, cls = CONTESTANTS[framework, name]
    return (module.replace("contestants", "decoding") if "decode" in work.measures else module), cls


def _set_threads(framework: str, threads: int) -> None:
    if framework == "torch":
        import torch

        torch.set_num_threads(threads)
    else:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)


def _set_exact(framework: str, device: str, exact: bool) -> None:
    """Whether products of float32 on a GPU have all their bits, as comparing needs, or are TensorFloat-32, as timed."""
    if device == "cpu":
        return
    if framework == "torch":
        import torch

        torch.set_float32_matmul_precision("highest" if exact else "high")
        torch.backends.cudnn.allow_tf32 = not exact
    else:
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(not exact)


def _peak_device_bytes(framework: str, device: str) -> int:
    """The most memory that tensors took on an accelerator, whoever made them; 0 on the CPU."""
    if device == "cpu":
        return 0
    if framework == "torch":
        import torch

        return torch.cuda.max_memory_allocated(device.replace("gpu", "cuda"))
    import tensorflow as tf

    peak: int = tf.config.experimental.get_memory_info(device.upper())["peak"]
    return peak


def main() -> None:
    """`python -m suite.worker FRAMEWORK NAME WORKLOAD BATCH DEVICE THREADS`; a batch of 0 is the workload's."""
    framework, name, workload, batch, device, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed goes to standard error
    _set_threads(framework, int(threads))
    from suite.workloads import make

    work = make(workload, int(batch) or None)
    module, cls = place(framework, name, work)
    contestant: Any = getattr(import_module(f"suite.{module}"), cls)(work, device)
    requests: dict[str, Callable[[int], dict[str, Any]]] = {
        "check": lambda _: _checked(contestant, partial(_set_exact, framework, device)),
        **{what: partial(_timed, contestant, what) for what in work.measures},
        "memory": lambda _: {
            "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "device_bytes": _peak_device_bytes(framework, device),
        },
    }
    for line in sys.stdin:
        request, _, number = line.strip().partition(" ")
        print(json.dumps(requests[request](int(number or 0))), file=answers, flush=True)


def _checked(contestant: Any, set_exact: Callable[[bool], None]) -> dict[str, Any]:
    set_exact(True)
    answer = {"parameters": contestant.parameters(), "result": contestant.result()}
    set_exact(False)
    return answer


def _timed(contestant: Any, what: str, times: int) -> dict[str, float]:
    """Seconds of the clock per unit, and the processor's, of all threads, in the whole."""
    start = process_time()
    seconds = contestant.seconds(what, times)
    return {"seconds": seconds, "processor_seconds": process_time() - start}


if __name__ == "__main__":
    main()
