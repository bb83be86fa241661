"""What is asked of everyone who takes part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter
from typing import Any

import numpy as np

from suite.workloads import Workload


class Entrant(ABC):
    """One way of writing one workload, built with the workload's weights; what it is timed at is `work.measures`."""

    def __init__(self, work: Workload, device: str) -> None:
        self.work = work
        self.device = device

    @abstractmethod
    def parameters(self) -> int:
        """The number of trainable numbers."""

    @abstractmethod
    def result(self) -> list[float]:
        """What all must agree on before anything is timed."""

    @abstractmethod
    def seconds(self, what: str, times: int) -> float:
        """Seconds per unit of one of the workload's measures, done `times` times."""


class Decoder(Entrant):
    """Writes on from the workload's prompt, the likeliest token each time, with a cache of keys and values."""

    @abstractmethod
    def tokens(self) -> list[int]:
        """The new tokens, on the host."""

    def result(self) -> list[float]:
        """The tokens."""
        return [float(token) for token in self.tokens()]

    def seconds(self, what: str, times: int) -> float:
        """Seconds per token."""
        start = perf_counter()
        for _ in range(times):
            made = len(self.tokens())
        return (perf_counter() - start) / (times * made)


class Contestant(Entrant):
    """A model that is trained on the workload's batches, and applied to one row."""

    def __init__(self, work: Workload, device: str) -> None:
        super().__init__(work, device)
        self.done = 0

    @abstractmethod
    def loss(self) -> float:
        """The loss of the first batch in training mode, without a step."""

    @abstractmethod
    def train(self, steps: int) -> None:
        """Train for some steps over the batches in turn, and wait until they are done."""

    @abstractmethod
    def infer(self) -> np.ndarray:
        """The logits of the first row, as a batch of one, on the host."""

    def result(self) -> list[float]:
        """The loss."""
        return [self.loss()]

    def seconds(self, what: str, times: int) -> float:
        """Seconds per training step or inference."""
        timed: dict[str, Any] = {"train": self.train_seconds, "infer": self.infer_seconds}
        return float(timed[what](times))

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
