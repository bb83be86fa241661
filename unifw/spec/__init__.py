"""The contract: what a backend owes unifw, one file per part.

A backend is a package with a light `INFO` (readable without importing its framework) and a `load()` that returns
a `Backend` record of modules, one per Protocol here. Every function takes and returns *native* values; unifw
unwraps its tensors before a call and wraps the results after it. A part that a backend does not have is `None`
in its record, and unifw raises `UnsupportedError` where it is asked for.

The Protocols are in the modules, which only those who need one import: thirty files fewer in `import unifw`.
"""

from unifw.spec.backend import Backend as Backend
from unifw.spec.backend import BackendInfo as BackendInfo
from unifw.spec.types import Native as Native
from unifw.spec.types import Numpy as Numpy
from unifw.spec.types import Storage as Storage
