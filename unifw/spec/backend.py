"""One backend: what is known of it before its framework is imported, and what it is afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unifw.spec.array import ArrayOps
    from unifw.spec.autodiff import AutodiffOps
    from unifw.spec.checkpoint import CheckpointOps
    from unifw.spec.control import ControlOps
    from unifw.spec.custom import CustomOps
    from unifw.spec.debugging import DebuggingOps
    from unifw.spec.devices import DeviceOps
    from unifw.spec.export import ExportOps
    from unifw.spec.interop import InteropOps
    from unifw.spec.nn import NnOps
    from unifw.spec.optim import OptimOps
    from unifw.spec.quick import QuickOps
    from unifw.spec.random import RandomOps
    from unifw.spec.tracing import TracingOps
    from unifw.tensor import Tensor
    from unifw.variable import Buffer, Parameter


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What is known of a backend without importing its framework.

    `requires` is the framework's import name, `install` the command that installs it, `formats` the export formats it
    writes and reads, by name, each with the ending of its files ("" for a folder), `checkpoints` the endings of the
    framework's own files of weights, `modes` what `compile` takes, `step` the one of them, or "eager", that its
    `make_step` stands for, `several` whether that step can take several batches in one call; the installed backend of
    the lowest `preference` is the default.
    """

    name: str
    requires: str
    install: str
    formats: Mapping[str, str] = field(default_factory=dict)
    checkpoints: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    step: str = "eager"
    several: bool = False
    preference: int = 100


@dataclass(frozen=True, slots=True)
class Backend:
    """One loaded backend: its modules and its three tensor classes."""

    info: BackendInfo
    array: ArrayOps  # and the elementwise functions of UNARY and BINARY
    devices: DeviceOps
    Tensor: type[Tensor]
    Parameter: type[Parameter]
    Buffer: type[Buffer]
    nn: NnOps | None = None
    autodiff: AutodiffOps | None = None
    random: RandomOps | None = None
    tracing: TracingOps | None = None
    control: ControlOps | None = None
    optim: OptimOps | None = None
    export: ExportOps | None = None
    interop: InteropOps | None = None
    checkpoint: CheckpointOps | None = None
    debugging: DebuggingOps | None = None
    custom: CustomOps | None = None
    quick: QuickOps | None = None

    @property
    def name(self) -> str:
        """The name that `UNIFW_BACKEND` takes."""
        return self.info.name

    def __repr__(self) -> str:
        return f"Backend({self.name!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Backend:
        return self
