"""What is asked of everyone who takes part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter

import numpy as np

from suite.workloads import Workload


class Contestant(ABC):
    """One way of writing one workload: it is built with the workload's weights and trained on its batches."""

    def __init__(self, work: Workload, device: str) -> None:
        self.work = work
        self.device = device
        self.done = 0

    @abstractmethod
    def parameters(self) -> int:
        """The number of trainable numbers."""

    @abstractmethod
    def loss(self) -> float:
        """The loss of the first batch in training mode, without a step."""

    @abstractmethod
    def train(self, steps: int) -> None:
        """Train for some steps over the batches in turn, and wait until they are done."""

    @abstractmethod
    def infer(self) -> np.ndarray:
        """The logits of the first row, as a batch of one, on the host."""

    def train_seconds(self, steps: int) -> float:
        """Seconds per training step."""
        start = perf_counter()
        self.train(steps)
        return (perf_counter() - start) / steps

    def infer_seconds(self, calls: int) -> float:
        """Seconds per inference of one row, its result on the host."""
        start = perf_counter()
        for _ in range(calls):
            self.infer()
        return (perf_counter() - start) / calls

    def peak_device_bytes(self) -> int:
        """The most memory that tensors took on an accelerator; 0 on the CPU."""
        return 0
