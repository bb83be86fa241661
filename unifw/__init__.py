"""unifw: write a model once; run, train, save and ship it on PyTorch or TensorFlow.

The top-level namespace follows the Python array API standard. Importing it imports no framework; the first tensor does.
"""

import typing as _typing
from importlib import import_module as _import_module

from unifw import names as _names
from unifw import random as random
from unifw.array import fft as fft
from unifw.array import linalg as linalg
from unifw.array.arithmetic import abs as abs
from unifw.array.arithmetic import add as add
from unifw.array.arithmetic import conj as conj
from unifw.array.arithmetic import copysign as copysign
from unifw.array.arithmetic import divide as divide
from unifw.array.arithmetic import floor_divide as floor_divide
from unifw.array.arithmetic import hypot as hypot
from unifw.array.arithmetic import imag as imag
from unifw.array.arithmetic import multiply as multiply
from unifw.array.arithmetic import negative as negative
from unifw.array.arithmetic import nextafter as nextafter
from unifw.array.arithmetic import positive as positive
from unifw.array.arithmetic import pow as pow
from unifw.array.arithmetic import real as real
from unifw.array.arithmetic import reciprocal as reciprocal
from unifw.array.arithmetic import remainder as remainder
from unifw.array.arithmetic import sign as sign
from unifw.array.arithmetic import signbit as signbit
from unifw.array.arithmetic import sqrt as sqrt
from unifw.array.arithmetic import square as square
from unifw.array.arithmetic import subtract as subtract
from unifw.array.bitwise import bitwise_and as bitwise_and
from unifw.array.bitwise import bitwise_invert as bitwise_invert
from unifw.array.bitwise import bitwise_left_shift as bitwise_left_shift
from unifw.array.bitwise import bitwise_or as bitwise_or
from unifw.array.bitwise import bitwise_right_shift as bitwise_right_shift
from unifw.array.bitwise import bitwise_xor as bitwise_xor
from unifw.array.bitwise import logical_and as logical_and
from unifw.array.bitwise import logical_not as logical_not
from unifw.array.bitwise import logical_or as logical_or
from unifw.array.bitwise import logical_xor as logical_xor
from unifw.array.comparison import clip as clip
from unifw.array.comparison import equal as equal
from unifw.array.comparison import greater as greater
from unifw.array.comparison import greater_equal as greater_equal
from unifw.array.comparison import isfinite as isfinite
from unifw.array.comparison import isinf as isinf
from unifw.array.comparison import isnan as isnan
from unifw.array.comparison import less as less
from unifw.array.comparison import less_equal as less_equal
from unifw.array.comparison import maximum as maximum
from unifw.array.comparison import minimum as minimum
from unifw.array.comparison import not_equal as not_equal
from unifw.array.comparison import where as where
from unifw.array.constants import e as e
from unifw.array.constants import inf as inf
from unifw.array.constants import nan as nan
from unifw.array.constants import newaxis as newaxis
from unifw.array.constants import pi as pi
from unifw.array.creation import arange as arange
from unifw.array.creation import asarray as asarray
from unifw.array.creation import empty as empty
from unifw.array.creation import empty_like as empty_like
from unifw.array.creation import eye as eye
from unifw.array.creation import full as full
from unifw.array.creation import full_like as full_like
from unifw.array.creation import linspace as linspace
from unifw.array.creation import ones as ones
from unifw.array.creation import ones_like as ones_like
from unifw.array.creation import zeros as zeros
from unifw.array.creation import zeros_like as zeros_like
from unifw.array.data_type import astype as astype
from unifw.array.data_type import can_cast as can_cast
from unifw.array.data_type import isdtype as isdtype
from unifw.array.data_type import result_type as result_type
from unifw.array.exponential import exp as exp
from unifw.array.exponential import expm1 as expm1
from unifw.array.exponential import log as log
from unifw.array.exponential import log1p as log1p
from unifw.array.exponential import log2 as log2
from unifw.array.exponential import log10 as log10
from unifw.array.exponential import logaddexp as logaddexp
from unifw.array.extras import einsum as einsum
from unifw.array.extras import log_softmax as log_softmax
from unifw.array.extras import logsumexp as logsumexp
from unifw.array.extras import one_hot as one_hot
from unifw.array.extras import pad as pad
from unifw.array.extras import softmax as softmax
from unifw.array.extras import top_k as top_k
from unifw.array.grids import meshgrid as meshgrid
from unifw.array.grids import tril as tril
from unifw.array.grids import triu as triu
from unifw.array.indexing import take as take
from unifw.array.indexing import take_along_axis as take_along_axis
from unifw.array.info import __array_namespace_info__ as __array_namespace_info__
from unifw.array.info import finfo as finfo
from unifw.array.info import iinfo as iinfo
from unifw.array.interchange import from_dlpack as from_dlpack
from unifw.array.linear_algebra import matmul as matmul
from unifw.array.linear_algebra import tensordot as tensordot
from unifw.array.linear_algebra import vecdot as vecdot
from unifw.array.manipulation import broadcast_arrays as broadcast_arrays
from unifw.array.manipulation import broadcast_shapes as broadcast_shapes
from unifw.array.manipulation import broadcast_to as broadcast_to
from unifw.array.manipulation import concat as concat
from unifw.array.manipulation import expand_dims as expand_dims
from unifw.array.manipulation import flip as flip
from unifw.array.manipulation import matrix_transpose as matrix_transpose
from unifw.array.manipulation import moveaxis as moveaxis
from unifw.array.manipulation import permute_dims as permute_dims
from unifw.array.manipulation import reshape as reshape
from unifw.array.manipulation import squeeze as squeeze
from unifw.array.manipulation import stack as stack
from unifw.array.manipulation import unstack as unstack
from unifw.array.repetition import repeat as repeat
from unifw.array.repetition import roll as roll
from unifw.array.repetition import tile as tile
from unifw.array.rounding import ceil as ceil
from unifw.array.rounding import floor as floor
from unifw.array.rounding import round as round
from unifw.array.rounding import trunc as trunc
from unifw.array.scatter import gather as gather
from unifw.array.scatter import scatter_add as scatter_add
from unifw.array.scatter import segment_sum as segment_sum
from unifw.array.searching import argmax as argmax
from unifw.array.searching import argmin as argmin
from unifw.array.searching import count_nonzero as count_nonzero
from unifw.array.searching import nonzero as nonzero
from unifw.array.searching import searchsorted as searchsorted
from unifw.array.sets import isin as isin
from unifw.array.sets import unique_all as unique_all
from unifw.array.sets import unique_counts as unique_counts
from unifw.array.sets import unique_inverse as unique_inverse
from unifw.array.sets import unique_values as unique_values
from unifw.array.sorting import argsort as argsort
from unifw.array.sorting import sort as sort
from unifw.array.statistical import cumsum as cumsum
from unifw.array.statistical import cumulative_prod as cumulative_prod
from unifw.array.statistical import cumulative_sum as cumulative_sum
from unifw.array.statistical import max as max
from unifw.array.statistical import mean as mean
from unifw.array.statistical import min as min
from unifw.array.statistical import prod as prod
from unifw.array.statistical import std as std
from unifw.array.statistical import sum as sum
from unifw.array.statistical import var as var
from unifw.array.trigonometry import acos as acos
from unifw.array.trigonometry import acosh as acosh
from unifw.array.trigonometry import asin as asin
from unifw.array.trigonometry import asinh as asinh
from unifw.array.trigonometry import atan as atan
from unifw.array.trigonometry import atan2 as atan2
from unifw.array.trigonometry import atanh as atanh
from unifw.array.trigonometry import cos as cos
from unifw.array.trigonometry import cosh as cosh
from unifw.array.trigonometry import sin as sin
from unifw.array.trigonometry import sinh as sinh
from unifw.array.trigonometry import tan as tan
from unifw.array.trigonometry import tanh as tanh
from unifw.array.utility import all as all
from unifw.array.utility import any as any
from unifw.array.utility import diff as diff
from unifw.autodiff import checkpoint as checkpoint
from unifw.autodiff import custom_gradient as custom_gradient
from unifw.autodiff import grad as grad
from unifw.autodiff import hessian as hessian
from unifw.autodiff import hvp as hvp
from unifw.autodiff import jacobian as jacobian
from unifw.autodiff import jvp as jvp
from unifw.autodiff import no_grad as no_grad
from unifw.autodiff import stop_gradient as stop_gradient
from unifw.autodiff import value_and_grad as value_and_grad
from unifw.autodiff import vjp as vjp
from unifw.autodiff import vmap as vmap
from unifw.control import cond as cond
from unifw.control import fori_loop as fori_loop
from unifw.control import map as map
from unifw.control import scan as scan
from unifw.control import switch as switch
from unifw.control import while_loop as while_loop
from unifw.custom import custom_op as custom_op
from unifw.devices import default_device as default_device
from unifw.devices import device as device
from unifw.devices import devices as devices
from unifw.devices import set_memory_limit as set_memory_limit
from unifw.dtypes import DType as DType
from unifw.dtypes import bfloat16 as bfloat16
from unifw.dtypes import bool_ as bool  # noqa: F401  # the standard calls it so
from unifw.dtypes import complex64 as complex64
from unifw.dtypes import complex128 as complex128
from unifw.dtypes import float16 as float16
from unifw.dtypes import float32 as float32
from unifw.dtypes import float64 as float64
from unifw.dtypes import int8 as int8
from unifw.dtypes import int16 as int16
from unifw.dtypes import int32 as int32
from unifw.dtypes import int64 as int64
from unifw.dtypes import uint8 as uint8
from unifw.dtypes import uint16 as uint16
from unifw.dtypes import uint32 as uint32
from unifw.dtypes import uint64 as uint64
from unifw.eagerly import eager as eager
from unifw.errors import UnifwError as UnifwError
from unifw.registry import backends as backends
from unifw.registry import get_backend as get_backend
from unifw.registry import set_backend as set_backend
from unifw.registry import using_backend as using_backend
from unifw.streams import seed as seed
from unifw.tensor import Tensor as Tensor
from unifw.variable import Buffer as Buffer
from unifw.variable import Parameter as Parameter

