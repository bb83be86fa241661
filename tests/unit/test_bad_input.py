"""Wrong arguments, weights, names and devices: the right error, what was got, expected and to write instead."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim
from unifw.errors import (
    ArgumentError,
    DeviceError,
    DTypeError,
    FileFormatError,
    GradientError,
    LinAlgError,
    OperandError,
    OutOfRangeError,
    ShapeError,
    StateDictError,
    UnifwError,
    UnknownBackendError,
)


def loss(**options: Any) -> unifw.Tensor:
    return nn.functional.cross_entropy(ones(2, 4), unifw.asarray([0, 1]), **options)


def load(**state: Any) -> nn.LoadReport:
    return nn.Linear(2, 1).load_state_dict(state)


def ones(*shape: int, dtype: Any = unifw.float32) -> unifw.Tensor:
    return unifw.ones(shape, dtype=dtype)


def array(*shape: int) -> Any:
    return np.ones(shape, "float32")


# A call, the class of its error, and what the message says in this order, with anything at each "...".
Case = tuple[Callable[[], Any], type[UnifwError], str]
CASES: dict[str, Case] = {
    # arguments of layers
    "kernel": (lambda: nn.Conv2d(1, 1, 0), ArgumentError, "kernel_size: got 0; expected an integer of at least 1"),
    "kernel-float": (
        lambda: nn.Conv2d(1, 1, 2.5),
        ArgumentError,
        "kernel_size: got 2.5; expected an integer of at least 1",
    ),
    "stride": (lambda: nn.MaxPool2d(2, stride=(1, 2, 3)), ArgumentError, "stride: got (1, 2, 3)...or two of them"),
    "padding": (
        lambda: nn.Conv2d(1, 1, 3, padding=-1),
        ArgumentError,
        "padding: got -1; expected an integer of at least 0",
    ),
    "padding-none": (lambda: nn.Conv2d(1, 1, 3, padding=None), ArgumentError, "padding: got None; expected"),
    "padding-word": (
        lambda: nn.Conv2d(1, 1, 3, padding="SAME"),
        ArgumentError,
        'padding: got \'SAME\'..."same" or "valid"',
    ),
    "dilation": (lambda: nn.Conv2d(1, 1, 3, dilation=0), ArgumentError, "dilation: got 0; expected"),
    "groups": (
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        ArgumentError,
        "Conv2d: got 3 input and 4 output channels for 2 groups; expected both",
    ),
    "groups-zero": (lambda: nn.Conv2d(3, 4, 3, groups=0), ArgumentError, "got...0...expected"),
    "pool-padding": (
        lambda: nn.MaxPool2d(2, padding=2),
        ArgumentError,
        "got padding (2, 2) for the window (2, 2); expected at most half",
    ),
    "layout": (
        lambda: nn.Conv2d(1, 1, 1, data_format="NHWC"),
        ArgumentError,
        "data_format: got 'NHWC'; expected \"channels_last\"",
    ),
    "layout-norm": (
        lambda: nn.BatchNorm2d(1, data_format="NCHW"),
        ArgumentError,
        "data_format: got 'NCHW'...\"channels_first\"",
    ),
    "features": (lambda: nn.Linear(-1, 2), ArgumentError, "got...-1...expected"),
    "features-float": (lambda: nn.Linear(2.5, 2), UnifwError, "got...2.5...expected"),
    "norm-features": (lambda: nn.BatchNorm2d(-1), ArgumentError, "got...-1...expected"),
    "probability": (lambda: nn.Dropout(1.5), ArgumentError, "Dropout: got p=1.5; expected a probability from 0 to 1"),
    "probability-function": (
        lambda: nn.functional.dropout(ones(2), -0.5),
        ArgumentError,
        "got p=-0.5; expected a probability from 0 to 1",
    ),
    "reduction": (lambda: loss(reduction="average"), UnifwError, "got...'average'...expected...mean...sum...none"),
    "sequential-class": (
        lambda: nn.Sequential(nn.ReLU),
        OperandError,
        "Sequential: got type...expected Modules, as nn.ReLU() with",
    ),
    "sequential-list": (lambda: nn.Sequential([nn.ReLU()]), OperandError, "Sequential: got list...expected Modules"),
    "tensor": (lambda: unifw.Tensor([1.0]), OperandError, "Tensor: got list...Write unifw.asarray(values)"),
    # weights
    "assign": (
        lambda: nn.Linear(2, 1).weight.assign([1.0, 2.0]),
        ShapeError,
        "got shape (2,); expected (1, 2). Write unifw.Parameter(value)",
    ),
    "assign-buffer": (
        lambda: nn.BatchNorm2d(2).running_var.assign([1.0]),
        ShapeError,
        "got shape (1,); expected (2,). Write unifw.Buffer(value)",
    ),
    "weights-missing": (
        lambda: load(weight=array(1, 2)),
        StateDictError,
        "nothing was loaded...missing: bias...write strict=False",
    ),
    "weights-unexpected": (
        lambda: load(weight=array(1, 2), bias=array(1), b=array(1)),
        StateDictError,
        "nothing was loaded...unexpected: b",
    ),
    "weights-shape": (
        lambda: load(weight=array(2, 1), bias=array(1)),
        StateDictError,
        "misshapen: weight: got (2, 1), expected (1, 2)",
    ),
    # devices and backends
    "device": (lambda: nn.Linear(1, 1).to("gpu:99"), DeviceError, "device: got 'gpu:99'; expected one of cpu"),
    "dtype-none": (lambda: nn.Linear(1, 1).to(None), DTypeError, "dtype: got None; expected one of...Write"),
    "dtype-name": (
        lambda: unifw.zeros(2, dtype="float99"),
        DTypeError,
        "dtype: got 'float99'; expected one of...Write",
    ),
    "backend": (
        lambda: unifw.set_backend("jax"),
        UnknownBackendError,
        "backend: got 'jax'; expected one of...torch...tensorflow",
    ),
    "backend-block": (
        lambda: unifw.using_backend("jax").__enter__(),
        UnknownBackendError,
        "backend: got 'jax'; expected one of",
    ),
    "backend-move": (
        lambda: nn.Linear(1, 1).to_backend("jax"),
        UnknownBackendError,
        "backend: got 'jax'; expected one of",
    ),
    # optimisers and data
    "optimizer": (
        lambda: optim.SGD([ones(1)]),
        OperandError,
        "optimizer: got...expected a Module...Write SGD(model, lr=",
    ),
    "optimizer-empty": (lambda: optim.SGD(nn.ReLU()), OperandError, "optimizer: got...expected"),
    "optimizer-none": (lambda: optim.SGD(None), OperandError, "optimizer: got NoneType None; expected a Module"),
    "optimizer-groups": (
        lambda: optim.SGD(nn.Linear(1, 1), groups=[{"lr": 0.1}]),
        ArgumentError,
        "SGD: got groups...expected settings by pattern. Write groups={",
    ),
    "lr-word": (
        lambda: optim.SGD(nn.Linear(1, 1), lr="0.1"),
        ArgumentError,
        "SGD: got lr='0.1'; expected a number from 0, or a function of the step",
    ),
    "lr-negative": (lambda: optim.Adam(nn.Linear(1, 1), lr=-1.0), ArgumentError, "Adam: got lr=-1.0; expected"),
    "lr-nan": (lambda: optim.Adam(nn.Linear(1, 1), lr=math.nan), ArgumentError, "Adam: got lr=nan; expected"),
    "lr-of-a-group": (
        lambda: optim.Adam(nn.Linear(1, 1), groups={"bias": {"lr": -1.0}}),
        ArgumentError,
        "Adam: got lr=-1.0; expected",
    ),
    "betas": (
        lambda: optim.AdamW(nn.Linear(1, 1), betas=(0.9, 1.0)),
        ArgumentError,
        "AdamW: got betas=(0.9, 1.0); expected two numbers from 0 to below 1",
    ),
    "weight-decay": (
        lambda: optim.SGD(nn.Linear(1, 1), weight_decay=-0.1),
        ArgumentError,
        "SGD: got weight_decay=-0.1; expected a number from 0",
    ),
    "gradients-in-a-list": (
        lambda: optim.SGD(nn.Linear(1, 1)).step([ones(1, 1)]),
        GradientError,
        "SGD: got a gradient for Tensor of shape (1, 1) and dtype float32; expected names among weight",
    ),
    "dataset": (
        lambda: unifw.data.DataLoader([(1, 2), (3, 4)]),
        OperandError,
        "DataLoader: got list...expected a dataset...Write ArrayDataset(",
    ),
    "dataset-array": (lambda: unifw.data.DataLoader(array(3, 2)), OperandError, "DataLoader: got ndarray...Array"),
    "mode": (lambda: nn.ReLU().train(array(1)), ArgumentError, "train: got ndarray...expected True or False"),
    "compiled-number": (lambda: unifw.compile(3), ArgumentError, "compile: got int 3; expected a function or a Module"),
    "integer-model": (lambda: nn.Linear(1, 1).to(unifw.int32), DTypeError, "to: got int32...a floating dtype"),
    "integer-parameter": (
        lambda: nn.Parameter([1, 2]),
        DTypeError,
        "Parameter: got dtype int64; expected a floating dtype...Write unifw.Buffer(",
    ),
    "state-path": (
        lambda: nn.Linear(1, 1).load_state_dict("model.safetensors"),
        StateDictError,
        "load_state_dict: got str 'model.safetensors'; expected {name: Tensor}. Write model.load_state_dict(unifw.load",
    ),
    "weights-folder": (
        lambda: unifw.load("/"),
        FileFormatError,
        "load: / is a folder; expected a file. Write unifw.lo",
    ),
    "hook": (lambda: nn.ReLU().register_forward_hook(3), OperandError, "hook: got int 3; expected a function"),
    "init": (lambda: nn.init.zeros_(ones(2)), OperandError, "init: got Tensor...expected a Parameter or Buffer"),
    "optimizer-state": (
        lambda: optim.SGD(nn.Linear(1, 1)).load_state_dict({"step": 3}),
        StateDictError,
        "SGD: got...expected",
    ),
    "gradient-name": (
        lambda: optim.SGD(nn.Linear(1, 1)).step({"w": ones(1)}),
        GradientError,
        "got a gradient for 'w'; expected names among weight, bias. Write SGD(",
    ),
    "gradient-argument": (
        lambda: unifw.grad(unifw.sum)(2.0),
        GradientError,
        "grad: got float 2.0; expected Tensors...Write unifw.asarray",
    ),
    "gradient-vector": (
        lambda: unifw.grad(lambda x: x)(ones(3)),
        GradientError,
        "shape (3,); expected a scalar. Write unifw.mean",
    ),
    "gradient-integer": (
        lambda: unifw.grad(unifw.sum)(ones(3, dtype=unifw.int64)),
        DTypeError,
        "grad: got...int64; expected a floating dtype. Write x.to(",
    ),
    "words": (
        lambda: next(iter(unifw.data.DataLoader(unifw.data.ArrayDataset(np.array(["a"]))))),
        DTypeError,
        "got...expected...Write",
    ),
    "seed": (lambda: unifw.seed(-1), UnifwError, "seed: got -1; expected"),
    # a newcomer's first lines
    "module-tensor": (
        lambda: unifw.tensor([1]),
        OperandError,
        "tensor: got a call of unifw.tensor, which is a module...asarray(",
    ),
    "array": (lambda: unifw.array([1]), OperandError, "array: got a call of unifw.array, which is a module...asarray("),
    "where-of-a-truth": (
        lambda: unifw.where(True, 1, 2),
        OperandError,
        "where: got bool True; expected a unifw Tensor",
    ),
    "eye-word": (
        lambda: unifw.eye("a"),
        ShapeError,
        "eye: got shape ('a', None); expected non-negative integers. Write",
    ),
    "eye-float": (lambda: unifw.eye(2, 2.5), ShapeError, "eye: got shape (2, 2.5); expected non-negative integers"),
    "eye-diagonal": (lambda: unifw.eye(2, k="a"), ArgumentError, "eye: got k='a'; expected an integer"),
    "full-like": (
        lambda: unifw.full_like(ones(2), ones()),
        OperandError,
        "full_like: got Tensor of shape ()...x.item()",
    ),
    "mask": (
        lambda: ones(3)[unifw.asarray([True, False])],
        OutOfRangeError,
        "index: got a mask of shape (2,) for axes of the sizes (3,) of shape (3,); expected these sizes. Write x[mask]",
    ),
    "mask-list": (
        lambda: ones(2, 3)[[True]],
        OutOfRangeError,
        "mask of shape (1,) for axes of the sizes (2,) of shape (2, 3)",
    ),
    "mask-array": (
        lambda: ones(2, 3, 4)[..., np.ones((3, 3)) > 0],
        OutOfRangeError,
        "mask of shape (3, 3) for axes of the sizes (3, 4) of shape (2, 3, 4)",
    ),
    "mask-of-more": (
        lambda: ones(2, 3)[None, 0, ones(3, 1) > 0],
        OutOfRangeError,
        "mask of shape (3, 1) for axes of the sizes (3,) of shape (2, 3)",
    ),
    "mask-and-number": (
        lambda: ones(2, 3)[5, array(3) > 0],
        OutOfRangeError,
        "for shape (2, 3); expected at most one index per axis",
    ),
    "mask-assigned": (lambda: operator.setitem(ones(3), ones(2) > 0, 1.0), OutOfRangeError, "got a mask of shape (2,)"),
    # derivatives
    "stop-gradient": (
        lambda: unifw.stop_gradient(array(2)),
        OperandError,
        "stop_gradient: got ndarray...unifw.asarray(",
    ),
    "jvp-primals": (
        lambda: unifw.jvp(lambda x: x, ones(3), ones(3)),
        GradientError,
        "jvp: got Tensor of shape (3,)...as primals; expected a tuple...Write jvp(f, (x,), (tangent,))",
    ),
    "jvp-tangents": (
        lambda: unifw.jvp(lambda x: x, (ones(1),), ones(1)),
        GradientError,
        "jvp: got Tensor of shape (1,)...as tangents; expected a tuple",
    ),
    "custom-gradient-alone": (
        lambda: unifw.custom_gradient(lambda x: x)(ones(1)),
        GradientError,
        "custom_gradient: the function returned Tensor of shape (1,)...expected a pair (output, pullback). Write",
    ),
    "custom-gradient-number": (
        lambda: unifw.grad(unifw.custom_gradient(lambda x: (x, 3)))(ones()),
        GradientError,
        "custom_gradient: the function returned Tensor of shape ()...and int 3; expected a pair (output, pullback)",
    ),
    "custom-gradient-of-none": (
        lambda: unifw.custom_gradient(3),
        ArgumentError,
        "custom_gradient: got int 3; expected a function",
    ),
    # what only the values or sizes show
    "singular": (lambda: unifw.linalg.inv(ones(2, 2)), LinAlgError, "inv: got Tensor...an invertible matrix...pinv"),
    "solve": (lambda: unifw.linalg.solve(ones(2, 2), ones(2)), LinAlgError, "solve: got...an invertible matrix"),
    "cholesky": (lambda: unifw.linalg.cholesky(-ones(1, 1)), LinAlgError, "cholesky: got...positive definite...eigv"),
    "not-finite": (
        lambda: unifw.linalg.svd(ones(1, 1) * math.nan),
        LinAlgError,
        "svd: got...finite numbers",
    ),
    "max-of-none": (lambda: unifw.max(ones(0, 2)), ShapeError, "max: got shape (0, 2), axis None; expected...Write"),
    "min-of-none": (lambda: unifw.min(ones(0, 2), axis=0), ShapeError, "min: got shape (0, 2), axis 0; expected"),
    "where-of-numbers": (
        lambda: unifw.where(ones(1, dtype=unifw.uint8), ones(1), ones(1)),
        DTypeError,
        "where: got a condition of dtype uint8; expected bool. Write x != 0",
    ),
    "concat-empty": (
        lambda: unifw.concat([ones(0), ones(2, 3)]),
        ShapeError,
        "concat: got shapes (0,), (2, 3)",
    ),
    "concat-axis": (
        lambda: (unifw.concat([ones(2), ones(2)]), unifw.concat([ones(2), ones(2)], axis=0.0)),  # type: ignore[arg-type]
        OperandError,
        "concat: got axis float 0.0; expected an integer",
    ),
}
# Those in which the native framework has no word.
OURS = {"singular", "solve", "cholesky", "not-finite", "max-of-none", "min-of-none", "concat-empty", "where-of-numbers"}

said: dict[str, str] = {}


@pytest.mark.parametrize("name", CASES)
def test_the_error_says_what_is_wrong_in_the_same_words(backend: str, name: str) -> None:
    call, error, words = CASES[name]
    with pytest.raises(error) as caught:
        call()
    message, native, _ = str(caught.value).partition("The native framework says")
    assert not (native and name in OURS)
    assert re.search(".*".join(map(re.escape, words.split("..."))), message, re.DOTALL), message
    assert "Torch" not in message
    assert "TensorFlow" not in message
    assert said.setdefault(name, message) == message  # where a run has two backends
