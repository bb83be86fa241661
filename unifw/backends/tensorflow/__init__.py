"""The TensorFlow backend. Importing this package does not import tensorflow; `load` does."""

from __future__ import annotations

import os

from unifw.spec import Backend, BackendInfo

INFO = BackendInfo(
    name="tensorflow",
    requires="tensorflow",
    install="pip install 'unifw[tensorflow]'",
    formats={"saved_model": ""},
    checkpoints=(".index",),
    modes=("default", "xla"),
    step="default",
    several=True,
    preference=1,
)


def load() -> Backend:
    """Import tensorflow and put the backend together."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read once, when tensorflow is imported
    from unifw.backends.tensorflow import (
        array,
        autodiff,
        checkpoint,
        control,
        custom,
        debugging,
        devices,
        export,
        interop,
        nn,
        optim,
        quick,
        random,
        tensor,
        tracing,
    )

    backend = Backend(
        info=INFO,
        array=devices.following(array),
        devices=devices,
        Tensor=tensor.TensorFlowTensor,
        Parameter=tensor.TensorFlowParameter,
        Buffer=tensor.TensorFlowBuffer,
        nn=devices.following(nn),
        autodiff=devices.following(autodiff, mixed=True),
        random=devices.following(random),
        tracing=tracing,
        control=control,
        optim=optim,
        export=export,
        interop=interop,
        checkpoint=checkpoint,
        debugging=debugging,
        custom=custom,
        quick=None if devices.several else quick,  # where operations have to be told their device
    )
    return tensor.bind(backend)
