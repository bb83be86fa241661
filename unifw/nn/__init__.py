"""Layers, losses and the `Module` they are made of."""

import typing as _typing

from unifw import names as _names
from unifw.nn import functional as functional
from unifw.nn import init as init
from unifw.nn import parametrizations as parametrizations
from unifw.nn import parametrize as parametrize
from unifw.nn.activations import GELU as GELU
from unifw.nn.activations import GLU as GLU
from unifw.nn.activations import LogSigmoid as LogSigmoid
from unifw.nn.activations import Mish as Mish
from unifw.nn.activations import Sigmoid as Sigmoid
from unifw.nn.activations import SiLU as SiLU
from unifw.nn.activations import Softplus as Softplus
from unifw.nn.activations import Softsign as Softsign
from unifw.nn.activations import Tanh as Tanh
from unifw.nn.activations import Tanhshrink as Tanhshrink
from unifw.nn.attention import MultiheadAttention as MultiheadAttention
from unifw.nn.autocast import autocast as autocast
from unifw.nn.cells import GRUCell as GRUCell
from unifw.nn.cells import LSTMCell as LSTMCell
from unifw.nn.cells import RNNCell as RNNCell
from unifw.nn.containers import Identity as Identity
from unifw.nn.containers import ModuleDict as ModuleDict
from unifw.nn.containers import ModuleList as ModuleList
from unifw.nn.containers import ParameterDict as ParameterDict
from unifw.nn.containers import ParameterList as ParameterList
from unifw.nn.containers import Sequential as Sequential
from unifw.nn.conv import Conv1d as Conv1d
from unifw.nn.conv import Conv2d as Conv2d
from unifw.nn.conv import Conv3d as Conv3d
from unifw.nn.conv import ConvTranspose1d as ConvTranspose1d
from unifw.nn.conv import ConvTranspose2d as ConvTranspose2d
from unifw.nn.conv import ConvTranspose3d as ConvTranspose3d
from unifw.nn.dropout import AlphaDropout as AlphaDropout
from unifw.nn.dropout import Dropout as Dropout
from unifw.nn.dropout import Dropout1d as Dropout1d
from unifw.nn.dropout import Dropout2d as Dropout2d
from unifw.nn.dropout import Dropout3d as Dropout3d
from unifw.nn.dropout import FeatureAlphaDropout as FeatureAlphaDropout
from unifw.nn.embedding import Embedding as Embedding
from unifw.nn.embedding import EmbeddingBag as EmbeddingBag
from unifw.nn.linear import Bilinear as Bilinear
from unifw.nn.linear import Linear as Linear
from unifw.nn.losses import BCELoss as BCELoss
from unifw.nn.losses import BCEWithLogitsLoss as BCEWithLogitsLoss
from unifw.nn.losses import CrossEntropyLoss as CrossEntropyLoss
from unifw.nn.losses import GaussianNLLLoss as GaussianNLLLoss
from unifw.nn.losses import HingeEmbeddingLoss as HingeEmbeddingLoss
from unifw.nn.losses import HuberLoss as HuberLoss
from unifw.nn.losses import KLDivLoss as KLDivLoss
from unifw.nn.losses import L1Loss as L1Loss
from unifw.nn.losses import MSELoss as MSELoss
from unifw.nn.losses import NLLLoss as NLLLoss
from unifw.nn.losses import PoissonNLLLoss as PoissonNLLLoss
from unifw.nn.losses import SmoothL1Loss as SmoothL1Loss
from unifw.nn.losses import SoftMarginLoss as SoftMarginLoss
from unifw.nn.lp_pooling import LPPool1d as LPPool1d
from unifw.nn.lp_pooling import LPPool2d as LPPool2d
from unifw.nn.lp_pooling import LPPool3d as LPPool3d
from unifw.nn.module import Module as Module
from unifw.nn.normalization import BatchNorm1d as BatchNorm1d
from unifw.nn.normalization import BatchNorm2d as BatchNorm2d
from unifw.nn.normalization import BatchNorm3d as BatchNorm3d
from unifw.nn.normalization import GroupNorm as GroupNorm
from unifw.nn.normalization import InstanceNorm1d as InstanceNorm1d
from unifw.nn.normalization import InstanceNorm2d as InstanceNorm2d
from unifw.nn.normalization import InstanceNorm3d as InstanceNorm3d
from unifw.nn.normalization import LayerNorm as LayerNorm
from unifw.nn.normalization import LocalResponseNorm as LocalResponseNorm
from unifw.nn.normalization import RMSNorm as RMSNorm
from unifw.nn.padding import CircularPad1d as CircularPad1d
from unifw.nn.padding import CircularPad2d as CircularPad2d
from unifw.nn.padding import CircularPad3d as CircularPad3d
from unifw.nn.padding import ConstantPad1d as ConstantPad1d
from unifw.nn.padding import ConstantPad2d as ConstantPad2d
from unifw.nn.padding import ConstantPad3d as ConstantPad3d
from unifw.nn.padding import ReflectionPad1d as ReflectionPad1d
from unifw.nn.padding import ReflectionPad2d as ReflectionPad2d
from unifw.nn.padding import ReflectionPad3d as ReflectionPad3d
from unifw.nn.padding import ReplicationPad1d as ReplicationPad1d
from unifw.nn.padding import ReplicationPad2d as ReplicationPad2d
from unifw.nn.padding import ReplicationPad3d as ReplicationPad3d
from unifw.nn.padding import ZeroPad1d as ZeroPad1d
from unifw.nn.padding import ZeroPad2d as ZeroPad2d
from unifw.nn.padding import ZeroPad3d as ZeroPad3d
from unifw.nn.patches import Fold as Fold
from unifw.nn.patches import Unfold as Unfold
from unifw.nn.pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from unifw.nn.pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from unifw.nn.pooling import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from unifw.nn.pooling import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from unifw.nn.pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from unifw.nn.pooling import AdaptiveMaxPool3d as AdaptiveMaxPool3d
from unifw.nn.pooling import AvgPool1d as AvgPool1d
from unifw.nn.pooling import AvgPool2d as AvgPool2d
from unifw.nn.pooling import AvgPool3d as AvgPool3d
from unifw.nn.pooling import MaxPool1d as MaxPool1d
from unifw.nn.pooling import MaxPool2d as MaxPool2d
from unifw.nn.pooling import MaxPool3d as MaxPool3d
from unifw.nn.positions import RotaryPositions as RotaryPositions
from unifw.nn.positions import SinusoidalPositions as SinusoidalPositions
from unifw.nn.ranking_losses import CosineEmbeddingLoss as CosineEmbeddingLoss
from unifw.nn.ranking_losses import CosineSimilarity as CosineSimilarity
from unifw.nn.ranking_losses import CTCLoss as CTCLoss
from unifw.nn.ranking_losses import MarginRankingLoss as MarginRankingLoss
from unifw.nn.ranking_losses import MultiLabelMarginLoss as MultiLabelMarginLoss
from unifw.nn.ranking_losses import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from unifw.nn.ranking_losses import MultiMarginLoss as MultiMarginLoss
from unifw.nn.ranking_losses import PairwiseDistance as PairwiseDistance
from unifw.nn.ranking_losses import TripletMarginLoss as TripletMarginLoss
from unifw.nn.ranking_losses import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from unifw.nn.rectifiers import CELU as CELU
from unifw.nn.rectifiers import ELU as ELU
from unifw.nn.rectifiers import SELU as SELU
from unifw.nn.rectifiers import Hardshrink as Hardshrink
from unifw.nn.rectifiers import Hardsigmoid as Hardsigmoid
from unifw.nn.rectifiers import Hardswish as Hardswish
from unifw.nn.rectifiers import Hardtanh as Hardtanh
from unifw.nn.rectifiers import LeakyReLU as LeakyReLU
from unifw.nn.rectifiers import PReLU as PReLU
from unifw.nn.rectifiers import ReLU as ReLU
from unifw.nn.rectifiers import ReLU6 as ReLU6
from unifw.nn.rectifiers import RReLU as RReLU
from unifw.nn.rectifiers import Softshrink as Softshrink
from unifw.nn.rectifiers import Threshold as Threshold
from unifw.nn.recurrent import GRU as GRU
from unifw.nn.recurrent import LSTM as LSTM
from unifw.nn.recurrent import RNN as RNN
from unifw.nn.resizing import Upsample as Upsample
from unifw.nn.resizing import UpsamplingBilinear2d as UpsamplingBilinear2d
from unifw.nn.resizing import UpsamplingNearest2d as UpsamplingNearest2d
from unifw.nn.shaping import ChannelShuffle as ChannelShuffle
from unifw.nn.shaping import Flatten as Flatten
from unifw.nn.shaping import PixelShuffle as PixelShuffle
from unifw.nn.shaping import PixelUnshuffle as PixelUnshuffle
from unifw.nn.shaping import Unflatten as Unflatten
from unifw.nn.softmax import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
from unifw.nn.softmax import LogSoftmax as LogSoftmax
from unifw.nn.softmax import Softmax as Softmax
from unifw.nn.softmax import Softmax2d as Softmax2d
from unifw.nn.softmax import Softmin as Softmin
from unifw.nn.state import LoadReport as LoadReport
from unifw.nn.transformer import Transformer as Transformer
from unifw.nn.transformer import TransformerDecoder as TransformerDecoder
from unifw.nn.transformer import TransformerDecoderLayer as TransformerDecoderLayer
from unifw.nn.transformer import TransformerEncoder as TransformerEncoder
from unifw.nn.transformer import TransformerEncoderLayer as TransformerEncoderLayer
from unifw.nn.unpooling import MaxUnpool1d as MaxUnpool1d
from unifw.nn.unpooling import MaxUnpool2d as MaxUnpool2d
from unifw.nn.unpooling import MaxUnpool3d as MaxUnpool3d
from unifw.variable import Buffer as Buffer
from unifw.variable import Parameter as Parameter

__all__ = _names.of_package(globals(), "functional", "init", "parametrizations", "parametrize")


def __dir__() -> list[str]:
    return __all__


_INSTEAD = {
    "Lazy*": "Write None for the size that the first input gives, as in nn.Linear(None, 10).",
    "SyncBatchNorm": "Write nn.BatchNorm2d(...).",
    "*Parallel": "A model runs on the device of its parameters: model.to(device).",
    "utils": "Write unifw.optim.clip_grad_norm, nn.parametrizations, or the argument lengths= of recurrent layers.",
    "NLLLoss2d": "Write nn.NLLLoss(axis=...).",
}
"""What takes the place of PyTorch's names that are not here."""

if not _typing.TYPE_CHECKING:  # a type checker would take this for a promise to have every name

    def __getattr__(name: str) -> _typing.NoReturn:
        raise _names.absent(__name__, name, _INSTEAD)
