"""The framework's own files of weights."""

from __future__ import annotations

from typing import Any, Protocol


class CheckpointOps(Protocol):
    """Reading the framework's own files of weights."""

    def read(self, path: str, /) -> Any:
        """What is in the file, its tensors native and on the CPU; nested dicts stay so.

        No code of the file runs: raises ValueError with the reason where reading it would need that, or where the
        file is damaged or something else.
        """
        ...
