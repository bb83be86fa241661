"""The toy backend: what a third-party backend needs to give unifw its array functions, here on NumPy.

It declares that it has no layers, gradients, random stream, tracing, optimisers, export formats, DLPack,
debugging or custom operations.
"""

from __future__ import annotations

from unifw.spec import Backend, BackendInfo

INFO = BackendInfo(name="toy", requires="numpy", install="pip install ./tests/plugin", preference=1000)


def load() -> Backend:
    """Import the modules and put the backend together."""
    from unifw_toy import array, devices, tensor

    return tensor.bind(
        Backend(
            info=INFO,
            array=array,
            devices=devices,
            Tensor=tensor.ToyTensor,
            Parameter=tensor.ToyParameter,
            Buffer=tensor.ToyBuffer,
            nn=None,
            autodiff=None,
            random=None,
            tracing=None,
            optim=None,
            export=None,
            interop=None,
            debugging=None,
            custom=None,
        )
    )
