"""What `Trainer(precision=...)` means."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

from unifw.dtypes import DType, bfloat16, float16
from unifw.errors import ArgumentError
from unifw.nn.autocast import autocast
from unifw.nn.module import Module
from unifw.optim.gradients import LossScaler
from unifw.spec import Backend

Precision = Literal["float32", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"]


class Policy:
    """The dtypes of weights and of products; float16 has a loss scaler.

    "mixed_..." keeps float32 weights and computes products in 16 bits; "bfloat16" and "float16" make the weights
    16 bits too, for half the memory at the price of small updates that get lost: there are no other master weights.
    The optimiser's state of bfloat16 weights is bfloat16; that of float16 ones has 32 bits, since the squares that Adam
    and RMSprop keep would be 0 in 16. "float32" changes nothing, and float64 weights stay so. Losses and the statistics
    of normalisation have 32 bits in each. A float16 step whose gradients overflow is left out, compiled or not.
    Raises ArgumentError.

    >>> Policy("mixed_float16").scaler.scale
    65536.0
    """

    def __init__(self, name: Precision) -> None:
        if name not in get_args(Precision):
            raise ArgumentError(f"precision: got {name!r}; expected one of {', '.join(get_args(Precision))}.")
        self.name = name
        self.compute: DType | None = {"bfloat16": bfloat16, "float16": float16}.get(name.removeprefix("mixed_"))
        self.scaler = LossScaler() if self.compute is float16 else None

    def prepare(self, model: Module) -> None:
        """Make the model's weights 16 bits where the policy says so; its buffers keep their statistics in 32."""
        if self.compute is None or self.name.startswith("mixed_"):
            return
        for parameter in model.parameters():
            if "floating" in parameter.dtype.kind:
                parameter.to(self.compute)

    def casting(self, backend: Backend) -> AbstractContextManager[None]:
        """The `with` block in which the model and its loss run."""
        return nullcontext() if self.compute is None else autocast(self.compute, backend=backend)