for _name in ("array", "tensor"):
    globals()[_name].__class__ = _names.ForAFunction

__array_api_version__ = "2025.12"
__version__ = "0.1.0"

_MODULES = ("data", "io", "models", "nn", "optim", "train")
_FUNCTIONS = {
    "debugging": ("debug_nans",),
    "io": (
        "Artifact",
        "CheckpointReport",
        "ExportReport",
        "export",
        "load",
        "load_artifact",
        "load_checkpoint",
        "save",
    ),
    "nn.compiled": ("compile",),
    "train": ("Trainer", "tune"),
}
_LATER = {name: module for module, names in _FUNCTIONS.items() for name in names}
"""What is imported when it is first used: who computes with arrays alone does not wait for layers."""

_INSTEAD = {
    "cat": "Write unifw.concat([x, y]).",
    "concatenate": "Write unifw.concat([x, y]).",
    "as_tensor": "Write unifw.asarray(values).",
    "from_numpy": "Write unifw.asarray(values).",
    "rand*": "Write unifw.random.uniform(shape), .normal(shape) or .integers(low, high, shape).",
    "manual_seed": "Write unifw.seed(n).",
    "unsqueeze": "Write unifw.expand_dims(x, axis=...).",
    "*transpose": "Write unifw.permute_dims(x, axes), or x.mT for the last two.",
    "permute": "Write unifw.permute_dims(x, axes).",
    "cuda": 'Write unifw.device("gpu:0"), or model.to("gpu:0").',
    "enable_grad": "Gradients are functions: write unifw.value_and_grad(loss)(model, ...).",
    "GradientTape": "Gradients are functions: write unifw.value_and_grad(loss)(model, ...).",
}
"""What takes the place of names that people bring along and that are not here."""

