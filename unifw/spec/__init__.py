"""The contract: what a backend owes unifw, one file per part.

A backend is a package with a light `INFO` (readable without importing its framework) and a `load()` that returns
a `Backend` record of modules, one per Protocol here. Every function takes and returns *native* values; unifw
unwraps its tensors before a call and wraps the results after it. A part that a backend does not have is `None`
in its record, and unifw raises `UnsupportedError` where it is asked for.
"""

from unifw.spec.array import BINARY as BINARY
from unifw.spec.array import UNARY as UNARY
from unifw.spec.array import ArrayOps as ArrayOps
from unifw.spec.autodiff import AutodiffOps as AutodiffOps
from unifw.spec.backend import Backend as Backend
from unifw.spec.backend import BackendInfo as BackendInfo
from unifw.spec.checkpoint import CheckpointOps as CheckpointOps
from unifw.spec.control import ControlOps as ControlOps
from unifw.spec.custom import CustomOps as CustomOps
from unifw.spec.custom import CustomRequest as CustomRequest
from unifw.spec.custom import Kernel as Kernel
from unifw.spec.debugging import DebuggingOps as DebuggingOps
from unifw.spec.debugging import Report as Report
from unifw.spec.devices import DeviceOps as DeviceOps
from unifw.spec.export import ExportOps as ExportOps
from unifw.spec.export import ExportRequest as ExportRequest
from unifw.spec.interop import InteropOps as InteropOps
from unifw.spec.nn import NnOps as NnOps
from unifw.spec.optim import FusedUpdate as FusedUpdate
from unifw.spec.optim import OptimOps as OptimOps
from unifw.spec.quick import QuickOps as QuickOps
from unifw.spec.random import RandomOps as RandomOps
from unifw.spec.tracing import Program as Program
from unifw.spec.tracing import StepsInterruptedError as StepsInterruptedError
from unifw.spec.tracing import TracingOps as TracingOps
from unifw.spec.types import Native as Native
from unifw.spec.types import Numpy as Numpy
from unifw.spec.types import Storage as Storage
