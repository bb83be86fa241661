"""The PyTorch backend. Importing this package does not import torch; `load` does."""

from __future__ import annotations

from unifw.spec import Backend, BackendInfo

INFO = BackendInfo(
    name="torch",
    requires="torch",
    install="pip install 'unifw[torch]'",
    formats={"pt2": ".pt2", "torchscript": ".pt"},
    checkpoints=(".pt", ".pth", ".bin", ".ckpt", ".tar"),
    modes=("default", "max", "reduce-overhead"),
    preference=0,
)


def load() -> Backend:
    """Import torch and put the backend together."""
    from unifw.backends.torch import (
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

    return tensor.bind(
        Backend(
            info=INFO,
            array=array,
            devices=devices,
            Tensor=tensor.TorchTensor,
            Parameter=tensor.TorchParameter,
            Buffer=tensor.TorchBuffer,
            nn=nn,
            autodiff=autodiff,
            random=random,
            tracing=tracing,
            control=control,
            optim=optim,
            export=export,
            interop=interop,
            checkpoint=checkpoint,
            debugging=debugging,
            custom=custom,
            quick=quick,
        )
    )
