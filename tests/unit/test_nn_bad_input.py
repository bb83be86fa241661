"""Layers given the wrong input: the right error, what was got and expected, what to write, in the same words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, AxisError, DTypeError, OperandError, OutOfRangeError, ShapeError, UnifwError

F: Any = nn.functional
FIRST: Any = {"data_format": "channels_first"}
LONG, DOUBLE = unifw.int64, unifw.float64
WRAP = "...ndarray of shape...expected a unifw Tensor. Write unifw.asarray("
CONVERT = "...float64...float32; expected the same. Write x.to(unifw.float32), or model.to(unifw.float64)"


def classes(*values: int) -> unifw.Tensor:
    return unifw.asarray(list(values))


def ones(*shape: int, dtype: Any = unifw.float32) -> unifw.Tensor:
    return unifw.ones(shape, dtype=dtype)


def places(*shape: int) -> unifw.Tensor:
    return ones(*shape, dtype=unifw.int64)


def array(*shape: int) -> Any:
    return np.ones(shape, "float32")


# A call, the class of its error, and what the message says in this order, with anything at each "...".
Case = tuple[Callable[[], Any], type[UnifwError], str]
CASES: dict[str, Case] = {
    # shapes
    "linear": (lambda: nn.Linear(2, 3)(ones(4, 5)), ShapeError, "linear: got...(4, 5)...a last axis of 2...(3, 2)"),
    "linear-scalar": (lambda: nn.Linear(1, 1)(ones()), ShapeError, "linear: got...shape ()...a last axis of 1"),
    "linear-deep": (lambda: nn.Linear(2, 3)(ones(4, 2, 5)), ShapeError, "linear: got...(4, 2, 5)...a last axis of 2"),
    "conv-axes": (
        lambda: nn.Conv2d(2, 3, 1)(ones(4, 4, 2)),
        ShapeError,
        "conv2d: got...(4, 4, 2)...expected...(N, H, W, 2)",
    ),
    "conv-channels": (
        lambda: nn.Conv2d(2, 3, 1)(ones(1, 4, 4, 3)),
        ShapeError,
        "conv2d: got...(1, 4, 4, 3)...(N, H, W, 2)",
    ),
    "conv-first": (
        lambda: nn.Conv2d(2, 3, 1, **FIRST)(ones(1, 4, 4, 2)),
        ShapeError,
        "(1, 4, 4, 2)...channels_first...(N, 2, H, W)",
    ),
    "conv-groups": (lambda: nn.Conv2d(2, 2, 1, groups=2)(ones(1, 4, 4, 4)), ShapeError, "(1, 4, 4, 4)...(N, H, W, 2)"),
    "conv-small": (
        lambda: nn.Conv2d(1, 1, 3)(ones(1, 2, 2, 1)),
        ShapeError,
        "(1, 2, 2, 1)...no smaller than the kernel",
    ),
    "conv-smaller": (
        lambda: nn.Conv2d(1, 1, 4)(ones(1, 2, 2, 1)),
        ShapeError,
        "(1, 2, 2, 1)...no smaller than the kernel",
    ),
    "conv-one": (
        lambda: nn.Conv2d(1, 1, 3, stride=3)(ones(1, 1, 1, 1)),
        ShapeError,
        "(1, 1, 1, 1)...no smaller than the kernel",
    ),
    "conv-dilation": (
        lambda: nn.Conv2d(1, 1, 2, dilation=4)(ones(1, 4, 4, 1)),
        ShapeError,
        "(1, 4, 4, 1)...no smaller than the kernel",
    ),
    "pool-axes": (
        lambda: nn.MaxPool2d(2)(ones(4, 4, 1)),
        ShapeError,
        "max_pool2d: got...(4, 4, 1)...(N, H, W, C)...(2, 2)",
    ),
    "pool-small": (
        lambda: nn.MaxPool2d(3)(ones(1, 2, 2, 1)),
        ShapeError,
        "max_pool2d: got...(1, 2, 2, 1)...window (3, 3)",
    ),
    "pool-smaller": (
        lambda: nn.MaxPool2d(3)(ones(1, 1, 2, 1)),
        ShapeError,
        "max_pool2d: got...(1, 1, 2, 1)...window (3, 3)",
    ),
    "norm-channels": (
        lambda: nn.BatchNorm2d(2)(ones(2, 4, 4, 3)),
        ShapeError,
        "batch_norm: got...(2, 4, 4, 3)...2 channels...last axis",
    ),
    "norm-evaluation": (
        lambda: nn.BatchNorm2d(2).eval()(ones(2, 4, 4, 3)),
        ShapeError,
        "batch_norm: got...2 channels...last axis",
    ),
    "norm-first": (
        lambda: nn.BatchNorm2d(2, **FIRST)(ones(2, 3, 4, 2)),
        ShapeError,
        "(2, 3, 4, 2)...2 channels...second axis",
    ),
    "norm-one": (
        lambda: nn.BatchNorm2d(2)(ones(1, 1, 1, 2)),
        ShapeError,
        "batch_norm: got...(1, 1, 1, 2)...more than one value",
    ),
    "flatten": (lambda: nn.Flatten()(ones(3)), AxisError, "flatten: got axis 1 for 1 axes; expected -1 to 0"),
    "flatten-order": (lambda: F.flatten(ones(2, 3, 4), 2, 1), UnifwError, "flatten: got...expected"),
    "loss-shape": (
        lambda: F.cross_entropy(ones(2, 4), classes(0)),
        ShapeError,
        "targets of shape (1,) for logits of shape (2, 4); expected (2,). Write axis=",
    ),
    "loss-one-hot": (
        lambda: F.cross_entropy(ones(2, 4), ones(2, 4, dtype=LONG)),
        ShapeError,
        "targets of shape (2, 4)...expected (2,)",
    ),
    "loss-axis": (
        lambda: F.cross_entropy(ones(2, 4), classes(0, 1), axis=2),
        AxisError,
        "cross_entropy: got axis 2 for 2 axes; expected -2 to 1",
    ),
    "loss-class": (
        lambda: F.cross_entropy(ones(2, 1), classes(0, 1)),
        OutOfRangeError,
        "cross_entropy: got the label 1 at [1] for 1 classes; expected targets from 0 to 0",
    ),
    "conv1d-axes": (
        lambda: nn.Conv1d(2, 3, 1)(ones(4, 2)),
        ShapeError,
        "conv1d: got...(4, 2)...expected...(N, L, 2)",
    ),
    "conv3d-channels": (
        lambda: nn.Conv3d(2, 3, 1)(ones(1, 4, 4, 4, 3)),
        ShapeError,
        "conv3d: got...(1, 4, 4, 4, 3)...(N, D, H, W, 2)",
    ),
    "transpose-channels": (
        lambda: nn.ConvTranspose2d(2, 3, 2)(ones(1, 4, 4, 3)),
        ShapeError,
        "conv_transpose2d: got...(N, H, W, 2)",
    ),
    "avg-pool-small": (
        lambda: nn.AvgPool2d(3)(ones(1, 2, 2, 1)),
        ShapeError,
        "avg_pool2d: got...(1, 2, 2, 1)...window (3, 3)",
    ),
    "adaptive-axes": (
        lambda: nn.AdaptiveAvgPool2d(1)(ones(4, 4, 1)),
        ShapeError,
        "adaptive_avg_pool2d: got...(4, 4, 1)...(N, H, W",
    ),
    "norm-axes": (
        lambda: nn.BatchNorm2d(2)(ones(4, 4, 2)),
        ShapeError,
        "batch_norm: got...(4, 4, 2)...expected 4 axes",
    ),
    "layer-norm": (
        lambda: nn.LayerNorm((3, 4))(ones(2, 4, 3)),
        ShapeError,
        "layer_norm: got...(2, 4, 3)...(..., 3, 4)",
    ),
    "rms-norm": (lambda: nn.RMSNorm(4)(ones(2, 3)), ShapeError, "rms_norm: got...(2, 3)...(..., 4)"),
    "group-norm": (
        lambda: nn.GroupNorm(2, 4)(ones(2, 3, 6)),
        ShapeError,
        "group_norm: got...(2, 3, 6)...4 channels on the",
    ),
    "instance-one": (
        lambda: nn.InstanceNorm2d(2)(ones(2, 1, 1, 2)),
        ShapeError,
        "instance_norm: got...more than one value of",
    ),
    "prelu": (lambda: nn.PReLU(3)(ones(2, 4)), ShapeError, "prelu: got...(2, 4)...weights of shape (3,)"),
    "reflect": (
        lambda: nn.ReflectionPad2d(3)(ones(1, 3, 5, 1)),
        ShapeError,
        "pad: got...(1, 3, 5, 1)...longer than the",
    ),
    "circular": (
        lambda: nn.CircularPad1d(4)(ones(1, 3, 1)),
        ShapeError,
        "pad: got...(1, 3, 1)...no shorter than the padding",
    ),
    "shuffle": (
        lambda: nn.PixelShuffle(2)(ones(1, 2, 2, 3)),
        ShapeError,
        "pixel_shuffle: got...(1, 2, 2, 3)...multiple of 2^2",
    ),
    "channel-shuffle": (
        lambda: nn.ChannelShuffle(2)(ones(1, 2, 2, 3)),
        ShapeError,
        "channel_shuffle: got...(1, 2, 2, 3)...channels on the last axis, a multiple of the groups (2)",
    ),
    "ctc-row": (
        lambda: F.ctc_loss(ones(2, 8, 3), classes(1, 2, 1, 2, 1), [8, 8], [3, 3]),
        ShapeError,
        "ctc_loss: got 5 targets in a row; expected 6, the sum of target_lengths",
    ),
    "unfold-axes": (lambda: nn.Unfold(2)(ones(4, 4, 2)), ShapeError, "unfold: got...(4, 4, 2)...(N, H, W, C)"),
    "unfold-small": (lambda: nn.Unfold(3)(ones(1, 2, 2, 1)), ShapeError, "unfold: got...no smaller than the window (3"),
    "fold": (lambda: nn.Fold(4, 2)(ones(1, 9, 6)), ShapeError, "fold: got...(1, 9, 6)...patches (N, 9, 4 C)"),
    "fold-count": (lambda: nn.Fold(4, 2)(ones(1, 8, 4)), ShapeError, "fold: got...(1, 8, 4)...patches (N, 9, 4 C)"),
    "adaptive-max-axes": (
        lambda: nn.AdaptiveMaxPool2d(1, return_indices=True)(ones(4, 4, 1)),
        ShapeError,
        "adaptive_max_pool2d: got...(4, 4, 1)...(N, H, W",
    ),
    "lp-norm": (lambda: nn.LPPool2d(0, 2), ArgumentError, "norm_type: got 0; expected a number above 0"),
    "lp-numpy": (lambda: nn.LPPool1d(2, 2)(array(1, 4, 2)), OperandError, "lp_pool1d: got" + WRAP),
    "lp-small": (
        lambda: nn.LPPool2d(2, 3)(ones(1, 2, 2, 1)),
        ShapeError,
        "lp_pool2d: got...(1, 2, 2, 1)...window (3, 3)",
    ),
    "max-blind": (
        lambda: nn.MaxPool2d(2, padding=1, dilation=2)(ones(1, 4, 1, 1)),
        ShapeError,
        "max_pool2d: got...(1, 4, 1, 1)...no smaller than the window (2, 2)",
    ),
    "pad-cut": (lambda: nn.ZeroPad1d(-2)(ones(1, 3, 1)), ShapeError, "pad: got...(1, 3, 1)"),
    "celu-zero": (lambda: F.celu(ones(2), 0.0), ArgumentError, "celu: got alpha=0.0; expected another number than 0"),
    "hardtanh-order": (
        lambda: nn.Hardtanh(1.0, 0.5)(ones(2)),
        ArgumentError,
        "hardtanh: got min_val=1.0 and max_val=0.5; expected the least first",
    ),
    "group-single": (lambda: nn.GroupNorm(2, 2)(ones(1, 2)), ShapeError, "group_norm: got...(1, 2)"),
    "unpool-numpy": (
        lambda: nn.MaxUnpool2d(2)(ones(1, 2, 2, 1), array(1, 2, 2, 1)),
        OperandError,
        "max_unpool2d: got" + WRAP,
    ),
    "unpool-int32": (
        lambda: nn.MaxUnpool1d(2)(ones(1, 2, 1), ones(1, 2, 1, dtype=unifw.int32)),
        DTypeError,
        "max_unpool1d: got indices...int32...Write indices.to(unifw.int64)",
    ),
    "unpool-integers": (
        lambda: nn.MaxUnpool3d(2)(places(1, 1, 1, 1, 1), places(1, 1, 1, 1, 1)),
        DTypeError,
        "max_unpool3d: got...expected a floating dtype",
    ),
    "unpool-shapes": (
        lambda: nn.MaxUnpool2d(2)(ones(1, 2, 3, 1), places(1, 3, 2, 1)),
        ShapeError,
        "max_unpool2d: got...(N, H, W, C), and indices of its shape, here (1, 3, 2, 1)",
    ),
    "unpool-axes": (lambda: nn.MaxUnpool2d(2)(ones(2, 3, 1), places(2, 3, 1)), ShapeError, "max_unpool2d: got"),
    "unpool-below": (
        lambda: nn.MaxUnpool2d(2)(ones(1, 1, 1, 1), places(1, 1, 1, 1) - 2),
        OutOfRangeError,
        "max_unpool2d: got the index -1 at [0, 0, 0, 0] for a space of (2, 2); expected 0 to 3",
    ),
    "unpool-above": (
        lambda: nn.MaxUnpool3d(2)(ones(1, 1, 1, 1, 1), places(1, 1, 1, 1, 1) + 7),
        OutOfRangeError,
        "max_unpool3d: got the index 8 at [0, 0, 0, 0, 0] for a space of (2, 2, 2); expected 0 to 7",
    ),
    "unpool-size": (
        lambda: nn.MaxUnpool2d(2)(ones(1, 2, 2, 1), places(1, 2, 2, 1), output_size=(6, 4)),
        ArgumentError,
        "max_unpool2d: got output_size (6, 4); expected from (3, 3) to (5, 5)",
    ),
    "unpool-sizes": (
        lambda: nn.MaxUnpool2d(2)(ones(1, 2, 2, 1), places(1, 2, 2, 1), output_size=(4,)),
        ArgumentError,
        "max_unpool2d: got output_size (4,); expected from (3, 3) to (5, 5)",
    ),
    "indices-layout": (
        lambda: nn.AdaptiveMaxPool2d(2, "channels_first"),
        ArgumentError,
        "return_indices: got 'channels_first'; expected True or False. Write data_format='channels_first'.",
    ),
    "indices-layout-function": (
        lambda: F.adaptive_max_pool1d(ones(1, 4, 2), 2, "channels_last"),
        ArgumentError,
        "return_indices: got 'channels_last'...Write data_format='channels_last'.",
    ),
    "indices-number": (lambda: nn.MaxPool2d(2, 2, 0, 1, 0), ArgumentError, "return_indices: got 0; expected True or"),
    "resize": (
        lambda: nn.Upsample(4, mode="bilinear")(ones(1, 2, 3)),
        UnifwError,
        "interpolate: got...expected...(N, H, W",
    ),
    "glu": (lambda: nn.GLU()(ones(2, 3)), ShapeError, "glu: got...(2, 3)...an even number of elements on axis -1"),
    "bilinear": (lambda: nn.Bilinear(2, 3, 1)(ones(4, 2), ones(4, 4)), ShapeError, "bilinear: got...(4, 4)...(..., 3)"),
    "embedding": (
        lambda: nn.Embedding(3, 2)(classes(0, 3)),
        OutOfRangeError,
        "embedding: got the index 3 at [1] for a table of 3 rows; expected 0 to 2",
    ),
    "dropout2d": (lambda: nn.Dropout2d()(ones(2, 3, 4)), ShapeError, "dropout2d: got...(2, 3, 4)...expected 4 axes"),
    # settings
    "padding-word": (lambda: nn.Conv2d(1, 1, 1, padding="full"), UnifwError, "padding: got 'full'; expected"),
    "kernel-three": (lambda: nn.Conv2d(1, 1, (1, 1, 1)), UnifwError, "kernel_size: got (1, 1, 1)...or two of them"),
    "output-padding": (lambda: nn.ConvTranspose1d(1, 1, 2, output_padding=1), UnifwError, "output_padding: got (1,)"),
    "groups-norm": (lambda: nn.GroupNorm(3, 4), UnifwError, "GroupNorm: got 4 channels for 3 groups"),
    "padding-row": (lambda: nn.Embedding(3, 2, padding_idx=3), UnifwError, "padding_idx: got 3 for 3 rows"),
    "mode": (lambda: nn.Upsample(2, mode="cubic"), UnifwError, "interpolate: got mode 'cubic'; expected one of"),
    "corners": (lambda: nn.Upsample(2, mode="nearest", align_corners=True), UnifwError, "align_corners with mode"),
    **{
        f"in-place-{name}": (
            lambda name=name, args=args: getattr(nn, name)(*args, inplace=True),
            ArgumentError,
            f"{name}: got inplace=True; expected False, since a Tensor is a value...Leave it out; where code goes on",
        )
        for name, args in {
            "ReLU": (),
            "ReLU6": (),
            "LeakyReLU": (),
            "ELU": (),
            "SELU": (),
            "CELU": (),
            "Hardtanh": (),
            "SiLU": (),
            "Hardsigmoid": (),
            "Hardswish": (),
            "Threshold": (0.0, 1.0),
            "RReLU": (),
            "Mish": (),
            "Dropout": (),
            "Dropout1d": (),
            "Dropout2d": (),
            "Dropout3d": (),
            "AlphaDropout": (),
            "FeatureAlphaDropout": (),
        }.items()
    },
    **{
        f"in-place-{name}": (
            lambda name=name, args=args: getattr(F, name)(ones(1, 2, 3), *args, inplace=True),
            ArgumentError,
            f"{name}: got inplace=True; expected False",
        )
        for name, args in {
            "relu": (),
            "relu6": (),
            "leaky_relu": (),
            "elu": (),
            "selu": (),
            "celu": (),
            "hardtanh": (),
            "silu": (),
            "hardsigmoid": (),
            "hardswish": (),
            "threshold": (0.0, 1.0),
            "rrelu": (),
            "mish": (),
            "dropout": (),
            "dropout1d": (),
            "dropout2d": (),
            "dropout3d": (),
            "alpha_dropout": (),
            "feature_alpha_dropout": (),
        }.items()
    },
    "sparse": (lambda: nn.Embedding(3, 2, sparse=True), ArgumentError, "Embedding: got sparse=True...Leave it out"),
    "sparse-bag": (lambda: nn.EmbeddingBag(3, 2, sparse=True), ArgumentError, "EmbeddingBag: got sparse=True"),
    # dtypes
    "embedding-float": (
        lambda: nn.Embedding(3, 2)(ones(2)),
        DTypeError,
        "embedding: got...float32...expected int",
    ),
    "gelu-long": (lambda: nn.GELU()(classes(1)), DTypeError, "gelu: got...int64...expected a floating dtype"),
    "layer-norm-double": (
        lambda: nn.LayerNorm(2)(ones(4, 2, dtype=DOUBLE)),
        DTypeError,
        "layer_norm: got" + CONVERT,
    ),
    "linear-double": (lambda: nn.Linear(2, 3)(ones(4, 2, dtype=DOUBLE)), DTypeError, "linear: got" + CONVERT),
    "linear-long": (
        lambda: nn.Linear(2, 3)(ones(4, 2, dtype=LONG)),
        DTypeError,
        "linear: got...int64...Write x.to(unifw.float32)",
    ),
    "conv-double": (lambda: nn.Conv2d(2, 3, 1)(ones(1, 4, 4, 2, dtype=DOUBLE)), DTypeError, "conv2d: got" + CONVERT),
    "norm-double": (lambda: nn.BatchNorm2d(2)(ones(2, 4, 4, 2, dtype=DOUBLE)), DTypeError, "batch_norm: got" + CONVERT),
    "relu-bool": (lambda: nn.ReLU()(unifw.asarray([True])), DTypeError, "relu: got...bool; expected"),
    "dropout-long": (lambda: nn.Dropout()(ones(2, dtype=LONG)), DTypeError, "dropout: got...int64; expected"),
    "loss-float": (
        lambda: F.cross_entropy(ones(2, 4), ones(2)),
        DTypeError,
        "targets...float32; expected integer classes. Write unifw.argmax",
    ),
    "loss-long": (
        lambda: F.cross_entropy(ones(2, 4, dtype=LONG), classes(0, 1)),
        DTypeError,
        "cross_entropy: got...int64...expected",
    ),
    # no tensors
    "linear-numpy": (lambda: nn.Linear(2, 3)(array(4, 2)), OperandError, "linear: got" + WRAP),
    "conv-numpy": (lambda: nn.Conv2d(2, 3, 1)(array(1, 4, 4, 2)), OperandError, "conv2d: got" + WRAP),
    "pool-numpy": (lambda: nn.MaxPool2d(2)(array(1, 4, 4, 2)), OperandError, "max_pool2d: got" + WRAP),
    "norm-numpy": (lambda: nn.BatchNorm2d(2)(array(1, 4, 4, 2)), OperandError, "batch_norm: got" + WRAP),
    "relu-numpy": (lambda: nn.ReLU()(array(4, 2)), OperandError, "relu: got" + WRAP),
    "dropout-numpy": (lambda: nn.Dropout()(array(4, 2)), OperandError, "dropout: got" + WRAP),
    "flatten-numpy": (lambda: nn.Flatten()(array(4, 2)), OperandError, "flatten: got" + WRAP),
    "flatten-images": (lambda: nn.Flatten()(array(1, 4, 4, 2)), OperandError, "got" + WRAP),
    "loss-numpy": (
        lambda: F.cross_entropy(array(2, 4), ones(2, dtype=LONG)),
        OperandError,
        "cross_entropy: got" + WRAP,
    ),
    "loss-lists": (
        lambda: F.cross_entropy(ones(2, 4), [0, 1]),
        OperandError,
        "cross_entropy: got list...Write unifw.asarray(",
    ),
}

said: dict[str, str] = {}


@pytest.mark.parametrize("name", CASES)
def test_the_error_says_what_is_wrong_in_the_same_words(backend: str, name: str) -> None:
    call, error, words = CASES[name]
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value).partition("The native framework says")[0]
    assert re.search(".*".join(map(re.escape, words.split("..."))), message, re.DOTALL), message
    assert "Torch" not in message
    assert "TensorFlow" not in message
    assert said.setdefault(name, message) == message  # where a run has two backends


def test_arguments_of_pytorch_that_change_nothing_are_taken(backend: str) -> None:
    x = unifw.asarray([-1.0, 2.0])
    for layer in (
        nn.ReLU(False),
        nn.ReLU(inplace=False),
        nn.Hardtanh(0.0, 5.0, False),
        nn.Hardtanh(min_value=0.0, max_value=5.0),
    ):
        assert layer(x).tolist() == [0.0, 2.0]
    assert nn.Embedding(3, 2, sparse=False)(classes(0)).shape == (1, 2)
    assert nn.Parameter is unifw.Parameter


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        (nn, "LazyConv2d", "no attribute 'LazyConv2d'. Write None for the size"),
        (nn, "SyncBatchNorm", "Write nn.BatchNorm2d"),
        (nn, "nothing", "no attribute 'nothing'."),
        (F, "relu_", "A Tensor is a value"),
        (F, "max_pool2d_with_indices", "Write return_indices=True"),
        (unifw.optim, "lr_scheduler", "A schedule is a function of the step"),
        (unifw.optim, "CosineAnnealingLR", "unifw.optim.schedules.cosine"),
    ],
)
def test_names_of_pytorch_that_are_not_here_say_what_is(module: Any, name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(words)):
        getattr(module, name)
    assert not hasattr(module, "__wrapped__")