if _typing.TYPE_CHECKING:
    from unifw import data as data
    from unifw import io as io
    from unifw import models as models
    from unifw import nn as nn
    from unifw import optim as optim
    from unifw import train as train
    from unifw.debugging import debug_nans as debug_nans
    from unifw.io import Artifact as Artifact
    from unifw.io import CheckpointReport as CheckpointReport
    from unifw.io import ExportReport as ExportReport
    from unifw.io import load as load
    from unifw.io import load_artifact as load_artifact
    from unifw.io import load_checkpoint as load_checkpoint
    from unifw.io import save as save
    from unifw.io.export import export as export
    from unifw.nn.compiled import compile as compile
    from unifw.train import Trainer as Trainer
    from unifw.train import tune as tune
else:  # a type checker would take this for a promise to have every name

    def __getattr__(name: str) -> _typing.Any:
        if name in _MODULES:
            return _import_module(f"unifw.{name}")
        if name not in _LATER:
            raise _names.absent(__name__, name, _INSTEAD)
        globals()[name] = found = getattr(_import_module(f"unifw.{_LATER[name]}"), name)
        return found


__all__ = sorted({*_names.of_package(globals(), "errors", "fft", "linalg", "random"), *_MODULES, *_LATER})


def __dir__() -> list[str]:
    return __all__
